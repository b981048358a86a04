import CLinux
import Glibc
import NetworkNamespaces
import Rtnetlink

/// Removing a lab, from whatever state it is in.
public enum TearDown {
    /// What a removal did.
    public struct Outcome: Sendable {
        /// The lab's name.
        public var lab: String
        /// Whether there was anything to remove.
        public var wasThere: Bool
        /// How many namespaces were unpinned.
        public var namespaces = 0
        /// The processes that were inside and were ended.
        public var processes: [pid_t] = []
        /// The namespace files that bear a name of the lab's and are somebody else's; they were left alone.
        public var foreign: [String] = []
    }

    /// Removes a lab: ends the processes inside, unpins its namespaces, removes its files. The kernel then clears the
    /// namespaces in the background.
    ///
    /// - Parameter waiting: called once if another command works on the lab.
    public static func run(lab: String, waiting: () -> Void) throws(EngineError) -> Outcome {
        let state = try StateFolder(typed: lab)
        return try reportingRefusals(of: "lab \(lab)") {
            try FolderLock.holding(lab: state, creating: false, waiting: waiting) {
                let journal: Journal
                do throws(EngineError) {
                    journal = try Journal.read(state)
                } catch {
                    guard case .noSuchLab = error else { throw error }
                    // A bring-up that was killed before it had written the journal, and had made nothing else.
                    try state.remove()
                    return Outcome(lab: lab, wasThere: false)
                }
                return try remove(journal, state)
            } ?? Outcome(lab: lab, wasThere: false)
        }
    }

    /// Removes what a journal names. The caller holds the lab's lock.
    @discardableResult
    static func remove(_ journal: Journal, _ state: StateFolder, keepingFolder: Bool = false) throws -> Outcome {
        var outcome = Outcome(lab: journal.lab, wasThere: true)
        // First, while the network is there: its sockets keep the namespaces that they are in.
        try state.responders.stop()
        let pins = try Threads.run { try ownPins(journal) }
        outcome.foreign = pins.foreign
        let identities = Set(pins.own.compactMap { Pins.identity($0) })
        outcome.processes = InsideProcesses.end(in: identities)
        for pin in pins.own { try Pins.unpin(pin) }
        outcome.namespaces = pins.own.count
        try EtcFiles.remove(journal)
        try state.remove(keepingFolder: keepingFolder)
        try NamespaceFolder.release()
        return outcome
    }

    /// Tells the lab's own pins from files of the same name that are somebody else's. The calling thread ends up in one of
    /// the namespaces.
    private static func ownPins(_ journal: Journal) throws -> (own: [String], foreign: [String]) {
        var own: [String] = []
        var foreign: [String] = []
        for entry in journal.namespaces {
            let path = Pins.path(entry.pin)
            guard access(path, F_OK) == 0 else { continue }
            do throws(SystemCallError) {
                try NetworkNamespace(at: path).enter()
            } catch {
                // A bare file: a creation that was cut short between making the file and mounting on it.
                if error.errno == EINVAL || error.errno == ENOTTY { own.append(entry.pin) } else { throw error }
                continue
            }
            var socket = try RouteSocket()
            if try Ownership.belongs(&socket, to: journal.lab) {
                own.append(entry.pin)
            } else {
                foreign.append(entry.pin)
            }
        }
        return (own, foreign)
    }
}
