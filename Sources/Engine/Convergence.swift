import Blueprint
import Glibc
import NetworkNamespaces
import Responders
import Topology

/// Changing a lab that runs into what is asked for, with no more than that takes: packets over what stays are not lost.
struct Convergence {
    private let state: StateFolder
    /// The lab as it was.
    private let journal: Journal
    private let blueprint: Blueprint
    private let topology: Topology
    private let source: String
    private let former: FormerObjects
    private let plan: ResponderPlan
    /// Whether what users added goes too.
    private let removesAdditions: Bool
    private let interruption: Interruption
    /// The namespaces that the lab has and should not have.
    private let removed: [Journal.Entry]
    private let isSameTopology: Bool
    /// What was seen last: after `run` the lab as it is.
    private(set) var lastLook: Look?

    /// How often the lab is looked at again: a change may have led to others that only the kernel knew of, such as the routes
    /// that go with an address.
    private static let rounds = 4

    /// - Parameters:
    ///   - blueprint: what is asked for, in the form that the lab has.
    ///   - silent: the pods that do not answer.
    ///   - removesAdditions: whether what users added beside the lab's objects goes too.
    init(
        _ state: StateFolder, _ journal: Journal, to blueprint: Blueprint, topology: Topology, source: String,
        silent: Set<PodReference>, removesAdditions: Bool = false, interruption: Interruption = .none
    ) throws {
        self.state = state
        self.journal = journal
        self.blueprint = blueprint
        self.topology = topology
        self.source = source
        self.removesAdditions = removesAdditions
        self.interruption = interruption
        plan = ResponderPlan(blueprint, silent: silent)
        isSameTopology = try StateFolder.read(state.topology) == Array(topology.yaml.utf8)
        if !journal.isComplete {
            former = .unknown
        } else if isSameTopology {
            former = FormerObjects(blueprint)
        } else if let before = try? RunningLab(named: state.lab).blueprint {
            former = FormerObjects(before)
        } else {
            former = .unknown
        }
        let pins = Set(blueprint.namespaces.map { blueprint.pin(of: $0) })
        removed = journal.namespaces.filter { !pins.contains($0.pin) }
    }

    /// Makes the changes, or, in a dry run, finds out which.
    mutating func run(
        isDryRun: Bool = false, _ clock: inout Stopwatch, _ progress: (BringUp.Step) -> Void
    ) throws -> BringUp.Outcome {
        var outcome = BringUp.Outcome(blueprint: blueprint)
        let first = try look()
        lastLook = first
        outcome.operations = first.operations
        outcome.answersAgain = state.responders.state == .ended && !plan.isEmpty
        if isDryRun { return outcome }
        let isChanged = !first.isEmpty || !isSameTopology || !journal.isComplete || !removed.isEmpty
        guard isChanged else {
            try state.responders.follow(plan)
            try remember(first)
            return outcome
        }
        progress(.changing(operations: outcome.operations.count))
        interruption.begin()
        var changed = Journal(blueprint, source: source, features: journal.kernelFeatures)
        let wanted = changed.namespaces
        changed.namespaces += removed
        changed.isChanging = true
        try changed.write(to: state)
        try StateFolder.write(Array(topology.yaml.utf8), to: state.topology)
        try NamespaceFolder.prepare()
        outcome.timing.plan = clock.lap()
        do {
            try makeAll(first)
            try removeNamespaces()
            changed.namespaces = wanted
            changed.isComplete = true
            changed.isChanging = nil
            changed.rules = lastLook?.view.records(blueprint)
            try changed.write(to: state)
        } catch let error as EngineError {
            if case .interrupted = error { interruption.accept() }
            throw error.leaving(state.lab)
        }
        outcome.timing.netlink = clock.lap()
        return outcome
    }

    /// Notes which rule sets need not be read the next time.
    private func remember(_ look: Look) throws {
        var journal = journal
        journal.rules = look.view.records(blueprint)
        if journal != self.journal { try journal.write(to: state) }
    }

    /// Makes changes until the kernel has everything as it should be.
    private mutating func makeAll(_ first: Look) throws {
        var look = first
        for round in 1...Self.rounds {
            try make(look)
            look = try self.look()
            lastLook = look
            if look.isEmpty { return }
            if round == Self.rounds {
                throw EngineError.refused(
                    object: look.operations.first?.description ?? state.lab,
                    reason: "the kernel has it otherwise after it was done",
                    advice: "another program may be changing the lab meanwhile")
            }
        }
    }

