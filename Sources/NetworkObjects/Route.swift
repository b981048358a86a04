import Addresses
internal import CLinux

/// A route, in the words of `ip route`.
public struct Route: Codable, Hashable, Sendable {
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
    /// The packets' type of service (IPv4, DSCP); 0 for any.
    public var typeOfService: UInt8 = 0
    /// The packets' source (IPv6); nil for any.
    public var source: Prefix?
    /// The ways that packets are spread over; empty where there is one, which then is the route's own gateway and device.
    public var nextHops: [NextHop] = []
    /// The next hop object that says the way (`nhid`); nil for none.
    public var nextHopID: UInt32?
    /// What is known of the way (`RTAX_*`): MTU, MSS, hop limit, and which of them are locked.
    public package(set) var metrics = OtherAttributes()
    /// Whether it goes by itself when its time is over.
    public var expires = false
    /// What else the route says (`RTA_*`): encapsulation, realms, preference.
    public package(set) var others = OtherAttributes()

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

    /// One of several ways (`rtnexthop`, rtnetlink(7)).
    public struct NextHop: Codable, Hashable, Sendable {
        /// The next hop's address; nil where the destination is on link.
        public var gateway: IPAddress?
        /// The link that the packet leaves by.
        public var device: InterfaceName?
        /// Its share of the packets: 1 or more.
        public var weight: Int
        /// Whether the gateway counts as on link though no prefix says so.
        public var onlink: Bool
        /// What else it says, as a route does.
        public package(set) var others = OtherAttributes()

        /// A way with one share.
        public init(via gateway: IPAddress?, device: InterfaceName?, weight: Int = 1, onlink: Bool = false) {
            self.gateway = gateway
            self.device = device
            self.weight = weight
            self.onlink = onlink
        }
    }

    /// The route with one way alone, once for each way that it has.
    public var ways: [Route] {
        if nextHops.isEmpty { return [self] }
        return nextHops.map { hop in
            var way = self
            way.nextHops = []
            (way.gateway, way.device, way.onlink) = (hop.gateway, hop.device, hop.onlink)
            return way
        }
    }

    /// The largest packet in bytes; nil where the link says.
    public var mtu: UInt32? { metrics.integer(RTAX_MTU) }

    /// The metric of an IPv6 route that is given none (`IP6_RT_PRIO_USER`).
    public static let defaultIPv6Metric: UInt32 = 1024

    /// The table that is looked at for every packet that no rule sends elsewhere (`RT_TABLE_MAIN`).
    public static let mainTable = UInt32(RT_TABLE_MAIN.rawValue)

    /// What happens to a packet that matches (`RTN_*`, rtnetlink(7)).
    public struct Kind: RawRepresentable, Codable, Hashable, Sendable {
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
    public struct Origin: RawRepresentable, Codable, Hashable, Sendable {
        /// The number in the route's message.
        public let rawValue: UInt8

        /// The origin with this number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        private init(_ number: Int32) { rawValue = UInt8(number) }

        /// The kernel itself, for an address's own subnet.
        public static let kernel = Origin(RTPROT_KERNEL)
        /// What `ip route add` writes by default.
        public static let boot = Origin(RTPROT_BOOT)
        /// An administrator's static route.
        public static let `static` = Origin(RTPROT_STATIC)
        /// An ICMP redirect (RFC 792, RFC 4861).
        public static let redirect = Origin(RTPROT_REDIRECT)
        public static let routerAdvertisement = Origin(RTPROT_RA)
        /// BIRD, which programs what it learned by BGP (`proto bird`).
        public static let bird = Origin(RTPROT_BIRD)
        /// A BGP daemon, such as FRR's.
        public static let bgp = Origin(RTPROT_BGP)
        /// An OSPF daemon, and an IS-IS one.
        public static let ospf = Origin(RTPROT_OSPF)
        public static let isis = Origin(RTPROT_ISIS)
        /// Calico's Felix, on its routes to blocks without a tunnel and its blackholes (`defaultRouteProto` in
        /// felix/dataplane/linux); its others carry `DeviceRouteProtocol`, whose default is 3, `boot`.
        public static let calico = Origin(rawValue: 80)

        /// Whether it is a program that keeps its routes while it runs: a routing daemon, a DHCP client.
        public var isOfDaemon: Bool { Self.daemons.contains(Int32(rawValue)) }

        private static let daemons: Set<Int32> = [
            RTPROT_GATED, RTPROT_MRT, RTPROT_ZEBRA, RTPROT_BIRD, RTPROT_DNROUTED, RTPROT_XORP, RTPROT_NTK, RTPROT_DHCP,
            RTPROT_MROUTED, RTPROT_KEEPALIVED, RTPROT_BABEL, RTPROT_BGP, RTPROT_ISIS, RTPROT_OSPF, RTPROT_RIP,
            RTPROT_EIGRP,
        ]
    }
}

extension Route {
    /// The route as the kernel reports it once it is installed.
    ///
    /// An IPv6 route has metric 1024 where it was given 0 (`IP6_RT_PRIO_USER`), and no scope; a route that rejects has no
    /// device. What a route without a device leaves by, the kernel finds out from its gateway: that is not known here.
    public var asReported: Route {
        var route = self
        if destination.family == .ipv6 {
            route.scope = .universe
            if metric == 0 { route.metric = Self.defaultIPv6Metric }
        }
        if kind.rejects { route.device = nil }
        return route
    }
}

extension Route: NetworkObject {
    public static var kindName: String { "route" }
    public var isOfDaemon: Bool { origin.isOfDaemon }

