import Addresses
import Blueprint
import KubeProxy
import NetworkNamespaces
import NetworkObjects
import Nftables

/// Where a node sends packets for services, read back from its kernel.
public struct ObservedServices: Hashable, Sendable {
    /// An address and port that packets for a service arrive at. For a port of the nodes, no address.
    public struct Arrival: Hashable, Sendable {
        /// The service's address; nil for a port of every node.
        public var address: IPAddress?
        /// The transport protocol.
        public var transport: Transport
        /// The port.
        public var port: UInt16

        /// Packets that arrive here.
        public init(address: IPAddress?, transport: Transport, port: UInt16) {
            self.address = address
            self.transport = transport
            self.port = port
        }
    }

    /// Where packets go, by where they arrive; those that are refused are not among them.
    public var targets: [Arrival: Set<Rule.Destination>] = [:]

    /// A node without services.
    public init() {}
}

extension ObservedServices {
    /// What these tables do.
    init(_ tables: [RuleTable]) {
        for table in tables where table.name == ProxyRules.tableName { add(table) }
    }

    private mutating func add(_ table: RuleTable) {
        let chains = Dictionary(table.chains.map { ($0.name, $0.rules) }, uniquingKeysWith: { first, _ in first })
        for map in table.sets where ["service-ips", "service-nodeports"].contains(map.name) {
            for element in map.elements {
                var key = element.key[...]
                var address: IPAddress?
                if case .address(let own) = key.first {
                    address = own
                    key = key.dropFirst()
                }
                guard key.count == 2, case .transport(let transport) = key.first, case .number(let number) = key.last,
                    let port = UInt16(exactly: number)
                else { continue }
                var (found, seen): (Set<Rule.Destination>, Set<String>) = ([], [])
                if case .verdict(let verdict) = element.value, let chain = verdict.chain {
                    found = Self.targets(of: chain, chains, &seen)
                }
                targets[Arrival(address: address, transport: transport, port: port), default: []]
                    .formUnion(found)
            }
        }
    }

    /// What a chain translates to, by itself and by the chains that it leads to.
    private static func targets(
        of chain: String, _ chains: [String: [Rule]], _ seen: inout Set<String>
    ) -> Set<Rule.Destination> {
        guard seen.insert(chain).inserted else { return [] }
        var found: Set<Rule.Destination> = []
        for statement in (chains[chain] ?? []).flatMap(\.statements) {
            switch statement {
            case .translation(let destination): found.insert(destination)
            case .verdict(let verdict):
                if let next = verdict.chain { found.formUnion(targets(of: next, chains, &seen)) }
            case .verdictMap(_, .elements(let elements)):
                for case .verdict(let verdict) in elements.compactMap(\.value) {
                    if let next = verdict.chain { found.formUnion(targets(of: next, chains, &seen)) }
                }
            default: break
            }
        }
        return found
    }
}

extension RunningLab {
    /// Where each node sends packets for services, read from the kernel; nil for a node that is gone or lacks a table.
    public func observeServices() throws(EngineError) -> [String: ObservedServices?] {
        let wanted = blueprint.proxiedTables
        let entries = journal.namespaces.filter { $0.kind == "node" }
        return try reportingRefusals(of: "lab \(journal.lab)") {
            let observed = Slots<ObservedServices>(count: entries.count)
            try NamespaceThread.forEach(entries.count) { thread, index in
                let entry = entries[index]
                guard NamedNamespaces.identity(entry.pin) != nil else { return }
                let tables = try thread.enter(entry.pin, of: entry.name) { inside in
                    try Nftables.listing(in: inside).tables
                }
                if wanted.isSubset(of: tables.map(\.id)) { observed[index] = ObservedServices(tables) }
            }
            return Dictionary(zip(entries.map(\.name), observed.all), uniquingKeysWith: { first, _ in first })
        }
    }
}

extension Blueprint {
    /// kube-proxy's tables, which all nodes have.
    fileprivate var proxiedTables: Set<RuleTable.ID> {
        let node = namespaces.first { $0.kind == .node }
        return Set(node?.content.tables.map(\.id).filter { $0.name == ProxyRules.tableName } ?? [])
    }
}
