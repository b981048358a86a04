import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import Nftables
import Responders
import Rtnetlink
import Synchronization
import Topology

/// Building a lab that is not there.
public struct BringUp {
    /// The lab's topology.
    public let topology: Topology
    /// What the topology was read from, as the user would name it.
    public let source: String
    /// Told what is being done, when it is begun.
    let progress: (Step) -> Void

    /// What a bring-up is at.
    public enum Step: Sendable {
        /// Another command works on the lab; this one waits.
        case waiting(lab: String)
        /// What an earlier command left half-built is being removed.
        case removingRemains(lab: String)
        /// Namespaces are being made.
        case namespaces(count: Int)
        /// Links, addresses, routes and rules are being installed.
        case objects(count: Int)
    }

    /// What a bring-up did.
    public struct Outcome: Sendable {
        /// What the kernel holds now.
        public var blueprint: Blueprint
        /// Whether the lab was there, complete and as asked for, so that nothing was done.
        public var wasThere = false
        /// Whether the lab was there without the process that answers for its pods, which was started again.
        public var answersAgain = false
        /// The time each phase took.
        public var timing = Timing()
    }

    /// How long the phases of a bring-up took, in seconds.
    public struct Timing: Hashable, Sendable {
        /// Working out what must exist, until the first kernel object.
        public var plan = 0.0
        /// Making and pinning namespaces.
        public var namespaces = 0.0
        /// Links, addresses, routes, neighbours, forwarding entries, settings and rules.
        public var netlink = 0.0
        /// Waiting for the process that answers for the pods; it starts while the rest is being done.
        public var services = 0.0

        /// No time at all.
        public init() {}
    }

    /// A bring-up of a topology.
    public init(topology: Topology, source: String, progress: @escaping (Step) -> Void) {
        self.topology = topology
        self.source = source
        self.progress = progress
    }

    /// Builds the lab, or finds it built. What was begun is removed again if it cannot be completed.
    public func run() throws(EngineError) -> Outcome {
        try reportingRefusals(of: "lab \(topology.name)") {
            var clock = Stopwatch()
            let features = try Threads.run { [topology] in try KernelFeatures.detect(for: topology) }
            // Before there is a state folder, which a topology that cannot be built must not leave behind.
            let blueprint = try Blueprint(topology: topology, features: features)
            let state = StateFolder(lab: topology.name)
            let waiting = { progress(.waiting(lab: topology.name)) }
            return try FolderLock.holding(lab: state, creating: true, waiting: waiting) {
                try build(state, blueprint, features, &clock)
            }!
        }
    }

    private func build(
        _ state: StateFolder, _ blueprint: Blueprint, _ features: KernelFeatures, _ clock: inout Stopwatch
    ) throws -> Outcome {
        var outcome = Outcome(blueprint: blueprint)
        if try isThere(state) {
            let stopped = try StoppedPods.read(state)
            if !stopped.isEmpty {
                outcome.blueprint = try Blueprint(topology: topology, features: features, stopped: stopped)
            }
            outcome.wasThere = true
            outcome.answersAgain = try restoreAnswers(outcome.blueprint, state, stopped)
            return outcome
        }

        var journal = Journal(outcome.blueprint, source: source, features: features)
        if let taken = journal.namespaces.first(where: { access(Pins.path($0.pin), F_OK) == 0 }) {
            try state.remove()
            throw EngineError.namespaceInTheWay(pin: taken.pin)
        }
        do {
            try StateFolder.write(Array(topology.yaml.utf8), to: state.topology)
            try journal.write(to: state)
            try NamespaceFolder.prepare()
            // The process starts while the namespaces are made.
            let plan = ResponderPlan(outcome.blueprint, journal, silent: [])
            let launch = plan.isEmpty ? nil : try state.responders.launch()
            outcome.timing.plan = clock.lap()

            progress(.namespaces(count: journal.namespaces.count))
            let settings = outcome.blueprint.namespaces.map { SettingPlan($0.content.sysctls) }
            let sessions = try makeNamespaces(journal, settings)
            try EtcFiles.install(outcome.blueprint, journal, state)
            outcome.timing.namespaces = clock.lap()

            progress(.objects(count: outcome.blueprint.objectCount))
            let rules = try Background { [blueprint = outcome.blueprint, journal] in
                try installTables(blueprint, journal)
            }
            let answers = try Background {
                if let launch { try state.responders.complete(launch, plan) }
            }
            let links = Result { try Programming(outcome.blueprint, sessions: sessions, settings: settings).run() }
            // All ways of failing have to end before anything is removed.
            let tables = Result { try rules.value() }
            outcome.timing.netlink = clock.lap()
            let answering = Result { try answers.value() }
            try links.get()
            try tables.get()
            try answering.get()
            journal.isComplete = true
            try journal.write(to: state)
            outcome.timing.services = clock.lap()
            return outcome
        } catch {
            do {
                try TearDown.remove(journal, state)
            } catch let second {
                throw EngineError.refused(
                    object: "\(error)", reason: "and then, while it was being removed again: \(second)",
                    advice: "`nslab down \(state.lab)` removes what is left")
            }
            throw error
        }
    }

