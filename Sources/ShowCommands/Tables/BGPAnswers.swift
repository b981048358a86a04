import Addresses
import NetworkObjects

/// How a session with a neighbour is, as far as the lab's files and the kernel's links tell: it is not run.
private struct Session: Sendable {
    var neighbour: RoutingProtocols.Neighbour
    /// `Established`, `Active`, `Idle`, and why it is idle: `NoIf`, `Admin`.
    var state: String
    var reason: String?
    /// The prefixes whose routes lead to the neighbour.
    var prefixes: [Route]

    var isEstablished: Bool { state == "Established" }
    /// What the table of sessions has in its column.
    var word: String { isEstablished ? "Estab" : reason.map { "\(state)(\($0))" } ?? state }

    static func all(_ tables: RouterTables, _ family: AddressFamily?) -> [Session] {
        let bundles = tables.routes.filter { route in
            RouteList.Source(route.origin) == .bgp && route.table == Route.mainTable
        }
        return (tables.protocols.bgp?.neighbours ?? []).filter { family == nil || $0.address.family == family }
            .map { neighbour in
                let local = tables.addresses.first {
                    $0.address.address.prefix.contains(neighbour.address) && $0.address.device != "lo"
                }
                let prefixes = bundles.filter { route in route.ways.contains { $0.gateway == neighbour.address } }
                if neighbour.isShutdown {
                    return Session(neighbour: neighbour, state: "Idle", reason: "Admin", prefixes: [])
                }
                // A neighbour that is on no network of the router's own is reached by a route.
                if let local, !tables.carries(local.address.device) {
                    return Session(neighbour: neighbour, state: "Idle", reason: "NoIf", prefixes: [])
                }
                return Session(
                    neighbour: neighbour, state: neighbour.speaker == nil ? "Active" : "Established", reason: nil,
                    prefixes: prefixes)
            }
    }
}

extension RoutingProtocols.BGP {
    /// What EOS takes where none is written: the highest address of a loopback, or of any interface.
    fileprivate func identity(_ tables: RouterTables) -> String {
        if let routerID { return "\(routerID)" }
        let addresses = tables.addresses.filter { $0.address.address.family == .ipv4 && $0.address.scope != .host }
        let loopbacks = addresses.filter { $0.address.device == "lo" }
        return (loopbacks.isEmpty ? addresses : loopbacks).map(\.address.address.address).max().map { "\($0)" }
            ?? "0.0.0.0"
    }
}

/// What `show ip bgp summary` answers.
struct BGPSummary: RouterAnswer {
    private let bgp: RoutingProtocols.BGP?
    private let identity: String
    private let sessions: [Session]
    private let now: Double

    init(_ tables: RouterTables, _ family: AddressFamily?) {
        bgp = tables.protocols.bgp
        identity = bgp?.identity(tables) ?? ""
        sessions = Session.all(tables, family)
        now = tables.now
    }

    var text: String {
        guard let bgp else { return "% BGP inactive\n" }
        var columns = Columns(
            .init("  Description", width: 26), .init("Neighbor", width: 11), .init("V"), .init("AS", width: 13),
            .init("MsgRcvd", width: 8, alignsRight: true), .init("MsgSent", width: 9, alignsRight: true),
            .init("InQ", width: 4, alignsRight: true), .init("OutQ", width: 4, alignsRight: true),
            .init("Up/Down", width: 8, alignsRight: true), .init("State", width: 7),
            .init("PfxRcd", width: 6, alignsRight: false), .init("PfxAcc"), rule: .none)
        let hasDescription = sessions.contains { $0.neighbour.description != nil }
        for session in sessions {
            let neighbour = session.neighbour
            let count = session.isEstablished ? "\(session.prefixes.count)" : ""
            columns.add(
                "  " + String((neighbour.description ?? "").prefix(24)), "\(neighbour.address)", "4",
                neighbour.autonomousSystem ?? "", "0", "0", "0", "0", session.isEstablished ? "00:00:00" : "never",
                session.word, count, count)
        }
        var table = columns.text
        if !hasDescription {
            table = table.split(separator: "\n").map { "  " + $0.dropFirst(27) + "\n" }.joined()
        }
        return """
            BGP summary information for VRF default
            Router identifier \(identity), local AS number \(bgp.autonomousSystem)
            Neighbor Status Codes: m - Under maintenance
            \(table)
            """
    }

    var json: JSONValue? {
        guard let bgp else { return .object(["vrfs": .named([])]) }
        let peers = sessions.map { session in
            (
                "\(session.neighbour.address)",
                JSONValue.object([
                    "description": session.neighbour.description.map { .string($0) }, "version": 4,
                    "asn": .string(session.neighbour.autonomousSystem ?? ""), "peerState": .string(session.state),
                    "peerStateIdleReason": session.reason.map { .string($0 == "Admin" ? "Admin" : "NoInterface") },
                    "msgReceived": 0, "msgSent": 0, "inMsgQueue": 0, "outMsgQueue": 0, "upDownTime": .number(now),
                    "underMaintenance": false, "prefixReceived": .integer(session.prefixes.count),
                    "prefixAccepted": .integer(session.prefixes.count),
                ])
            )
        }
        return .object([
            "vrfs": .object([
                "default": .object([
                    "vrf": "default", "routerId": .string(identity), "asn": .string(bgp.autonomousSystem),
                    "peers": .named(peers),
                ])
            ])
        ])
    }
}

