import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import PodServer
import Rtnetlink
import System
import Topology

/// Makes a running lab what is asked for, with no more than that takes: packets over what stays are not lost.
///
/// Where the topology was edited it looks at the namespaces alone that the edit reaches (`ChangeReach`), before and after;
/// otherwise at all of them.
struct Reconciler {
    private let state: StateDirectory
    /// The lab as it was.
    private var journal: Journal
    private let blueprint: Blueprint
    private let update: StateUpdate
    private let source: String
    /// What the lab was made after; nil where that is not known.
    private let former: Blueprint?
    private let plan: PodServerPlan
    /// Whether what users added goes too.
    private let removesAdditions: Bool
    private let cancellation: Cancellation
    /// The namespaces that the lab has and should not have.
    private let removed: [Journal.Entry]
    private let isSameTopology: Bool
    /// By pin, the rule sets that were found to be as they should be, or were made so.
    private var rules: [String: RuleRecord]
    /// What has to be made anew because the kernel does not change it in place: links, by namespace, and namespaces.
    private var linksAnew: [String: Set<InterfaceName>] = [:]
    private var namespacesAnew: Set<String> = []
    /// The namespaces to look at, by position. One that drifted adds those at the other ends of its links.
    private var scope: Set<Int>

    /// How often the lab is looked at again: a change may have led to others that only the kernel knew of, such as the routes
    /// that go with an address.
    private static let rounds = 4

    /// - Parameters:
    ///   - former: what the lab consisted of, if its topology was another one or a change was cut short; nil where that is not
    ///     known, so that whatever is there counts as the lab's.
    ///   - blueprint: what is asked for, in the form that the lab has.
    ///   - update: what the state is to say besides the journal.
    ///   - silent: the pods that do not answer.
    ///   - removesAdditions: whether what users added beside the lab's objects goes too.
    init(
        _ state: StateDirectory, _ journal: Journal, from former: Former, to blueprint: Blueprint,
        update: StateUpdate,
        source: String, silent: Set<PodReference>, removesAdditions: Bool = false, cancellation: Cancellation = .none
    ) {
        var blueprint = blueprint
        if journal.choosesHardwareAddresses != true { blueprint.forgetChosenHardwareAddresses() }
        self.state = state
        self.journal = journal
        self.blueprint = blueprint
        self.update = update
        self.source = source
        self.removesAdditions = removesAdditions
        self.cancellation = cancellation
        plan = PodServerPlan(blueprint, silent: silent)
        rules = journal.rules ?? [:]
        switch former {
        case .same:
            self.former = blueprint
            scope = Set(blueprint.namespaces.indices)
        case .other(let before):
            self.former = before
            let reach = ChangeReach(from: before, to: blueprint).namespaces
            // An edit that leads to the same lab: as none.
            scope = reach.isEmpty && !removesAdditions ? Set(blueprint.namespaces.indices) : reach
        case .unknown:
            self.former = nil
            scope = Set(blueprint.namespaces.indices)
        }
        if case .same = former { isSameTopology = true } else { isSameTopology = false }
        let pins = Set(blueprint.namespaces.map { blueprint.pin(of: $0) })
        removed = journal.namespaces.filter { !pins.contains($0.pin) }
    }

    /// What a lab was made after.
    enum Former {
        /// The topology that is asked for now.
        case same
        case other(Blueprint)
        /// A change was cut short.
        case unknown
    }

    /// Looks at all namespaces, however far a change reaches.
    mutating func lookAtAll() { scope = Set(blueprint.namespaces.indices) }

    /// Looks at these namespaces, too.
    mutating func include(_ names: Set<String>) {
        scope.formUnion(blueprint.namespaces.indices.filter { names.contains(blueprint.namespaces[$0].name) })
    }

    /// Looks at these namespaces alone, and at those at the other ends of their links where they have to be.
    mutating func narrow(to names: Set<String>) {
        scope = Set(blueprint.namespaces.indices.filter { names.contains(blueprint.namespaces[$0].name) })
    }

