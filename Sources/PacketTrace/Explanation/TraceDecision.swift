import Addresses
import Glibc
import NetworkObjects
import Nftables
import Packets
import Rtnetlink

/// An entry of a namespace's tables that decided what became of a packet there.
public struct TraceDecision: Hashable, Sendable {
    public var kind: Kind
    /// The entry, as `ip`, `bridge` or `nft` prints it.
    public var entry: String
    /// The chain of a rule of nf_tables, with its table; nil for any other entry.
    public var chain: String?
    /// What became of the packet at such a rule: `accept`, `drop`, `jump endpoints`; nil for any other entry.
    public var verdict: String?
    /// What an entry of the connection table says; nil for any other entry.
    public var connection: TrackedConnection?

    public enum Kind: String, Hashable, Sendable {
        /// A rule that chose the routing table (`ip rule`).
        case policyRule = "rule"
        case route
        case neighbour
        /// An entry of the connection table (`conntrack -L`).
        case connection = "conntrack"
        /// An entry of a forwarding database (`bridge fdb`).
        case forwarding = "fdb"
        /// A VLAN of a bridge's port (`bridge vlan`).
        case vlan
        /// A rule of nf_tables, or a chain's policy.
        case rule = "nftables"
    }

    init(_ kind: Kind, _ entry: String, chain: String? = nil, verdict: String? = nil) {
        self.kind = kind
        self.entry = entry
        self.chain = chain
        self.verdict = verdict
    }

    init(_ connection: TrackedConnection) {
        self.init(.connection, "\(connection)")
        self.connection = connection
    }
}

/// Finds the entries behind each hop of a trace: the kernel is asked for that very packet, with its addresses, its ports and the
/// link that it came by; what it does not answer is looked up in its lists.
struct DecisionFinder {
    /// A namespace's tables, by its name.
    let tables: (String) throws -> NamespaceTables?

