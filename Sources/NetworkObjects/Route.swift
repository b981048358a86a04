import Addresses
internal import CLinux

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
    public static let mainTable = UInt32(RT_TABLE_MAIN.rawValue)

    /// What happens to a packet that matches (`RTN_*`, rtnetlink(7)).
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The number in the route's message.
        public let rawValue: UInt8

        /// The kind with this number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        private init(_ number: Int) { rawValue = UInt8(number) }

        public static let unicast = Kind(RTN_UNICAST)
        public static let local = Kind(RTN_LOCAL)
        public static let broadcast = Kind(RTN_BROADCAST)
        public static let anycast = Kind(RTN_ANYCAST)
        public static let multicast = Kind(RTN_MULTICAST)
        public static let blackhole = Kind(RTN_BLACKHOLE)
        public static let unreachable = Kind(RTN_UNREACHABLE)
        public static let prohibit = Kind(RTN_PROHIBIT)
        /// The lookup goes on with the next rule.
        public static let `throw` = Kind(RTN_THROW)

        /// Whether a packet is dropped, with an ICMP error or without one, or looked up elsewhere: no link is named.
        public var rejects: Bool { [.blackhole, .unreachable, .prohibit, .throw].contains(self) }
    }

    /// Who installed a route (`RTPROT_*`, rtnetlink(7)).
    public struct Origin: RawRepresentable, Hashable, Sendable {
        /// The number in the route's message.
        public let rawValue: UInt8

        /// The origin with this number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        private init(_ number: Int32) { rawValue = UInt8(number) }

        /// The kernel itself, for an address's own subnet.
        public static let kernel = Origin(RTPROT_KERNEL)
        /// What `ip route add` writes unless told otherwise.
        public static let boot = Origin(RTPROT_BOOT)
        /// An administrator's static route.
        public static let `static` = Origin(RTPROT_STATIC)
        /// An ICMP redirect (RFC 792, RFC 4861).
        public static let redirect = Origin(RTPROT_REDIRECT)
        /// A router advertisement.
        public static let routerAdvertisement = Origin(RTPROT_RA)
        /// BIRD, which programs what it learned by BGP (`proto bird`).
        public static let bird = Origin(RTPROT_BIRD)
        /// A BGP daemon, such as FRR's.
        public static let bgp = Origin(RTPROT_BGP)
        /// Calico's Felix, on its routes to blocks without a tunnel and its blackholes (`defaultRouteProto` in
        /// felix/dataplane/linux); its others carry `DeviceRouteProtocol`, whose default is 3, `boot`.
        public static let calico = Origin(rawValue: 80)
    }
}

extension Route {
    /// The route as the kernel reports it once it is installed.
    ///
    /// An IPv6 route has metric 1024 where it was told 0 (`IP6_RT_PRIO_USER`), and no scope; a route that rejects has no
    /// device. What a route without a device leaves by, the kernel finds out from its gateway: that is not known here.
    public var asReported: Route {
        var route = self
        if destination.family == .ipv6 {
            route.scope = .universe
            if metric == 0 { route.metric = 1024 }
        }
        if kind.rejects { route.device = nil }
        return route
    }
}

extension Route: CustomStringConvertible {
    public var description: String {
        var words: [String] = []
        if kind != .unicast { words.append("\(kind)") }
        words.append(destination.length == 0 ? "default" : "\(destination)")
        if let gateway { words.append("via \(gateway)") }
        if let device { words.append("dev \(device)") }
        if table != Route.mainTable { words.append("table \(table)") }
        if origin != .boot { words.append("proto \(origin)") }
        if scope != .universe { words.append("scope \(scope)") }
        if let preferredSource { words.append("src \(preferredSource)") }
        if metric != 0 { words.append("metric \(metric)") }
        if onlink { words.append("onlink") }
        return words.joined(separator: " ")
    }
}

extension Route.Origin: CustomStringConvertible {
    public var description: String {
        switch self {
        case .kernel: "kernel"
        case .redirect: "redirect"
        case .boot: "boot"
        case .static: "static"
        case .bird: "bird"
        case .bgp: "bgp"
        case .routerAdvertisement: "ra"
        default: "\(rawValue)"
        }
    }
}

extension Route.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unicast: "unicast"
        case .local: "local"
        case .broadcast: "broadcast"
        case .anycast: "anycast"
        case .multicast: "multicast"
        case .blackhole: "blackhole"
        case .unreachable: "unreachable"
        case .prohibit: "prohibit"
        case .throw: "throw"
        default: "type \(rawValue)"
        }
    }
}