    /// Whether the lab's background process has ended and is needed.
    var lacksResponders: Bool {
        get throws(PodServerError) { try state.responders.state == .ended && !plan.isEmpty }
    }

    /// Whether anything has to be done after a look, be it only to write down what is asked for.
    func isChange(_ found: Snapshot) -> Bool {
        !found.isAsWanted || !isSameTopology || !journal.isComplete || !removed.isEmpty
            || journal.version < Journal.currentVersion
    }

    /// Makes the changes that a look led to.
    ///
    /// - Returns: the lab as it is then.
    mutating func apply(_ found: Snapshot) throws -> Snapshot {
        guard isChange(found) else {
            try state.responders.follow(plan)
            var journal = journal
            journal.rules = records(found)
            if journal != self.journal { try journal.write(to: state) }
            return found
        }
        cancellation.hold()
        var changed = Journal(blueprint, source: source, features: journal.kernelFeatures)
        changed.choosesHardwareAddresses = journal.choosesHardwareAddresses
        changed.cookies = journal.cookies
        let wanted = changed.namespaces
        changed.namespaces += removed
        changed.isChanging = true
        // A journal of this version needs it.
        if journal.version < Journal.currentVersion { try update.writeAllocations(to: state) }
        try changed.write(to: state)
        try update.writeAllocations(to: state)
        try update.writeTopology(to: state)
        try NetnsMountPoint.prepare()
        do {
            let last = try makeAll(try takeAway(found))
            try removeNamespaces()
            changed.namespaces = wanted
            changed.isComplete = true
            changed.isChanging = nil
            changed.rules = records(last)
            let pins = Set(wanted.map(\.pin))
            changed.cookies = journal.cookies?.filter { pins.contains($0.key) }
            try changed.write(to: state)
            return last
        } catch let error as EngineError {
            if case .interrupted = error { cancellation.acknowledge() }
            throw error.leaving(state.lab)
        }
    }

    /// Which rule sets need not be read the next time: those that were as they should be, and those that were not looked at.
    private func records(_ last: Snapshot) -> [String: RuleRecord] {
        let seen = Set(last.blueprint.namespaces.map { blueprint.pin(of: $0) })
        let pins = Set(blueprint.namespaces.map { blueprint.pin(of: $0) }).subtracting(seen)
        return rules.filter { pins.contains($0.key) }
            .merging(last.view.records(last.blueprint)) { $1 }
    }

    /// Makes changes until the kernel has everything as it should be.
    private mutating func makeAll(_ first: Snapshot) throws -> Snapshot {
        var last = first
        for _ in 1...Self.rounds {
            try make(last)
            last = try takeAway(look())
            if last.isAsWanted { return last }
        }
        throw EngineError.refused(
            object: last.operations.first?.description ?? state.lab,
            reason: "the kernel has it otherwise after it was done",
            advice: "another program may be changing the lab meanwhile")
    }

    /// Takes namespaces away that have to be made anew, so that they are missing. They are the lab's: a look has told so.
    private mutating func takeAway(_ found: Snapshot) throws -> Snapshot {
        if found.namespacesAnew.isEmpty { return found }
        let anew = blueprint.namespaces.filter { found.namespacesAnew.contains($0.name) }
        try NamespaceProcesses.end(in: Set(anew.compactMap { NamedNamespaces.identity(blueprint.pin(of: $0)) }))
        for namespace in anew {
            try state.roots.discard(namespace.name)
            try NamedNamespaces.unpin(blueprint.pin(of: namespace))
        }
        namespacesAnew = []
        return try look()
    }

    // MARK: Looking

    /// The lab as it was seen, and what that leads to.
    struct Snapshot {
        /// The namespaces that were looked at.
        let blueprint: Blueprint
        let view: LabSnapshot
        let changes: [ChangeSet]
        let operations: [PlannedOperation]
        /// Whether what was looked at is as it should be.
        let isAsWanted: Bool
        /// The hosts that only their commands can make what they should be.
        let hostsToRun: Set<String>
        /// The namespaces with something that cannot be undone in them.
        let namespacesAnew: Set<String>
    }

