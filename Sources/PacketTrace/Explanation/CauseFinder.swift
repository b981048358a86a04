import Addresses
import NetworkObjects
import Nftables
import Packets
import Rtnetlink

/// Finds why a trace was not answered: what the kernel says about the packet where it was last seen, and about the answer where
/// it should have been sent.
struct CauseFinder {
    /// All namespaces.
    let names: [String]
    /// A namespace's tables, by its name; nil for one that is not among them.
    let tables: (String) throws -> NamespaceTables?
    /// The other end of a cable, as `NAMESPACE` and interface; nil where it is not known.
    let otherEnd: @Sendable (_ namespace: String, _ interface: String) -> (namespace: String, interface: String)?
    let probe: TraceProbe

    /// The first cause that is found; nil if there is none.
    func cause(
        of path: TracedPath, to destination: IPAddress, _ passages: [String: [RulePassage]]
    ) throws -> TraceCause? {
        if let rule = try droppingRule(path, passages) { return rule }
        if path.refusal != nil, let sender = try tables(path.sender) {
            return try sending(sender, RouteQuery(to: destination))
        }
        if path.isRefused, let end = path.hops.last(where: { $0.leg == .request && !$0.isOutgoing }) {
            return try closedPort(end)
        }
        if let error = path.hops.first(where: { $0.leg == .error }), let cause = try told(by: error, path) {
            return cause
        }
        guard let last = try lastPlace(path) else {
            return try tables(path.sender).flatMap { try sending($0, RouteQuery(to: destination)) }
        }
        guard let place = try tables(last.namespace) else { return nil }
        return last.isOutgoing ? try lost(last, place) : try arrived(last, place, path)
    }

    // MARK: Rules

    private func droppingRule(
        _ path: TracedPath, _ passages: [String: [RulePassage]]
    ) throws -> TraceCause? {
        for (namespace, all) in passages.sorted(by: { $0.key < $1.key }) {
            for event in all.reversed().flatMap(\.events) where event.verdict == .drop {
                let id = RuleChainID(event.table, event.chain)
                let rules = try tables(namespace)?.rules(of: [id])[id]
                let text: String
                switch event.kind {
                case .rule(let handle): text = rules?[handle] ?? "handle \(handle)"
                case .policy, .end: text = "policy drop"
                }
                return TraceCause(
                    .rule, namespace, "table \(event.table) chain \(event.chain): \(text)",
                    "\(namespace): dropped by chain \(event.chain) of table \(event.table): \(text)")
            }
        }
        return nil
    }

    // MARK: Answers that are none

    private func closedPort(_ end: TracedHop) throws -> TraceCause? {
        guard let layer = end.packet.layers.last, let port = layer.ports?.destination else { return nil }
        let (transport, place): (Transport, String) =
            if case .tcp = probe { (.tcp, end.namespace) } else { (.udp, end.namespace) }
        let listeners = try tables(place)?.listeners(transport, port) ?? []
        if let other = listeners.first(where: { $0 != layer.destination.family }),
            !listeners.contains(layer.destination.family)
        {
            return TraceCause(
                .otherFamily, place, "\(transport) port \(port)",
                "\(place): \(transport) port \(port) is listened at over \(other) alone, not over \(layer.destination.family)"
            )
        }
        return TraceCause(
            .closedPort, place, "\(transport) port \(port)", "\(place): nobody listens at \(transport) port \(port)")
    }

    /// What an ICMP error is about.
    private func told(by error: TracedHop, _ path: TracedPath) throws -> TraceCause? {
        guard let place = try tables(error.namespace) else { return nil }
        let (type, code, isIPv6): (UInt8, UInt8, Bool)
        switch error.packet.headers.last {
        case .icmp(let message): (type, code, isIPv6) = (message.type, message.code, false)
        case .icmpv6(let message): (type, code, isIPv6) = (message.type, message.code, true)
        default: return nil
        }
        // What it is about: the last that was seen there.
        let about = path.hops.last { $0.leg != .error && $0.namespace == error.namespace && !$0.isOutgoing }
        // A tunnel's packet is for no port that the trace was for.
        if let about, about.packet.layers.count > 1 { return try arrived(about, place, path) }
        switch (type, code) {
        case (3, 3) where !isIPv6, (1, 4) where isIPv6: return try about.flatMap { try closedPort($0) }
        case (11, _) where !isIPv6, (3, _) where isIPv6: return try expired(about, place, path)
        case (3, 4) where !isIPv6, (2, _) where isIPv6:
            return try about.flatMap { try arrived($0, place, path) } ?? about.map { tooBig($0, place, nil) }
        default:
            if let about { return try arrived(about, place, path) }
            return try path.hops.first.flatMap { hop in
                try hop.packet.layers.last.flatMap { try sending(place, RouteQuery(to: $0.destination)) }
            } ?? error.packet.quotedDestination.flatMap { try sending(place, RouteQuery(to: $0)) }
        }
    }

