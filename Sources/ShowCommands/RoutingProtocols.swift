import Addresses

/// What a router's BGP and OSPF are configured for, and what comes of it: they are not run, but worked out.
public struct RoutingProtocols: Hashable, Sendable {
    public var bgp: BGP?
    /// Nil where OSPF does not run.
    public var ospf: OSPF?

    public init(bgp: BGP? = nil, ospf: OSPF? = nil) { (self.bgp, self.ospf) = (bgp, ospf) }

    /// `router bgp`
    public struct BGP: Hashable, Sendable {
        /// As it was written: `65001`, `1.1`.
        public var autonomousSystem: String
        public var routerID: IPv4Address
        public var neighbours: [Neighbour]

        public init(autonomousSystem: String, routerID: IPv4Address, neighbours: [Neighbour]) {
            self.autonomousSystem = autonomousSystem
            self.routerID = routerID
            self.neighbours = neighbours
        }
    }

    /// A router that BGP is spoken with.
    public struct Neighbour: Hashable, Sendable {
        public var address: IPAddress
        public var autonomousSystem: String
        public var description: String?
        /// Whether the two would talk: each has the other among its neighbours.
        public var isEstablished: Bool
        public var routerID: IPv4Address?
        /// What it tells of, with the way of autonomous systems.
        public var prefixes: [Path]

        public init(
            address: IPAddress, autonomousSystem: String, description: String? = nil, isEstablished: Bool,
            routerID: IPv4Address? = nil, prefixes: [Path] = []
        ) {
            self.address = address
            self.autonomousSystem = autonomousSystem
            self.description = description
            self.isEstablished = isEstablished
            self.routerID = routerID
            self.prefixes = prefixes
        }
    }

    /// A way to a prefix.
    public struct Path: Hashable, Sendable {
        public var prefix: Prefix
        public var autonomousSystems: [String]

        public init(prefix: Prefix, autonomousSystems: [String]) {
            (self.prefix, self.autonomousSystems) = (prefix, autonomousSystems)
        }
    }

    /// `router ospf`
    public struct OSPF: Hashable, Sendable {
        public var neighbours: [OSPFNeighbour]

        public init(neighbours: [OSPFNeighbour]) { self.neighbours = neighbours }
    }

    public struct OSPFNeighbour: Hashable, Sendable {
        public var routerID: IPv4Address
        public var address: IPAddress
        /// The interface that it is seen by, as the kernel calls it.
        public var interface: InterfaceName

        public init(routerID: IPv4Address, address: IPAddress, interface: InterfaceName) {
            (self.routerID, self.address, self.interface) = (routerID, address, interface)
        }
    }
}