    /// Looks at the lab.
    mutating func look() throws -> Snapshot {
        let addresses = Set(blueprint.namespaces.flatMap { $0.content.addresses.map(\.address.address) })
        while true {
            let part = blueprint.part(of: scope)
            let view = try LabSnapshot(
                part, isWhole: removesAdditions, records: rules, former: former,
                dropped: droppedSettings(in: part))
            if let pin = view.foreign.first { throw EngineError.namespaceInTheWay(pin: pin) }
            let names = Set(part.namespaces.map(\.name))
            var before = former
            before?.namespaces.removeAll { !names.contains($0.name) }
            let comparison = LabDiff(
                part, view.observed, tables: try view.wantedTables(part),
                former: before.map(PreviousState.init) ?? .unknown,
                labAddresses: addresses, anew: removesAdditions ? linksAnew : nil)
            let beyond = ends(beyond: part, comparison)
            if beyond.isEmpty { return try snapshot(part, view, comparison) }
            scope.formUnion(beyond)
        }
    }

    /// By namespace, the names of settings that the lab had and has not any more, or with another value: links took theirs from them.
    private func droppedSettings(in part: Blueprint) -> [String: Set<Substring>] {
        guard let former, !isSameTopology else { return [:] }
        let before = Dictionary(
            former.namespaces.map { ($0.name, $0.content.sysctls) }, uniquingKeysWith: { first, _ in first })
        var dropped: [String: Set<Substring>] = [:]
        for namespace in part.namespaces {
            let wanted = Set(namespace.content.sysctls)
            let gone = (before[namespace.name] ?? []).filter { !wanted.contains($0) && $0.link == nil }
            let new = wanted.subtracting(before[namespace.name] ?? []).filter { $0.link == nil }
            let names = (gone + new).compactMap { $0.path.split(separator: "/").last }
            if before[namespace.name] != nil, !names.isEmpty { dropped[namespace.name] = Set(names) }
        }
        return dropped
    }

    /// The namespaces that were not looked at, and that have the other ends of links that have to be made anew.
    private func ends(beyond part: Blueprint, _ comparison: LabDiff) -> Set<Int> {
        if scope.count == blueprint.namespaces.count { return [] }
        var peers: Set<String> = []
        for (namespace, found) in zip(part.namespaces, comparison.parts) {
            let links =
                found.isMissing
                ? namespace.content.links
                : found.findings.compactMap { finding -> Link? in
                    if case .extra = finding { return nil }
                    return finding.object.value as? Link
                }
            for case .veth(let peer?) in links.map(\.kind) { peers.insert(peer.namespace) }
        }
        return Set(blueprint.namespaces.indices.filter { peers.contains(blueprint.namespaces[$0].name) })
            .subtracting(scope)
    }

    private func snapshot(
        _ part: Blueprint, _ view: LabSnapshot, _ comparison: LabDiff
    ) throws(EngineError) -> Snapshot {
        var operations: [PlannedOperation] = []
        var hostsToRun: Set<String> = []
        var anew = namespacesAnew
        let changes = comparison.parts.enumerated().map { index, found in
            let namespace = part.namespaces[index]
            var change: ChangeSet
            if found.isMissing {
                change = ChangeSet(filling: namespace.content, SettingPlan(namespace.content.sysctls))
                change.addTables(of: namespace.content)
                operations.append(PlannedOperation(found.name, .add, "namespace", blueprint.pin(of: namespace)))
            } else {
                change = ChangeSet(found, wanted: namespace.content) {
                    removesAdditions || comparison.origin(of: $0, in: index) != .added
                }
            }
            change.generation = view.generations[index]
            if !change.unmakeable.isEmpty || found.isMissing && !namespace.commands.isEmpty {
                hostsToRun.insert(namespace.name)
            }
            if !found.faults.isEmpty || anew.contains(found.name) {
                anew.insert(found.name)
                var rebuild = PlannedOperation(found.name, .rebuild, "namespace", blueprint.pin(of: namespace))
                for case .different(_, _, let attributes) in found.faults { rebuild.attributes += attributes }
                operations.append(rebuild)
            }
            operations += PlannedOperation.all(of: change, found)
            return change
        }
        let faults = try EtcFiles.faults(part, state)
        operations += faults.map { PlannedOperation($0.namespace, .add, "file", $0.path) }
        let isAsWanted = operations.isEmpty
        operations += removed.map { PlannedOperation($0.name, .remove, "namespace", $0.pin) }
        return Snapshot(
            blueprint: part, view: view, changes: changes, operations: operations, isAsWanted: isAsWanted,
            hostsToRun: hostsToRun, namespacesAnew: anew)
    }

