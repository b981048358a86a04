import Addresses
import Topology

/// An address that answers for a service.
public struct ServiceEndpoint: Hashable, Sendable {
    public var address: IPAddress
    /// The pod that has it; nil for an endpoint that is no pod, such as the API server.
    public var pod: PodReference?
    /// The host name that it has in DNS under the service; nil for one made of its address. Kubernetes sets it where
    /// the pod's `subdomain` is the service and its `hostname` is set.
    public var hostname: String?
    /// The node that it is on; empty where none is said.
    public var node: String
    /// Whether it answers.
    public var isReady: Bool
    /// Whether it answers, be it that it is about to end.
    public var isServing: Bool
    /// Whether it is about to end.
    public var isTerminating = false
    /// The zones whose packets are for it; empty for all.
    public var zoneHints: Set<String> = []
    /// The nodes whose packets are for it; empty for all.
    public var nodeHints: Set<String> = []
    /// Whether somebody has written it by hand, so that it does not follow its pod.
    public var isByHand = false
    /// Its port for each of the service's `ports`, in their order; nil where the service's target names a port that
    /// this pod does not have.
    public var ports: [UInt16?]

    public init(
        address: IPAddress, pod: PodReference? = nil, hostname: String? = nil, node: String, isReady: Bool = true,
        ports: [UInt16?]
    ) {
        self.address = address
        self.pod = pod
        self.hostname = hostname
        self.node = node
        self.isReady = isReady
        isServing = isReady
        self.ports = ports
    }
}
