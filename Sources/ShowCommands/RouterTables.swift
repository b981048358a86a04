import Addresses
import NetworkObjects

/// What a router's namespace holds, as the kernel says it, with the names that only people give.
public struct RouterTables: Sendable {
    public var links: [ObservedLink]
    /// The addresses of all links.
    public var addresses: [ObservedAddress]
    /// The routes of all tables.
    public var routes: [Route]
    /// The neighbours of both families.
    public var neighbours: [CachedEntry<Neighbour>]
    /// The forwarding databases of all bridges.
    public var forwarding: [CachedEntry<ForwardingEntry>]
    /// The VLANs of ports and bridges that filter by VLAN; empty on a kernel that cannot.
    public var vlans: [BridgeVLAN]
    /// What people call a VLAN.
    public var vlanNames: [UInt16: String]
    /// The loopback interfaces by their addresses: the kernel has them all on `lo`.
    public var loopbacks: [IPAddress: String]
    /// What is known of routes that routing protocols bring besides what the kernel has of them.
    public var learned: [Prefix: LearnedRoute] = [:]
    /// The VLANs that the router has an interface in, whether it has an address or not.
    public var routedVLANs: Set<UInt16> = []
    /// The port channels by the ports that are in them. A bridge has none of its own: one port carries what all would.
    public var bundles: [InterfaceName: PortChannel] = [:]

    /// What the router calls itself.
    public var hostname = "router"
    /// When the tables were read, in Unix seconds.
    public var now = 0.0
    /// The families whose packets the router forwards.
    public var forwards = Set(AddressFamily.allCases)
    /// The machine that all routers of a lab share; nil where it was not asked.
    public var machine: Machine?
    /// What links have carried.
    public var counters: [InterfaceName: LinkCounters] = [:]
    /// What they had carried before, and how many seconds before.
    public var earlierCounters: (links: [InterfaceName: LinkCounters], age: Double) = ([:], 0)
    /// What is at the other ends of the cables, where that is a router.
    public var farEnds: [InterfaceName: FarEnd] = [:]
    /// The loopback interfaces by name, those without an address too, with what people say of them.
    public var loopbackNames: [String: String?] = [:]
    /// What the router's routing protocols are configured for.
    public var protocols = RoutingProtocols()

    /// Tables, of which the missing ones are empty.
    public init(
        links: [ObservedLink] = [], addresses: [ObservedAddress] = [], routes: [Route] = [],
        neighbours: [CachedEntry<Neighbour>] = [], forwarding: [CachedEntry<ForwardingEntry>] = [],
        vlans: [BridgeVLAN] = [],
        vlanNames: [UInt16: String] = [:], loopbacks: [IPAddress: String] = [:]
    ) {
        self.links = links
        self.addresses = addresses
        self.routes = routes
        self.neighbours = neighbours
        self.forwarding = forwarding
        self.vlans = vlans
        self.vlanNames = vlanNames
        self.loopbacks = loopbacks
    }

    /// What the kernel says of itself and of the machine.
    public struct Machine: Hashable, Sendable {
        /// `6.12.0-amd64` (uname(2)).
        public var kernel: String
        /// `x86_64`
        public var architecture: String
        /// Seconds since the machine was started.
        public var uptime: Double
        /// How many processes ran or waited to run in the last minute, five and fifteen (proc_loadavg(5)).
        public var load = [0.0, 0, 0]
        /// In kB.
        public var totalMemory, freeMemory: Int
        /// The version of nslab.
        public var software: String

        public init(
            kernel: String, architecture: String, uptime: Double, totalMemory: Int, freeMemory: Int, software: String
        ) {
            self.kernel = kernel
            self.architecture = architecture
            self.uptime = uptime
            self.totalMemory = totalMemory
            self.freeMemory = freeMemory
            self.software = software
        }
    }

    /// The other end of a cable.
    public struct FarEnd: Hashable, Sendable {
        /// What the router there calls itself.
        public var hostname: String
        /// Its interface's name in the kernel.
        public var port: InterfaceName

        public init(hostname: String, port: InterfaceName) { (self.hostname, self.port) = (hostname, port) }
    }

    /// What a routing protocol says of a route.
    public enum LearnedRoute: Hashable, Sendable {
        /// A BGP route of a neighbour in another autonomous system, or in the router's own.
        case external, `internal`
        /// An OSPF route of the router's own area, with its cost.
        case ospf(cost: UInt32)

        /// EOS' letters for it. Of IPv6 it tells no more than the protocol.
        func code(_ family: AddressFamily) -> String {
            switch self {
            case .external: family == .ipv4 ? "B E" : "B"
            case .internal: family == .ipv4 ? "B I" : "B"
            case .ospf: family == .ipv4 ? "O" : "O3"
            }
        }

        var metric: UInt32 { if case .ospf(let cost) = self { cost } else { 0 } }
    }

    /// A port channel, and which of its ports carries its traffic.
    public struct PortChannel: Hashable, Sendable {
        /// Its number.
        public var number: UInt32
        public var carrier: InterfaceName
        /// What somebody wrote to it.
        public var description: String?
        /// Whether its ports are in it without asking the other end (`channel-group 1 mode on`).
        public var isStatic = false

        /// A port channel of a port that carries its traffic.
        public init(_ number: UInt32, carrier: InterfaceName, description: String? = nil) {
            self.number = number
            self.carrier = carrier
            self.description = description
        }

        var name: PortName { PortName("Port-Channel\(number)") }
    }

    /// Whether frames pass a link.
    func carries(_ name: InterfaceName) -> Bool { link(name)?.carries ?? false }

    func link(_ name: InterfaceName) -> ObservedLink? { links.first { $0.link.name == name } }

    /// The name that a router has for a link: a loopback's goes by the address.
    func portName(_ device: InterfaceName, _ address: IPAddress? = nil) -> PortName {
        if device == "lo" { return PortName(address.flatMap { loopbacks[$0] } ?? "Loopback0") }
        return PortName(kernel: device)
    }
}

extension ObservedLink {
    /// Whether frames pass it.
    var carries: Bool { link.isUp && hasCarrier && [.up, .unknown].contains(operationalState) }
}
