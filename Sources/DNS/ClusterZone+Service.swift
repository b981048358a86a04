import Addresses

/// A zone as it is handed over: of the services of a large cluster many have the same endpoints, which are written once, and each
/// service is one text: `default/web headless 10.96.0.7,fd00::7 80/tcp/http,53/udp 3 ALIAS`. A field that has nothing is `-`; the
/// number is that of the list of its endpoints, and the alias what an external name stands for.
extension ClusterZone: Codable {
    private enum CodingKeys: String, CodingKey { case domain, namespaces, services, endpoints, serial }

    public func encode(to encoder: any Encoder) throws {
        var lists = EndpointLists()
        let services = services.map { $0.text(endpoints: lists.number(of: $0.endpoints)) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(domain, forKey: .domain)
        try container.encode(namespaces, forKey: .namespaces)
        try container.encode(services, forKey: .services)
        try container.encode(lists.all, forKey: .endpoints)
        try container.encode(serial, forKey: .serial)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let lists = try container.decode([[Endpoint]].self, forKey: .endpoints)
        let services = try container.decode([String].self, forKey: .services).map { text in
            guard let service = Service(text, lists) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .services, in: container, debugDescription: "\(text) is not a service")
            }
            return service
        }
        self.init(
            domain: try container.decode(String.self, forKey: .domain),
            namespaces: try container.decode([String].self, forKey: .namespaces), services: services,
            serial: try container.decode(UInt32.self, forKey: .serial))
    }

    /// Lists of endpoints, each once.
    private struct EndpointLists {
        private(set) var all: [[Endpoint]] = []
        private var numbers: [Key: [Int]] = [:]

        /// What is soon told of a list.
        private struct Key: Hashable {
            var first: IPAddress?
            var count: Int
        }

        mutating func number(of list: [Endpoint]) -> Int {
            let key = Key(first: list.first?.address, count: list.count)
            if let known = numbers[key]?.first(where: { all[$0] == list }) { return known }
            all.append(list)
            numbers[key, default: []].append(all.count - 1)
            return all.count - 1
        }
    }
}

extension ClusterZone.Service {
    fileprivate func text(endpoints number: Int) -> String {
        func list(_ items: [some CustomStringConvertible]) -> String {
            items.isEmpty ? "-" : items.map(\.description).joined(separator: ",")
        }
        let kind = isHeadless ? "headless" : "-"
        let start = "\(namespace)/\(name) \(kind) \(list(clusterAddresses)) \(list(ports)) \(number)"
        return externalName.map { "\(start) \($0)" } ?? start
    }

    /// Reads the text; nil where it is no service, or names a list of endpoints that there is not.
    fileprivate init?(_ text: String, _ lists: [[ClusterZone.Endpoint]]) {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard parts.count >= 5, let slash = parts[0].utf8.firstIndex(of: UInt8(ascii: "/")), let number = Int(parts[4]),
            lists.indices.contains(number), parts[1] == "-" || parts[1] == "headless"
        else { return nil }
        func list<Item>(_ text: Substring, _ read: (Substring) -> Item?) -> [Item]? {
            if text == "-" { return [] }
            let items = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { read(Substring($0)) }
            return items.contains { $0 == nil } ? nil : items.compactMap(\.self)
        }
        guard let addresses = list(parts[2], { IPAddress($0) }), let ports = list(parts[3], { ClusterZone.Port($0) })
        else { return nil }
        self.init(
            name: String(parts[0][parts[0].index(after: slash)...]), namespace: String(parts[0][..<slash]),
            clusterAddresses: addresses, isHeadless: parts[1] == "headless",
            externalName: parts.count > 5 ? String(parts[5]) : nil, ports: ports, endpoints: lists[number])
    }
}

extension ClusterZone.Port: CustomStringConvertible {
    /// `80/tcp/http`, or `80/tcp` where it has no name.
    public var description: String { "\(number)/\(transport)" + (name.map { "/\($0)" } ?? "") }

    init?(_ text: some StringProtocol) {
        let words = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, let number = UInt16(words[0]), let transport = Transport(String(words[1])) else {
            return nil
        }
        self.init(name: words.count > 2 ? String(words[2]) : nil, transport: transport, number: number)
    }
}
