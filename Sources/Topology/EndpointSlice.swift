import Addresses

/// What answers for a service by somebody's own word and not by a selector (discovery/v1 `EndpointSlice`): pods, devices of the
/// lab, or anything else with an address.
public struct EndpointSlice: Hashable, Sendable {
    /// The family of all of its addresses (`addressType`).
    public var family: AddressFamily
    /// The ports of each endpoint, by the names of the service's.
    public var ports: [Port]
    public var endpoints: [Endpoint]

    /// A slice of these parts.
    public init(_ family: AddressFamily, ports: [Port] = [], endpoints: [Endpoint] = []) {
        self.family = family
        self.ports = ports
        self.endpoints = endpoints
    }

    /// A port at which the endpoints answer.
    public struct Port: Hashable, Sendable {
        /// The name of the service's port that leads to it; nil for the service's port without a name.
        public var name: String?
        /// The transport protocol.
        public var transport: Transport
        public var number: UInt16

        /// A port for the service's port of this name.
        public init(name: String? = nil, _ number: UInt16, _ transport: Transport = .tcp) {
            self.name = name
            self.number = number
            self.transport = transport
        }
    }

    /// Who answers.
    public struct Endpoint: Hashable, Sendable {
        public var address: IPAddress
        /// Whether packets are sent to it (`conditions.ready`).
        public var isReady: Bool
        /// Whether it answers, be it that it is about to end (`conditions.serving`).
        public var isServing: Bool
        /// Whether it is about to end (`conditions.terminating`).
        public var isTerminating: Bool
        /// The node that it is on (`nodeName`).
        public var node: String?
        /// The host name that it has in DNS under a headless service.
        public var hostname: String?
        /// The zones whose packets are for it (`hints.forZones`); empty for all.
        public var zoneHints: [String]
        /// The nodes whose packets are for it (`hints.forNodes`); empty for all.
        public var nodeHints: [String]

        /// An endpoint that answers unless said otherwise.
        public init(
            _ address: IPAddress, isReady: Bool = true, isServing: Bool = true, isTerminating: Bool = false,
            node: String? = nil, hostname: String? = nil, zoneHints: [String] = [], nodeHints: [String] = []
        ) {
            self.address = address
            self.isReady = isReady
            self.isServing = isServing
            self.isTerminating = isTerminating
            self.node = node
            self.hostname = hostname
            self.zoneHints = zoneHints
            self.nodeHints = nodeHints
        }
    }
}