    // MARK: Making

    private mutating func make(_ found: Snapshot) throws {
        let part = found.blueprint
        let missing = found.view.sessions.indices.filter { found.view.sessions[$0] == nil }
        let entries = missing.map { index in
            let namespace = part.namespaces[index]
            return Journal.Entry(
                name: namespace.name, kind: namespace.kind.rawValue, pin: blueprint.pin(of: namespace))
        }
        let known = Set(journal.namespaces.map(\.pin))
        try closeSockets(in: known.intersection(entries.map(\.pin)))
        // A bare file of a name that the lab has already: a creation that was cut short.
        for entry in entries where known.contains(entry.pin) && access(NamedNamespaces.path(entry.pin), F_OK) == 0 {
            try NamedNamespaces.unpin(entry.pin)
        }
        // The root of a namespace that is gone shows that one's interfaces.
        for entry in entries { try state.roots.discard(entry.name) }
        let settings = missing.map { SettingPlan(part.namespaces[$0].content.sysctls) }
        let made = try NamespaceMaking.make(entries, lab: blueprint.lab, settings, cancellation)
        journal.note(made: made)
        var sessions = found.view.sessions
        for (index, session) in zip(missing, made) { sessions[index] = session }
        try EtcFiles.install(part, state)
        let applier = Applier(
            part, sessions: sessions.compactMap { $0 }, changes: found.changes, toleratesRefusals: removesAdditions,
            cancellation)
        try applier.change { () throws(EngineError) in
            try reportingRefusals(of: "lab \(state.lab)") { try state.responders.follow(plan) }
        }
        linksAnew.merge(applier.refusals.links) { $0.union($1) }
        namespacesAnew.formUnion(applier.refusals.namespaces)
        // What was known before and changed as planned is known now: it need not be read.
        let generations = applier.changedRuleSets
        for (index, namespace) in part.namespaces.enumerated() where found.view.areTablesKnown(index) {
            guard let generation = generations[index] else { continue }
            rules[blueprint.pin(of: namespace)] = RuleRecord(generation, namespace.content.allTables)
        }
    }

    /// Sockets in a namespace whose pin is gone keep it alive: they are closed, and others opened in the one that is new.
    ///
    /// - Parameter pins: the pins that are gone.
    private func closeSockets(in pins: Set<String>) throws {
        guard !pins.isEmpty, case .running = try state.responders.state else { return }
        var rest = plan
        rest.pods.removeAll { pins.contains($0.pin) }
        if rest.pods.count != plan.pods.count { try state.responders.follow(rest) }
    }

    private func removeNamespaces() throws {
        if removed.isEmpty { return }
        let (pins, lab) = (removed.map(\.pin), journal.lab)
        let namespaces = try OwnNamespaces(pins, journal.cookies ?? [:], of: lab)
        try NamespaceProcesses.end(in: namespaces.identities)
        let own = namespaces.own.map(\.pin)
        for pin in own { try NamedNamespaces.unpin(pin) }
        for entry in removed { try state.roots.discard(entry.name) }
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
