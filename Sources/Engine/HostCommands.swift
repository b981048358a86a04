import Blueprint
import NetworkNamespaces
import Topology

/// The commands of a lab's hosts as part of what makes the lab: they are run, what they made is kept in the lab's state, and whatever
/// else their hosts should hold is put in place after them. The caller holds the lab's lock.
struct HostCommands {
    private let state: StateDirectory
    /// The lab as its topology says it, without what commands make.
    private let planned: Blueprint
    private var records: CommandRecords
    private let silent: Set<PodReference>
    private let isShowing: Bool
    private let cancellation: Cancellation

    /// The most objects of a lab that are kept: what reads its state looks at all of them.
    private static let mostObjects = 50_000

    /// What running them led to.
    struct Outcome {
        /// The lab with what commands made.
        var blueprint: Blueprint
        /// A sentence for each command that failed.
        var failures: [String] = []
        /// What the hosts' roots have to do without, a sentence each.
        var warnings: [String] = []
    }

    init(
        _ state: StateDirectory, _ planned: Blueprint, _ records: CommandRecords,
        silent: Set<PodReference>, isShowing: Bool, _ cancellation: Cancellation
    ) {
        self.state = state
        self.planned = planned
        self.records = records
        self.silent = silent
        self.isShowing = isShowing
        self.cancellation = cancellation
    }

    /// What making hosts anew and running their commands does, as it is told.
    ///
    /// - Parameter others: what is done besides.
    func operations(of hosts: Set<String>, beside others: [PlannedOperation]) -> [PlannedOperation] {
        let anew = planned.namespaces.filter {
            hosts.contains($0.name) && NamedNamespaces.identity(planned.pin(of: $0)) != nil
        }
        let names = Set(anew.map(\.name))
        return others.filter { !($0.namespace.map(names.contains) ?? false) }
            + anew.map { PlannedOperation($0.name, .rebuild, "namespace", planned.pin(of: $0)) }
            + PlannedOperation.all(running: planned, in: hosts)
    }

    /// Takes hosts away whose commands are to run: they are made anew, because what commands did, and some that were cut short, cannot
    /// be told from what others did, nor be undone one by one. It must be known that they are the lab's.
    ///
    /// - Returns: whether there were any.
    func clear(_ hosts: Set<String>) throws -> Bool {
        let own = planned.namespaces.filter { hosts.contains($0.name) }
        let identities = own.compactMap { NamedNamespaces.identity(planned.pin(of: $0)) }
        if identities.isEmpty { return false }
        try NamespaceProcesses.end(in: Set(identities))
        for host in own {
            try state.roots.discard(host.name)
            let pin = planned.pin(of: host)
            if NamedNamespaces.identity(pin) != nil { try NamedNamespaces.unpin(pin) }
        }
        return true
    }

    /// Runs the commands of hosts, which hold what there is before their commands and no more.
    ///
    /// One that ends here leaves hosts without a record, whose commands the next `up` runs again from the beginning.
    func run(_ hosts: Set<String>) throws -> Outcome {
        var before = planned
        before.take(records, running: hosts)
        if hosts.isEmpty { return Outcome(blueprint: before) }
        var ran = try CommandRunner(before, of: hosts, state, showing: isShowing, cancellation).run()
        var records = records
        ran.keep(atMost: max(0, Self.mostObjects - records.objectCount))
        records.add(ran.made, of: planned)
        var blueprint = planned
        blueprint.take(records)
        // What stands on what the commands made, and cables that they took away.
        try settle(blueprint, hosts)
        try records.write(to: state)
        return Outcome(blueprint: blueprint, failures: ran.failures, warnings: ran.warnings)
    }

    private func settle(_ blueprint: Blueprint, _ hosts: Set<String>) throws {
        let journal = try Journal.read(state)
        var reconciler = Reconciler(
            state, journal, from: .same, to: blueprint, update: .none, source: journal.source, silent: silent,
            cancellation: cancellation)
        reconciler.narrow(to: hosts)
        _ = try reconciler.apply(try reconciler.look())
    }
}

extension CommandRunner.Outcome {
    /// Forgets of hosts that made very much what they made.
    fileprivate mutating func keep(atMost count: Int) {
        var rest = count
        for (host, made) in made.sorted(by: { $0.key < $1.key }) {
            let objects = made.objectCount
            if objects <= rest {
                rest -= objects
                continue
            }
            self.made[host] = MadeByCommands()
            warnings.append(
                "\(host): its commands made \(objects) objects, more than nslab keeps; `nslab verify` takes them for a user's"
            )
        }
    }
}
