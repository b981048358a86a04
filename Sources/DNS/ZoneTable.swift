import Addresses

/// What there is in a cluster's zone, found by name as CoreDNS's `kubernetes` plugin finds it (its parse.go, kubernetes.go
/// and reverse.go; schema version 1.1.0 of Kubernetes' DNS-based service discovery).
struct ZoneTable: Sendable {
    /// `cluster.local`
    let apex: DomainName
    /// The name that stands for the name servers: `ns.dns.cluster.local`.
    let serverName: DomainName
    /// The name whose text is the version of the schema: `dns-version.cluster.local`.
    let versionName: DomainName
    /// The addresses of the cluster's name servers.
    private(set) var nameServers: [Target] = []
    /// The Kubernetes namespaces, each a name of one label.
    private var namespaces: Set<DomainName> = []
    private let services: [ClusterZone.Service]
    /// By `SERVICE.NAMESPACE`, the service's position.
    private var positions: [DomainName: Int] = [:]
    /// The services whose own an address is.
    private var owners: [IPAddress: Int] = [:]
    /// By address, the services that have an endpoint there which takes part.
    private var servicesByEndpoint: [IPAddress: [Int]] = [:]

    /// One choice behind a name.
    struct Target: Sendable {
        var host: Host
        /// What SRV records call the host: the service, or one of its endpoints. Without the zone's name.
        var name: DomainName
        /// Nil where no port was declared: it counts as a choice but is none.
        var port: UInt16?

        enum Host: Hashable, Sendable {
            case address(IPAddress)
            case alias(DomainName)
        }
    }

    /// A target and the labels below the service that choose it.
    private struct Choice: Sendable {
        var target: Target
        var endpoint: [UInt8]
        var port: [UInt8] = []
        var transport: [UInt8] = []
    }

    /// The version of the schema.
    static let schema = "1.1.0"

    /// - Throws: `UnfitName` if a name of the input cannot be one in the DNS.
    init(_ zone: ClusterZone) throws(UnfitName) {
        apex = try Self.name(zone.domain)
        serverName = try Self.name("ns.dns", apex)
        versionName = try Self.name("dns-version", apex)
        for namespace in zone.namespaces + zone.services.map(\.namespace) {
            namespaces.insert(try Self.name(namespace))
        }
        services = zone.services
        for position in services.indices { try add(position) }
        addNameServers()
    }

    /// Finds a service by its name and addresses. What its names lead to is worked out when they are asked for: a cluster may have
    /// many more names than anybody asks for.
    private mutating func add(_ position: Int) throws(UnfitName) {
        let service = services[position]
        let key = try Self.name(service.name, Self.name(service.namespace))
        let name = "\(service.name).\(service.namespace).svc"
        let whole = try Self.name(name, apex)
        for address in service.clusterAddresses { owners[address] = position }
        if let alias = service.externalName {
            // What reads as an address is no name, and the service has none then (CoreDNS, msg.Service.HostType).
            guard IPAddress(alias) == nil else { return }
            _ = try Self.name(alias)
            positions[key] = position
            return
        }
        positions[key] = position
        // A label that is made of an address has 40 octets at most.
        let hasRoom = whole.wire.count + 41 <= DomainName.maximumLength
        for endpoint in service.endpoints where endpoint.isReady {
            if !hasRoom || endpoint.hostname != nil { _ = try Self.name("\(endpoint.label).\(name)", apex) }
            if servicesByEndpoint[endpoint.address]?.last != position {
                servicesByEndpoint[endpoint.address, default: []].append(position)
            }
        }
    }

    /// The cluster's name servers are the services of the pods that `kube-dns` stands for (CoreDNS, ns.go).
    private mutating func addNameServers() {
        guard let own = services.firstIndex(where: { $0.name == "kube-dns" && $0.namespace == "kube-system" }) else {
            return
        }
        var serving: Set<Int> = [own]
        for endpoint in services[own].endpoints where endpoint.isReady {
            serving.formUnion(servicesByEndpoint[endpoint.address] ?? [])
        }
        for position in serving.sorted() {
            var seen: Set<Target.Host> = []
            nameServers += choices(of: services[position]).map(\.target).filter { seen.insert($0.host).inserted }
        }
    }