/// What `show ip bgp neighbors` answers.
struct BGPNeighbours: RouterAnswer {
    private let sessions: [Session]
    private let bgp: RoutingProtocols.BGP?
    private let identity: String

    init(_ tables: RouterTables, _ address: IPAddress?, _ family: AddressFamily?) {
        bgp = tables.protocols.bgp
        identity = bgp?.identity(tables) ?? ""
        sessions = Session.all(tables, family).filter { address == nil || $0.neighbour.address == address }
    }

    var text: String {
        guard let bgp else { return "% BGP inactive\n" }
        return sessions.map { session in
            let neighbour = session.neighbour
            let isInternal = neighbour.autonomousSystem == bgp.autonomousSystem
            let lines: [String?] = [
                "BGP neighbor is \(neighbour.address), remote AS \(neighbour.autonomousSystem ?? "unknown"), "
                    + "\(isInternal ? "internal" : "external") link",
                neighbour.description.map { "  Description: \($0)" },
                "  BGP version 4, remote router ID \(neighbour.speaker?.routerID.map { "\($0)" } ?? "0.0.0.0"), VRF default",
                "  BGP state is \(session.state)" + (session.reason.map { " (\($0))" } ?? ""),
                "  Prefix statistics:          Sent      Rcvd     Best Paths",
                "    IPv4 Unicast:                0  \(pad(session, .ipv4))\(pad(session, .ipv4))",
                "    IPv6 Unicast:                0  \(pad(session, .ipv6))\(pad(session, .ipv6))",
                "  Local AS is \(bgp.autonomousSystem), local router ID \(identity)",
            ]
            return lines.compactMap { $0.map { "\($0)\n" } }.joined() + "\n"
        }.joined()
    }

    private func count(_ session: Session, _ family: AddressFamily) -> JSONValue {
        .integer(session.prefixes.count { $0.destination.family == family })
    }

    private func pad(_ session: Session, _ family: AddressFamily) -> String {
        let count = "\(session.prefixes.count { $0.destination.family == family })"
        return String(repeating: " ", count: max(1, 8 - count.count)) + count + "     "
    }

    var json: JSONValue? {
        let peers = sessions.map { session -> JSONValue in
            .object([
                "peerAddress": "\(session.neighbour.address)", "asn": .string(session.neighbour.autonomousSystem ?? ""),
                "description": session.neighbour.description.map { .string($0) }, "state": .string(session.state),
                "routerId": session.neighbour.speaker?.routerID.map { "\($0)" } ?? "0.0.0.0",
                "localAsn": .string(bgp?.autonomousSystem ?? ""), "localRouterId": .string(identity),
                "idleReason": session.reason.map { $0 == "Admin" ? "Administratively shut down" : "No interface" },
                "prefixesReceived": count(session, .ipv4), "prefixesSent": 0,
                "v6PrefixesReceived": count(session, .ipv6),
                "v6PrefixesSent": 0, "vrf": "default",
            ])
        }
        return .object(["vrfs": .object(["default": .object(["peerList": .array(peers)])])])
    }
}

/// What `show ip bgp` answers: the routes that BGP brings to the kernel, and what the router would tell of itself. The way of
/// autonomous systems is known where the neighbour's own is all of it.
struct BGPRoutes: RouterAnswer {
    private struct Path {
        var prefix: Prefix
        /// Nil for one of the router's own.
        var nextHop: IPAddress?
        var autonomousSystem: String?
        var isInternal = false
    }

    private let bgp: RoutingProtocols.BGP?
    private let identity: String
    private let paths: [Path]

    init(_ tables: RouterTables, _ family: AddressFamily, _ prefix: Prefix?) {
        bgp = tables.protocols.bgp
        identity = bgp?.identity(tables) ?? ""
        var paths: [Path] = []
        if let bgp {
            let connected = Set(tables.addresses.map(\.address.address.prefix))
            let known = connected.union(tables.routes.map(\.destination))
            paths = bgp.networks.filter { $0.family == family && known.contains($0) }.map { Path(prefix: $0) }
            for route in tables.routes
            where RouteList.Source(route.origin) == .bgp && route.destination.family == family
                && route.table == Route.mainTable
            {
                for way in route.ways {
                    let neighbour = bgp.neighbours.first { $0.address == way.gateway }
                    paths.append(
                        Path(
                            prefix: route.destination, nextHop: way.gateway,
                            autonomousSystem: neighbour?.autonomousSystem,
                            isInternal: neighbour?.autonomousSystem == bgp.autonomousSystem))
                }
            }
        }
        if let prefix {
            let longest = paths.filter { $0.prefix.contains(prefix) }.map(\.prefix.length).max()
            paths = paths.filter { $0.prefix.contains(prefix) && $0.prefix.length == longest }
        }
        self.paths = paths.sorted { ($0.prefix, $0.nextHop?.value ?? 0) < ($1.prefix, $1.nextHop?.value ?? 0) }
    }

