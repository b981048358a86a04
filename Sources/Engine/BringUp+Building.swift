import Blueprint
import Glibc
import KernelCapabilities
import NetworkNamespaces
import NetworkObjects
import Nftables
import PodServer
import System
import Topology

/// Building a lab that is not there.
extension BringUp {
    /// A lab that is built, and whose commands have not been run.
    struct Built {
        var outcome: Outcome
        var journal: Journal
        /// The lab as its topology says it.
        var planned: Blueprint
        /// The hosts with commands.
        var hosts: Set<String>
    }

    /// What is begun of a new lab before it is known what it has: nobody else sees any of it, and it goes with this process.
    private final class Beginning: Sendable {
        /// The process that answers for pods; nil for a lab without any.
        let launch: PodServerProcess.Launch?
        /// Namespaces to be.
        let namespaces: NamespaceStock

        init(_ topology: Topology, _ state: StateDirectory) throws {
            namespaces = try NamespaceStock(count: topology.namespaceCount)
            // What hinders it is told when it is tried again.
            launch = topology.workloads.isEmpty ? nil : try? state.responders.launch()
        }

        func abandon() {
            namespaces.close()
            launch?.abandon()
        }
    }

    /// Works a new lab out.
    ///
    /// - Throws: what is wrong with it; nothing is left of it then.
    private func plan(
        _ state: StateDirectory, _ form: Form
    ) throws -> (form: Form, blueprint: Blueprint, journal: Journal, hosts: Set<String>) {
        var form = form
        try NeighbourShare.reserve(for: &form.blueprint, in: state, form.limits)
        var blueprint = form.blueprint
        let hosts = blueprint.take(CommandRecords())
        var journal = Journal(blueprint, source: source, features: form.features)
        journal.choosesHardwareAddresses = true
        if let taken = journal.namespaces.first(where: { access(NamedNamespaces.path($0.pin), F_OK) == 0 }) {
            throw EngineError.namespaceInTheWay(pin: taken.pin)
        }
        return (form, blueprint, journal, hosts)
    }

    func buildNew(_ state: StateDirectory, _ known: Form?, _ clock: inout Stopwatch) throws -> Built {
        var beginning: Beginning?
        var (form, blueprint, journal, hosts): (Form, Blueprint, Journal, Set<String>)
        do {
            let limits = known?.limits ?? Limits()
            if known == nil, limits.arePlenty(for: topology) { beginning = try Beginning(topology, state) }
            (form, blueprint, journal, hosts) = try plan(state, known ?? self.form(for: nil, limits: limits))
        } catch {
            beginning?.abandon()
            try state.remove()
            throw error
        }
        var launch = beginning?.launch
        var outcome = Outcome(form)
        outcome.isNew = true
        cancellation.hold()
        do {
            try blueprint.allocations.write(to: state)
            try StateDirectory.write(Array(topology.yaml.utf8), to: state.topology)
            try journal.write(to: state)
            try NetnsMountPoint.prepare()
            let plan = PodServerPlan(blueprint, silent: [])
            if launch == nil, !plan.isEmpty { launch = try state.responders.launch() }
            outcome.timing.plan = clock.lap()

            progress(.namespaces(count: journal.namespaces.count))
            let settings = blueprint.namespaces.map { SettingPlan($0.content.sysctls) }
            let sessions = try NamespaceMaking.make(
                journal.namespaces, of: beginning?.namespaces, lab: journal.lab, settings, cancellation)
            journal.note(made: sessions)
            outcome.timing.namespaces = clock.lap()

            progress(.objects(count: blueprint.objectCount))
            let rules = try NamespaceThread.start { [cancellation, blueprint] _ in
                try installTables(blueprint, cancellation)
            }
            let answers = Result {
                try NamespaceThread.start { [launch] _ in
                    guard let launch else { return }
                    if !plan.isEmpty { return try state.responders.complete(launch, plan) }
                    launch.abandon()
                    try state.responders.stop()
                }
            }
            let files = Result {
                try NamespaceThread.start { [blueprint] _ in try EtcFiles.install(blueprint, state) }
            }
            let links = Result { [blueprint] in
                let changes = zip(blueprint.namespaces, settings).map { ChangeSet(filling: $0.content, $1) }
                try Applier(blueprint, sessions: sessions, changes: changes, cancellation).fill()
            }
            // All ways of failing have to end before anything is removed.
            let tables = Result { journal.rules = try rules.value() }
            outcome.timing.netlink = clock.lap()
            let answering = Result { try answers.get().value() }
            let installed = Result { try files.get().value() }
            try links.get()
            try tables.get()
            try answering.get()
            try installed.get()
            try cancellation.check(state.lab)
            journal.isComplete = true
            try journal.write(to: state)
            outcome.timing.services = clock.lap()
            return Built(outcome: outcome, journal: journal, planned: form.blueprint, hosts: hosts)
        } catch {
            beginning?.namespaces.close()
            launch?.abandon()
            throw takenBack(journal, state, after: error)
        }
    }
}

/// Installs the nf_tables tables of all namespaces.
///
/// - Returns: records of them.
private func installTables(_ blueprint: Blueprint, _ cancellation: Cancellation) throws -> [String: RuleRecord] {
    let namespaces = blueprint.namespaces.filter { !$0.content.tables.isEmpty }
    let records = Slots<RuleRecord>(count: namespaces.count)
    try NamespaceThread.forEach(namespaces.count) { thread, index in
        try cancellation.check(blueprint.lab)
        let namespace = namespaces[index]
        records[index] = try thread.enter(blueprint.pin(of: namespace), of: namespace.name) { inside in
            let generation: UInt32?
            do throws(NftablesError) {
                generation = try Nftables.update(namespace.content.tables.map { .add($0) }, in: inside)
            } catch {
                // The refusal is told in any case; why, where it can be tried.
                throw EngineError.refused(
                    object: "\(namespace.name): nf_tables", reason: error.message,
                    advice: try? MachineDiagnosis.lack(among: Requirements(blueprint).features))
            }
            return RuleRecord(
                try generation ?? Nftables.generation(in: inside), namespace.content.tables)
        }
    }
    let all = zip(namespaces, records.all).compactMap { namespace, record in
        record.map { (blueprint.pin(of: namespace), $0) }
    }
    return Dictionary(all, uniquingKeysWith: { first, _ in first })
}

extension Topology {
    /// About how many namespaces a lab of it has, and no more than that where all of its pods run.
    fileprivate var namespaceCount: Int {
        let machines = routers.count + networks.count + nodes.count + hosts.count
        return workloads.reduce(machines) { count, workload in
            workload.usesHostNetwork ? count : count + workload.podCount(eligibleNodes: 0)
        }
    }
}

extension Limits {
    /// Whether there is so much of everything that it does not matter how much a lab takes.
    func arePlenty(for topology: Topology) -> Bool {
        let count = topology.namespaceCount
        return openFiles > 3 * count + 256 && runSpace > 32 << 20
            && maximumNamespaces.map { $0 / 8 > count + 8 } ?? false
    }
}
