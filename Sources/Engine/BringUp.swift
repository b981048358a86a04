import Addresses
import Blueprint
import Glibc
import KernelCapabilities
import NetworkNamespaces
import NetworkObjects
import Nftables
import Responders
import Rtnetlink
import Synchronization
import System
import Topology

/// Making a lab what its topology says: building it, or, where it runs, changing what is not so.
public struct BringUp {
    /// The lab's topology.
    public let topology: Topology
    /// What the topology was read from, as the user would name it.
    public let source: String
    /// Whether to find out what would be done and do nothing.
    public let isDryRun: Bool
    /// What a request to end leads to.
    let interruption: Interruption
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
        /// A lab that runs is being changed.
        case changing(operations: Int)
    }

    /// What a bring-up did.
    public struct Outcome: Sendable {
        /// What the kernel holds now.
        public var blueprint: Blueprint
        /// Whether the lab was not there and was built.
        public var isNew = false
        /// What was done to a lab that was there, in order; of a dry run, what would be.
        public var operations: [PlannedOperation] = []
        /// Whether the lab was there without the process that answers for its pods, which was started again.
        public var answersAgain = false
        /// What may not work on this machine, a sentence each, as `nslab doctor` says it.
        public var warnings: [String] = []
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
    public init(
        topology: Topology, source: String, isDryRun: Bool = false, interruption: Interruption = .none,
        progress: @escaping (Step) -> Void
    ) {
        self.topology = topology
        self.source = source
        self.isDryRun = isDryRun
        self.interruption = interruption
        self.progress = progress
    }

    /// Builds the lab, or changes the one that runs into what is asked for.
    ///
    /// A lab that is built and cannot be completed is removed again, also where a request to end comes meanwhile. One that
    /// runs is left as far as it came, and marked as such: the next `up` goes on. Whoever calls this has to call the
    /// interruption's `end` when the lab is of use.
    public func run() throws(EngineError) -> Outcome {
        // Empty where the lab's own folder could not be made.
        defer { rmdir(StateFolder.root) }
        return try reportingRefusals(of: "lab \(topology.name)") {
            var clock = Stopwatch()
            OpenFiles.raise()
            // Before there is a state folder, which a topology that cannot be built must not leave behind.
            let (features, blueprint, warnings) = try Threads.run { [topology] in try Self.form(of: topology) }
            let state = try StateFolder(typed: topology.name)
            let waiting = { progress(.waiting(lab: topology.name)) }
            let built = try FolderLock.holding(
                lab: state, creating: !isDryRun, interruption: isDryRun ? .none : interruption, waiting: waiting
            ) {
                try build(state, blueprint, features, &clock)
            }
            var outcome = built ?? planNew(blueprint)
            outcome.warnings = warnings
            return outcome
        }
    }

    /// The form that a lab has on this kernel. The calling thread ends up in a namespace that is thrown away.
    ///
    /// - Throws: `EngineError.lacking` if it cannot be built here, `BlueprintError` if it could not be built anywhere.
    private static func form(of topology: Topology) throws -> (KernelFeatures, Blueprint, [String]) {
        let limits = Limits()
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        let features = try KernelFeatures(&socket, for: topology)
        let blueprint: Blueprint
        do throws(BlueprintError) {
            blueprint = try Blueprint(topology: topology, features: features)
        } catch {
            let lacks = error.lackingFeatures.map(\.lack)
            if lacks.isEmpty { throw error }
            throw EngineError.lacking(([error.description] + lacks).joined(separator: "\n"))
        }
        let requirements = Requirements(blueprint)
        if let lack = try Preflight.lack(of: requirements, limits, &socket) { throw EngineError.lacking(lack) }
        return (features, blueprint, limits.lacks(requirements).map(\.sentence))
    }

    private func build(
        _ state: StateFolder, _ blueprint: Blueprint, _ features: KernelFeatures, _ clock: inout Stopwatch
    ) throws -> Outcome {
        guard var journal = try runningLab(state) else {
            return isDryRun ? planNew(blueprint) : try buildNew(state, blueprint, features, &clock)
        }
        let stopped = try StoppedPods.read(state)
        // The lab keeps the form that it was built in, but for what it may have had no use for.
        journal.features.ipip = features.contains(.ipip)
        let wanted =
            stopped.isEmpty && features == journal.kernelFeatures
            ? blueprint : try Blueprint(topology: topology, features: journal.kernelFeatures, stopped: stopped)
        var convergence = try Convergence(
            state, journal, to: wanted, topology: topology, source: source, silent: stopped, interruption: interruption)
        return try convergence.run(isDryRun: isDryRun, &clock, progress)
    }

    private func planNew(_ blueprint: Blueprint) -> Outcome {
        var outcome = Outcome(blueprint: blueprint)
        outcome.isNew = true
        outcome.operations = PlannedOperation.all(filling: blueprint)
        return outcome
    }

    private func buildNew(
        _ state: StateFolder, _ blueprint: Blueprint, _ features: KernelFeatures, _ clock: inout Stopwatch
    ) throws -> Outcome {
        var outcome = Outcome(blueprint: blueprint)
        outcome.isNew = true
        var journal = Journal(blueprint, source: source, features: features)
        if let taken = journal.namespaces.first(where: { access(Pins.path($0.pin), F_OK) == 0 }) {
            try state.remove()
            throw EngineError.namespaceInTheWay(pin: taken.pin)
        }
        interruption.begin()
        var launch: ResponderProcess.Launch?
        do {
            try StateFolder.write(Array(topology.yaml.utf8), to: state.topology)
            try journal.write(to: state)
            try NamespaceFolder.prepare()
            // The process starts while the namespaces are made.
            let plan = ResponderPlan(blueprint, silent: [])
            if !plan.isEmpty { launch = try state.responders.launch() }
            outcome.timing.plan = clock.lap()

            progress(.namespaces(count: journal.namespaces.count))
            let settings = blueprint.namespaces.map { SettingPlan($0.content.sysctls) }
            let sessions = try NamespaceMaking.make(
                journal.namespaces, lab: journal.lab, settings, interruption)
            try EtcFiles.install(blueprint, state)
            outcome.timing.namespaces = clock.lap()

            progress(.objects(count: blueprint.objectCount))
            let rules = try Threads.start { [interruption] in try installTables(blueprint, interruption) }
            let answers = Result {
                try Threads.start { [launch] in if let launch { try state.responders.complete(launch, plan) } }
            }
            let links = Result {
                let changes = zip(blueprint.namespaces, settings).map { NamespaceChange(filling: $0.content, $1) }
                try Programming(blueprint, sessions: sessions, changes: changes, interruption).fill()
            }
            // All ways of failing have to end before anything is removed.
            let tables = Result { journal.rules = try rules.value() }
            outcome.timing.netlink = clock.lap()
            let answering = Result { try answers.get().value() }
            try links.get()
            try tables.get()
            try answering.get()
            try interruption.check(state.lab)
            journal.isComplete = true
            try journal.write(to: state)
            outcome.timing.services = clock.lap()
            return outcome
        } catch {
            var error = error
            if case EngineError.interrupted(let lab, _) = error {
                error = EngineError.interrupted(lab: lab, isLeft: false)
                interruption.accept()
            }
            launch?.abandon()
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

    /// The journal of the lab if it is there. What a bring-up that was cut short left is removed.
    private func runningLab(_ state: StateFolder) throws -> Journal? {
        let journal: Journal
        do throws(EngineError) {
            journal = try Journal.read(state)
        } catch {
            guard case .noSuchLab = error else { throw error }
            return nil
        }
        if journal.isComplete || journal.isChanging == true { return journal }
        if isDryRun { return nil }
        progress(.removingRemains(lab: state.lab))
        try TearDown.remove(journal, state, keepingFolder: true)
        return nil
    }
}

/// Installs the nf_tables tables of all namespaces, one after the other, from the calling thread.
///
/// - Returns: records of them.
private func installTables(_ blueprint: Blueprint, _ interruption: Interruption) throws -> [String: RuleRecord] {
    var records: [String: RuleRecord] = [:]
    for namespace in blueprint.namespaces where !namespace.content.tables.isEmpty {
        try interruption.check(blueprint.lab)
        do throws(SystemCallError) {
            try NetworkNamespace(at: Pins.path(blueprint.pin(of: namespace))).enter()
        } catch {
            throw EngineError(error, object: namespace.name)
        }
        do throws(NftablesError) {
            try Nftables.run(namespace.content.tables.map(\.declaration).joined())
        } catch {
            throw EngineError.refused(
                object: "\(namespace.name): nf_tables", reason: error.message,
                advice: try? Threads.run { Examination.lack(among: Requirements(blueprint).features) })
        }
        records[blueprint.pin(of: namespace)] = RuleRecord(
            try reportingRefusals(of: namespace.name) { try Nftables.generation() }, namespace.content.tables)
    }
    return records
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
