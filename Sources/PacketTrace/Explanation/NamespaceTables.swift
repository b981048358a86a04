import Addresses
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
    private let socket: SharedSocket
    let links: [InterfaceName: ObservedLink]
    private let interfaces: InterfaceTable
    private var kept:
        (
            addresses: [ObservedAddress]?, neighbours: [Neighbour]?, forwarding: [ForwardingEntry]?,
            vlans: [BridgeVLAN]?,
            rules: [RoutingRule]?, routes: [Route]?, qdiscs: [Qdisc]?
        )

    init(_ source: CaptureSource) throws {
        (name, pin) = (source.namespace, source.pin)
        socket = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { inside in
                SharedSocket(try RouteSocket(in: inside))
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

    // MARK: Questions

    func route(for query: RouteQuery) throws -> RouteAnswer? {
        try socket.use { socket in try socket.lookUp(query, in: interfaces) }
    }

    func hop(for query: RouteQuery) throws -> ChosenHop? {
        try socket.use { socket in try socket.nextHop(for: query, in: interfaces) }
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
    func rules(of chains: Set<RuleChainID>) throws -> [RuleChainID: [UInt64: String]] {
        let pin = pin
        return try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                try Nftables.rules(of: chains, in: inside)
            }
        }
    }

    /// The entry of a neighbour.
    func neighbour(_ address: IPAddress, on device: InterfaceName) throws -> Neighbour? {
        try neighbours().first { $0.device == device && $0.address == address }
    }

    /// The most specific route that has a destination: what the kernel's refusal came from, as its answer names none.
    func bestRoute(_ destination: IPAddress) throws -> Route? {
        try routes().filter { $0.destination.contains(destination) }
            .max { ($0.destination.length, $1.metric) < ($1.destination.length, $0.metric) }
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

/// A socket that one thread opens and another uses.
private final class SharedSocket: Sendable {
    private let socket: Mutex<RouteSocket>

    init(_ socket: consuming RouteSocket) { self.socket = Mutex(socket) }

    func use<Value: Sendable>(_ body: (inout RouteSocket) throws -> Value) rethrows -> Value {
        try socket.withLock { (socket: inout sending RouteSocket) in try body(&socket) }
    }
}
