import Addresses

/// A port of a service in one family, as kube-proxy sees it: where packets for it arrive, and what answers.
///
/// It is what a Service and its EndpointSlices say of the port (Kubernetes' pkg/proxy/serviceport.go).
public struct ProxiedPort: Hashable, Sendable {
    /// The service's Kubernetes namespace.
    public var namespace: String
    /// The service's name.
    public var service: String
    /// The port's name; empty where it has none.
    public var name: String
    /// The transport protocol.
    public var transport: Transport
    /// The port of the service's own addresses.
    public var number: UInt16
    /// The service's own address, whose family is the port's.
    public var clusterAddress: IPAddress
    /// Addresses of the family from outside the cluster (`externalIPs`).
    public var externalAddresses: [IPAddress] = []
    /// Addresses of the family that a load balancer sends packets on from (`status.loadBalancer.ingress` with `ipMode: VIP`).
    public var loadBalancerAddresses: [IPAddress] = []
    /// The only clients of the family that may use the load balancers' addresses (`loadBalancerSourceRanges`); all where it is
    /// empty.
    public var sourceRanges: [Prefix] = []
    /// The port of every node; nil if the service has none.
    public var nodePort: UInt16?
    /// How long, in seconds, a client stays with one endpoint (`sessionAffinity: ClientIP`); nil if it does not.
    public var sessionAffinity: UInt32?
    /// `internalTrafficPolicy: Local`.
    public var isInternallyLocal = false
    /// `externalTrafficPolicy: Local`.
    public var isExternallyLocal = false
    /// What answers: those that are ready, and those that are not.
    public private(set) var endpoints: [ProxiedEndpoint] = []
    /// What its chains are called by: `ULMVA6XW-ns1/svc1/tcp/p80`.
    let chainName: String

    /// A port of a service without endpoints, which the cluster alone reaches.
    public init(
        namespace: String, service: String, name: String = "", _ transport: Transport, _ number: UInt16,
        at clusterAddress: IPAddress
    ) {
        self.namespace = namespace
        self.service = service
        self.name = name
        self.transport = transport
        self.number = number
        self.clusterAddress = clusterAddress
        chainName = ChainName.servicePort(namespace, service, transport, name)
    }

    /// Takes what answers: each once, in the order in which kube-proxy has them, that of their text
    /// (`formatEndpointsList` in pkg/proxy/endpointslicecache.go).
    public mutating func answer(by endpoints: [ProxiedEndpoint]) {
        var places: [Place: Int] = [:]
        var found: [(text: String, endpoint: ProxiedEndpoint)] = []
        for endpoint in endpoints where endpoint.address.family == family {
            if let index = places[Place(address: endpoint.address, port: endpoint.port)] {
                // Of two that say the same, what is ready and goes on counts (`addEndpoints`).
                let other = found[index].endpoint
                if !(other.isReady && !other.isTerminating) { found[index].endpoint = endpoint }
                continue
            }
            places[Place(address: endpoint.address, port: endpoint.port)] = found.count
            let host = "\(endpoint.address)"
            found.append((family == .ipv4 ? "\(host):\(endpoint.port)" : "[\(host)]:\(endpoint.port)", endpoint))
        }
        // Of ASCII, which is compared by its bytes.
        found.sort { $0.text < $1.text }
        self.endpoints = found.map(\.endpoint)
    }

    /// Takes what answers for another port of its family: of the many services of a cluster, many lead to the same pods.
    public mutating func answer(like other: ProxiedPort) { endpoints = other.endpoints }

    private struct Place: Hashable {
        var address: IPAddress
        var port: UInt16
    }

    /// The family of its addresses.
    public var family: AddressFamily { clusterAddress.family }

    /// What it is called in comments: `ns1/svc1:p80`.
    var title: String { "\(namespace)/\(service)" + (name.isEmpty ? "" : ":\(name)") }

    /// Whether packets from outside can arrive.
    public var isExternal: Bool {
        nodePort != nil || !externalAddresses.isEmpty || !loadBalancerAddresses.isEmpty
    }

    /// Whether it needs endpoints of all nodes. Packets from outside do even with `externalTrafficPolicy: Local`: those of pods
    /// and nodes are sent on to any.
    var usesClusterEndpoints: Bool { !isInternallyLocal || isExternal }

    /// Whether it needs the node's own endpoints.
    var usesLocalEndpoints: Bool { isInternallyLocal || isExternallyLocal && isExternal }

    /// Whether it has a chain that keeps clients away.
    var hasFirewall: Bool { !loadBalancerAddresses.isEmpty && !sourceRanges.isEmpty }

    /// Whether its rules are not the same on all nodes.
    var dependsOnNode: Bool { usesLocalEndpoints || hasFirewall || endpoints.contains(where: \.hasHints) }
}