    // MARK: Choices

    /// What a service's own name leads to.
    private func choices(of service: ClusterZone.Service) -> [Choice] {
        if service.isHeadless, service.externalName == nil { return endpointChoices(of: service) { _ in true } }
        guard let name = DomainName("\(service.name).\(service.namespace).svc") else { return [] }
        if let alias = service.externalName {
            guard let alias = DomainName(alias) else { return [] }
            return [Choice(target: Target(host: .alias(alias), name: name), endpoint: [])]
        }
        return service.clusterAddresses.flatMap { Self.choices(of: $0, named: name, service.ports) }
    }

    /// What the endpoints of a service that have some label below it lead to.
    private func endpointChoices(of service: ClusterZone.Service, _ isMeant: (String) -> Bool) -> [Choice] {
        if service.externalName != nil { return [] }
        return service.endpoints.filter(\.isReady).flatMap { endpoint -> [Choice] in
            let label = endpoint.label
            guard isMeant(label), let name = DomainName("\(label).\(service.name).\(service.namespace).svc") else {
                return []
            }
            return Self.choices(
                of: endpoint.address, named: name, endpoint.ports.isEmpty ? service.ports : endpoint.ports,
                endpoint: Array(label.utf8))
        }
    }

    /// An address with each of its ports, or with none.
    private static func choices(
        of address: IPAddress, named name: DomainName, _ ports: [ClusterZone.Port], endpoint: [UInt8] = []
    ) -> [Choice] {
        let target = Target(host: .address(address), name: name)
        if ports.isEmpty { return [Choice(target: target, endpoint: endpoint)] }
        return ports.map { port in
            var target = target
            target.port = port.number
            return Choice(
                target: target, endpoint: endpoint, port: Array((port.name ?? "").utf8),
                transport: Array(port.transport.description.utf8))
        }
    }

    private static func name(_ labels: String, _ parent: DomainName = .root) throws(UnfitName) -> DomainName {
        guard let name = parent.child(labels) else { throw UnfitName(name: labels) }
        return name
    }

    // MARK: Finding

    /// What there is under a name of the zone: nothing at all for one that only has others below it.
    ///
    /// - Returns: nil if there is no such name.
    func targets(of name: DomainName) -> [Target]? {
        let labels = name.labels.dropLast(apex.labels.count)
        guard let kind = labels.last else { return [] }
        let isPod = equal(kind, "pod")
        guard isPod || equal(kind, "svc"), labels.count <= 5 else { return nil }
        guard labels.count > 1 else { return [] }
        guard namespaces.contains(DomainName(labels.suffix(2).prefix(1))) else { return nil }
        guard labels.count > 2 else { return [] }
        if isPod { return pod(labels.suffix(3)) }
        guard let position = positions[DomainName(labels.suffix(3).prefix(2))] else { return nil }
        let service = services[position]
        let rest = Array(labels.dropLast(3))
        let found: [Choice]
        switch rest.count {
        case 0: found = choices(of: service)
        case 1: found = endpointChoices(of: service) { equal($0.utf8, rest[0]) }
        default:
            // The underscores may be left out, and a name that is nothing else stands for all.
            let (port, transport) = (withoutUnderscore(rest[0]), withoutUnderscore(rest[1]))
            found = choices(of: service).filter { choice in
                if case .alias = choice.target.host { return false }
                return (port.isEmpty || equal(choice.port, port))
                    && (transport.isEmpty || equal(choice.transport, transport))
            }
        }
        // The name of a service with addresses of its own, or with none yet, is there in any case.
        let existsWhenEmpty = rest.isEmpty && !service.isHeadless && service.externalName == nil
        return found.isEmpty && !existsWhenEmpty ? nil : found.map(\.target)
    }

