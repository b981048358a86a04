import Addresses
import Topology

/// A service as the running cluster knows it: with its addresses, its nodes' ports and the endpoints that answer for it.
/// It is what Kubernetes keeps in a Service and its EndpointSlices, in one value.
public struct ClusterService: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its Kubernetes namespace.
    public var namespace: String
    /// What it is reached by.
    public var kind: Service.Kind
    /// Its families, the first one first.
    public var families: [AddressFamily]
    /// Its own addresses (`clusterIPs`), one for each of `families` in their order; none for a headless or external name.
    public var clusterAddresses: [IPAddress]
    /// Addresses outside of the cluster that nodes take packets for (`externalIPs`).
    public var externalAddresses: [IPAddress]
    /// Its ports, with the nodes' ports that were chosen.
    public var ports: [Port]
    /// Who answers for it, in the order of the pods' creation, each pod's IPv4 before its IPv6; those that are not ready
    /// are among them.
    public var endpoints: [Endpoint]
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
        clusterAddresses: [IPAddress] = [], externalAddresses: [IPAddress] = [], ports: [Port] = [],
        endpoints: [Endpoint] = [], sessionAffinity: UInt32? = nil, publishesNotReadyAddresses: Bool = false,
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

    /// A port of a service.
    public struct Port: Hashable, Sendable {
        /// Its name; nil where it has none.
        public var name: String?
        /// The transport protocol.
        public var transport: Transport
        /// The port of the service's own addresses.
        public var number: UInt16
        /// The pods' port as the service names it.
        public var target: Service.Target
        /// The port of every node; nil if the service has none.
        public var nodePort: UInt16?

        /// A port that leads to the same number on the pods unless said otherwise.
        public init(
            name: String? = nil, transport: Transport = .tcp, number: UInt16, target: Service.Target? = nil,
            nodePort: UInt16? = nil
        ) {
            self.name = name
            self.transport = transport
            self.number = number
            self.target = target ?? .number(number)
            self.nodePort = nodePort
        }
    }

    /// An address that answers for a service.
    public struct Endpoint: Hashable, Sendable {
        /// The address.
        public var address: IPAddress
        /// The pod that has it; nil for an endpoint that is no pod, such as the API server.
        public var pod: PodReference?
        /// The host name that it has in DNS under the service; nil for one made of its address. Kubernetes sets it where
        /// the pod's `subdomain` is the service and its `hostname` is set.
        public var hostname: String?
        /// The node that it is on.
        public var node: String
        /// Whether it answers.
        public var isReady: Bool
        /// Its port for each of the service's `ports`, in their order; nil where the service's target names a port that
        /// this pod does not have.
        public var ports: [UInt16?]

        /// An endpoint.
        public init(
            address: IPAddress, pod: PodReference? = nil, hostname: String? = nil, node: String, isReady: Bool = true,
            ports: [UInt16?]
        ) {
            self.address = address
            self.pod = pod
            self.hostname = hostname
            self.node = node
            self.isReady = isReady
            self.ports = ports
        }
    }

    /// Whether it has no address of its own though it has a name (`clusterIP: None`).
    public var isHeadless: Bool { kind == .headless }

    /// What it is called where names of all Kubernetes namespaces meet: `kube-system/kube-dns`.
    public var key: String { "\(namespace)/\(name)" }

    /// The service while these pods do not answer.
    public func stopping(_ stopped: Set<PodReference>) -> ClusterService {
        var service = self
        for index in endpoints.indices {
            service.endpoints[index].isReady = endpoints[index].pod.map { !stopped.contains($0) } ?? true
        }
        return service
    }
}
