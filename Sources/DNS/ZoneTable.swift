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
    /// By reverse name, the names that an address has.
    private(set) var pointers: [DomainName: [DomainName]] = [:]
    /// The addresses of the cluster's name servers.
    private(set) var nameServers: [Target] = []
    /// The Kubernetes namespaces, each a name of one label.
    private var namespaces: Set<DomainName> = []
    /// By `SERVICE.NAMESPACE`.
    private var services: [DomainName: Service] = [:]

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

    private struct Service: Sendable {
        /// What its own name leads to.
        var own: [Choice]
        var endpoints: [Choice] = []
        /// Whether its own name exists when it leads to nothing.
        var existsWhenEmpty = false
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
        for service in zone.services { try add(service) }
        for service in zone.services {
            let whole = try Self.name("\(service.name).\(service.namespace).svc", apex)
            // An address of a service is its alone, whoever else has it.
            for address in service.clusterAddresses { pointers[.reverse(address)] = [whole] }
        }
        try addNameServers(zone.services)
    }

    private mutating func add(_ service: ClusterZone.Service) throws(UnfitName) {
        let key = try Self.name(service.name, Self.name(service.namespace))
        let name = try relativeName("\(service.name).\(service.namespace).svc")
        if let alias = service.externalName {
            // What reads as an address is no name, and the service has none then (CoreDNS, msg.Service.HostType).
            guard IPAddress(alias) == nil else { return }
            let target = Target(host: .alias(try Self.name(alias)), name: name)
            services[key] = Service(own: [Choice(target: target, endpoint: [])])
            return
        }
        var endpoints: [Choice] = []
        // Names of other services differ; an address may have those of thousands.
        var told: [IPAddress: Set<DomainName>] = [:]
        for endpoint in service.endpoints where endpoint.isReady {
            let own = try relativeName("\(endpoint.label).\(service.name).\(service.namespace).svc")
            endpoints += Self.choices(
                of: endpoint.address, named: own, endpoint.ports.isEmpty ? service.ports : endpoint.ports,
                endpoint: Array(endpoint.label.utf8))
            if let whole = own.followed(by: apex), told[endpoint.address, default: []].insert(whole).inserted {
                pointers[.reverse(endpoint.address), default: []].append(whole)
            }
        }
        let own = service.clusterAddresses.flatMap { Self.choices(of: $0, named: name, service.ports) }
        services[key] = Service(
            own: service.isHeadless ? endpoints : own, endpoints: endpoints, existsWhenEmpty: !service.isHeadless)
    }

    /// The cluster's name servers are the services of the pods that `kube-dns` stands for (CoreDNS, ns.go).
    private mutating func addNameServers(_ all: [ClusterZone.Service]) throws(UnfitName) {
        guard let own = all.first(where: { $0.name == "kube-dns" && $0.namespace == "kube-system" }) else { return }
        let pods = Set(own.endpoints.filter(\.isReady).map(\.address))
        for service in all
        where service == own || service.endpoints.contains(where: { $0.isReady && pods.contains($0.address) }) {
            var seen: Set<Target.Host> = []
            let targets = services[try Self.name("\(service.name).\(service.namespace)")]?.own.map(\.target) ?? []
            nameServers += targets.filter { seen.insert($0.host).inserted }
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

    /// A name that is to be followed by the zone's.
    private func relativeName(_ labels: String) throws(UnfitName) -> DomainName {
        _ = try Self.name(labels, apex)
        return try Self.name(labels)
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
        guard let service = services[DomainName(labels.suffix(3).prefix(2))] else { return nil }
        let rest = Array(labels.dropLast(3))
        let found: [Choice]
        switch rest.count {
        case 0: found = service.own
        case 1: found = service.endpoints.filter { equal($0.endpoint, rest[0]) }
        default:
            // The underscores may be left out, and a name that is nothing else stands for all.
            let (port, transport) = (withoutUnderscore(rest[0]), withoutUnderscore(rest[1]))
            found = service.own.filter { choice in
                if case .alias = choice.target.host { return false }
                return (port.isEmpty || equal(choice.port, port))
                    && (transport.isEmpty || equal(choice.transport, transport))
            }
        }
        return found.isEmpty && !(rest.isEmpty && service.existsWhenEmpty) ? nil : found.map(\.target)
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
}