    /// The names that an address has, by its reverse name; nil where it has none. An address of a service is its alone, whoever else
    /// has it.
    func pointers(of name: DomainName) -> [DomainName]? {
        guard let address = name.reversed else { return nil }
        if let owner = owners[address] {
            return apex.child("\(services[owner].name).\(services[owner].namespace).svc").map { [$0] }
        }
        return servicesByEndpoint[address].map { positions in
            positions.flatMap { position -> [DomainName] in
                let service = services[position]
                var seen: Set<DomainName> = []
                return service.endpoints.filter { $0.isReady && $0.address == address }.compactMap {
                    apex.child("\($0.label).\(service.name).\(service.namespace).svc")
                }.filter { seen.insert($0).inserted }
            }
        }
    }

    /// What a pod's name says: `10-0-0-1.NAMESPACE.pod` is 10.0.0.1 whether there is such a pod or not (`pods insecure`).
    /// IPv6 addresses have dashes where their text has colons. Labels below it change nothing.
    private func pod(_ labels: ArraySlice<ArraySlice<UInt8>>) -> [Target]? {
        let text = String(decoding: labels.first ?? [], as: UTF8.self)
        let dashes = text.utf8.count { $0 == UInt8(ascii: "-") }
        let separator: Character = dashes == 3 && !text.contains("--") ? "." : ":"
        guard let address = IPAddress(String(text.map { $0 == "-" ? separator : $0 })) else { return nil }
        return [Target(host: .address(address), name: DomainName(labels), port: 0)]
    }
}

/// Whether labels are the same without regard to the case of ASCII letters.
private func equal(_ label: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
    label.count == other.count && zip(label, other).allSatisfy { folded($0) == folded($1) }
}

private func equal(_ label: some Collection<UInt8>, _ other: String) -> Bool { equal(label, other.utf8) }

private func withoutUnderscore(_ label: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    label.first == UInt8(ascii: "_") ? label.dropFirst() : label
}

/// A name that cannot be one in the DNS: an empty label, one over 63 octets, or more than 255 octets in all.
public struct UnfitName: Error, Hashable, Sendable, CustomStringConvertible {
    public var name: String
    public var description: String { "\(name) cannot be a name in the DNS" }
}

extension DomainName {
    /// `in-addr.arpa`
    static let reverseIPv4 = DomainName(trusted: Array("\u{7}in-addr\u{4}arpa\u{0}".utf8))
    /// `ip6.arpa`
    static let reverseIPv6 = DomainName(trusted: Array("\u{3}ip6\u{4}arpa\u{0}".utf8))

    /// The name that an address is looked up by (RFC 1035, 3.5; RFC 3596, 2.5).
    public static func reverse(_ address: IPAddress) -> DomainName {
        var wire: [UInt8] = []
        switch address {
        case .v4(let address):
            for shift in [0, 8, 16, 24] {
                let octet = Array(String(address.value >> UInt32(shift) & 255).utf8)
                wire.append(UInt8(octet.count))
                wire += octet
            }
            return DomainName(trusted: wire + reverseIPv4.wire)
        case .v6(let address):
            let digits = Array("0123456789abcdef".utf8)
            for nibble in 0..<32 { wire += [1, digits[Int(address.value >> UInt128(4 * nibble) & 15)]] }
            return DomainName(trusted: wire + reverseIPv6.wire)
        }
    }

    /// The address that is looked up by this name; nil for another name.
    fileprivate var reversed: IPAddress? {
        let labels = labels
        let address: IPAddress
        switch labels.count {
        case 6:
            var value: UInt32 = 0
            for label in labels.prefix(4).reversed() {
                guard let octet = UInt8(String(decoding: label, as: UTF8.self)) else { return nil }
                value = value << 8 | UInt32(octet)
            }
            address = .v4(IPv4Address(value))
        case 34:
            var value: UInt128 = 0
            for label in labels.prefix(32).reversed() {
                guard let digit = UInt8(String(decoding: label, as: UTF8.self), radix: 16) else { return nil }
                value = value << 4 | UInt128(digit)
            }
            address = .v6(IPv6Address(value))
        default: return nil
        }
        // There is one way of writing it.
        return DomainName.reverse(address) == self ? address : nil
    }
}