    private func expired(_ about: TracedHop?, _ place: NamespaceTables, _ path: TracedPath) throws -> TraceCause {
        let layer = about?.packet.layers.first
        let route = try layer.flatMap { layer -> Route? in
            let query = RouteQuery(
                to: layer.destination, from: layer.source, ingress: about.flatMap { InterfaceName($0.interface) })
            if case .route(let route)? = try place.route(for: query) { return route } else { return nil }
        }
        let visits = path.hops.filter { $0.namespace == place.name && $0.leg == about?.leg && !$0.isOutgoing }
        let ring = visits.count > 1 ? cycle(path.hops.filter { $0.leg == about?.leg }, place.name) : []
        if !ring.isEmpty {
            return TraceCause(
                .loop, place.name, route.map { "route \($0)" } ?? "routes",
                "the packet went round between \(ring.joined(separator: " and ")) until its TTL was over; "
                    + "\(place.name) has route \(route.map { "\($0)" } ?? "?")")
        }
        return TraceCause(
            .expired, place.name, route.map { "route \($0)" } ?? "TTL",
            "\(place.name): the packet's TTL was over on the way to \(layer.map { "\($0.destination)" } ?? "?")")
    }

    /// The namespaces that a packet went through between two visits of one.
    private func cycle(_ hops: [TracedHop], _ name: String) -> [String] {
        var ring: [String] = []
        for hop in hops.reversed().drop(while: { $0.namespace != name }) {
            if hop.namespace == name, ring.count > 1 { break }
            if !ring.contains(hop.namespace) { ring.append(hop.namespace) }
        }
        return ring.count > 1 ? ring : []
    }

    // MARK: Where it was last seen

    /// The last place of the packet or its answer. A bridge that does not know where a host is sends copies to all: those that are for
    /// another host are passed over where one has reached the right one.
    private func lastPlace(_ path: TracedPath) throws -> TracedHop? {
        guard let last = path.hops.last(where: { $0.leg != .error }) else { return nil }
        for hop in path.hops.reversed() where hop.leg == last.leg {
            if hop.isOutgoing { continue }
            if try isForAnother(hop) { continue }
            let others = path.hops.drop { $0 != hop }.dropFirst()
            let isSentOn = others.contains { $0.leg == hop.leg && $0.namespace == hop.namespace }
            return isSentOn ? last : hop
        }
        return last
    }

    /// Whether a frame is not for whom it has reached. A port of a bridge takes all.
    private func isForAnother(_ hop: TracedHop) throws -> Bool {
        guard let place = try tables(hop.namespace), let link = place.link(hop.interface), link.link.master == nil,
            let mac = hop.packet.layers.first?.link?.destination, mac.isOfOneHost, let own = link.link.mac
        else { return false }
        return mac != own
    }

    /// A packet that arrived by a link and was not seen again.
    private func arrived(_ hop: TracedHop, _ place: NamespaceTables, _ path: TracedPath) throws -> TraceCause? {
        guard let layer = hop.packet.layers.first else { return nil }
        let link = place.link(hop.interface)
        if let bridge = place.bridge(hop.interface), bridge.link.name != link?.link.name {
            if let cause = try bridged(hop, layer, bridge, place) { return cause }
        } else if let mac = layer.link?.destination, let own = link?.link.mac, mac != own, mac.isOfOneHost {
            return wrongMAC(mac, own, hop, path)
        }
        if hop.packet.layers.count > 1, let cause = try tunnelled(hop, layer, place) { return cause }
        let query = RouteQuery(to: layer.destination, from: layer.source, ingress: InterfaceName(hop.interface))
        switch try place.route(for: query) {
        case .refused?: return try refused(query, hop, place)
        case .route(let route)? where route.kind.rejects: return rejecting(route, query, place)
        case .route(let route)? where route.kind == .local: return try delivered(hop, layer, place, path)
        case .route?: break
        case nil: return nil
        }
        if layer.destination.family == .ipv6, place.setting("ipv6/conf/all/forwarding") == "0" {
            return try notForwarded("net.ipv6.conf.all.forwarding", layer, hop, place)
        }
        if layer.ttl <= 1 { return try expired(hop, place, path) }
        return try leaving(query, hop, place)
            ?? connectionTable(place)
    }

