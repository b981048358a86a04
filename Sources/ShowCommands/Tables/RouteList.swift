import Addresses
import NetworkObjects

/// What `show ip route` and `show ipv6 route` answer: the main table.
public struct RouteList: Encodable, RouterAnswer {
    /// Which routes somebody asked for.
    public enum Filter: Hashable, Sendable {
        /// The routes that a packet to this prefix or address would take: the longest prefix that holds it.
        case towards(Prefix)
        /// The routes to this prefix and to all inside of it.
        case within(Prefix)
        /// The routes of one source.
        case source(Source)
    }

    /// Where a route comes from.
    public enum Source: String, Encodable, Hashable, Sendable, CaseIterable {
        case connected, `static`, bgp, ospf, isis, kernel

        init(_ origin: Route.Origin) {
            switch origin {
            case .kernel: self = .connected
            case .boot, .static: self = .static
            case .bgp, .bird: self = .bgp
            case .ospf: self = .ospf
            case .isis: self = .isis
            default: self = .kernel
            }
        }

        /// The letters that EOS has for it where no more is known.
        var code: String {
            switch self {
            case .connected: "C"
            case .static: "S"
            case .bgp: "B"
            case .ospf: "O"
            case .isis: "I L2"
            case .kernel: "K"
            }
        }

        /// EOS' administrative distance.
        fileprivate var distance: UInt32 {
            switch self {
            case .connected: 0
            case .static, .kernel: 1
            case .bgp: 200
            case .ospf: 110
            case .isis: 115
            }
        }
    }

    /// The routes by prefix.
    public var routes: [Entry]

    /// One way of a route: a route with several next hops has an entry for each.
    public struct Entry: Encodable, Sendable {
        /// `10.10.10.0/24`
        public var prefix: String
        /// `connected`, `static`, `bgp`, `ospf`, `isis` or `kernel`.
        public var source: Source
        /// The next hop; absent where the prefix is on link or leads nowhere.
        public var nextHop: String?
        /// `Vlan10`; `Null0` for packets that are dropped.
        public var interface: String
        /// The administrative distance: the kernel's metric where one was written.
        public var preference: UInt32

        let code: String
        /// The routing protocol's metric.
        let metric: UInt32
        fileprivate let isDefault: Bool

        enum CodingKeys: CodingKey { case prefix, source, nextHop, interface, preference }
    }

    private let filter: Filter?
    /// How many prefixes the table has, those that were not asked for among them.
    private let total: Int
    private let family: AddressFamily
    /// Whether the router forwards packets of the family.
    private let isRouting: Bool

    enum CodingKeys: CodingKey { case routes }

    init(_ tables: RouterTables, _ family: AddressFamily, _ filter: Filter?) {
        (self.family, self.filter) = (family, filter)
        isRouting = tables.forwards.contains(family)
        var routes = tables.routes.filter { route in
            route.destination.family == family && route.table == Route.mainTable
                && [.unicast, .blackhole, .unreachable, .prohibit].contains(route.kind) && !route.isLinkLocal
        }
        // The kernel has a loopback's address as a local route, which EOS counts as connected. Of IPv6 it has both.
        let loopbacks = tables.addresses.filter { $0.address.device == "lo" && $0.address.address.family == family }
            .filter { $0.address.scope == .universe }
            .map {
                Route(
                    $0.address.address.prefix, device: "lo", preferredSource: $0.address.address.address,
                    origin: .kernel)
            }
        let own = Set(loopbacks.map(\.destination))
        routes.removeAll { $0.device == "lo" && $0.origin == .kernel && own.contains($0.destination) }
        routes += loopbacks
        // Of several routes to a prefix the better ones are in use alone.
        var best: [Prefix: UInt32] = [:]
        for route in routes { best[route.destination] = min(best[route.destination] ?? .max, route.metric) }
        routes.removeAll { $0.metric != best[$0.destination] }
        total = best.count
        switch filter {
        case nil: break
        case .source(let source): routes = routes.filter { Source($0.origin) == source }
        case .within(let prefix): routes = routes.filter { prefix.contains($0.destination) }
        case .towards(let prefix):
            let holding = routes.filter { $0.destination.contains(prefix) }
            let longest = holding.map(\.destination.length).max()
            routes = holding.filter { $0.destination.length == longest }
        }
        var seen: Set<Entry.Key> = []
        self.routes = routes.flatMap(\.ways).sorted { $0.destination < $1.destination }
            .map { Entry($0, tables) }.filter { seen.insert($0.key).inserted }
    }

    var text: String {
        let prefixes = grouped
        var text = "\nVRF: default\n"
        if family == .ipv6 { text += "Displaying \(prefixes.count) of \(total) IPv6 routing table entries\n" }
        text += "Source Codes:\n" + Self.legend(family) + "\n"
        guard family == .ipv4, filter == nil else { return text + prefixes.map(lines).joined() + "\n" }
        // An interface that leads out of the router by default stands above the rest.
        if let gateway = prefixes.first(where: \.[0].isDefault) {
            text += "Gateway of last resort:\n" + lines(gateway) + "\n"
        } else {
            text += "Gateway of last resort is not set\n\n"
        }
        return text + prefixes.filter { !$0[0].isDefault }.map(lines).joined() + "\n"
            + (isRouting ? "" : "! IP routing not enabled\n")
    }