    var text: String {
        guard let bgp else { return "% BGP inactive\n" }
        var columns = Columns(
            .init("          Network", width: 32), .init("Next Hop", width: 21), .init("Metric", width: 7),
            .init("AIGP", width: 10), .init("LocPref", width: 7), .init("Weight", width: 7), .init("Path"), rule: .none)
        for path in paths {
            let way = path.nextHop == nil || path.isInternal ? "i" : (path.autonomousSystem.map { "\($0) i" } ?? "i")
            columns.add(
                " * >      \(path.prefix)", path.nextHop.map { "\($0)" } ?? "-", path.nextHop == nil ? "-" : "0", "-",
                path.nextHop == nil ? "-" : "100", "0", way)
        }
        return """
            BGP routing table information for VRF default
            Router identifier \(identity), local AS number \(bgp.autonomousSystem)
            Route status codes: s - suppressed contributor, * - valid, > - active, E - ECMP head, e - ECMP
                                S - Stale, c - Contributing to ECMP, b - backup, L - labeled-unicast
                                % - Pending best path selection
            Origin codes: i - IGP, e - EGP, ? - incomplete
            RPKI Origin Validation codes: V - valid, I - invalid, U - unknown
            AS Path Attributes: Or-ID - Originator ID, C-LST - Cluster List, LL Nexthop - Link Local Nexthop

            \(columns.text)
            """
    }

    var json: JSONValue? {
        var entries: [(String, JSONValue)] = []
        for (prefix, paths) in Dictionary(grouping: paths, by: \.prefix).sorted(by: { $0.key < $1.key }) {
            let values = paths.map { path -> JSONValue in
                let way =
                    path.nextHop == nil || path.isInternal ? "i" : (path.autonomousSystem.map { "\($0) i" } ?? "i")
                return .object([
                    "nextHop": path.nextHop.map { "\($0)" } ?? "",
                    "peerEntry": .object(["peerAddr": path.nextHop.map { "\($0)" } ?? "", "peerRouterId": "0.0.0.0"]),
                    "asPathEntry": .object([
                        "asPath": .string(way),
                        "asPathType": path.nextHop == nil ? "Local" : path.isInternal ? "Internal" : "External",
                    ]),
                    "localPreference": 100, "med": 0, "weight": 0,
                    "routeType": .object(["valid": true, "active": true]),
                ])
            }
            entries.append(
                (
                    "\(prefix)",
                    .object([
                        "address": "\(prefix.address)", "maskLength": .integer(prefix.length),
                        "bgpRoutePaths": .array(values),
                    ])
                ))
        }
        return .object([
            "vrfs": .object([
                "default": .object([
                    "vrf": "default", "routerId": .string(identity), "asn": .string(bgp?.autonomousSystem ?? ""),
                    "bgpRouteEntries": .named(entries),
                ])
            ])
        ])
    }
}

/// What `show ip ospf neighbor` answers.
struct OSPFNeighbours: RouterAnswer {
    private let instance: String
    private let neighbours: [(neighbour: RoutingProtocols.OSPFNeighbour, interface: PortName)]

    init(_ tables: RouterTables) {
        instance = tables.protocols.ospf?.instance ?? "1"
        neighbours = (tables.protocols.ospf?.neighbours ?? []).compactMap { neighbour in
            let local = tables.addresses.first {
                $0.address.address.prefix.contains(neighbour.address) && $0.address.device != "lo"
            }
            guard let local, tables.carries(local.address.device) else { return nil }
            return (neighbour, tables.portName(local.address.device))
        }
    }

    var text: String {
        if neighbours.isEmpty { return "" }
        var columns = Columns(
            .init("Neighbor ID", width: 15), .init("Instance", width: 8), .init("VRF", width: 8),
            .init("Pri", width: 3),
            .init("State", width: 22), .init("Dead Time", width: 11), .init("Address", width: 15), .init("Interface"),
            rule: .none)
        for (neighbour, interface) in neighbours {
            columns.add(
                "\(neighbour.routerID)", instance, "default", "0", "FULL", "00:00:40", "\(neighbour.address)",
                "\(interface)")
        }
        return columns.text
    }

    var json: JSONValue? {
        let entries = neighbours.map { neighbour, interface -> JSONValue in
            .object([
                "routerId": "\(neighbour.routerID)", "priority": 0, "adjacencyState": "full",
                "interfaceAddress": "\(neighbour.address)", "interfaceName": "\(interface)",
            ])
        }
        return .object([
            "vrfs": .object([
                "default": .object([
                    "instList": .named([(instance, .object(["ospfNeighborEntries": .array(entries)]))])
                ])
            ])
        ])
    }
}
