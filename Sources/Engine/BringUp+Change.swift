import Blueprint
import KernelCapabilities
import NetworkNamespaces
import NetworkObjects
import PodServer
import System
import Topology

extension BringUp {
    /// Changes a lab that runs into what is asked for, and runs the commands of hosts that are new or made anew. The caller holds its
    /// lock.
    func change(_ state: StateDirectory, _ journal: Journal, _ clock: inout Stopwatch) throws -> Outcome {
        let stopped = try StoppedPods.read(state)
        let reading = try NamespaceThread.start { _ in try Allocations.read(state, journal) }
        let asked = WrittenTopology(topology)
        let before = try StateDirectory.read(state.topology)
        let isSame = before == asked.text
        let given = try reading.value()
        var kept = given
        let known = KnownServices()
        var former: Reconciler.Former = journal.isComplete ? .same : .unknown
        var doubt: String?
        let wanted = kept.map { kept in
            Result {
                // As it was asked for, it can be.
                if isSame, journal.isComplete { return try unchangedForm(journal, stopped, kept) }
                return try self.form(for: journal, stopped: stopped, keeping: kept, knowing: known)
            }
        }
        // An error of it is thrown below, once what the lab was made after is known.
        var update = StateUpdate(isSame ? nil : asked, try? wanted?.get().blueprint.allocations, kept: given)
        do {
            if !(isSame && kept != nil), journal.isComplete {
                // Most of it is what has been worked out just now.
                let earlier = try before.map { try RunningLab.topology($0, in: state, like: asked) }
                let lab = try RunningLab(state, journal, of: earlier, keeping: given, knowing: known)
                former = .other(lab.blueprint)
            }
        } catch EngineError.damagedState(let path, let reason) {
            former = .unknown
            doubt = "\(path): \(reason); what users added to the lab cannot be told from what it had, and is removed"
        }
        // A lab of an nslab that kept no allocations has those that it would get.
        if kept == nil, case .other(let before) = former {
            kept = before.allocations
            if isSame { former = .same }
        }
        let form =
            try wanted?.get() ?? self.form(for: journal, stopped: stopped, keeping: kept ?? .empty, knowing: known)
        if wanted == nil { update = StateUpdate(isSame ? nil : asked, form.blueprint.allocations, kept: given) }
        var outcome = Outcome(form)
        if let doubt { outcome.warnings.append(doubt) }
        var records = try CommandRecords.read(state)
        if !journal.keepsCommands {
            // They were run when the lab was built.
            let before = if case .other(let before) = former { before } else { form.blueprint }
            let made = before.namespaces.map { ($0.name, MadeByCommands()) }
            records.add(Dictionary(made, uniquingKeysWith: { first, _ in first }), of: before)
            if !isDryRun { try records.write(to: state) }
        }
        let wasSame = if case .same = former { true } else { false }
        let complete = journal
        var journal = journal
        journal.features = Journal.Features(form.features)
        var hosts: Set<String> = []
        var operations: [PlannedOperation]?
        var last: Reconciler.Snapshot
        while true {
            var wanted = form.blueprint
            hosts = wanted.take(records, running: hosts)
            if !hosts.isEmpty, case .same = former {
                former = .other(try RunningLab(state, complete, keeping: kept ?? .empty).blueprint)
            }
            var reconciler = Reconciler(
                state, journal, from: former, to: wanted, update: update, source: source,
                silent: stopped, cancellation: cancellation)
            if wasSame { reconciler.lookAtAll() } else { reconciler.include(hosts) }
            last = try reconciler.look()
            if !last.hostsToRun.isSubset(of: hosts) {
                hosts.formUnion(last.hostsToRun)
                continue
            }
            let commands = HostCommands(
                state, form.blueprint, records, silent: stopped, isShowing: isShowingOutput, cancellation)
            if operations == nil {
                operations = commands.operations(of: hosts, beside: last.operations)
                outcome.answersAgain = try reconciler.lacksResponders
            }
            if isDryRun { break }
            if !hosts.isEmpty {
                records.remove(hosts)
                try records.write(to: state)
                if try commands.clear(hosts) { last = try reconciler.look() }
            }
            if reconciler.isChange(last) { progress(.changing(operations: last.operations.count)) }
            outcome.timing.plan += clock.lap()
            last = try reconciler.apply(last)
            try NeighbourShare(form.blueprint).write(to: state)
            outcome.timing.netlink += clock.lap()
            // What was made anew may have taken along what only commands can bring back.
            if last.hostsToRun.isSubset(of: hosts) { break }
            hosts.formUnion(last.hostsToRun)
            journal = try Journal.read(state)
            former = .other(wanted)
        }
        outcome.operations = operations ?? []
        outcome.blueprint.take(records, running: hosts)
        if !isDryRun {
            try run(hosts, form.blueprint, records, state, silent: stopped, &outcome)
        }
        if hosts.isEmpty {
            if last.blueprint.namespaces.count < form.blueprint.namespaces.count {
                outcome.checked = Set(last.blueprint.namespaces.map(\.name))
            } else if last.isAsWanted {
                // It has just been looked at.
                outcome.statuses = zip(form.blueprint.namespaces, last.view.observed).map {
                    NamespaceStatus($0, form.blueprint.pin(of: $0), seen: $1)
                }
            }
        }
        return outcome
    }

    /// The form of a lab that runs in it.
    private func unchangedForm(
        _ journal: Journal, _ stopped: Set<PodReference>, _ kept: Allocations
    ) throws -> Form {
        let blueprint = try Blueprint(
            topology: topology, features: journal.kernelFeatures, stopped: stopped, keeping: kept)
        return Form(features: journal.kernelFeatures, blueprint: blueprint, limits: Limits())
    }

    // MARK: Commands

    /// Runs the commands of hosts.
    func run(
        _ hosts: Set<String>, _ planned: Blueprint, _ records: CommandRecords, _ state: StateDirectory,
        silent: Set<PodReference> = [], _ outcome: inout Outcome
    ) throws {
        if hosts.isEmpty { return }
        progress(
            .commands(count: planned.namespaces.reduce(0) { $0 + (hosts.contains($1.name) ? $1.commands.count : 0) }))
        let commands = HostCommands(
            state, planned, records, silent: silent, isShowing: isShowingOutput, cancellation)
        let done = try commands.run(hosts)
        outcome.blueprint = done.blueprint
        outcome.commandFailures = done.failures
        outcome.warnings += done.warnings
    }
}
