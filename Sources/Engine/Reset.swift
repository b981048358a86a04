import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables
import PodServer
import Rtnetlink
import System

/// Making a running lab as new, for the next test, without building it again.
public enum Reset {
    /// What a reset did.
    public struct Outcome: Sendable {
        /// The lab's name.
        public var lab: String
        /// The processes that were inside and were ended.
        public var processes: [Int32] = []
        /// What had drifted or been added, and was put right.
        public var operations: [PlannedOperation] = []
        /// How many learned neighbours and forwarding entries were forgotten.
        public var learned = 0
        /// How many tables had their counters and dynamic sets cleared.
        public var tables = 0
        /// A sentence for each command of the lab's hosts that failed when it ran again.
        public var commandFailures: [String] = []
    }

    /// Ends what was started inside, empties the hosts' roots, removes what users added, repairs what drifted, has stopped pods
    /// answer again, and clears what the kernel has learned: connections, neighbours, bridges' and tunnels' entries, counters of
    /// rules, cached routes, what TCP knows of other hosts. Hosts with commands are made anew, and the commands run again. The background
    /// process stays.
    ///
    /// - Parameter waiting: called once if another command works on the lab.
    public static func run(
        lab: String, cancellation: Cancellation = .none, waiting: () -> Void
    ) throws(EngineError) -> Outcome {
        // What it has begun it finishes.
        defer { cancellation.release() }
        let state = StateDirectory(lab: lab)
        return try reportingRefusals(of: "lab \(lab)") {
            let outcome = try LabLock.holding(lab: state, creating: false, waiting: waiting) {
                cancellation.hold()
                return try reset(state)
            }
            guard let outcome else { throw EngineError.noSuchLab(lab) }
            return outcome
        }
    }

    private static func reset(_ state: StateDirectory) throws -> Outcome {
        var outcome = Outcome(lab: state.lab)
        let journal = try Journal.read(state)
        let topology = try RunningLab.topology(in: state)
        let kept = try Allocations.read(state, journal)
        var blueprint = try Blueprint(topology: topology, features: journal.kernelFeatures, keeping: kept ?? .empty)
        let update = StateUpdate(nil, blueprint.allocations, kept: kept)
        let identities = Set(journal.namespaces.compactMap { NamedNamespaces.identity($0.pin) })
        outcome.processes = try NamespaceProcesses.end(
            in: identities, orSeeing: Set([state.roots.device].compactMap(\.self)))
        try state.roots.remove()
        // What is in processes and files only the commands bring back.
        let hosts = Set(blueprint.namespaces.filter { !$0.commands.isEmpty }.map(\.name))
        let planned = blueprint
        var records = try CommandRecords.read(state)
        records.remove(hosts)
        let commands = HostCommands(state, planned, records, silent: [], isShowing: false, .none)
        if !hosts.isEmpty {
            if journal.keepsCommands { blueprint.take(try CommandRecords.read(state)) }
            var reconciler = Reconciler(
                state, journal, from: journal.isComplete ? .same : .unknown, to: blueprint, update: update,
                source: journal.source, silent: [], removesAdditions: true)
            outcome.operations = try reconciler.look().operations
            try records.write(to: state)
            _ = try commands.clear(hosts)
            blueprint = planned
            blueprint.goBackBeforeCommands(of: hosts)
        }
        if try !StoppedPods.read(state).isEmpty { try StoppedPods.write([], to: state) }
        var reconciler = Reconciler(
            state, journal, from: journal.isComplete ? .same : .unknown, to: blueprint, update: update,
            source: journal.source, silent: [], removesAdditions: true)
        let found = try reconciler.look()
        if hosts.isEmpty { outcome.operations = found.operations }
        let last = try reconciler.apply(found)
        let rules = try forget(last.view, blueprint, &outcome)
        var now = try Journal.read(state)
        if now.rules != rules {
            now.rules = rules
            try now.write(to: state)
        }
        let ran = try commands.run(hosts)
        outcome.commandFailures = ran.warnings + ran.failures
        return outcome
    }

    /// Clears what the kernel has learned, on as many threads as there are processors.
    ///
    /// - Returns: records of the rule sets as they are then.
    private static func forget(
        _ view: LabSnapshot, _ blueprint: Blueprint, _ outcome: inout Outcome
    ) throws -> [String: RuleRecord] {
        let generations = Slots<UInt32>(count: view.sessions.count)
        let sessions = view.sessions
        let observed = view.observed
        let cleared = Slots<Int>(count: sessions.count)
        let families = try InsideNamespace.current { inside in try GenericSocket.families(in: inside) }
        try NamespaceThread.forEach(sessions.count) { thread, index in
            guard let session = sessions[index], let seen = observed[index] else { return }
            let namespace = blueprint.namespaces[index]
            try thread.enter(session.pin, of: session.name) { inside in
                try session.remove(seen.learned)
                // Both take any value. A kernel without IPv6 has one of them.
                for family in ["ipv4", "ipv6"] {
                    do throws(SystemCallError) {
                        try inside.setSysctl("\(family)/route/flush", to: "1")
                    } catch {
                        if error.errno != ENOENT { throw error }
                    }
                }
                cleared[index] = try clearCounters(namespace.content.tables, in: inside)
                if cleared[index] != 0 { generations[index] = try Nftables.generation(in: inside) }
                var connections = try ConnectionTracking(in: inside)
                try connections.flush()
                var generic = try GenericSocket(in: inside)
                try generic.forgetTCPMetrics(families)
            }
        }
        outcome.learned = observed.reduce(0) { $0 + ($1?.learned.count ?? 0) }
        outcome.tables = cleared.all.reduce(0) { $0 + ($1 ?? 0) }
        var view = view
        for (index, generation) in generations.all.enumerated() where generation != nil {
            view.setGeneration(generation, of: index)
        }
        return view.records(blueprint)
    }

    /// Sets what a namespace's tables have counted to zero, and forgets the clients that they remember.
    ///
    /// - Returns: how many tables there were that had counted a packet or remembered a client.
    private static func clearCounters(
        _ tables: [RuleTable], in inside: borrowing InsideNamespace
    ) throws -> Int {
        if tables.isEmpty { return 0 }
        let counted = try Nftables.resetRuleCounters(in: inside)
        // Where the kernel has no way to reset counters, and where a set holds clients, the table is put in place anew.
        let replaceable = tables.filter { $0.remembers || counted == nil && $0.counts }
        let listed = replaceable.isEmpty ? [] : try Nftables.listing(in: inside).touched
        let touched = replaceable.filter { listed.contains($0.id) }
        if !touched.isEmpty { try Nftables.update(touched.map { .replace($0) }, in: inside) }
        return (counted ?? []).union(touched.map(\.id.description)).count
    }
}

extension Session {
    /// Removes objects; one that is gone meanwhile is none that fails.
    fileprivate func remove(_ objects: [KernelObject]) throws {
        if objects.isEmpty { return }
        var batch = RouteBatch(capacity: 4096)
        for object in objects { try batch.append(.delete, object, in: interfaces) }
        do {
            try withSocket { socket throws(NetlinkError) in try socket.execute(&batch) }
        } catch {
            guard case .refused(let failures) = error, failures.allSatisfy(\.isAboutNothing) else { throw error }
        }
    }
}