    public struct Identity: Hashable, Sendable {
        var table: UInt32
        var destination: Prefix
        var source: Prefix?
        var typeOfService: UInt8
        var metric: UInt32
    }

    public var identity: Identity {
        Identity(
            table: table, destination: destination, source: source, typeOfService: typeOfService,
            metric: asReported.metric)
    }

    /// A route with several ways stays when one of them goes.
    public var link: InterfaceName? { device }

    public func differences(from found: Route) -> [AttributeDifference] {
        if self == found { return [] }
        let wanted = asReported
        let isElsewhere = !found.nextHops.isEmpty || found.nextHopID != nil
        return [
            AttributeDifference(.type, wanted.kind, found.kind), AttributeDifference(.via, wanted.way, found.way),
            AttributeDifference(AttributeName("nhid"), wanted.nextHopID, found.nextHopID),
            // What a route without a device leaves by, the kernel finds out from its gateway.
            isElsewhere || wanted.device == nil && kind == .unicast
                ? nil : AttributeDifference(.device, wanted.device, found.device),
            AttributeDifference(.source, wanted.preferredSource, found.preferredSource),
            AttributeDifference(.scope, wanted.scope, found.scope),
            AttributeDifference(.origin, wanted.origin, found.origin),
            AttributeDifference(AttributeName("onlink"), wanted.onlink, isElsewhere ? wanted.onlink : found.onlink),
            AttributeDifference(.expires, wanted.expires, found.expires),
        ].compactMap { $0 } + wanted.metrics.differences(from: found.metrics, Self.metricNames)
            + wanted.others.differences(from: found.others, Self.attributeNames)
    }

    /// The gateway, or all the ways that there are.
    private var way: String? {
        if nextHops.isEmpty { return gateway.map { "\($0)" } }
        return nextHops.map { "\($0)" }.joined(separator: " ")
    }

    /// What `ip route` calls `RTAX_*`.
    fileprivate static let metricNames: [Int: OtherAttributes.Name] = [
        RTAX_LOCK: "lock", RTAX_MTU: "mtu", RTAX_WINDOW: "window", RTAX_RTT: "rtt", RTAX_RTTVAR: "rttvar",
        RTAX_SSTHRESH: "ssthresh", RTAX_CWND: "cwnd", RTAX_ADVMSS: "advmss", RTAX_REORDERING: "reordering",
        RTAX_HOPLIMIT: "hoplimit", RTAX_INITCWND: "initcwnd", RTAX_FEATURES: "features", RTAX_RTO_MIN: "rto_min",
        RTAX_INITRWND: "initrwnd", RTAX_QUICKACK: "quickack", RTAX_CC_ALGO: .text("congctl"),
        RTAX_FASTOPEN_NO_COOKIE: "fastopen_no_cookie",
    ]

    /// What `ip route` calls those of `RTA_*` that are kept as the kernel wrote them.
    fileprivate static let attributeNames: [Int: OtherAttributes.Name] = [
        Int(RTA_FLOW.rawValue): "realm", Int(RTA_ENCAP.rawValue): "encap", Int(RTA_ENCAP_TYPE.rawValue): "encap type",
        Int(RTA_PREF.rawValue): "pref", Int(RTA_TTL_PROPAGATE.rawValue): "ttl-propagate",
    ]
}

extension Route.NextHop: CustomStringConvertible {
    public var description: String {
        (["nexthop"] + (gateway.map { ["via \($0)"] } ?? []) + (device.map { ["dev \($0)"] } ?? [])
            + ["weight \(weight)"] + (onlink ? ["onlink"] : []) + others.words(Route.attributeNames))
            .joined(separator: " ")
    }
}

extension Route: CustomStringConvertible {
    public var description: String {
        var words: [String] = []
        if kind != .unicast { words.append("\(kind)") }
        words.append(destination.length == 0 ? "default" : "\(destination)")
        if let source { words.append("from \(source)") }
        if typeOfService != 0 { words.append("tos 0x\(String(typeOfService, radix: 16))") }
        if let nextHopID { words.append("nhid \(nextHopID)") }
        if let gateway { words.append("via \(gateway)") }
        if let device { words.append("dev \(device)") }
        if table != Route.mainTable { words.append("table \(table)") }
        if origin != .boot { words.append("proto \(origin)") }
        if scope != .universe { words.append("scope \(scope)") }
        if let preferredSource { words.append("src \(preferredSource)") }
        if metric != 0 { words.append("metric \(metric)") }
        if onlink { words.append("onlink") }
        words += metrics.words(Self.metricNames) + others.words(Self.attributeNames)
        if expires { words.append("expires") }
        words += nextHops.map { "\($0)" }
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