    private func refused(
        _ query: RouteQuery, _ hop: TracedHop, _ place: NamespaceTables
    ) throws -> TraceCause? {
        if query.destination.family == .ipv4, place.setting("ipv4/conf/\(hop.interface)/forwarding") == "0",
            let layer = hop.packet.layers.first
        {
            let isGlobal = place.setting("ipv4/ip_forward") == "0"
            return try notForwarded(
                isGlobal ? "net.ipv4.ip_forward" : "net.ipv4.conf.\(hop.settingName).forwarding", layer, hop, place)
        }
        if let route = try place.bestRoute(query.destination), route.kind.rejects {
            return rejecting(route, query, place)
        }
        return try wrongSource(query, hop, place) ?? unroutable(query, place)
    }

    /// A source that may not come by the link that it came by. The kernel says so with EXDEV, or since Linux 6.14 with EINVAL, as for
    /// much else (`inet_rtm_getroute`).
    private func wrongSource(
        _ query: RouteQuery, _ hop: TracedHop, _ place: NamespaceTables
    ) throws -> TraceCause? {
        guard let source = query.source, source.family == .ipv4 else { return nil }
        if try place.addresses().contains(where: { $0.address.address.address == source }) {
            return TraceCause(
                .ownSource, place.name, "address \(source)",
                "\(place.name): \(hop.interface) got a packet from \(source), which is its own address, and dropped it")
        }
        // The higher of the two counts: 1 asks for the very link, 2 for any route back (ip-sysctl).
        let values = ["all", hop.interface].compactMap {
            place.setting("ipv4/conf/\($0)/rp_filter").flatMap { Int($0) }
        }
        let filter = values.max() ?? 0
        let back = try place.hop(for: RouteQuery(to: source))
        let isOther = back.map { "\($0.device)" != hop.interface } ?? true
        guard filter == 1 && isOther || filter > 1 && back == nil else { return nil }
        let way = back.map { "the route to it leads by \($0.device)" } ?? "no route leads to it"
        return TraceCause(
            .reversePath, place.name, "net.ipv4.conf.\(hop.settingName).rp_filter",
            "\(place.name): rp_filter drops what comes from \(source) by \(hop.interface), for \(way)")
    }

    private func notForwarded(
        _ setting: String, _ layer: PacketLayer, _ hop: TracedHop, _ place: NamespaceTables
    ) throws -> TraceCause {
        if let duplicate = try place.addresses().first(where: {
            $0.address.address.address == layer.destination && $0.isDuplicate
        }) {
            return TraceCause(
                .duplicateAddress, place.name, "address \(duplicate.address)",
                "\(place.name): address \(duplicate.address) is not used, for somebody else on the link has it")
        }
        if try owners(layer.destination).isEmpty {
            return TraceCause(
                .noAddress, place.name, "address \(layer.destination)",
                "\(place.name): nobody in the lab has the address \(layer.destination); \(hop.interface) got a packet for it"
            )
        }
        return TraceCause(
            .forwardingOff, place.name, setting,
            "\(place.name): \(setting) is 0, so what comes for \(layer.destination) is not sent on")
    }

    /// Why no route is used.
    private func unroutable(_ query: RouteQuery, _ place: NamespaceTables) throws -> TraceCause {
        if let route = try place.bestRoute(query.destination), route.kind.rejects {
            return rejecting(route, query, place)
        }
        return TraceCause(
            .noRoute, place.name, "route to \(query.destination)",
            "\(place.name): no route leads to \(query.destination)")
    }

    private func rejecting(_ route: Route, _ query: RouteQuery, _ place: NamespaceTables) -> TraceCause {
        TraceCause(
            .rejectingRoute, place.name, "route \(route)",
            "\(place.name): route \(route) takes what is for \(query.destination)")
    }

