import Addresses

/// What a cluster's name server knows: services and the endpoints behind them, as the Kubernetes API lists them.
public struct ClusterZone: Hashable, Sendable {
    /// The cluster's domain.
    public var domain: String
    /// The Kubernetes namespaces that exist; those of services need not be named.
    public var namespaces: [String]
    public var services: [Service]
    /// The zone's serial number.
    public var serial: UInt32

    /// A cluster with these services.
    public init(
        domain: String = "cluster.local", namespaces: [String] = ["default"], services: [Service] = [],
        serial: UInt32 = 1
    ) {
        self.domain = domain
        self.namespaces = namespaces
        self.services = services
        self.serial = serial
    }

    /// What the zone answers for a service (Kubernetes DNS-Based Service Discovery, 2.3 and 2.4).
    public struct Service: Hashable, Sendable {
        public var name: String
        /// Its Kubernetes namespace.
        public var namespace: String
        /// Its own addresses; none for a headless service.
        public var clusterAddresses: [IPAddress]
        /// Whether its name stands for its endpoints' addresses.
        public var isHeadless: Bool
        /// The other name that it stands for (`externalName`).
        public var externalName: String?
        public var ports: [Port]
        /// The pods behind it.
        public var endpoints: [Endpoint]

        public init(
            name: String, namespace: String = "default", clusterAddresses: [IPAddress] = [], isHeadless: Bool = false,
            externalName: String? = nil, ports: [Port] = [], endpoints: [Endpoint] = []
        ) {
            self.name = name
            self.namespace = namespace
            self.clusterAddresses = clusterAddresses
            self.isHeadless = isHeadless
            self.externalName = externalName
            self.ports = ports
            self.endpoints = endpoints
        }
    }

    /// A port that SRV records name (Kubernetes DNS-Based Service Discovery, 2.3.2).
    public struct Port: Hashable, Sendable {
        /// Its name; nil where it has none.
        public var name: String?
        /// Its transport protocol.
        public var transport: Transport
        public var number: UInt16

        public init(name: String? = nil, transport: Transport = .tcp, number: UInt16) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// One address of a pod behind a service.
    public struct Endpoint: Hashable, Sendable {
        public var address: IPAddress
        /// The pod's host name, where it has one below the service; nil for one made of the address.
        public var hostname: String?
        /// Whether it takes part; records stand for those that do.
        public var isReady: Bool
        /// Its ports, under the names of the service's; empty for the service's own.
        public var ports: [Port]

        public init(address: IPAddress, hostname: String? = nil, isReady: Bool = true, ports: [Port] = []) {
            self.address = address
            self.hostname = hostname
            self.isReady = isReady
            self.ports = ports
        }
    }
}

extension ClusterZone.Endpoint {
    /// The label that stands for it below its service: its host name, or its address with dashes
    /// (CoreDNS, plugin/kubernetes: endpointHostname).
    var label: String {
        if let hostname, !hostname.isEmpty { return hostname }
        let text = String(address.description.map { $0 == "." || $0 == ":" ? "-" : $0 })
        // A label does not end in a dash.
        return text.hasSuffix("-") ? text + "0" : text
    }
}
