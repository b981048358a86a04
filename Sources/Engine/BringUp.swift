import Blueprint
import Glibc
import KernelCapabilities
import NetworkNamespaces
import PodServer
import Rtnetlink
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
    /// Whether what the lab's own commands print is shown, on standard error.
    let isShowingOutput: Bool
    /// What the lab's API is to serve besides what the lab is; nil for no API.
    let api: ClusterAPIFiles?
    let leavesAPI: Bool
    /// What is kept for the commands of other tools; nil to leave what is.
    let containers: ContainerRecord?
    /// What a request to end leads to.
    let cancellation: Cancellation
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
        /// The commands of nodes and hosts are being run.
        case commands(count: Int)
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
        /// The namespaces of a lab that was there that were looked at, by name; nil for all.
        public var checked: Set<String>?
        /// The namespaces as they were seen last; nil where they have to be looked at again.
        public var statuses: [NamespaceStatus]?
        /// What may not work on this machine, a sentence each, as `nslab doctor` says it.
        public var warnings: [String] = []
        /// A sentence for each command of the lab's nodes and hosts that failed.
        public var commandFailures: [String] = []
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
    ///
    /// - Parameters:
    ///   - api: what the lab's API is to serve besides what the lab is; nil for no API.
    ///   - leavesAPI: whether the API of a lab that runs, or that it has none, stays as it is.
    ///   - containers: what is kept for the commands of other tools; nil to leave what is.
    public init(
        topology: Topology, source: String, isDryRun: Bool = false, isShowingOutput: Bool = false,
        api: ClusterAPIFiles? = nil, leavesAPI: Bool = false, containers: ContainerRecord? = nil,
        cancellation: Cancellation = .none, progress: @escaping (Step) -> Void
    ) {
        self.topology = topology
        self.source = source
        self.isDryRun = isDryRun
        self.isShowingOutput = isShowingOutput
        // A cluster that is not there has no API.
        self.api = topology.nodes.isEmpty ? nil : api
        self.leavesAPI = leavesAPI
        self.containers = containers
        self.cancellation = cancellation
        self.progress = progress
    }

    /// Builds the lab, or changes the one that runs into what is asked for.
    ///
    /// A lab that is built and cannot be completed is removed again, also where a request to end comes meanwhile. One that
    /// runs is left as far as it came, and marked as such: the next `up` goes on. Whoever calls this has to call the
    /// cancellation's `end` when the lab is of use.
    public func run() throws(EngineError) -> Outcome {
        // Empty where the lab's own folder could not be made.
        defer { rmdir(StateDirectory.root) }
        return try reportingRefusals(of: "lab \(topology.name)") {
            var clock = Stopwatch()
            OpenFiles.raise()
            let state = try StateDirectory(typed: topology.name)
            let waiting = { progress(.waiting(lab: topology.name)) }
            let cancellation = isDryRun ? .none : cancellation
            let done = try LabLock.holding(
                lab: state, creating: false, cancellation: cancellation, waiting: waiting
            ) {
                try bringKeeping(state, nil, &clock)
            }
            if let done { return done }
            let limits = Limits()
            if isDryRun { return planNew(try form(for: nil, limits: limits)) }
            // Where there is little of anything, what is too little is told before any of it is taken.
            let form = limits.arePlenty(for: topology) ? nil : try form(for: nil, limits: limits)
            let built = try LabLock.holding(
                lab: state, creating: true, cancellation: cancellation, waiting: waiting
            ) {
                do {
                    return try bringKeeping(state, form, &clock)
                } catch {
                    // Where it is empty, as the lab of a topology that cannot be built leaves it.
                    rmdir(state.path)
                    throw error
                }
            }
            guard let built else { throw SystemCallError("open", state.path, errno: ENOENT) }
            return built
        }
    }

    /// Changes the lab, or builds it where it does not run, and keeps what other tools' commands ask for. The caller holds its lock.
    private func bringKeeping(_ state: StateDirectory, _ form: Form?, _ clock: inout Stopwatch) throws -> Outcome {
        let outcome = try bring(state, form, &clock)
        if !isDryRun { try containers?.write(to: state, isNew: outcome.isNew) }
        return outcome
    }

    /// A lab worked out for this machine.
    struct Form {
        var features: KernelFeatures
        var blueprint: Blueprint
        /// What this machine has for it.
        var limits: Limits

        /// What may not work, a sentence each.
        var warnings: [String] {
            limits.lacks(Requirements(blueprint)).map(\.sentence) + [EtcFiles.warning].compactMap(\.self)
        }
    }

    /// The form that the lab has on this kernel.
    ///
    /// - Parameters:
    ///   - journal: the lab that runs, which keeps the form that it was built in.
    ///   - stopped: its pods that do not answer.
    ///   - kept: what it has been given.
    ///   - known: what was worked out of another blueprint of the lab.
    ///   - limits: what this machine has.
    /// - Throws: `EngineError.lacking` if it cannot be built here, `BlueprintError` if it could not be built anywhere.
    func form(
        for journal: Journal?, stopped: Set<PodReference> = [], keeping kept: Allocations = .empty,
        knowing known: KnownServices? = nil, limits: Limits = Limits()
    ) throws -> Form {
        try NamespaceThread.run { [topology] thread in
            try thread.enterNew { inside in
                try Self.form(of: topology, for: journal, stopped: stopped, keeping: kept, known, limits, in: inside)
            }
        }
    }

    /// - Parameter inside: a namespace that is thrown away.
    private static func form(
        of topology: Topology, for journal: Journal?, stopped: Set<PodReference>, keeping kept: Allocations,
        _ known: KnownServices?, _ limits: Limits, in inside: borrowing InsideNamespace
    ) throws -> Form {
        var socket = try RouteSocket(in: inside)
        var features = try KernelFeatures(&socket, for: topology)
        if let journal {
            // But for what it may have had no use for.
            let hasIPIP = features.contains(.ipip)
            features = journal.kernelFeatures.subtracting([.ipip]).union(hasIPIP ? [.ipip] : [])
        }
        let blueprint: Blueprint
        do throws(BlueprintError) {
            blueprint = try Blueprint(
                topology: topology, features: features, stopped: stopped, keeping: kept, knowing: known)
        } catch {
            // What somebody asks for another may have been given: as on a cluster, that one keeps it.
            if kept != .empty, (try? Blueprint(topology: topology, features: features)) != nil {
                throw EngineError.refused(
                    object: "lab \(topology.name)", reason: "\(error)",
                    advice: "a new lab can have it: `nslab down \(topology.name)`, then `nslab up`")
            }
            let lacks = error.lackingFeatures.map(\.lack)
            if lacks.isEmpty { throw error }
            throw EngineError.lacking(([error.description] + lacks).joined(separator: "\n"))
        }
        let requirements = Requirements(blueprint)
        if let lack = try Preflight.lack(of: requirements, limits, &socket, in: inside) {
            throw EngineError.lacking(lack)
        }
        return Form(features: features, blueprint: blueprint, limits: limits)
    }

    /// Changes the lab, or builds it where it does not run.
    ///
    /// - Parameter form: the lab's form where it does not run; nil if that is not worked out yet.
    private func bring(_ state: StateDirectory, _ form: Form?, _ clock: inout Stopwatch) throws -> Outcome {
        let journal = try journal(state)
        if let journal, journal.isComplete || journal.isChanging == true { return try change(state, journal, &clock) }
        if isDryRun { return planNew(try form ?? self.form(for: nil)) }
        if let journal {
            progress(.removingRemains(lab: state.lab))
            try TearDown.remove(Journal.Core(journal), state, keepingFolder: true)
        }
        var built = try buildNew(state, form, &clock)
        do {
            // Not before the background process is left to itself: changes are told to it.
            try run(built.hosts, built.planned, CommandRecords(), state, &built.outcome)
        } catch {
            throw takenBack(built.journal, state, after: error)
        }
        return built.outcome
    }

    private func planNew(_ form: Form) -> Outcome {
        var form = form
        NeighbourShare.fit(&form.blueprint, form.limits)
        var outcome = Outcome(form)
        outcome.isNew = true
        var start = form.blueprint
        let hosts = start.take(CommandRecords())
        outcome.operations =
            PlannedOperation.all(filling: start) + PlannedOperation.all(running: form.blueprint, in: hosts)
        return outcome
    }

    /// Removes a lab that is new and cannot be completed.
    ///
    /// - Parameter error: why it cannot.
    /// - Returns: what its user is told.
    func takenBack(_ journal: Journal, _ state: StateDirectory, after error: any Error) -> any Error {
        var error = error
        if case EngineError.interrupted(let lab, _) = error {
            error = EngineError.interrupted(lab: lab, isLeft: false)
            cancellation.acknowledge()
        }
        do {
            // What others could write to meanwhile is not believed.
            if let reason = FileOwnership.fault(at: state.path, isFolder: true) {
                throw EngineError.untrusted(path: state.path, reason: reason)
            }
            try TearDown.remove(Journal.Core(journal), state)
        } catch let second {
            return EngineError.removal(of: state.lab, after: error, failed: second)
        }
        return error
    }

    /// The lab's journal; nil if there is none.
    private func journal(_ state: StateDirectory) throws(EngineError) -> Journal? {
        do {
            return try Journal.read(state)
        } catch .noSuchLab {
            return nil
        }
    }
}

extension BringUp.Outcome {
    init(_ form: BringUp.Form) {
        blueprint = form.blueprint
        warnings = form.warnings
    }
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
