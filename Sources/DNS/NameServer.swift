import Addresses

/// The name server of a cluster: from a query's bytes to the answer's.
///
/// It answers as CoreDNS does with kubeadm's Corefile (`pods insecure`, `ttl 30`) and without an upstream server: what
/// lies outside of the cluster's zones is refused.
public struct NameServer: Sendable {
    private let table: ZoneTable
    private let serial: UInt32

    /// How long a client may keep a record, in seconds.
    static let timeToLive: UInt32 = 30
    /// The longest query that is looked into, in bytes.
    public static let longestQuery = 4096
    /// The longest datagram that is sent, whatever the client takes, in bytes.
    static let longestDatagram = 4096

    /// A server of this cluster.
    ///
    /// - Throws: `UnfitName` if a name of the cluster cannot be one in the DNS.
    public init(_ zone: ClusterZone) throws(UnfitName) {
        table = try ZoneTable(zone)
        serial = zone.serial
    }

    /// Answers a query.
    ///
    /// - Parameters:
    ///   - bytes: the message, on TCP without its length.
    ///   - turn: a number that differs from answer to answer; addresses are listed from another one on each time.
    /// - Returns: nil if nothing is to be sent: for answers, and for what is too short to have a number.
    public func answer(_ bytes: [UInt8], over transport: Transport, turn: Int = 0) -> [UInt8]? {
        var reader = MessageReader(bytes: bytes)
        guard let header = try? Header(&reader) else { return nil }
        var reply = Message(header)
        guard !reply.isResponse else { return nil }
        reply.isResponse = true
        reply.isAuthoritative = false
        reply.isTruncated = false
        reply.recursionAvailable = false
        reply.responseCode = .noError
        guard reply.opcode == 0 else {
            reply.responseCode = .notImplemented
            return reply.bytes()
        }
        guard bytes.count <= Self.longestQuery, header.questions == 1, header.answers == 0, header.authorities <= 1,
            header.additionals <= 2, let query = try? Message(reading: bytes)
        else {
            reply.responseCode = .formatError
            return reply.bytes()
        }
        reply.questions = query.questions
        var limit = transport == .tcp ? 65535 : 512
        if let edns = query.edns {
            // A size below 512 means 512 (RFC 6891, 6.2.5).
            let payload = max(512, edns.payload)
            if transport == .udp { limit = min(Int(payload), Self.longestDatagram) }
            reply.edns = EDNS(payload: payload)
            reply.edns?.dnssecOK = edns.dnssecOK
            if edns.version != 0 {
                reply.responseCode = .badVersion
                return reply.bytes(limit: limit)
            }
        }
        resolve(query.questions[0], &reply, turn: turn)
        return reply.bytes(limit: limit)
    }

    /// Fills in what is known about a question.
    private func resolve(_ question: Question, _ reply: inout Message, turn: Int) {
        guard question.recordClass == internetClass, question.type != .axfr, question.type != .ixfr,
            let zone = zone(of: question.name)
        else {
            reply.responseCode = .refused
            return
        }
        guard let found = entry(question.name) else {
            // Corefile: fallthrough in-addr.arpa ip6.arpa, and there is nobody to ask next.
            if zone != table.apex {
                reply.responseCode = .refused
            } else {
                reply.isAuthoritative = true
                reply.responseCode = .nameError
                reply.authorities = [startOfAuthority(zone)]
            }
            return
        }
        reply.isAuthoritative = true
        collect(question, found, zone, &reply, turn: turn)
        if reply.answers.isEmpty { reply.authorities = [startOfAuthority(zone)] }
    }

