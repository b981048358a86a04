import Addresses

/// Every name of a cluster's zones and what there is under it, as CoreDNS's `kubernetes` plugin has them (schema version
/// 1.1.0 of Kubernetes' DNS-based service discovery). Pods' names are made of their addresses and not listed.
struct ZoneTable: Sendable {
    /// `cluster.local`
    let apex: DomainName
    /// `pod.cluster.local`
    let pods: DomainName
    private(set) var entries: [DomainName: Entry] = [:]

    /// What there is under one name; nothing at all for a name that has others below it.
    struct Entry: Sendable {
        var addresses: [IPAddress] = []
        var services: [Target] = []
        var pointers: [DomainName] = []
        var alias: DomainName?
        var texts: [String] = []
        var nameServers: [DomainName] = []
    }

    /// A port behind a name, with one of the addresses of the name that it is found at.
    struct Target: Sendable {
        /// Nil where no port was declared: it counts as a choice but is none.
        var port: UInt16?
        var name: DomainName
        var address: IPAddress
    }

    /// The version that `dns-version` tells.
    static let schema = "1.1.0"

    /// - Throws: `UnfitName` if a name of the input cannot be one in the DNS.
    init(_ zone: ClusterZone) throws(UnfitName) {
        apex = try Self.name(zone.domain)
        pods = try Self.name("pod", apex)
        let services = try Self.name("svc", apex)
        for name in [apex, pods, services] { entries[name] = Entry() }
        entries[try Self.name("dns-version", apex)] = Entry(texts: [Self.schema])
        for namespace in zone.namespaces + zone.services.map(\.namespace) {
            for parent in [pods, services] { entries[try Self.name(namespace, parent)] = Entry() }
        }
        for service in zone.services {
            try add(service, named: Self.name(service.name, Self.name(service.namespace, services)))
        }
        if let own = zone.services.first(where: { $0.name == "kube-dns" && $0.namespace == "kube-system" }) {
            entries[apex]?.nameServers = [try Self.name("kube-dns.kube-system", services)]
            entries[try Self.name("ns.dns", apex)] = Entry(addresses: own.clusterAddresses)
        }
    }

    private mutating func add(_ service: ClusterZone.Service, named name: DomainName) throws(UnfitName) {
        if let alias = service.externalName {
            entries[name] = Entry(alias: try Self.name(alias))
            return
        }
        for endpoint in service.endpoints where endpoint.isReady {
            let ports = endpoint.ports.isEmpty ? service.ports : endpoint.ports
            let own = try Self.name(endpoint.label, name)
            add(endpoint.address, ports, of: own, to: own)
            if service.isHeadless { try add(endpoint.address, ports, of: own, below: name) }
            entries[.reverse(endpoint.address), default: Entry()].add(pointer: own)
        }
        guard !service.isHeadless else { return }
        // The name exists though there be no address.
        entries[name] = entries[name] ?? Entry()
        for address in service.clusterAddresses { try add(address, service.ports, of: name, below: name) }
        for address in service.clusterAddresses { entries[.reverse(address)] = Entry(pointers: [name]) }
    }

    /// Adds an address to a service's name and to the names of its ports.
    private mutating func add(
        _ address: IPAddress, _ ports: [ClusterZone.Port], of target: DomainName, below name: DomainName
    ) throws(UnfitName) {
        add(address, ports, of: target, to: name)
        for port in ports {
            guard let label = port.name, !label.isEmpty else { continue }
            add(address, [port], of: target, to: try Self.name("_\(label)._\(port.transport)", name))
        }
    }

    private mutating func add(
        _ address: IPAddress, _ ports: [ClusterZone.Port], of target: DomainName, to name: DomainName
    ) {
        var entry = entries.removeValue(forKey: name) ?? Entry()
        if !entry.addresses.contains(address) { entry.addresses.append(address) }
        let numbers: [UInt16?] = ports.isEmpty ? [nil] : ports.map(\.number)
        entry.services += numbers.map { Target(port: $0, name: target, address: address) }
        entries[name] = entry
    }

    private static func name(_ labels: String, _ parent: DomainName = .root) throws(UnfitName) -> DomainName {
        guard let name = parent.child(labels) else { throw UnfitName(name: labels) }
        return name
    }
}

/// A name that cannot be one in the DNS: an empty label, one over 63 octets, or more than 255 octets in all.
public struct UnfitName: Error, Hashable, Sendable, CustomStringConvertible {
    public var name: String
    public var description: String { "\(name) cannot be a name in the DNS" }
}

extension ZoneTable.Entry {
    fileprivate mutating func add(pointer: DomainName) {
        if !pointers.contains(pointer) { pointers.append(pointer) }
    }
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
