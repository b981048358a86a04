import Addresses
import Blueprint
import FoundationEssentials
import NetworkNamespaces
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
        public var port: Int

        /// Packets that arrive here.
        public init(address: IPAddress?, transport: Transport, port: Int) {
            self.address = address
            self.transport = transport
            self.port = port
        }
    }

    /// An address and port that answers.
    public struct Target: Hashable, Sendable {
        /// The address.
        public var address: IPAddress
        /// The port.
        public var port: Int

        /// What answers here.
        public init(address: IPAddress, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// Where packets go, by where they arrive; those that are refused are not among them.
    public var targets: [Arrival: Set<Target>] = [:]

    /// A node without services.
    public init() {}
}

extension ObservedServices {
    /// Reads the tables of the calling thread's namespace.
    ///
    /// - Throws: `NftablesError`, also for a node without the tables; `DecodingError`.
    init(reading families: [AddressFamily]) throws {
        self.init()
        for family in families {
            let text = try Nftables.output(
                of: "list table \(family == .ipv4 ? "ip" : "ip6") \(KubeProxy.tableName)", json: true)
            try add(JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)), family)
        }
    }

    /// Adds what a table's listing says.
    mutating func add(_ listing: JSONValue, _ family: AddressFamily) throws {
        var rules: [String: [JSONValue]] = [:]
        var maps: [String: [JSONValue]] = [:]
        for item in listing["nftables"]?.items ?? [] {
            if let rule = item["rule"], let chain = rule["chain"]?.text {
                rules[chain, default: []] += rule["expr"]?.items ?? []
            } else if let map = item["map"], let name = map["name"]?.text {
                maps[name] = map["elem"]?.items ?? []
            }
        }
        for (name, hasAddress) in [("service-ips", true), ("service-nodeports", false)] {
            for element in maps[name] ?? [] {
                guard element.items.count == 2 else { continue }
                var key = (element.items[0]["concat"]?.items ?? [])[...]
                let address = hasAddress ? key.popFirst()?.text.flatMap { IPAddress($0) } : nil
                guard let transport = key.popFirst()?.text.flatMap({ Transport($0) }), let port = key.popFirst()?.number
                else { continue }
                let chain = (element.items[1]["goto"] ?? element.items[1]["jump"])?["target"]?.text
                var seen: Set<String> = []
                let found = chain.map { Self.targets(of: $0, rules, &seen) } ?? []
                targets[Arrival(address: address, transport: transport, port: port), default: []].formUnion(found)
            }
        }
    }

    /// What a chain translates to, by itself and by the chains that it leads to.
    private static func targets(
        of chain: String, _ rules: [String: [JSONValue]], _ seen: inout Set<String>
    ) -> Set<Target> {
        guard seen.insert(chain).inserted else { return [] }
        var found: Set<Target> = []
        for expression in rules[chain] ?? [] {
            if let translation = expression["dnat"] { found.formUnion(targets(of: translation)) }
            for verdict in [expression["goto"], expression["jump"]] {
                if let next = verdict?["target"]?.text { found.formUnion(targets(of: next, rules, &seen)) }
            }
            for element in expression["vmap"]?["data"]?["set"]?.items ?? [] where element.items.count == 2 {
                if let next = element.items[1]["goto"]?["target"]?.text {
                    found.formUnion(targets(of: next, rules, &seen))
                }
            }
        }
        return found
    }

    private static func targets(of translation: JSONValue) -> [Target] {
        if let address = translation["addr"]?.text.flatMap({ IPAddress($0) }), let port = translation["port"]?.number {
            return [Target(address: address, port: port)]
        }
        return (translation["addr"]?["map"]?["data"]?["set"]?.items ?? []).compactMap { element in
            guard element.items.count == 2, let pair = element.items[1]["concat"]?.items, pair.count == 2,
                let address = pair[0].text.flatMap({ IPAddress($0) }), let port = pair[1].number
            else { return nil }
            return Target(address: address, port: port)
        }
    }
}

extension RunningLab {
    /// Where each node sends packets for services, read from the kernel; nil for a node whose tables cannot be read.
    public func observeServices() throws(EngineError) -> [String: ObservedServices?] {
        let families = blueprint.proxiedFamilies
        let entries = journal.namespaces.filter { $0.kind == "node" }
        return try reportingRefusals(of: "lab \(journal.lab)") {
            try Threads.run {
                var observed: [String: ObservedServices?] = [:]
                for entry in entries {
                    guard (try? NetworkNamespace(at: Pins.path(entry.pin)).enter()) != nil else {
                        observed.updateValue(nil, forKey: entry.name)
                        continue
                    }
                    observed.updateValue(try? ObservedServices(reading: families), forKey: entry.name)
                }
                return observed
            }
        }
    }
}

extension Blueprint {
    /// The families in which nodes have kube-proxy's table.
    fileprivate var proxiedFamilies: [AddressFamily] {
        let node = namespaces.first { $0.kind == .node }
        let tables = node?.content.tables.filter { $0.name == KubeProxy.tableName }.map(\.family) ?? []
        return AddressFamily.allCases.filter { tables.contains($0 == .ipv4 ? "ip" : "ip6") }
    }
}