    private func wrongMAC(_ mac: MACAddress, _ own: MACAddress, _ hop: TracedHop, _ path: TracedPath) -> TraceCause {
        // The frame inside a tunnel's packet was sent where the FDB said; another one where the neighbour's entry did.
        var sender = hop.namespace
        var decision: TraceDecision?
        for before in path.hops.prefix(while: { $0 != hop }).reversed() where before.leg == hop.leg {
            decision = before.decisions.last {
                ($0.kind == .forwarding || $0.kind == .neighbour) && $0.entry.contains("\(mac)")
            }
            if decision != nil {
                sender = before.namespace
                break
            }
        }
        let object = decision.map { "\($0.kind.rawValue) \($0.entry)" } ?? "MAC address \(mac)"
        return TraceCause(
            .wrongMAC, sender, object,
            "\(sender): \(object) sends packets to \(hop.namespace):\(hop.interface), which has the MAC address \(own)")
    }

    // MARK: Own packets

    /// A packet for the host itself, or the answer that should have come of it.
    private func delivered(
        _ hop: TracedHop, _ layer: PacketLayer, _ place: NamespaceTables, _ path: TracedPath
    ) throws -> TraceCause? {
        if let duplicate = try duplicates(layer.destination) { return duplicate }
        if case .echo = probe, hop.leg == .request {
            let setting = layer.destination.family == .ipv4 ? "ipv4/icmp_echo_ignore_all" : "ipv6/icmp/echo_ignore_all"
            if place.setting(setting) == "1" {
                let name = "net." + setting.replacing("/", with: ".")
                return TraceCause(
                    .echoIgnored, place.name, name, "\(place.name): \(name) is 1, so echo requests get no answer")
            }
        }
        if hop.leg == .request {
            let query = RouteQuery(to: layer.source, from: layer.destination)
            if let cause = try sending(place, query) { return cause }
            if let duplicate = try duplicates(layer.source) { return duplicate }
        }
        return try connectionTable(place)
    }

    /// What keeps a host from sending a packet of its own.
    func sending(_ place: NamespaceTables, _ query: RouteQuery) throws -> TraceCause? {
        switch try place.route(for: query) {
        case .refused?: return try unroutable(query, place)
        case .route(let route)? where route.kind.rejects: return rejecting(route, query, place)
        case .route(let route)? where route.kind == .local: return nil
        case .route?: return try leaving(query, nil, place)
        case nil: return nil
        }
    }

    /// The two who have an address that one should have.
    private func duplicates(_ address: IPAddress) throws -> TraceCause? {
        let owners = try owners(address)
        guard Set(owners.map(\.namespace)).count > 1, let last = owners.last else { return nil }
        let places = owners.map { "\($0.namespace):\($0.interface)" }
        return TraceCause(
            .duplicateAddress, last.namespace, "address \(address)",
            "address \(address) is that of \(places.joined(separator: " and of "))")
    }

    /// Who has an address.
    func owners(_ address: IPAddress) throws -> [(namespace: String, interface: String)] {
        var owners: [(namespace: String, interface: String)] = []
        for name in names {
            guard let tables = try tables(name) else { continue }
            for own in try tables.addresses() where own.address.address.address == address && own.address.scope != .host
            {
                owners.append((name, "\(own.address.device)"))
            }
        }
        return owners
    }

    private func connectionTable(_ place: NamespaceTables) throws -> TraceCause? {
        guard let limit = place.setting("netfilter/nf_conntrack_max").flatMap({ Int($0) }),
            let count = place.setting("netfilter/nf_conntrack_count").flatMap({ Int($0) }), limit > 0, count >= limit
        else { return nil }
        return TraceCause(
            .connectionTable, place.name, "net.netfilter.nf_conntrack_max",
            "\(place.name): the connection table is full (\(count) of \(limit), net.netfilter.nf_conntrack_max)")
    }
}

extension TracedHop {
    /// The link as sysctl(8) writes it in a setting, where a dot is a slash.
    fileprivate var settingName: String { interface.replacing(".", with: "/") }
}

extension Packet {
    /// Whom the packet was for that an error quotes.
    fileprivate var quotedDestination: IPAddress? {
        switch headers.last {
        case .icmp(let message): message.quoted?.packet.layers.last?.destination
        case .icmpv6(let message): message.quoted?.packet.layers.last?.destination
        default: nil
        }
    }
}
