/// A node or host as the rules see both: a machine with interfaces and routes of its own.
struct Machine {
    let number: Number
    let name: String
    let interfaces: [Node.Interface]
    let routes: [StaticRoute]

    /// Its position in the topology.
    enum Number: Hashable {
        case node(Int)
        case host(Int)
    }

    var path: FieldPath {
        switch number {
        case .node: TopologyCheck.nodes[name]
        case .host: TopologyCheck.hosts[name]
        }
    }
}

extension Topology {
    /// The nodes, then the hosts.
    var machines: [Machine] {
        nodes.indices.map { machine(.node($0)) } + hosts.indices.map { machine(.host($0)) }
    }

    func machine(_ number: Machine.Number) -> Machine {
        switch number {
        case .node(let index):
            let node = nodes[index]
            return Machine(number: number, name: node.name, interfaces: node.interfaces, routes: node.routes)
        case .host(let index):
            let host = hosts[index]
            return Machine(number: number, name: host.name, interfaces: host.interfaces, routes: host.routes)
        }
    }
}
