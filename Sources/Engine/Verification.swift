import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import PodServer
import System

/// What was found of a lab.
public struct Verification: Sendable {
    /// What is not as its blueprint says.
    public var differences: [Difference]
    /// The kinds of objects that were not looked at, because this kernel does not list them.
    public var unlistedKinds: [String]
}

extension RunningLab {
    /// Compares what the kernel holds with what the lab should be: every link with its attributes, address, route, neighbour,
    /// forwarding entry, VLAN, setting and table, the namespaces themselves, the files and the background process.
    ///
    /// What goes with something else that is missing is not told besides. What the kernel adds by itself, and what it learned,
    /// is no difference.
    ///
    /// - Parameters:
    ///   - strict: whether what users added counts as well: their addresses, routes, links, tables and processes.
    ///   - waiting: called once if another command works on the lab.
    public func verify(strict: Bool, waiting: () -> Void = {}) throws(EngineError) -> Verification {
        let state = StateDirectory(lab: journal.lab)
        return try reportingRefusals(of: "lab \(journal.lab)") {
            let found = try LabLock.holding(lab: state, creating: false, waiting: waiting) {
                // Another command may have changed the lab while this one waited.
                let lab = try current()
                var found = try lab.findDifferences(state, strict: strict)
                // Groups of a link that has just come up are joined, and entered, by a worker of the kernel (`mld_report_work` in
                // net/ipv6/mcast.c), on a busy machine some time after the request.
                let start = ContinuousClock.now
                while strict, found.differences.contains(where: \.isOfGroup), start.duration(to: .now) < .seconds(2) {
                    usleep(100_000)
                    found = try lab.findDifferences(state, strict: strict)
                }
                return found
            }
            guard let found else { throw EngineError.noSuchLab(journal.lab) }
            return found
        }
    }

    private func findDifferences(_ state: StateDirectory, strict: Bool) throws -> Verification {
        var differences: [Difference] = []
        var blueprint = blueprint
        if journal.choosesHardwareAddresses != true { blueprint.forgetChosenHardwareAddresses() }
        if !journal.isComplete {
            differences.append(
                Difference(
                    nil, "lab", journal.lab,
                    .different([AttributeDifference(.state, wanted: "complete", found: "cut short")])))
        }
        let view = try LabSnapshot(blueprint, isWhole: strict, records: journal.rules ?? [:])
        let comparison = LabDiff(
            blueprint, view.observed, tables: try view.wantedTables(blueprint), former: PreviousState(blueprint))
        let processes = strict ? try processes() : []
        // What the lab's own commands left running is the lab's, and so is what it learns.
        differences += comparison.differences(
            strict: strict, daemons: Set(processes.lazy.filter(\.isOfCommand).compactMap(\.namespace)))
        differences += surplusNamespaces()
        for host in blueprint.namespaces where hostsToRun.contains(host.name) {
            differences.append(Difference(host.name, "commands", "\(host.commands.count) of its own", .missing))
        }
        differences += try EtcFiles.faults(blueprint, state).map { Difference($0.namespace, "file", $0.path, .missing) }
        if try state.responders.state == .ended, !PodServerPlan(blueprint, silent: try silentPods()).isEmpty {
            differences.append(Difference(nil, "process", "that answers for pods", .missing))
        }
        differences += processes.filter { !$0.isOfCommand }.map {
            Difference($0.namespace, "process", "\($0.pid) (\($0.command))", .added)
        }
        var unlisted = Set(view.observed.flatMap { $0?.unlisted ?? [] })
        if strict {
            // The kernel gives namespaces numbers for each other when they are asked about, and does not tell who asked for one.
            unlisted.insert("namespace ids")
            // No message about a link tells them, and reading their files costs more than all the rest.
            unlisted.insert("queues in /sys/class/net")
            // Only they could tell what they did to them; `reset` makes such hosts anew.
            if blueprint.namespaces.contains(where: { !$0.commands.isEmpty }) {
                unlisted.insert("settings and link attributes of hosts with commands that no topology names")
            }
        }
        return Verification(differences: differences, unlistedKinds: unlisted.sorted())
    }

    /// Namespaces that a change which was cut short would have removed.
    private func surplusNamespaces() -> [Difference] {
        let wanted = Set(blueprint.namespaces.map(\.name))
        return journal.namespaces.filter { !wanted.contains($0.name) && NamedNamespaces.identity($0.pin) != nil }
            .map { Difference($0.name, "namespace", $0.pin, .extra) }
    }

    /// The processes inside, by the namespaces' names, and whether a command of the lab's files started them.
    private func processes() throws -> [(pid: Int32, command: String, namespace: String?, isOfCommand: Bool)] {
        var names: [FileIdentity: String] = [:]
        for namespace in blueprint.namespaces {
            if let identity = NamedNamespaces.identity(blueprint.pin(of: namespace)) {
                names[identity] = namespace.name
            }
        }
        return try NamespaceProcesses.find(in: Set(names.keys)).map { process in
            (
                process.pid, process.command, names[process.namespace],
                NamespaceProcesses.hasVariable(CommandProcess.variable, process.pid)
            )
        }
    }
}

extension Difference {
    /// Whether it is about an IPv6 group that a link is in.
    fileprivate var isOfGroup: Bool {
        if kind == ForwardingEntry.kindName { return object.hasPrefix("33:33:") }
        guard case .different(let attributes) = finding else { return false }
        return attributes.contains { $0.name.text.hasPrefix("group ff0") }
    }
}
