import Addresses

/// A route, in the words of `ip route`.
public struct Route: Hashable, Sendable {
    /// Where it leads; length 0 is the default route.
    public var destination: Prefix
    /// What happens to a packet that matches.
    public var kind: Kind
    /// The next hop's address; nil where the destination is on link.
    public var gateway: IPAddress?
    /// The link that the packet leaves by; nil for routes without one, such as a blackhole.
    public var device: InterfaceName?
    /// The source address that the host itself takes on this route.
    public var preferredSource: IPAddress?
    /// The priority: among equal destinations the lowest wins. The kernel makes an IPv6 route's 0 into 1024.
    public var metric: UInt32
    /// How far the destination is; always `universe` for IPv6.
    public var scope: Scope
    /// Who installed it.
    public var origin: Origin
    /// The routing table: 254 is `main`.
    public var table: UInt32
    /// Whether the gateway counts as on link though no prefix says so (`RTNH_F_ONLINK`).
    public var onlink: Bool

    /// A unicast route of the main table unless said otherwise.
    public init(
        _ destination: Prefix, _ kind: Kind = .unicast, via gateway: IPAddress? = nil, device: InterfaceName? = nil,
        preferredSource: IPAddress? = nil, metric: UInt32 = 0, scope: Scope = .universe, origin: Origin = .boot,
        table: UInt32 = Route.mainTable, onlink: Bool = false
    ) {
        self.destination = destination
        self.kind = kind
        self.gateway = gateway
        self.device = device
        self.preferredSource = preferredSource
        self.metric = metric
        self.scope = scope
        self.origin = origin
        self.table = table
        self.onlink = onlink
    }

    /// The table that is looked at for every packet that no rule sends elsewhere (`RT_TABLE_MAIN`).
    public static let mainTable: UInt32 = 254

    /// What happens to a packet that matches (`RTN_*`, rtnetlink(7)).
    public enum Kind: UInt8, Hashable, Sendable {
        case unicast = 1
        case local = 2
        case broadcast = 3
        case anycast = 4
        case multicast = 5
        case blackhole = 6
        case unreachable = 7
        case prohibit = 8
    }

    /// Who installed a route (`RTPROT_*`, rtnetlink(7)).
    public struct Origin: RawRepresentable, Hashable, Sendable {
        /// The number in the route's message.
        public let rawValue: UInt8

        /// The origin with this number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The kernel itself, for an address's own subnet.
        public static let kernel = Origin(rawValue: 2)
        /// What `ip route add` writes unless told otherwise.
        public static let boot = Origin(rawValue: 3)
        /// An administrator's static route.
        public static let `static` = Origin(rawValue: 4)
        /// An ICMP redirect (RFC 792, RFC 4861).
        public static let redirect = Origin(rawValue: 1)
        /// A router advertisement.
        public static let routerAdvertisement = Origin(rawValue: 9)
        /// BIRD, which programs what it learned by BGP (`proto bird`).
        public static let bird = Origin(rawValue: 12)
        /// Calico's Felix, on its routes to blocks without a tunnel and its blackholes (`defaultRouteProto` in
        /// felix/dataplane/linux); its others carry `DeviceRouteProtocol`, whose default is 3, `boot`.
        public static let calico = Origin(rawValue: 80)
    }
}
