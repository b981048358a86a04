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
        return try (last.isOutgoing ? lost(last, place) : arrived(last, place, path)) ?? filtered(last, place)
    }

    // MARK: Rules

    private func droppingRule(
        _ path: TracedPath, _ passages: [String: [RulePassage]]
    ) throws -> TraceCause? {
        for (namespace, all) in passages.sorted(by: { $0.key < $1.key }) {
            let dropping = all.reversed().flatMap { passage in
                passage.events.filter { $0.verdict == .drop }
                    // What goes on after a program has had it is told of further.
                    + (passage.events.last.map { $0.verdict == .queue ? [$0] : [] } ?? [])
            }
            for event in dropping {
                var text = "policy drop"
                if let rule = event.rule {
                    text = try tables(namespace)?.texts(of: [rule])[rule] ?? "handle \(rule.handle)"
                }
                let words = event.verdict == .queue ? "queued for a program, and lost there," : "dropped"
                return TraceCause(
                    .rule, namespace, "table \(event.table) chain \(event.chain): \(text)",
                    "\(namespace): \(words) by chain \(event.chain) of table \(event.table): \(text)")
            }
        }
        return nil
    }

    // MARK: Answers that are none

    private func closedPort(_ end: TracedHop) throws -> TraceCause? {
        guard let layer = end.packet.layers.last, let port = layer.ports?.destination else { return nil }
        let (place, family) = (end.namespace, layer.destination.family)
        let transport: Transport = if case .tcp = probe { .tcp } else { .udp }
        let listeners = try tables(place)?.listeners(transport, port)
        if let other = listeners?.first(where: { $0 != family }), listeners?.contains(family) == false {
            return TraceCause(
                .otherFamily, place, "\(transport) port \(port)",
                "\(place): \(transport) port \(port) is listened at over \(other) alone, not over \(family)")
        }
        // Where the kernel does not say who listens, no more is known than what it answered.
        let over = listeners == nil ? " over \(family)" : ""
        return TraceCause(
            .closedPort, place, "\(transport) port \(port)",
            "\(place): nobody listens at \(transport) port \(port)\(over)")
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
        // What comes out of a tunnel is seen twice where it comes in.
        let visits = path.hops.filter { $0.leg == about?.leg }.map(\.namespace)
            .reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        let isBack = visits.count { $0 == place.name } > 1
        let ring = isBack ? cycle(path.hops.filter { $0.leg == about?.leg }, place.name) : []
        if !ring.isEmpty {
            return TraceCause(
                .loop, place.name, route.map { "route \($0)" } ?? "routes",
                "the packet went round between \(ring.joined(separator: " and ")) until its TTL was over; "
                    + "\(place.name) has route \(route.map { "\($0)" } ?? "?")")
        }
        if let origin = try shortened(path.hops.filter { $0.leg == about?.leg }) { return origin }
        return TraceCause(
            .expired, place.name, route.map { "route \($0)" } ?? "TTL",
            "\(place.name): the packet's TTL was over on the way to \(layer.map { "\($0.destination)" } ?? "?")")
    }

    /// Who has given a packet a time to live that is too short: its sender, or a rule on the way.
    private func shortened(_ hops: [TracedHop]) throws -> TraceCause? {
        func ttl(_ hop: TracedHop) -> UInt8 { hop.packet.layers.last?.ttl ?? 0 }
        for (before, hop) in zip(hops, hops.dropFirst()) where Int(ttl(before)) - Int(ttl(hop)) > 1 {
            let rule = hop.decisions.last {
                $0.kind == .rule && ($0.entry.contains("ttl set") || $0.entry.contains("hoplimit set"))
            }
            return TraceCause(
                .expired, hop.namespace, rule.map { "table \($0.chain ?? "") \($0.entry)" } ?? "TTL \(ttl(hop))",
                "\(hop.namespace): the packet's TTL was made \(ttl(hop)) of \(ttl(before)), which is too little")
        }
        // By less than that nobody goes through a lab.
        guard let first = hops.first, first.isOutgoing, ttl(first) < 32, let place = try tables(first.namespace) else {
            return nil
        }
        let isIPv4 = first.packet.layers.last?.source.family == .ipv4
        let setting = isIPv4 ? "ipv4/ip_default_ttl" : "ipv6/conf/\(first.interface)/hop_limit"
        let isSetting = place.setting(setting) == "\(ttl(first))"
        let name = isIPv4 ? "net.ipv4.ip_default_ttl" : "net.ipv6.conf.\(first.settingName).hop_limit"
        let route = first.decisions.first { $0.kind == .route }.map { "route \($0.entry)" } ?? "TTL"
        return TraceCause(
            .expired, place.name, isSetting ? name : route,
            "\(place.name): its packets leave with a TTL of \(ttl(first)), which is too little"
                + (isSetting ? " (\(name))" : ""))
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
        } else if let mac = layer.link?.destination, let link, let own = link.link.mac, mac != own, mac.isOfOneHost {
            for owner in try owners(mac) where owner.namespace != place.name || owner.interface != hop.interface {
                if let cause = unattached(link, place, from: owner) { return cause }
            }
            return wrongMAC(mac, own, hop, path)
        }
        // A port of a bridge needs none.
        if layer.destination.family == .ipv6, link?.link.master == nil, let cause = place.withoutIPv6(hop.interface) {
            return cause
        }
        if hop.packet.layers.count > 1, let cause = try tunnelled(hop, layer, place) { return cause }
        let query = RouteQuery(to: layer.destination, from: layer.source, ingress: InterfaceName(hop.interface))
        switch try place.route(for: query) {
        case .refused?: return try refused(query, hop, place)
        case .route(let route)? where route.kind.rejects: return rejecting(.route(route), query, place)
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
        if let refusal = try place.refusal(of: query) { return rejecting(refusal, query, place) }
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
        if let refusal = try place.refusal(of: query) { return rejecting(refusal, query, place) }
        if query.destination.family == .ipv6 {
            for link in place.links.values.sorted(by: { $0.index < $1.index })
            where link.link.kind != .loopback && link.link.master == nil && link.link.isUp {
                if let cause = place.withoutIPv6("\(link.link.name)") { return cause }
            }
        }
        return TraceCause(
            .noRoute, place.name, "route to \(query.destination)",
            "\(place.name): no route leads to \(query.destination)")
    }

    func rejecting(_ refusal: RouteRefusal, _ query: RouteQuery, _ place: NamespaceTables) -> TraceCause {
        TraceCause(
            .rejectingRoute, place.name, "\(refusal)",
            "\(place.name): \(refusal) takes what is for \(query.destination)")
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
        case .route(let route)? where route.kind.rejects: return rejecting(.route(route), query, place)
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

    /// Who has a MAC address.
    func owners(_ mac: MACAddress) throws -> [(namespace: String, interface: String)] {
        try names.flatMap { name in
            try tables(name)?.links.values.filter { $0.link.mac == mac }.map { (name, "\($0.link.name)") } ?? []
        }
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
    var settingName: String { interface.replacing(".", with: "/") }
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
