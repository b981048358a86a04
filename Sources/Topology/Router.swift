import Addresses

/// A router with switch ports, as a top-of-rack switch is: VLANs, SVIs, routed ports, loopbacks, static routes.
public struct Router: Hashable, Sendable {
    /// Its name in the topology: a DNS label.
    public var name: String
    /// The host name that it says of itself.
    public var hostname: String
    /// The most ways to one prefix that any router takes.
    public static let mostPaths = 600
    /// The VLANs that it knows.
    public var vlans: [VLANSegment]
    public var ports: [Port]
    public var loopbacks: [Loopback]
    public var routes: [StaticRoute]
    /// Whether it has routes to the blocks of the cluster's nodes, as one that speaks BGP with them has.
    public var learnsBlocks: Bool
    /// Which of the cluster's nodes it hears of by BGP, from them or from another router, and how it gets to them.
    public var learnedNodes: [LearnedNode] = []
    /// The most equal ways to one prefix that it takes of those that it hears of (`maximum-paths`).
    public var maximumPaths = 1
    /// Its port channels: what is said of them besides the ports that are in them.
    public var channels: [Channel] = []
    /// The lines of its configuration that are about protocols, which are not run but worked out, and about the addresses
    /// that it shares with other routers: with the line before them that says where they belong (`router bgp 65001`,
    /// `interface Ethernet1`), below which they are indented.
    public var protocolLines: [String] = []
    /// The families whose packets it forwards; it answers for its own addresses in any case.
    public var forwards: Set<AddressFamily>
    /// What it sees of the machine's files at places of its choice.
    public var binds: [Bind] = []
    /// Other names that mean it: of machines that live in its network namespace.
    public var aliases: [String] = []

    /// A router of these parts.
    public init(
        name: String, hostname: String? = nil, vlans: [VLANSegment] = [], ports: [Port] = [],
        loopbacks: [Loopback] = [], routes: [StaticRoute] = [],
        forwards: Set<AddressFamily> = Set(AddressFamily.allCases), learnsBlocks: Bool = false
    ) {
        self.name = name
        self.hostname = hostname ?? name
        self.vlans = vlans
        self.ports = ports
        self.loopbacks = loopbacks
        self.routes = routes
        self.forwards = forwards
        self.learnsBlocks = learnsBlocks
    }

    /// A VLAN and, where it has addresses, its SVI (`interface Vlan10`).
    public struct VLANSegment: Hashable, Sendable {
        /// 1 to 4094.
        public var id: UInt16
        /// What people call it.
        public var name: String?
        /// The SVI's addresses; empty for a VLAN that is only switched.
        public var addresses: [InterfaceAddress]
        /// The SVI's MTU in bytes; nil for 1500.
        public var mtu: UInt32?
        /// Whether the SVI is administratively down.
        public var isShutdown: Bool
        /// What people say of the SVI: an alias of its link.
        public var description: String?

        public init(
            id: UInt16, name: String? = nil, addresses: [InterfaceAddress] = [], mtu: UInt32? = nil,
            isShutdown: Bool = false
        ) {
            self.id = id
            self.name = name
            self.addresses = addresses
            self.mtu = mtu
            self.isShutdown = isShutdown
        }
    }

    /// A node of the cluster that a router hears of.
    public struct LearnedNode: Hashable, Sendable {
        public var node: String
        /// The next hop to it: an address of its own, or of the router that tells of it.
        public var gateway: IPAddress
        /// How many routers and nodes are on the way, the node itself among them.
        public var steps: Int

        public init(_ node: String, via gateway: IPAddress, steps: Int = 1) {
            self.node = node
            self.gateway = gateway
            self.steps = steps
        }
    }

    /// A port: a cable's end.
    public struct Port: Hashable, Sendable {
        /// Its interface name, `eth1`.
        public var name: String
        /// What it does with frames.
        public var mode: Mode
        /// Its MTU in bytes; nil for the cable's.
        public var mtu: UInt32?
        /// Whether it is administratively down.
        public var isShutdown: Bool
        /// What people say of it: an alias of the link (`ip link set … alias`).
        public var description: String?
        /// The number of the port channel that it is in. Of a channel's ports the first one that is up carries all that goes
        /// by it.
        public var channel: UInt32?

        public init(name: String, mode: Mode, mtu: UInt32? = nil, isShutdown: Bool = false) {
            self.name = name
            self.mode = mode
            self.mtu = mtu
            self.isShutdown = isShutdown
        }

        /// Text that may be a description: the kernel keeps 255 bytes of an alias (`IFALIASZ`), EOS 240 characters.
        ///
        /// - Returns: nil for text that may not.
        package static func description(_ text: String) -> String? {
            let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            return isPlain && (1...240).contains(text.utf8.count) ? text : nil
        }
    }

    /// A port channel.
    public struct Channel: Hashable, Sendable {
        /// Its number, as its ports name it.
        public var number: UInt32
        /// What people say of it.
        public var description: String?
        /// Whether its ports are in it without asking the other end (`mode on`).
        public var isStatic: Bool

        public init(number: UInt32, description: String? = nil, isStatic: Bool = false) {
            self.number = number
            self.description = description
            self.isStatic = isStatic
        }
    }

    /// Whether text may be one of `protocolLines`.
    package static func isProtocolLine(_ text: String) -> Bool {
        (1...400).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            && !text.contains("{")
    }

    /// What a port does with frames.
    public enum Mode: Hashable, Sendable {
        /// Untagged member of one VLAN.
        case access(vlan: UInt16)
        /// Tagged member of several VLANs; frames of the native one go without a tag.
        case trunk(allowed: [ClosedRange<UInt16>], native: UInt16?)
        /// No switch port: it has addresses of its own, and tagged sub-interfaces if any.
        case routed(addresses: [InterfaceAddress], subinterfaces: [Subinterface])
    }

    /// A tagged sub-interface of a routed port (`interface Ethernet1.20`, `encapsulation dot1q vlan 20`).
    public struct Subinterface: Hashable, Sendable {
        /// Its number after the dot.
        public var number: UInt16
        /// The VLAN tag, 1 to 4094.
        public var vlan: UInt16
        public var addresses: [InterfaceAddress]

        /// A sub-interface.
        public init(number: UInt16, vlan: UInt16, addresses: [InterfaceAddress]) {
            self.number = number
            self.vlan = vlan
            self.addresses = addresses
        }
    }

    /// A loopback interface: addresses that are up whatever happens to the ports.
    public struct Loopback: Hashable, Sendable {
        /// Its name, `Loopback0`.
        public var name: String
        public var addresses: [InterfaceAddress]
        /// What people say of it.
        public var description: String?

        public init(name: String, addresses: [InterfaceAddress]) {
            self.name = name
            self.addresses = addresses
        }
    }
}

/// A shared Ethernet segment with, if it has addresses, a gateway of its own.
public struct Network: Hashable, Sendable {
    /// Its name in the topology: a DNS label.
    public var name: String
    /// The gateway's addresses.
    public var addresses: [InterfaceAddress]
    /// Whether it is there for reaching the machines from outside, and no part of the network that a lab is about.
    public var isManagement = false

    /// A segment.
    public init(name: String, addresses: [InterfaceAddress] = []) {
        self.name = name
        self.addresses = addresses
    }
}
