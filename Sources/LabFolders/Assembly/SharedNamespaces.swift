import Topology

/// Nodes of a containerlab topology that live in another node's network namespace (`network-mode: container:NODE`): their commands
/// run there, and their names mean it, too.
struct SharedNamespaces {
    /// The nodes that have a namespace of their own, with what those that share it add.
    private(set) var nodes: [ContainerlabTopology.Node]
    /// By a node that shares, the one whose namespace it is in.
    private(set) var owners: [String: String] = [:]

    /// - Parameters:
    ///   - named: the topology's nodes.
    ///   - cluster: the nodes of a cluster of kind, whose containers they may share without the topology naming them.
    init(
        _ named: [ContainerlabTopology.Node], lab: String, cluster: [String], _ diagnostics: inout Diagnostics
    ) {
        let written = named + Self.containers(cluster, sharedBy: named)
        nodes = written
        let byName = Dictionary(written.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var shared: [String: String] = [:]
        for node in written {
            guard let mode = node.networkMode else { continue }
            if node.kind == "bridge" { continue }
            switch mode.value {
            case "none", "bridge", "": break
            case "host":
                diagnostics.warn(
                    at: mode.place,
                    "\(node.name) would be in the machine's own network, which nslab leaves as it is; it has one of its own"
                )
            case _ where mode.value.hasPrefix("container:"):
                let target = Self.node(mode.value, lab, byName)
                if let target, target != node.name, Self.isOrdinary(node.kind), byName[target]?.kind != "k8s-kind" {
                    shared[node.name] = target
                } else {
                    diagnostics.warn(
                        at: mode.place,
                        "\(node.name): there is no node \(mode.value.dropFirst(10)) whose network it could share; it has one of its own"
                    )
                }
            default:
                diagnostics.warn(
                    at: mode.place,
                    "\(node.name): \"\(mode.value)\" is no network-mode; there are bridge, host, none and container:NODE; it is left out"
                )
            }
        }
        for node in written {
            var owner = node.name, steps = 0
            while let next = shared[owner], steps < written.count { (owner, steps) = (next, steps + 1) }
            if steps == 0 { continue }
            guard shared[owner] == nil else {
                diagnostics.warn(
                    at: node.networkMode?.place ?? node.place,
                    "\(node.name) shares a network that nobody begins; it has one of its own")
                continue
            }
            owners[node.name] = owner
        }
        if owners.isEmpty { return }
        nodes = written.filter { owners[$0.name] == nil }
        for index in nodes.indices {
            for node in written where owners[node.name] == nodes[index].name { nodes[index].take(node) }
        }
        // Whoever waits for one of them waits for all that runs there.
        for index in nodes.indices {
            for wait in nodes[index].waits.indices {
                let other = nodes[index].waits[wait].other
                nodes[index].waits[wait].other = owners[other] ?? other
            }
            let name = nodes[index].name
            nodes[index].waits.removeAll { $0.other == name }
        }
    }

    /// The nodes of a cluster that a topology means by their containers alone.
    private static func containers(
        _ cluster: [String], sharedBy nodes: [ContainerlabTopology.Node]
    ) -> [ContainerlabTopology.Node] {
        var known = Set(nodes.map(\.name))
        return nodes.compactMap { node in
            guard let mode = node.networkMode, mode.value.hasPrefix("container:") else { return nil }
            let name = String(mode.value.dropFirst("container:".count))
            guard cluster.contains(name), known.insert(name).inserted else { return nil }
            return ContainerlabTopology.Node(name: name, place: mode.place, kind: "ext-container")
        }
    }

    /// The node that a network-mode names: by its name, or by that of its container.
    static func node(_ mode: String, _ lab: String, _ nodes: [String: ContainerlabTopology.Node]) -> String? {
        let name = String(mode.dropFirst("container:".count))
        if nodes[name] != nil { return name }
        let prefix = "clab-\(lab)-"
        return name.hasPrefix(prefix) && nodes[String(name.dropFirst(prefix.count))] != nil
            ? String(name.dropFirst(prefix.count)) : nil
    }

    /// Whether nodes of a kind are plain machines.
    private static func isOrdinary(_ kind: String) -> Bool { !["arista_ceos", "bridge", "k8s-kind"].contains(kind) }
}

extension ContainerlabTopology.Node {
    /// Takes over what a node does that lives in this one's namespace.
    fileprivate mutating func take(_ other: Self) {
        aliases.append(other.name)
        // In the order of the moments, and of one moment this node's own first.
        let lines = exec + other.exec
        exec = lines.indices.sorted { (lines[$0].moment, $0) < (lines[$1].moment, $1) }.map { lines[$0] }
        waits += other.waits
        sysctls += other.sysctls
        environment.merge(other.environment) { own, _ in own }
    }
}