    /// Whether the lab is complete and the same as asked for. What was left half-built is removed.
    private func isThere(_ state: StateFolder) throws -> Bool {
        let journal: Journal
        do throws(EngineError) {
            journal = try Journal.read(state)
        } catch {
            guard case .noSuchLab = error else { throw error }
            return false
        }
        guard journal.isComplete else {
            progress(.removingRemains(lab: state.lab))
            try TearDown.remove(journal, state, keepingFolder: true)
            return false
        }
        guard try StateFolder.read(state.topology) == Array(topology.yaml.utf8) else {
            throw EngineError.labInTheWay(lab: state.lab, reason: "it runs with another topology (\(journal.source))")
        }
        if let lost = journal.namespaces.first(where: { Pins.identity($0.pin) == nil }) {
            throw EngineError.labInTheWay(
                lab: state.lab, reason: "it is damaged: the namespace \(lost.pin) is gone")
        }
        return true
    }

    /// Has the process of a running lab answer for its pods, and starts it again if it has ended.
    ///
    /// - Returns: whether it had ended.
    private func restoreAnswers(
        _ blueprint: Blueprint, _ state: StateFolder, _ stopped: Set<PodReference>
    ) throws -> Bool {
        let plan = ResponderPlan(blueprint, try Journal.read(state), silent: stopped)
        let had = state.responders.state
        try state.responders.follow(plan)
        if case .running = had { return false }
        return !plan.isEmpty
    }

    /// Makes and pins all namespaces, each with its settings, on as many threads as there are processors.
    private func makeNamespaces(_ journal: Journal, _ settings: [SettingPlan]) throws -> [Session] {
        let made = SessionBox(count: journal.namespaces.count)
        try Threads.forEach(journal.namespaces.count) { index in
            let entry = journal.namespaces[index]
            do {
                try NetworkNamespace.unshareThread()
                let session = try Session(name: entry.name, pin: entry.pin)
                try Ownership.mark(session, lab: journal.lab)
                for setting in settings[index].early { try KernelSetting.write(setting.path, setting.value) }
                try Pins.pin(entry.pin)
                made.store(session, at: index)
            } catch let error as SystemCallError {
                if error.call == "open", error.errno == EEXIST {
                    throw EngineError.namespaceInTheWay(pin: entry.pin)
                }
                throw EngineError(error, object: entry.name)
            }
        }
        return made.sessions
    }
}

/// Installs the nf_tables tables of all namespaces, one after the other, from the calling thread.
private func installTables(_ blueprint: Blueprint, _ journal: Journal) throws {
    for (namespace, entry) in zip(blueprint.namespaces, journal.namespaces) where !namespace.content.tables.isEmpty {
        do throws(SystemCallError) {
            try NetworkNamespace(at: Pins.path(entry.pin)).enter()
        } catch {
            throw EngineError(error, object: entry.name)
        }
        do throws(NftablesError) {
            try Nftables.run(namespace.content.tables.map(\.declaration).joined())
        } catch {
            throw EngineError.refused(
                object: "\(entry.name): nf_tables", reason: error.message,
                advice: "natOutgoing needs a kernel with nf_tables and NAT (modules nf_tables, nft_nat, nft_masq)")
        }
    }
}

/// A place for the sessions that several threads make, each at its own position.
private final class SessionBox: Sendable {
    private let slots: Mutex<[Session?]>

    init(count: Int) { slots = Mutex(Array(repeating: nil, count: count)) }

    func store(_ session: Session, at index: Int) { slots.withLock { $0[index] = session } }

    var sessions: [Session] { slots.withLock { $0.map { $0! } } }
}

/// Time on the monotonic clock.
struct Stopwatch {
    private var start = ContinuousClock.now

    /// The seconds since the last lap.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { start = now }
        return start.duration(to: now) / .seconds(1)
    }
}
