import Addresses
import Glibc
import Netlink
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink
import Synchronization
import System

/// What one namespace's tables hold, read when it is first asked for, for the questions that a packet's way raises.
///
/// A class, because what was read once is kept for the next question.
final class NamespaceTables {
    let name: String
    let pin: String
    private let socket: Shared<RouteSocket>
    /// Where connections are asked for; nil where the kernel keeps track of none.
    private let connections: Shared<ConnectionTracking>?
    let links: [InterfaceName: ObservedLink]
    private let interfaces: InterfaceTable
    private var kept:
        (
            addresses: [ObservedAddress]?, neighbours: [Neighbour]?, forwarding: [ForwardingEntry]?,
            vlans: [BridgeVLAN]?,
            rules: [RoutingRule]?, routes: [Route]?, qdiscs: [Qdisc]?, details: [InterfaceName: LinkDetail]?
        )

    init(_ source: CaptureSource) throws {
        (name, pin) = (source.namespace, source.pin)
        (socket, connections) = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { inside in
                let socket = Shared(try RouteSocket(in: inside))
                do {
                    return (socket, Shared(try ConnectionTracking(in: inside)))
                } catch NetlinkError.system(_, errno: EPROTONOSUPPORT) {
                    // A kernel without nfnetlink keeps track of no connections.
                    return (socket, nil)
                }
            }
        }
        let all = try socket.use { socket in try socket.links() }
        interfaces = InterfaceTable(all)
        links = Dictionary(all.map { ($0.link.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func link(_ name: String) -> ObservedLink? { InterfaceName(name).flatMap { links[$0] } }

    func name(_ index: Int32) -> String? { interfaces[index].map { "\($0)" } }

    // MARK: Lists

    func addresses() throws -> [ObservedAddress] {
        if let known = kept.addresses { return known }
        let all = try socket.use { socket in try socket.observedAddresses(in: interfaces) }
        kept.addresses = all
        return all
    }

    func neighbours() throws -> [Neighbour] {
        if let known = kept.neighbours { return known }
        let all = try socket.use { socket in try socket.neighbours(in: interfaces) }
        kept.neighbours = all
        return all
    }

    func forwarding() throws -> [ForwardingEntry] {
        if let known = kept.forwarding { return known }
        let all = try socket.use { socket in try socket.forwardingEntries(in: interfaces) }
        kept.forwarding = all
        return all
    }

    func vlans() throws -> [BridgeVLAN] {
        if let known = kept.vlans { return known }
        let all = try socket.use { socket in try socket.bridgeVLANs(in: interfaces) }
        kept.vlans = all
        return all
    }

    func rules() throws -> [RoutingRule] {
        if let known = kept.rules { return known }
        let all = try socket.use { socket in try socket.rules() }
        kept.rules = all
        return all
    }

    func routes() throws -> [Route] {
        if let known = kept.routes { return known }
        let all = try socket.use { socket in try socket.routes(in: interfaces) }
        kept.routes = all
        return all
    }

    func qdiscs() throws -> [Qdisc] {
        if let known = kept.qdiscs { return known }
        let all = try socket.use { socket in try socket.qdiscs(in: interfaces) }
        kept.qdiscs = all
        return all
    }

    /// What the kernel tells of links beside what `links` has.
    func details() throws -> [InterfaceName: LinkDetail] {
        if let known = kept.details { return known }
        var all: [InterfaceName: LinkDetail] = [:]
        for (index, detail) in try socket.use({ socket in try socket.linksInDetail().details }) {
            if let name = interfaces[index] { all[name] = detail }
        }
        kept.details = all
        return all
    }

    /// What filters packets and cannot be followed: filters of traffic control, policies of IPsec, tables of the older iptables.
    func otherFilters() throws -> [(words: String, link: InterfaceName?)] {
        let (pin, interfaces) = (pin, interfaces)
        let own = try socket.use { socket in try socket.opaqueObjects(in: interfaces) }
        let (policies, older) = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                var older: [String] = []
                for family in FilterTable.Family.allCases {
                    for name in try inside.filterTableNames(family) {
                        if try inside.filterTable(family, name).isUsed {
                            older.append("table \(name) of \(family.program)")
                        }
                    }
                }
                return (try OpaqueListing.ipsec(in: inside).objects, older)
            }
        }
        return (own.objects + policies).filter { ["filter", "xfrm policy"].contains($0.kindName) }
            .map { ("\($0.kindName) \($0.words)", $0.link) } + older.map { ($0, nil) }
    }

    /// All rules of nf_tables.
    func ruleTables() throws -> [RuleTable] {
        let pin = pin
        return try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                // A kernel without nf_tables has none.
                guard try Nftables.generation(in: inside) != nil else { return [] }
                return try Nftables.listing(in: inside).tables
            }
        }
    }

    // MARK: Questions

    func route(for query: RouteQuery) throws -> RouteAnswer? {
        try socket.use { socket in try socket.lookUp(query, in: interfaces) }
    }

    func hop(for query: RouteQuery) throws -> ChosenHop? {
        try socket.use { socket in try socket.nextHop(for: query, in: interfaces) }
    }

    /// The connection that packets of such a tuple are of; nil where there is none.
    func connection(of tuple: ConnectionTuple) throws -> TrackedConnection? {
        try connections?.use { tracking in try tracking.connection(of: tuple) }
    }

    /// A setting below `/proc/sys/net`; nil where there is none.
    func setting(_ path: String) -> String? {
        let pin = pin
        // One that cannot be read is not told to be wrong.
        return try? NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in try inside.sysctl(path) }
        }
    }

    /// Rules as nft prints them.
    func texts(of rules: Set<RuleID>) throws -> [RuleID: String] {
        let pin = pin
        return try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                try Nftables.texts(of: rules, in: inside)
            }
        }
    }

    /// The entry of a neighbour.
    func neighbour(_ address: IPAddress, on device: InterfaceName) throws -> Neighbour? {
        try neighbours().first { $0.device == device && $0.address == address }
    }

    /// The route or rule that a kernel's refusal came from, as its answer names none: the rules are gone through as the kernel does.
    func refusal(of query: RouteQuery) throws -> RouteRefusal? {
        var thrown: RouteRefusal?
        for rule in try rules().sorted(by: { $0.priority < $1.priority })
        where rule.matches(query.destination, from: query.source, by: query.ingress) == true {
            switch rule.action {
            case .blackhole, .unreachable, .prohibit: return .rule(rule)
            case .lookUp:
                let best = try routes().filter { $0.table == rule.table && $0.destination.contains(query.destination) }
                    .max { ($0.destination.length, $1.metric) < ($1.destination.length, $0.metric) }
                guard let best else { continue }
                if best.kind == .throw {
                    thrown = thrown ?? .route(best)
                } else {
                    return best.kind.rejects ? .route(best) : nil
                }
            default: continue
            }
        }
        return thrown
    }

    /// The families over which somebody listens at a port; nil where the kernel does not say.
    func listeners(_ transport: Transport, _ port: UInt16) -> Set<AddressFamily>? {
        let pin = pin
        // A kernel without sock_diag: then it is not known.
        return try? NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                try ListeningPorts.families(transport, port, in: inside)
            }
        }
    }
}

/// What refuses a packet a way.
enum RouteRefusal: CustomStringConvertible {
    case route(Route)
    case rule(RoutingRule)

    var description: String {
        switch self {
        case .route(let route): "route \(route)"
        case .rule(let rule): "rule \(rule)"
        }
    }
}

/// A socket that one thread opens and another uses.
private final class Shared<Socket: ~Copyable & Sendable>: Sendable {
    private let socket: Mutex<Socket>

    init(_ socket: consuming Socket) { self.socket = Mutex(socket) }

    func use<Value: Sendable>(_ body: (inout Socket) throws -> Value) rethrows -> Value {
        try socket.withLock { (socket: inout sending Socket) in try body(&socket) }
    }
}
