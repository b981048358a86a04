import Addresses
import Topology

/// A service as the running cluster knows it: with its addresses, its nodes' ports and the endpoints that answer for it.
/// It is what Kubernetes keeps in a Service and its EndpointSlices, in one value.
public struct ClusterService: Hashable, Sendable {
    public var name: String
    public var namespace: String
    /// What it is reached by.
    public var kind: Service.Kind
    /// Its families, the first one first.
    public var families: [AddressFamily]
    /// Its own addresses (`clusterIPs`), one for each of `families` in their order; none for a headless or external name.
    public var clusterAddresses: [IPAddress]
    /// Addresses outside of the cluster that nodes take packets for (`externalIPs`).
    public var externalAddresses: [IPAddress]
    /// Addresses that load balancers have for it (`status.loadBalancer.ingress`).
    public var ingress: [Service.Ingress] = []
    /// The only clients that may use the load balancers' addresses (`loadBalancerSourceRanges`); all where it is empty.
    public var sourceRanges: [Prefix] = []
    /// The port of every node at which a load balancer asks whether the node has endpoints; nil if the service has none.
    public var healthCheckNodePort: UInt16?
    /// Its ports, with the nodes' ports that were chosen.
    public var ports: [ServicePort]
    /// Who answers for it, in the order of the pods' creation, each pod's IPv4 before its IPv6; those that are not ready
    /// are among them.
    public var endpoints: [ServiceEndpoint]
    /// How long, in seconds, a client stays with one endpoint (`sessionAffinity: ClientIP`); nil if it does not.
    public var sessionAffinity: UInt32?
    /// Whether endpoints that are not ready count as ready (`publishNotReadyAddresses`).
    public var publishesNotReadyAddresses: Bool
    /// `internalTrafficPolicy: Local`: packets from inside go to endpoints of the same node alone.
    public var isInternallyLocal: Bool
    /// `externalTrafficPolicy: Local`: packets from outside go to endpoints of the same node alone.
    public var isExternallyLocal: Bool

    /// A service of these parts.
    public init(
        name: String, namespace: String = "default", kind: Service.Kind = .clusterIP, families: [AddressFamily],
        clusterAddresses: [IPAddress] = [], externalAddresses: [IPAddress] = [], ports: [ServicePort] = [],
        endpoints: [ServiceEndpoint] = [], sessionAffinity: UInt32? = nil, publishesNotReadyAddresses: Bool = false,
        isInternallyLocal: Bool = false, isExternallyLocal: Bool = false
    ) {
        self.name = name
        self.namespace = namespace
        self.kind = kind
        self.families = families
        self.clusterAddresses = clusterAddresses
        self.externalAddresses = externalAddresses
        self.ports = ports
        self.endpoints = endpoints
        self.sessionAffinity = sessionAffinity
        self.publishesNotReadyAddresses = publishesNotReadyAddresses
        self.isInternallyLocal = isInternallyLocal
        self.isExternallyLocal = isExternallyLocal
    }

    /// Whether it has no address of its own though it has a name (`clusterIP: None`).
    public var isHeadless: Bool { kind == .headless }

    /// What it is called where names of all Kubernetes namespaces meet: `kube-system/kube-dns`.
    public var key: String { "\(namespace)/\(name)" }

    /// Addresses that nodes take packets for on behalf of load balancers.
    public var loadBalancerAddresses: [IPAddress] { ingress.filter { !$0.isProxied }.map(\.address) }

    /// The service while these pods do not answer. Nobody changes endpoints that are written by hand.
    public func stopping(_ stopped: Set<PodReference>) -> ClusterService {
        var service = self
        for index in endpoints.indices where !endpoints[index].isByHand {
            let isReady = endpoints[index].pod.map { !stopped.contains($0) } ?? true
            service.endpoints[index].isReady = isReady
            service.endpoints[index].isServing = isReady
        }
        return service
    }
}
