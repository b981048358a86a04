import Addresses
import NetworkObjects

/// What `show ip route` and `show ipv6 route` answer: the main table.
public struct RouteList: Encodable, Sendable {
    /// Which routes somebody asked for.
    public enum Filter: Hashable, Sendable {
        /// The routes that a packet to this prefix or address would take: the longest prefix that holds it.
        case towards(Prefix)
        /// The routes of one source.
        case source(Source)
    }

    /// Where a route comes from, by EOS's letter.
    public enum Source: String, Encodable, Hashable, Sendable, CaseIterable {
        case connected = "C"
        case `static` = "S"
        case bgp = "B"
        case kernel = "K"

        init(_ origin: Route.Origin) {
            switch origin {
            case .kernel: self = .connected
            case .boot, .static: self = .static
            case .bgp, .bird: self = .bgp
            default: self = .kernel
            }
        }

        /// `connected`
        public var word: String {
            switch self {
            case .connected: "connected"
            case .static: "static"
            case .bgp: "bgp"
            case .kernel: "kernel"
            }
        }
    }

    /// The routes by prefix.
    public var routes: [Entry]

    /// One route.
    public struct Entry: Encodable, Sendable {
        /// `10.10.10.0/24`
        public var prefix: String
        /// `connected`, `static`, `bgp` or `kernel`.
        public var source: String
        /// The next hop; absent where the prefix is on link or leads nowhere.
        public var nextHop: String?
        /// `Vlan10`; `Null0` for packets that are dropped.
        public var interface: String
        /// The administrative distance: the kernel's metric where one was written.
        public var preference: UInt32

        fileprivate let code: String
        fileprivate let isDefault: Bool

        enum CodingKeys: CodingKey { case prefix, source, nextHop, interface, preference }
    }

    private let family: AddressFamily

    enum CodingKeys: CodingKey { case routes }

    init(_ tables: RouterTables, _ family: AddressFamily, _ filter: Filter?) {
        self.family = family
        var routes = tables.routes.filter { route in
            route.destination.family == family && route.table == Route.mainTable
                && [.unicast, .blackhole, .unreachable, .prohibit].contains(route.kind) && !route.isLinkLocal
        }
        // The kernel has a loopback's address as a local route, which EOS counts as connected.
        routes += tables.addresses.filter { $0.address.device == "lo" && $0.address.address.family == family }
            .filter { $0.address.scope == .universe }
            .map {
                Route(
                    $0.address.address.prefix, device: "lo", preferredSource: $0.address.address.address,
                    origin: .kernel)
            }
        switch filter {
        case nil: break
        case .source(let source): routes = routes.filter { Source($0.origin) == source }
        case .towards(let prefix):
            let holding = routes.filter { $0.destination.contains(prefix) }
            let longest = holding.map(\.destination.length).max()
            routes = holding.filter { $0.destination.length == longest }
        }
        var seen: Set<Entry.Key> = []
        self.routes = routes.flatMap(\.ways).sorted { ($0.destination, $0.metric) < ($1.destination, $1.metric) }
            .map { Entry($0, tables) }.filter { seen.insert($0.key).inserted }
    }

    var text: String {
        let codes = "C - connected, S - static, B - BGP, K - kernel"
        let gateway = routes.first(where: \.isDefault).map { route in
            "Gateway of last resort:\n" + Self.lines(route)
        }
        let others = routes.filter { !$0.isDefault }
        return "\nVRF: default\nSource Codes:\n       \(codes)\n\n"
            + (gateway ?? "Gateway of last resort is not set\n") + "\n" + others.map(Self.lines).joined()
    }

    private static func lines(_ route: Entry) -> String {
        let head = " \(route.code)        \(route.prefix)"
        if let nextHop = route.nextHop {
            return "\(head) [\(route.preference)/0]\n           via \(nextHop), \(route.interface)\n"
        }
        if route.source == "connected" { return "\(head)\n           directly connected, \(route.interface)\n" }
        return "\(head) [\(route.preference)/0]\n           directly connected, \(route.interface)\n"
    }
}

extension RouteList.Entry {
    /// What makes two entries the same line.
    struct Key: Hashable {
        var prefix: String
        var nextHop: String?
        var interface: String
    }

    var key: Key { Key(prefix: prefix, nextHop: nextHop, interface: interface) }

    init(_ route: Route, _ tables: RouterTables) {
        let from = RouteList.Source(route.origin)
        prefix = "\(route.destination)"
        source = from.word
        code = from.rawValue
        isDefault = route.destination.length == 0
        nextHop = route.gateway.map { "\($0)" }
        interface =
            route.kind == .unicast
            ? route.device.map { "\(tables.portName($0, route.preferredSource))" } ?? "unknown" : "Null0"
        // The kernel's own defaults stand for none that was written: 0, and 1024 for IPv6.
        let isWritten =
            route.metric != 0 && !(route.destination.family == .ipv6 && route.metric == Route.defaultIPv6Metric)
        preference = isWritten ? route.metric : from == .bgp ? 200 : 1
    }
}

extension Route {
    /// Whether it is one of those that every IPv6 link has.
    fileprivate var isLinkLocal: Bool {
        destination.family == .ipv6 && Prefix.linkLocal(.ipv6).contains(destination)
    }
}
