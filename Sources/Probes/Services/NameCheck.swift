import Addresses
import Blueprint
import DNS
import Topology

/// A question to the cluster's DNS, and what has to be answered.
struct NameCheck: Hashable, Sendable {
    /// The namespace that asks.
    var from: String
    /// The service that it is about, as `NAMESPACE/NAME`; nil for a name that does not exist.
    var service: String?
    /// The name server's address, as the pod's resolv.conf has it.
    var server: IPAddress
    var name: DomainName
    var type: RecordType
    var expected: Expected
    /// Whether the answer may be too long for a datagram, so that it is asked for on TCP.
    var isLong = false

    /// What has to be answered.
    enum Expected: Hashable, Sendable {
        /// These addresses, in any order.
        case addresses(Set<IPAddress>)
        /// The name exists and has no such record: an empty answer with the zone's SOA (RFC 2308, 2.2).
        case noData
        /// The name does not exist: NXDOMAIN with the zone's SOA (RFC 2308, 2.1).
        case noSuchName
        /// A record that leads to this name (CNAME or PTR).
        case name(DomainName)
        /// A service record with this port.
        case port(UInt16)
    }

    /// A record's type as its name.
    var typeName: String {
        switch type {
        case .a: "A"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .ptr: "PTR"
        case .cname: "CNAME"
        default: "type \(type.rawValue)"
        }
    }

    /// The request that asks it.
    ///
    /// - Parameter pin: the pin of the namespace that asks.
    func request(from pin: String, id: UInt16) -> Request {
        let query = Message.query(name, type, id: id, payload: 1232).bytes()
        return isLong
            ? Request(
                source: pin, destination: server, port: 53, transport: .tcp, payload: TCPFrames.framed(query),
                ending: .framed)
            : Request(
                source: pin, destination: server, port: 53, transport: .udp, payload: query, ending: .bytes(1))
    }

    /// What is wrong with an answer; nil if nothing is.
    func fault(in bytes: [UInt8], id: UInt16) -> String? {
        guard let answer = try? Message(reading: isLong ? Array(bytes.dropFirst(2)) : bytes), answer.isResponse,
            answer.id == id
        else { return "got what is no answer" }
        let code = answer.responseCode
        let hasSOA = answer.authorities.contains { if case .soa = $0.data { true } else { false } }
        switch expected {
        case .noSuchName:
            return code == .nameError && hasSOA ? nil : "expected NXDOMAIN with the SOA, got \(code)"
        case .noData:
            return code == .noError && answer.answers.isEmpty && hasSOA
                ? nil : "expected no record and the SOA, got \(code) with \(answer.answers.count) records"
        case .addresses(let wanted):
            let found = Set(answer.answers.compactMap(\.address))
            return code == .noError && found == wanted
                ? nil : "expected \(Self.list(wanted)), got \(code) \(Self.list(found))"
        case .name(let wanted):
            let found = answer.answers.contains { $0.data == .cname(wanted) || $0.data == .ptr(wanted) }
            return code == .noError && found ? nil : "expected \(wanted), got \(code)"
        case .port(let wanted):
            let found = answer.answers.contains {
                if case .srv(_, _, let port, _) = $0.data { port == wanted } else { false }
            }
            return code == .noError && found ? nil : "expected a record with port \(wanted), got \(code)"
        }
    }

    /// The addresses in an answer; none if it is none.
    func addresses(in bytes: [UInt8], id: UInt16) -> [IPAddress] {
        guard fault(in: bytes, id: id) == nil,
            let answer = try? Message(reading: isLong ? Array(bytes.dropFirst(2)) : bytes)
        else { return [] }
        return answer.answers.compactMap(\.address)
    }

    private static func list(_ addresses: Set<IPAddress>) -> String {
        addresses.isEmpty ? "no address" : addresses.map(\.description).sorted().joined(separator: ", ")
    }
}

extension Record {
    /// The address of an A or AAAA record.
    var address: IPAddress? {
        switch data {
        case .a(let address): .v4(address)
        case .aaaa(let address): .v6(address)
        default: nil
        }
    }
}

