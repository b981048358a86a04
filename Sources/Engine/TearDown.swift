import CLinux
import Glibc
import NetworkNamespaces
import NetworkObjects
import PodServer
import Rtnetlink
import System
import Topology

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

    /// The names of all labs: those that have a folder, and those that have lost it and left something else, sorted.
    public static func labs() throws(EngineError) -> [String] {
        Set(StateDirectory.labs() + (try Leftovers().labs)).filter(Topology.isName).sorted()
    }

    /// Removes a lab: ends the processes inside, unpins its namespaces, removes its files. The kernel then clears the
    /// namespaces in the background.
    ///
    /// Without a journal, or with one that cannot be read, its parts are found by the mark that they carry.
    ///
    /// What it has begun it finishes: a request to end waits for that.
    ///
    /// - Parameter waiting: called once if another command works on the lab.
    public static func run(
        lab: String, cancellation: Cancellation = .none, waiting: () -> Void
    ) throws(EngineError) -> Outcome {
        defer { cancellation.release() }
        let state = try StateDirectory(typed: lab)
        OpenFiles.raise()
        return try reportingRefusals(of: "lab \(lab)") {
            let outcome = try LabLock.holding(lab: state, creating: false, waiting: waiting) {
                cancellation.hold()
                guard let journal = try Self.journal(state) else { return try removeByMark(state) }
                return try remove(journal, state)
            }
            if let outcome { return outcome }
            // The folder is gone; what else there may be is looked for, and taken away under the lock all the same.
            if try Leftovers(of: lab).isEmpty { return Outcome(lab: lab, wasThere: false) }
            return try LabLock.holding(lab: state, creating: true, waiting: waiting) {
                cancellation.hold()
                return try removeByMark(state)
            }
                ?? Outcome(lab: lab, wasThere: false)
        }
    }

    /// A lab's journal; nil if there is none that can be believed.
    private static func journal(_ state: StateDirectory) throws(EngineError) -> Journal.Core? {
        do {
            return try Journal.Core.read(state)
        } catch {
            switch error {
            case .noSuchLab, .damagedState, .untrusted: return nil
            default: throw error
            }
        }
    }

    /// Removes the lab of a journal. The caller holds the lab's lock.
    @discardableResult
    static func remove(
        _ journal: Journal.Core, _ state: StateDirectory, keepingFolder: Bool = false
    ) throws -> Outcome {
        let own = try OwnNamespaces(journal.pins, journal.cookies ?? [:], of: state.lab)
        // One may have lost its pin and still live, by a process or by the background process's sockets.
        let isWhole = own.own.count { $0.identity != nil } + own.foreign.count == journal.pins.count
        let marked = isWhole ? [] : try Leftovers(of: state.lab).namespaces
        return try remove(journal.pins, own, marked, state, keepingFolder: keepingFolder)
    }

    /// Removes whatever carries the lab's mark. The caller holds the lab's lock.
    private static func removeByMark(_ state: StateDirectory) throws -> Outcome {
        let left = try Leftovers(of: state.lab)
        try PodServerProcess.end(orphansOf: state.lab)
        let pins = try barePins(of: state.lab)
        var outcome = try remove(pins, OwnNamespaces(pins, [:], of: state.lab), left.namespaces, state)
        outcome.wasThere = !left.isEmpty || outcome.namespaces > 0
        return outcome
    }

    /// The files of the lab's names on which nothing is mounted: creations that were cut short. A name that a lab with a
    /// longer name could have is that lab's.
    private static func barePins(of lab: String) throws -> [String] {
        let others = StateDirectory.labs().filter { $0.hasPrefix(lab + "-") }
        return try NamedNamespaces.names().filter { pin in
            pin.hasPrefix(lab + "-") && !others.contains { pin.hasPrefix($0 + "-") } && NamedNamespaces.isBare(pin)
        }
    }

    private static func remove(
        _ pins: [String], _ found: OwnNamespaces, _ marked: [Leftovers.Namespace], _ state: StateDirectory,
        keepingFolder: Bool = false
    ) throws -> Outcome {
        var outcome = Outcome(lab: state.lab, wasThere: true)
        let had = try state.responders.state
        // Both take their time to end, and take it at once.
        try state.api.process.ask()
        try state.responders.ask()
        let more = marked.compactMap(\.pin).filter { !pins.contains($0) }
        let found = try found.joined(OwnNamespaces(more, [:], of: state.lab))
        outcome.foreign = found.foreign
        let roots = try Ownership.roots()[state.lab, default: []].filter { $0.path != state.roots.path }
        let devices = Set((roots + [state.roots]).compactMap(\.device))
        outcome.processes = try NamespaceProcesses.end(
            in: found.identities.union(marked.map(\.identity)), orSeeing: devices)
        try found.unpin()
        outcome.namespaces = found.own.count
        // Where `/etc` has become read-only its links stay, and keep nothing else: whoever looks for leftovers finds them.
        let links = Result { try EtcFiles.remove(of: Array(Set(pins + more + EtcFiles.links(state))), state) }
        // Their sockets keep the namespaces that they are in, and they write to the folder.
        try state.api.stop()
        try state.responders.stop()
        if had == .ended || !marked.isEmpty { try PodServerProcess.end(orphansOf: state.lab) }
        try state.remove(keepingFolder: keepingFolder)
        // Of a folder that somebody moved.
        for roots in roots { try roots.remove() }
        try NetnsMountPoint.release()
        try links.get()
        return outcome
    }
}