    var json: JSONValue? {
        let prefixes = grouped.map { ways -> (String, JSONValue) in
            let first = ways[0]
            let isDropped = first.interface == "Null0"
            let isConnected = first.source == .connected
            let vias = ways.map { way -> JSONValue in
                .object(["nexthopAddr": way.nextHop.map { .string($0) }, "interface": .string(way.interface)])
            }
            return (
                first.prefix,
                .object([
                    "hardwareProgrammed": true, "routeType": .string(first.typeName(family)), "routeLeaked": false,
                    "kernelProgrammed": true, "preference": isConnected ? nil : .integer(Int(first.preference)),
                    "metric": isConnected ? nil : .integer(Int(first.metric)),
                    "routeAction": isDropped ? "drop" : "forward",
                    "directlyConnected": .boolean(first.nextHop == nil), "vias": .array(isDropped ? [] : vias),
                ])
            )
        }
        let hasDefault = routes.contains(where: \.isDefault)
        let table = JSONValue.object([
            "routes": .named(prefixes), "allRoutesProgrammedHardware": true, "allRoutesProgrammedKernel": true,
            "routingDisabled": .boolean(!isRouting), "defaultRouteState": hasDefault ? "reachable" : "notSet",
        ])
        return .object(["vrfs": .object(["default": table])])
    }

    /// The ways to each prefix.
    var grouped: [[Entry]] {
        var groups: [[Entry]] = []
        for route in routes {
            if groups.last?.first?.prefix == route.prefix {
                groups[groups.count - 1].append(route)
            } else {
                groups.append([route])
            }
        }
        return groups
    }

    private func lines(_ ways: [Entry]) -> String {
        let first = ways[0]
        var text = " " + first.code.padded(to: 9) + first.prefix
        if first.source != .connected {
            text += " [\(first.preference)/\(first.metric)]"
        } else if family == .ipv6 {
            text += " [0/0]"
        }
        text += "\n"
        for way in ways {
            text += String(repeating: " ", count: 11)
            if let nextHop = way.nextHop {
                text += "via \(nextHop), \(way.interface)\n"
            } else {
                text +=
                    family == .ipv4
                    ? "directly connected, \(way.interface)\n" : "via \(way.interface), directly connected\n"
            }
        }
        return text
    }

    /// What EOS 4.34 says of its letters.
    private static func legend(_ family: AddressFamily) -> String {
        let ipv4 = """
            C - connected, S - static, K - kernel,
            O - OSPF, O IA - OSPF inter area, O E1 - OSPF external type 1,
            O E2 - OSPF external type 2, O N1 - OSPF NSSA external type 1,
            O N2 - OSPF NSSA external type2, O3 - OSPFv3,
            O3 IA - OSPFv3 inter area, O3 E1 - OSPFv3 external type 1,
            O3 E2 - OSPFv3 external type 2,
            O3 N1 - OSPFv3 NSSA external type 1,
            O3 N2 - OSPFv3 NSSA external type2, B - Other BGP Routes,
            B I - iBGP, B E - eBGP, R - RIP, I L1 - IS-IS level 1,
            I L2 - IS-IS level 2, A B - BGP Aggregate,
            A O - OSPF Summary, NG - Nexthop Group Static Route,
            V - VXLAN Control Service, M - Martian,
            DH - DHCP client installed default route,
            DP - Dynamic Policy Route, L - VRF Leaked,
            G  - gRIBI, RC - Route Cache Route,
            CL - CBF Leaked Route
            """
        let ipv6 = """
            C - connected, S - static, K - kernel, O3 - OSPFv3,
            B - Other BGP Routes, A B - BGP Aggregate, R - RIP,
            I L1 - IS-IS level 1, I L2 - IS-IS level 2, DH - DHCP,
            NG - Nexthop Group Static Route, M - Martian,
            DP - Dynamic Policy Route, L - VRF Leaked,
            G  - gRIBI, RC - Route Cache Route,
            CL - CBF Leaked Route
            """
        return (family == .ipv4 ? ipv4 : ipv6).split(separator: "\n").map { "       \($0)\n" }.joined()
    }
}

extension String {
    /// With spaces behind, to a width.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension RouteList.Entry {
    /// What makes two entries the same line.
    struct Key: Hashable {
        var prefix: String
        var nextHop: String?
        var interface: String
    }

    /// EOS' word for its sort in a document.
    fileprivate func typeName(_ family: AddressFamily) -> String {
        switch (source, code) {
        case (.bgp, "B E"): "eBGP"
        case (.bgp, "B I"): "iBGP"
        case (.bgp, _): "bgp"
        case (.ospf, _): family == .ipv4 ? "ospfInternal" : "ospfv3Internal"
        case (.isis, _): "isisLevel2"
        default: source.rawValue
        }
    }

    var key: Key { Key(prefix: prefix, nextHop: nextHop, interface: interface) }

    init(_ route: Route, _ tables: RouterTables) {
        source = RouteList.Source(route.origin)
        prefix = "\(route.destination)"
        let learned = [.bgp, .ospf].contains(source) ? tables.learned[route.destination] : nil
        code = learned?.code(route.destination.family) ?? source.code
        metric = learned?.metric ?? 0
        isDefault = route.destination.length == 0
        nextHop = route.gateway.map { "\($0)" }
        interface =
            route.kind == .unicast
            ? route.device.map { "\(tables.portName($0, route.preferredSource))" } ?? "unknown" : "Null0"
        // The kernel's own defaults stand for none that was written: 0, and 1024 for IPv6.
        let isWritten =
            route.metric != 0 && !(route.destination.family == .ipv6 && route.metric == Route.defaultIPv6Metric)
        preference = isWritten && source != .ospf ? route.metric : source.distance
    }
}

extension Route {
    /// Whether it is one of those that every IPv6 link has.
    fileprivate var isLinkLocal: Bool {
        destination.family == .ipv6 && Prefix.linkLocal(.ipv6).contains(destination)
    }
}