extension NameCheck {
    /// The questions of a lab: each service's A and AAAA from every source, the other types from the first; and the name
    /// servers that are not asked, because nothing answers for them in this lab.
    static func all(
        _ blueprint: Blueprint, sources: [Blueprint.Namespace], ports: [PodReference: [Workload.ContainerPort]],
        to: (String, IPAddress?) -> Bool
    ) -> (checks: [NameCheck], unprobed: [UnprobedService]) {
        var checks: [NameCheck] = []
        var silent: [IPAddress] = []
        var rank = 0
        for source in sources {
            guard let server = source.resolver?.nameservers.first else { continue }
            guard blueprint.answersNames(at: server, ports) else {
                if !silent.contains(server), to("", server) || to("", nil) { silent.append(server) }
                continue
            }
            defer { rank += 1 }
            for service in blueprint.services where to(service.key, nil) || to(service.key, server) {
                checks += of(service, from: source, server, all: rank == 0)
            }
            if rank == 0, to("", nil), let name = DomainName("no-such-service.default.svc.cluster.local") {
                checks.append(
                    NameCheck(from: source.name, server: server, name: name, type: .a, expected: .noSuchName))
            }
        }
        let reason: UnprobedService.Reason = blueprint.hasServiceProxy ? .noNameServer : .noProxy
        return (checks, silent.map { UnprobedService(address: $0, reason) })
    }

    private static func of(
        _ service: ClusterService, from source: Blueprint.Namespace, _ server: IPAddress, all: Bool
    ) -> [NameCheck] {
        guard let name = DomainName("\(service.name).\(service.namespace).svc.cluster.local") else { return [] }
        func check(_ name: DomainName, _ type: RecordType, _ expected: Expected, isLong: Bool = false) -> NameCheck {
            NameCheck(
                from: source.name, service: service.key, server: server, name: name, type: type, expected: expected,
                isLong: isLong)
        }
        if case .externalName(let target) = service.kind {
            // What reads as an address is no name, and such a service has none (CoreDNS, plugin/kubernetes).
            if IPAddress(target) != nil { return [check(name, .a, .noSuchName)] }
            return DomainName(target).map { [check(name, .cname, .name($0))] } ?? []
        }
        var checks: [NameCheck] = []
        let headless = service.isHeadless ? service.readyEndpoints : []
        let addresses = service.isHeadless ? headless.map(\.address) : service.clusterAddresses
        // A headless service whose endpoints are all gone has no name (CoreDNS, plugin/kubernetes: findServices).
        if service.isHeadless, addresses.isEmpty { return [check(name, .a, .noSuchName)] }
        for (family, type) in [(AddressFamily.ipv4, RecordType.a), (.ipv6, .aaaa)] {
            let wanted = Set(addresses.filter { $0.family == family })
            checks.append(
                check(name, type, wanted.isEmpty ? .noData : .addresses(wanted), isLong: wanted.count > 16))
        }
        guard all else { return checks }
        for (index, port) in service.ports.enumerated() {
            guard let portName = port.name,
                let record = name.child("_\(portName)._\(port.transport)")
            else { continue }
            let target = service.isHeadless ? headless.compactMap { $0.ports[index] }.first : port.number
            if let target { checks.append(check(record, .srv, .port(target), isLong: headless.count > 8)) }
        }
        for address in service.clusterAddresses {
            checks.append(check(DomainName.reverse(address), .ptr, .name(name)))
        }
        return checks
    }
}

extension Blueprint {
    /// Whether a service with this address leads to pods that answer DNS.
    fileprivate func answersNames(
        at server: IPAddress, _ ports: [PodReference: [Workload.ContainerPort]]
    ) -> Bool {
        hasServiceProxy
            && services.contains { service in
                service.clusterAddresses.contains(server)
                    && service.readyEndpoints.contains { endpoint in
                        endpoint.address.family == server.family
                            && endpoint.pod.flatMap { ports[$0] }?.contains { $0.answer == .dns } ?? false
                    }
            }
    }
}