    /// Adds what decided on each hop.
    func explain(_ hops: inout [TracedHop], _ passages: [String: [RulePassage]]) throws {
        var last: [TraceLeg: Int] = [:]
        var before: [Int: Int] = [:]
        for index in hops.indices {
            let leg = hops[index].leg
            if let previous = last[leg], hops[previous].namespace == hops[index].namespace {
                before[index] = previous
            } else if let copied = try original(of: index, hops) {
                before[index] = copied
            }
            last[leg] = index
        }
        let after = Dictionary(before.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        for index in hops.indices {
            guard let tables = try tables(hops[index].namespace) else { continue }
            let (hop, previous) = (hops[index], before[index].map { hops[$0] })
            if hop.isOutgoing {
                hops[index].decisions = try tracking(hop, previous, tables) + decisions(hop, previous, tables)
            } else if after[index] == nil {
                hops[index].decisions = try tracking(hop, previous, tables) + delivery(hop, tables)
            }
        }
        try attach(passages, to: &hops, after)
    }

    /// The frame that a bridge sent another copy of, to a host that has been reached meanwhile.
    private func original(of index: Int, _ hops: [TracedHop]) throws -> Int? {
        let hop = hops[index]
        guard hop.isOutgoing, let tables = try tables(hop.namespace) else { return nil }
        return hops[..<index].lastIndex {
            $0.leg == hop.leg && $0.namespace == hop.namespace && !$0.isOutgoing
                && tables.areBridged($0.interface, hop.interface)
        }
    }

    // MARK: Tables

    /// What the connection table has of a packet that was sent on, sent, or taken. It is asked for by what the packet was when it
    /// came; one that the host sent has become what it is by then, which is what answers to it come with.
    private func tracking(
        _ hop: TracedHop, _ previous: TracedHop?, _ tables: NamespaceTables
    ) throws -> [TraceDecision] {
        let tuple: ConnectionTuple?
        switch (hop.isOutgoing, previous) {
        case (false, _): tuple = hop.tuple
        case (true, nil): tuple = hop.tuple?.inverse
        // What a bridge or a device on another sends on was looked up before.
        case (true, let previous?):
            let isRouted = !previous.isOutgoing && !tables.areBridged(previous.interface, hop.interface)
            tuple = isRouted ? previous.tuple : nil
        }
        guard let tuple, let connection = try tables.connection(of: tuple) else { return [] }
        return [TraceDecision(connection)]
    }

    /// What sent a packet out.
    private func decisions(
        _ hop: TracedHop, _ previous: TracedHop?, _ tables: NamespaceTables
    ) throws -> [TraceDecision] {
        guard let layer = hop.packet.layers.first else { return [] }
        if let previous, tables.areBridged(previous.interface, hop.interface) {
            return try bridging(layer, previous, hop, tables)
        }
        if let previous, previous.packet.layers.count < hop.packet.layers.count {
            let inner = hop.packet.layers.count > 1 ? hop.packet.layers[1].link?.destination : nil
            var all: [TraceDecision] = []
            if let inner, let device = InterfaceName(previous.interface) {
                all += try tables.forwarding().filter { $0.device == device && $0.mac == inner && $0.isSelf }
                    .map { TraceDecision(.forwarding, "\($0)") }
            }
            return try all + routing(RouteQuery(to: layer.destination, from: layer.source), hop, tables)
        }
        // A device that is on another, such as a VLAN's, sends on what it was given.
        if let previous, previous.isOutgoing { return [] }
        let source = previous?.packet.layers.first?.source ?? layer.source
        let query = RouteQuery(
            to: layer.destination, from: source, ingress: previous.flatMap { InterfaceName($0.interface) },
            ports: previous == nil ? nil : hop.routePorts)
        return try routing(query, hop, tables)
    }

    private func routing(
        _ query: RouteQuery, _ hop: TracedHop, _ tables: NamespaceTables
    ) throws -> [TraceDecision] {
        guard case .route(let route)? = try tables.route(for: query) else { return [] }
        var all = try policy(route, query, tables)
        all.append(TraceDecision(.route, "\(route)"))
        if let chosen = try tables.hop(for: query),
            let entry = try tables.neighbour(chosen.gateway ?? query.destination, on: chosen.device),
            !entry.state.contains(.noARP)
        {
            all.append(TraceDecision(.neighbour, "\(entry)"))
        }
        return all
    }

    /// The rule that chose a table that is not everybody's.
    private func policy(_ route: Route, _ query: RouteQuery, _ tables: NamespaceTables) throws -> [TraceDecision] {
        guard ![253, 254, 255].contains(route.table) else { return [] }
        let rule = try tables.rules().first { rule in
            // One that asks for a mark or a port is taken for the one that chose: the table is known.
            rule.table == route.table
                && rule.matches(query.destination, from: query.source, by: query.ingress) ?? true
        }
        return rule.map { [TraceDecision(.policyRule, "\($0)")] } ?? []
    }

    /// What sends a frame from one port of a bridge to another, or to and from the bridge itself.
    private func bridging(
        _ layer: PacketLayer, _ previous: TracedHop, _ hop: TracedHop, _ tables: NamespaceTables
    ) throws -> [TraceDecision] {
        var all: [TraceDecision] = []
        if let mac = layer.link?.destination {
            all += try tables.forwarding().filter { "\($0.device)" == hop.interface && $0.mac == mac && !$0.isSelf }
                .prefix(1).map { TraceDecision(.forwarding, "\($0)") }
        }
        if tables.filtersVLANs(previous.interface) {
            all += try tables.vlans().filter { vlan in
                "\(vlan.device)" == previous.interface && vlan.isPVID || "\(vlan.device)" == hop.interface
            }.map { TraceDecision(.vlan, "\($0)") }
        }
        return all
    }

    /// What gave a packet to the host itself.
    private func delivery(_ hop: TracedHop, _ tables: NamespaceTables) throws -> [TraceDecision] {
        guard let layer = hop.packet.layers.first, let ingress = InterfaceName(hop.interface) else { return [] }
        let query = RouteQuery(to: layer.destination, from: layer.source, ingress: ingress)
        guard case .route(let route)? = try tables.route(for: query), route.kind == .local else { return [] }
        return [TraceDecision(.route, "\(route)")]
    }

    // MARK: Rules

    /// Gives each passage through rules to the hop that came of it: the next one out, or where the packet came in.
    private func attach(
        _ passages: [String: [RulePassage]], to hops: inout [TracedHop], _ after: [Int: Int]
    ) throws {
        for (namespace, passages) in passages {
            guard let tables = try tables(namespace) else { continue }
            let rules = try tables.texts(of: Set(passages.flatMap(\.events).compactMap(\.rule)))
            var used: Set<Int> = []
            for passage in passages {
                let found = passage.events.compactMap { TraceDecision($0, rules) }
                if found.isEmpty { continue }
                let place = hops.indices.first { index in
                    let hop = hops[index]
                    guard hop.namespace == namespace, !used.contains(index),
                        passage.leg == nil || passage.leg == hop.leg,
                        hop.packet.layers.count == passage.depth + 1 || passage.depth == 0 && hop.isOutgoing
                    else { return false }
                    guard let ingress = passage.ingress else { return hop.isOutgoing }
                    return !hop.isOutgoing && tables.name(ingress) == hop.interface
                }
                guard let place else { continue }
                used.insert(place)
                let target = after[place].flatMap { hops[place].isOutgoing || !hops[$0].isOutgoing ? nil : $0 } ?? place
                hops[target].decisions += found
            }
        }
    }
}

extension TraceDecision {
    /// What a rule did; nil for one that had nothing to say, and for chains that let everything pass.
    init?(_ event: RuleEvent, _ rules: [RuleID: String]) {
        let verdict: String
        switch event.verdict {
        case .accept: verdict = "accept"
        case .drop: verdict = "drop"
        case .queue: verdict = "queue"
        case .goOn: verdict = "continue"
        case .end: verdict = "return"
        case .jump(let chain): verdict = "jump \(chain)"
        case .goTo(let chain): verdict = "goto \(chain)"
        case .other(let number): verdict = "\(number)"
        }
        let place = "\(event.table) \(event.chain)"
        switch event.kind {
        case .rule(let handle):
            let text = event.rule.flatMap { rules[$0] } ?? "handle \(handle)"
            self.init(.rule, text, chain: place, verdict: verdict)
        case .policy where event.verdict != .accept:
            self.init(.rule, "policy \(verdict)", chain: place, verdict: verdict)
        case .policy, .end: return nil
        }
    }
}

extension TracedHop {
    /// What a connection table knows the packet by; nil for one in a tunnel's packet, and for an error.
    var tuple: ConnectionTuple? {
        let layers = packet.layers
        guard leg != .error, layers.count == 1, let layer = layers.first else { return nil }
        func tuple(_ transport: Int, _ ends: ConnectionTuple.Ends) -> ConnectionTuple {
            ConnectionTuple(from: layer.source, to: layer.destination, transport: UInt8(transport), ends)
        }
        func echo(_ transport: Int, _ type: UInt8, _ code: UInt8) -> ConnectionTuple? {
            layer.identifier.map { tuple(transport, .echo(type: type, code: code, identifier: $0)) }
        }
        func ports(_ transport: Int) -> ConnectionTuple? {
            layer.ports.map { tuple(transport, .ports(source: $0.source, destination: $0.destination)) }
        }
        switch packet.headers.last {
        case .icmp(let message): return echo(IPPROTO_ICMP, message.type, message.code)
        case .icmpv6(let message): return echo(IPPROTO_ICMPV6, message.type, message.code)
        case .tcp: return ports(IPPROTO_TCP)
        case .udp: return ports(IPPROTO_UDP)
        default: return nil
        }
    }

    /// The ports of the outermost packet, for a lookup.
    var routePorts: RouteQuery.Ports? {
        guard let ports = packet.layers.first?.ports else { return nil }
        for header in packet.headers {
            switch header {
            case .tcp: return .init(.tcp, source: ports.source, destination: ports.destination)
            case .udp: return .init(.udp, source: ports.source, destination: ports.destination)
            default: break
            }
        }
        return nil
    }
}

extension NamespaceTables {
    /// Whether frames go from one link to the other by a bridge: from port to port, or between a port and the bridge.
    func areBridged(_ first: String, _ second: String) -> Bool {
        let (one, other) = (link(first), link(second))
        guard let one, let other else { return false }
        return one.link.master == other.link.name || other.link.master == one.link.name
            || one.link.master != nil && one.link.master == other.link.master
    }

    /// The bridge that a link is a port of, or is.
    func bridge(_ name: String) -> ObservedLink? {
        guard let link = link(name) else { return nil }
        if case .bridge = link.link.kind { return link }
        return link.link.master.flatMap { links[$0] }
    }

    func filtersVLANs(_ name: String) -> Bool {
        if case .bridge(let bridge)? = bridge(name)?.link.kind { bridge.vlanFiltering } else { false }
    }
}
