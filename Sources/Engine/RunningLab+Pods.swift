import Blueprint
import NetworkNamespaces
import NetworkObjects
import Nftables
import PodServer
import System
import Topology

/// What a change of pods' readiness came to.
public struct EndpointChange: Sendable {
    /// The pods that were named, in that order.
    public var pods: [PodReference]
    /// The services whose endpoints changed, as `NAMESPACE/NAME`, in the topology's order.
    public var services: [String]
    /// The nodes whose rules changed.
    public var nodes: [String]
    /// All of the lab's services as they are now.
    public var current: [ClusterService]
}

extension RunningLab {
    /// The pods that do not answer: those that were stopped, and those whose namespaces are gone.
    public func silentPods() throws(EngineError) -> Set<PodReference> {
        let gone = Set(
            journal.namespaces.filter { $0.kind == "pod" && NamedNamespaces.identity($0.pin) == nil }.map(\.name))
        let lost = blueprint.namespaces.filter { gone.contains($0.name) }.compactMap(\.pod)
        return try StoppedPods.read(StateDirectory(lab: journal.lab)).union(lost)
    }

    /// Has pods stop answering, or answer again: every node's rules take them out of the services' endpoints, or put them
    /// back.
    ///
    /// The pods' ports are closed and their connections reset; their network stays as it is.
    ///
    /// - Parameters:
    ///   - names: the pods, in any form that names one of the lab's namespaces.
    ///   - waiting: called once if another command works on the lab.
    public func setPods(
        _ names: [String], answering: Bool, waiting: () -> Void = {}
    ) throws(EngineError) -> EndpointChange {
        var pods: [PodReference] = []
        for name in names { pods.append(try pod(named: name)) }
        let state = StateDirectory(lab: journal.lab)
        return try reportingRefusals(of: "lab \(journal.lab)") {
            let change = try LabLock.holding(lab: state, creating: false, waiting: waiting) {
                let before = try silentPods()
                var stopped = try StoppedPods.read(state)
                if answering { stopped.subtract(pods) } else { stopped.formUnion(pods) }
                // First what should be: a command that is cut short here is made good by the next one.
                try StoppedPods.write(stopped, to: state)
                let after = try silentPods()
                // Nothing is sent to a pod before it answers, or while it no longer does.
                if answering { try follow(silent: after, state) }
                let change = try changeEndpoints(from: before, to: after, pods)
                if !answering { try follow(silent: after, state) }
                return change
            }
            guard let change else { throw EngineError.noSuchLab(journal.lab) }
            return change
        }
    }

    /// Has the lab's background process open the ports of pods that answer, close those of the others, and tell the
    /// endpoints in DNS.
    private func follow(silent: Set<PodReference>, _ state: StateDirectory) throws {
        try state.responders.follow(PodServerPlan(blueprint, silent: silent))
    }

    /// The pod that a user means.
    private func pod(named name: String) throws(EngineError) -> PodReference {
        let entry = try journal.namespace(named: name.contains("/") ? name : "pod/\(name)")
        guard let pod = blueprint.namespaces.first(where: { $0.name == entry.name })?.pod else {
            throw .noSuchNamespace(lab: journal.lab, name: name, candidates: [])
        }
        return pod
    }

    private func changeEndpoints(
        from before: Set<PodReference>, to after: Set<PodReference>, _ pods: [PodReference]
    ) throws -> EndpointChange {
        let topology = try Self.topology(in: StateDirectory(lab: journal.lab))
        let placement = try Placement(topology, keeping: blueprint.allocations)
        let all = try ClusterService.all(of: topology, placement, keeping: blueprint.allocations)
        let (old, new) = (all.map { $0.stopping(before) }, all.map { $0.stopping(after) })
        // The other services' rules stay as they are, and are not thought of.
        let changing = zip(old, new).filter { $0 != $1 }
        let (was, will) = (
            ServiceProxy(changing.map(\.0), topology), ServiceProxy(changing.map(\.1), topology)
        )
        // A kernel that cannot translate a family has no table of it.
        let held = Dictionary(
            blueprint.namespaces.map { ($0.name, Set($0.content.tables.map(\.id))) },
            uniquingKeysWith: { first, _ in first })
        let whole = { @Sendable (node: Placement.Node) in
            ServiceProxy(new, topology).tables(on: node).filter { held[node.name]?.contains($0.id) == true }
                .map { TableUpdate.replace($0) }
        }
        let pins = Dictionary(journal.namespaces.map { ($0.name, $0.pin) }, uniquingKeysWith: { first, _ in first })
        let nodes = placement.nodes.filter { pins[$0.name] != nil }
        let changed = Slots<String>(count: nodes.count)
        try NamespaceThread.forEach(nodes.count) { thread, index in
            let node = nodes[index]
            // Who says it again has a reason to: an earlier command may have been cut short. Then all is put in place.
            let least =
                before == after
                ? whole(node) : zip(was.tables(on: node), will.tables(on: node)).map { .change($0.changes(to: $1)) }
            if least.allSatisfy(\.isEmpty) { return }
            _ = try thread.enter(pins[node.name, default: ""], of: node.name) { inside in
                try changeRules(least, orElse: whole(node), in: inside, of: node.name)
            }
            changed[index] = node.name
        }
        let names = changed.all.compactMap(\.self)
        if blueprint.hasServiceProxy {
            try StaleConnections(new).forget(on: names.map { ($0, pins[$0, default: ""]) })
        }
        return EndpointChange(pods: pods, services: changing.map(\.0.key), nodes: names, current: new)
    }
}

/// Changes a node's rules; or, where that does not fit what the kernel holds, puts the whole in place.
///
/// - Parameter generation: the rule set that the change is for; nil for whichever there is.
/// - Returns: the number of the rule set afterwards; nil where that is not known, or the whole was put in place.
@discardableResult
func changeRules(
    _ least: [TableUpdate], on generation: UInt32? = nil, orElse whole: @autoclosure () -> [TableUpdate],
    in inside: borrowing InsideNamespace, of node: String
) throws(EngineError) -> UInt32? {
    do throws(NftablesError) {
        return try Nftables.update(least, of: generation, in: inside)
    } catch let first {
        do throws(NftablesError) {
            try Nftables.update(whole(), in: inside)
            return nil
        } catch {
            let reason = error == first ? error.message : "\(error.message); changing it in place: \(first.message)"
            throw EngineError.refused(object: "\(node): nf_tables", reason: reason, advice: nil)
        }
    }
}
