/// The endpoints of a port that packets may go to from one node: Kubernetes' pkg/proxy/topology.go, `CategorizeEndpoints`.
public struct ReachableEndpoints: Hashable, Sendable {
    /// Those for packets that may go to any node.
    public private(set) var cluster: [ProxiedEndpoint] = []
    /// Those for packets that stay on the node.
    public private(set) var local: [ProxiedEndpoint] = []
    /// All of both, in their order.
    public private(set) var all: [ProxiedEndpoint] = []
    /// Whether there is one anywhere, be it that packets of this node may not go to it.
    public private(set) var isAnywhere = false

    /// The endpoints of a port as a node has them.
    public init(_ port: ProxiedPort, on node: ProxiedNode) {
        let endpoints = port.endpoints
        if endpoints.isEmpty { return }
        let isLocal: (ProxiedEndpoint) -> Bool = { $0.node == node.name }
        let preference = Preference(endpoints, node)
        var isDraining = false
        if port.usesClusterEndpoints {
            let isReachable: (ProxiedEndpoint) -> Bool = { $0.isReady && preference.allows($0, node) }
            // Mostly all of them: they are not copied then.
            cluster = endpoints.allSatisfy(isReachable) ? endpoints : endpoints.filter(isReachable)
            if cluster.isEmpty {
                cluster = endpoints.filter(\.isDraining)
                isDraining = !cluster.isEmpty
            }
            isAnywhere = !cluster.isEmpty
        }
        guard port.usesLocalEndpoints else {
            all = cluster
            return
        }
        isAnywhere = isAnywhere || endpoints.contains { $0.isReady || $0.isDraining }
        local = endpoints.filter { isLocal($0) && $0.isReady }
        if local.isEmpty {
            local = endpoints.filter { isLocal($0) && $0.isDraining }
            isDraining = isDraining || !local.isEmpty
        }
        guard port.usesClusterEndpoints else {
            all = local
            return
        }
        if preference == .none, !isDraining {
            all = cluster
        } else {
            let reached = Set(cluster + local)
            all = endpoints.filter(reached.contains)
        }
    }

    /// Which of the ready endpoints' hints a node follows: none unless all of them have hints, and one is for it.
    private enum Preference {
        case none, node, zone

        init(_ endpoints: [ProxiedEndpoint], _ node: ProxiedNode) {
            let ready = endpoints.lazy.filter(\.isReady)
            if ready.allSatisfy({ !$0.nodes.isEmpty }), ready.contains(where: { $0.nodes.contains(node.name) }) {
                self = .node
            } else if let zone = node.zone, ready.allSatisfy({ !$0.zones.isEmpty }),
                ready.contains(where: { $0.zones.contains(zone) })
            {
                self = .zone
            } else {
                self = .none
            }
        }

        func allows(_ endpoint: ProxiedEndpoint, _ node: ProxiedNode) -> Bool {
            switch self {
            case .none: true
            case .node: endpoint.nodes.contains(node.name)
            case .zone: node.zone.map(endpoint.zones.contains) ?? false
            }
        }
    }
}