    // MARK: Looking

    /// One look at the lab, and what it leads to.
    struct Look {
        let view: LabView
        let changes: [NamespaceChange]
        let operations: [PlannedOperation]
        /// Whether all is as it should be.
        let isEmpty: Bool
    }

    private func look() throws -> Look {
        let view = try LabView(blueprint, allTables: removesAdditions, records: journal.rules ?? [:])
        if let pin = view.foreign.first { throw EngineError.namespaceInTheWay(pin: pin) }
        let comparison = LabComparison(
            blueprint, view.observed, tables: try view.wantedTables(blueprint), former: former)
        var operations: [PlannedOperation] = []
        let changes = comparison.parts.enumerated().map { index, part in
            let namespace = blueprint.namespaces[index]
            var change: NamespaceChange
            if part.isMissing {
                change = NamespaceChange(filling: namespace.content, SettingPlan(namespace.content.sysctls))
                change.addTables(of: namespace.content)
                operations.append(PlannedOperation(part.name, .add, "namespace", blueprint.pin(of: namespace)))
            } else {
                change = NamespaceChange(part, wanted: namespace.content) {
                    removesAdditions || comparison.origin(of: $0, in: index) != .added
                }
            }
            operations += PlannedOperation.all(of: change, part)
            return change
        }
        let faults = EtcFiles.faults(blueprint, state)
        operations += faults.map { PlannedOperation($0.namespace, .add, "file", $0.path) }
        let isEmpty = operations.isEmpty
        operations += removed.map { PlannedOperation($0.name, .remove, "namespace", $0.pin) }
        return Look(view: view, changes: changes, operations: operations, isEmpty: isEmpty)
    }

    // MARK: Making

    private func make(_ look: Look) throws {
        let missing = look.view.sessions.indices.filter { look.view.sessions[$0] == nil }
        if !missing.isEmpty { try closeSockets(in: missing) }
        let entries = missing.map { index in
            let namespace = blueprint.namespaces[index]
            return Journal.Entry(
                name: namespace.name, kind: namespace.kind.rawValue, pin: blueprint.pin(of: namespace))
        }
        let known = Set(journal.namespaces.map(\.pin))
        // A bare file of a name that the lab has already: a creation that was cut short.
        for entry in entries where known.contains(entry.pin) && access(Pins.path(entry.pin), F_OK) == 0 {
            try Pins.unpin(entry.pin)
        }
        let settings = missing.map { SettingPlan(blueprint.namespaces[$0].content.sysctls) }
        let made = try NamespaceMaking.make(entries, lab: blueprint.lab, settings, interruption)
        var sessions = look.view.sessions
        for (index, session) in zip(missing, made) { sessions[index] = session }
        try EtcFiles.install(blueprint, state)
        try Programming(
            blueprint, sessions: sessions.compactMap { $0 }, changes: look.changes, interruption
        ).change { () throws(EngineError) in
            try reportingRefusals(of: "lab \(state.lab)") { try state.responders.follow(plan) }
        }
    }

    /// Sockets in a namespace whose pin is gone keep it alive: they are closed, and others opened in the one that is new.
    private func closeSockets(in missing: [Int]) throws {
        guard case .running = state.responders.state else { return }
        let pins = Set(missing.map { blueprint.pin(of: blueprint.namespaces[$0]) })
        var rest = plan
        rest.pods.removeAll { pins.contains($0.pin) }
        if rest.pods.count != plan.pods.count { try state.responders.follow(rest) }
    }

    private func removeNamespaces() throws {
        if removed.isEmpty { return }
        let (pins, lab) = (removed.map(\.pin), journal.lab)
        let own = try Threads.run { try TearDown.ownPins(pins, of: lab).own }
        try InsideProcesses.end(in: Set(own.compactMap { Pins.identity($0) }))
        for pin in own { try Pins.unpin(pin) }
        try EtcFiles.remove(of: own, state)
    }
}

extension EngineError {
    /// An error that a change of a running lab ended with.
    fileprivate func leaving(_ lab: String) -> EngineError {
        guard case .refused(let object, let reason, let advice) = self else { return self }
        let next = "lab \(lab) is left partly changed: `nslab up` goes on, `nslab down \(lab)` removes it"
        return .refused(object: object, reason: reason, advice: advice.map { "\($0); \(next)" } ?? next)
    }
}