    /// Puts the records of an entry into an answer.
    private func collect(
        _ question: Question, _ entry: ZoneTable.Entry, _ zone: DomainName, _ reply: inout Message, turn: Int
    ) {
        var name = question.name
        var entry = entry
        if question.type != .srv {
            // Aliases of aliases, and none that came before.
            while let alias = entry.alias, reply.answers.count < 10 {
                reply.answers.append(Record(name: name, ttl: Self.timeToLive, data: .cname(alias)))
                guard question.type != .cname, let next = self.entry(alias) else { return }
                (name, entry) = (alias, next)
            }
        }
        func add(_ data: RecordData, ttl: UInt32 = Self.timeToLive) {
            reply.answers.append(Record(name: name, ttl: ttl, data: data))
        }
        switch question.type {
        case .a, .aaaa:
            let family: AddressFamily = question.type == .a ? .ipv4 : .ipv6
            let addresses = entry.addresses.filter { $0.family == family }
            for index in addresses.indices {
                let turned = Int(UInt(bitPattern: turn) % UInt(addresses.count)) + index
                add(addresses[turned < addresses.count ? turned : turned - addresses.count].record)
            }
        case .srv: addServices(entry, &reply)
        case .ptr: for pointer in entry.pointers { add(.ptr(pointer)) }
        case .txt: for text in entry.texts { add(.txt([Array(text.utf8)]), ttl: 28800) }
        case .soa: if name == zone { add(startOfAuthority(zone).data) }
        case .ns:
            for server in entry.nameServers {
                add(.ns(server))
                for address in self.entry(server)?.addresses ?? [] {
                    reply.additionals.append(Record(name: server, ttl: Self.timeToLive, data: address.record))
                }
            }
        default: break
        }
    }

    /// SRV records and the addresses of their targets. Each choice has the same weight (CoreDNS, plugin.SRV).
    private func addServices(_ entry: ZoneTable.Entry, _ reply: inout Message) {
        let weight = UInt16(max(1, 100 / max(1, entry.services.count)))
        let name = reply.questions[0].name
        var answered: Set<Record> = []
        var added: Set<Record> = []
        for service in entry.services {
            guard let port = service.port else { continue }
            let record = Record(
                name: name, ttl: Self.timeToLive,
                data: .srv(priority: 0, weight: weight, port: port, target: service.name))
            if answered.insert(record).inserted { reply.answers.append(record) }
            let address = Record(name: service.name, ttl: Self.timeToLive, data: service.address.record)
            if added.insert(address).inserted { reply.additionals.append(address) }
        }
    }

    /// The zone that a name is in.
    private func zone(of name: DomainName) -> DomainName? {
        for zone in [table.apex, .reverseIPv4, .reverseIPv6] where name.isInside(zone) { return zone }
        return nil
    }

    private func entry(_ name: DomainName) -> ZoneTable.Entry? {
        if let entry = table.entries[name] { return entry }
        if name == .reverseIPv4 || name == .reverseIPv6 { return ZoneTable.Entry() }
        return podEntry(name)
    }

    /// What a pod's name says: `10-0-0-1.NAMESPACE.pod.cluster.local` is 10.0.0.1 whether there is such a pod or not
    /// (`pods insecure`). IPv6 addresses have dashes where their text has colons.
    private func podEntry(_ name: DomainName) -> ZoneTable.Entry? {
        guard name.isInside(table.pods) else { return nil }
        let label = name.labels[0]
        let namespace = DomainName(trusted: Array(name.wire.dropFirst(1 + label.count)))
        guard namespace != table.pods, namespace.labels.count == table.pods.labels.count + 1,
            table.entries[namespace] != nil
        else { return nil }
        let text = String(decoding: label, as: UTF8.self)
        let dashes = text.utf8.count { $0 == UInt8(ascii: "-") }
        let separator: Character = dashes == 3 && !text.contains("--") ? "." : ":"
        guard let address = IPAddress(String(text.map { $0 == "-" ? separator : $0 })) else { return nil }
        return ZoneTable.Entry(addresses: [address])
    }

    private func startOfAuthority(_ zone: DomainName) -> Record {
        Record(
            name: zone, ttl: Self.timeToLive,
            data: .soa(
                StartOfAuthority(
                    primary: zone.child("ns.dns") ?? zone, mailbox: zone.child("hostmaster") ?? zone, serial: serial,
                    refresh: 7200, retry: 1800, expire: 86400, minimum: Self.timeToLive)))
    }
}

extension IPAddress {
    fileprivate var record: RecordData {
        switch self {
        case .v4(let address): .a(address)
        case .v6(let address): .aaaa(address)
        }
    }
}
