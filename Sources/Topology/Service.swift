import Addresses

/// A Kubernetes Service: a name and addresses that stand for the pods it selects.
public struct Service: Hashable, Sendable {
    /// Its name: a DNS label.
    public var name: String
    /// Its Kubernetes namespace.
    public var namespace: String
    /// What it is reached by.
    public var kind: Kind
    /// The labels that a pod must have to answer for it; empty for a service that selects nothing.
    public var selector: [String: String]
    public var ports: [Port]
    /// The families that were asked for, the first one first; empty for those of the policy.
    public var families: [AddressFamily]
    /// How many families it has.
    public var familyPolicy: FamilyPolicy
    /// The addresses that were asked for (`clusterIPs`); empty for addresses of the cluster's choice.
    public var clusterAddresses: [IPAddress]
    /// Addresses outside of the cluster that nodes take packets for (`externalIPs`).
    public var externalAddresses: [IPAddress]
    /// Addresses that a load balancer has for it (`status.loadBalancer.ingress`).
    public var ingress: [Ingress] = []
    /// The only clients that may use the load balancers' addresses (`loadBalancerSourceRanges`); all where it is empty.
    public var sourceRanges: [Prefix] = []
    /// Whether it has ports of the nodes though nobody asked for one by number (`allocateLoadBalancerNodePorts`).
    public var allocatesNodePorts = true
    /// Which load balancers are to have addresses for it (`loadBalancerClass`); nil for any.
    public var loadBalancerClass: String?
    /// The load balancers' addresses that Calico is asked for (`projectcalico.org/loadBalancerIPs`).
    public var loadBalancerAddresses: [IPAddress] = []
    /// The pools that Calico takes its load balancers' addresses of (`projectcalico.org/ipv4pools` and `ipv6pools`); empty
    /// for any.
    public var loadBalancerPools: [String] = []
    /// The port of every node at which a load balancer asks whether the node has endpoints (`healthCheckNodePort`); nil for one
    /// of the cluster's choice, where the service has one.
    public var healthCheckNodePort: UInt16?
    /// Which endpoints are preferred to others.
    public var trafficDistribution: TrafficDistribution?
    /// Who answers besides the pods that are selected.
    public var endpointSlices: [EndpointSlice] = []
    /// How long, in seconds, a client stays with one pod (`sessionAffinity: ClientIP`); nil if it does not.
    public var sessionAffinity: UInt32?
    /// Whether pods that are not ready have records too.
    public var publishesNotReadyAddresses: Bool
    /// `internalTrafficPolicy: Local`: packets from inside go to pods of the same node alone.
    public var isInternallyLocal: Bool
    /// `externalTrafficPolicy: Local`: packets from outside go to pods of the same node alone.
    public var isExternallyLocal: Bool

    /// A service in the default namespace.
    public init(
        name: String, namespace: String = "default", kind: Kind = .clusterIP, selector: [String: String] = [:],
        ports: [Port] = [], families: [AddressFamily] = [], familyPolicy: FamilyPolicy = .singleStack,
        clusterAddresses: [IPAddress] = [], externalAddresses: [IPAddress] = [], sessionAffinity: UInt32? = nil,
        publishesNotReadyAddresses: Bool = false, isInternallyLocal: Bool = false, isExternallyLocal: Bool = false
    ) {
        self.name = name
        self.namespace = namespace
        self.kind = kind
        self.selector = selector
        self.ports = ports
        self.families = families
        self.familyPolicy = familyPolicy
        self.clusterAddresses = clusterAddresses
        self.externalAddresses = externalAddresses
        self.sessionAffinity = sessionAffinity
        self.publishesNotReadyAddresses = publishesNotReadyAddresses
        self.isInternallyLocal = isInternallyLocal
        self.isExternallyLocal = isExternallyLocal
    }

    /// What a service is reached by.
    public enum Kind: Hashable, Sendable {
        /// Addresses of its own inside of the cluster.
        case clusterIP
        /// A name that stands for the pods' own addresses (`clusterIP: None`).
        case headless
        /// A port of every node too.
        case nodePort
        /// A port of every node, and an address from outside.
        case loadBalancer
        /// Another name (`externalName`).
        case externalName(String)
    }

    /// An address that a load balancer has for a service.
    public struct Ingress: Hashable, Sendable {
        public var address: IPAddress
        /// Whether the load balancer itself opens the connections to the nodes (`ipMode: Proxy`), so that packets for the
        /// address do not stay on a node.
        public var isProxied: Bool

        /// An address that nodes take packets for, too, unless said otherwise.
        public init(_ address: IPAddress, isProxied: Bool = false) {
            self.address = address
            self.isProxied = isProxied
        }
    }

    /// Which endpoints packets are sent to rather than others (`trafficDistribution`), by Kubernetes' names.
    public enum TrafficDistribution: String, Hashable, Sendable, CaseIterable {
        /// Those of the client's zone.
        case preferSameZone = "PreferSameZone"
        /// Those of the client's zone: the older name.
        case preferClose = "PreferClose"
        /// Those of the client's node, else of its zone.
        case preferSameNode = "PreferSameNode"
    }

    /// How many families a service has, by Kubernetes' names.
    public enum FamilyPolicy: String, Hashable, Sendable, CaseIterable {
        case singleStack = "SingleStack"
        case preferDualStack = "PreferDualStack"
        case requireDualStack = "RequireDualStack"
    }

    /// A port of a service.
    public struct Port: Hashable, Sendable {
        /// Its name; nil where it is the only one and has none.
        public var name: String?
        /// The transport protocol.
        public var transport: Transport
        /// The port of the service's own addresses.
        public var port: UInt16
        /// The pods' port.
        public var target: Target
        /// The port of every node; nil for one of the cluster's choice, where the service has one.
        public var nodePort: UInt16?

        public init(
            name: String? = nil, transport: Transport = .tcp, port: UInt16, target: Target? = nil,
            nodePort: UInt16? = nil
        ) {
            self.name = name
            self.transport = transport
            self.port = port
            self.target = target ?? .number(port)
            self.nodePort = nodePort
        }
    }

    /// A pod's port: a number, or the name of a container's port.
    public enum Target: Hashable, Sendable {
        case number(UInt16)
        case name(String)
    }
}
