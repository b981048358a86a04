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
        let zones = [table.apex, DomainName.reverseIPv4, .reverseIPv6]
        guard question.recordClass == internetClass, question.type != .axfr, question.type != .ixfr,
            let known = zones.first(where: { question.name.isInside($0) })
        else {
            reply.responseCode = .refused
            return
        }
        // The zone keeps the letters of the question, in all names that the answer has below it.
        let zone = question.name.suffix(asLongAs: known)
        guard
            let found = known == table.apex
                ? answer(question, in: zone, turn: turn) : answer(question, inReverse: zone)
        else {
            // Corefile: fallthrough in-addr.arpa ip6.arpa, and there is no next server to ask.
            reply.responseCode = known == table.apex ? .nameError : .refused
            if known != table.apex { return }
            reply.isAuthoritative = true
            reply.authorities = [startOfAuthority(zone)]
            return
        }
        reply.isAuthoritative = true
        reply.answers = found.answers
        reply.additionals = found.additionals
        if reply.answers.isEmpty { reply.authorities = [startOfAuthority(zone)] }
    }

    /// What answers a question; nothing where the name has no record of that type.
    private struct Found {
        var answers: [Record] = []
        var additionals: [Record] = []
    }

    /// Answers what is asked of the cluster's own zone.
    ///
    /// - Returns: nil if there is no such name.
    private func answer(_ question: Question, in zone: DomainName, turn: Int) -> Found? {
        let name = question.name
        let isServer = name == table.serverName
        switch question.type {
        case .a, .aaaa:
            let family: AddressFamily = question.type == .a ? .ipv4 : .ipv6
            return addresses(of: name, family, in: zone).map { Found(answers: turned($0, by: turn)) }
        case .soa: return Found(answers: name == zone ? [startOfAuthority(zone)] : [])
        case .ns where name == zone: return servers(of: zone)
        case .txt:
            if name == table.versionName {
                return Found(answers: [Record(name: name, ttl: 28800, data: .txt([Array(ZoneTable.schema.utf8)]))])
            }
            // No other name has text; one with nothing at all below it is answered as if it did not exist.
            return table.targets(of: name)?.isEmpty == false ? Found() : nil
        case .srv where !isServer: return table.targets(of: name).map { services($0, name, in: zone) }
        case .cname where !isServer:
            return table.targets(of: name).map { targets in
                guard case .alias(let alias) = targets.first?.host else { return Found() }
                return Found(answers: [Record(name: name, ttl: Self.timeToLive, data: .cname(alias))])
            }
        case .ptr: return table.targets(of: name).map { _ in Found() }
        default: return isServer ? Found() : table.targets(of: name).map { _ in Found() }
        }
    }

    /// Answers what is asked of a zone of reverse names.
    ///
    /// - Returns: nil if there is no such name.
    private func answer(_ question: Question, inReverse zone: DomainName) -> Found? {
        let pointers = table.pointers(of: question.name)
        switch question.type {
        case .soa: return Found(answers: question.name == zone ? [startOfAuthority(zone)] : [])
        case .ptr:
            let records = pointers?.map { Record(name: question.name, ttl: Self.timeToLive, data: .ptr($0)) }
            return records.map { Found(answers: $0) } ?? (question.name == zone ? Found() : nil)
        default: return pointers != nil || question.name == zone ? Found() : nil
        }
    }

    /// The most aliases that lead from one to the next.
    private static let longestChain = 11

    /// The addresses of a name, after the aliases that lead to them. An alias is left out if it leads to nothing in the zone,
    /// below its own name, or in a circle; where one leads out of the zone, it is for the client to follow.
    ///
    /// - Returns: nil if there is no such name.
    private func addresses(
        of name: DomainName, _ family: AddressFamily, in zone: DomainName, after aliases: [DomainName] = []
    ) -> [Record]? {
        let isServer = name == table.serverName
        guard let targets = isServer ? table.nameServers : table.targets(of: name) else { return nil }
        var records: [Record] = []
        var seen: Set<IPAddress> = []
        for target in targets {
            switch target.host {
            case .address(let address):
                guard address.family == family, seen.insert(address).inserted else { continue }
                records.append(Record(name: name, ttl: Self.timeToLive, data: address.record))
            case .alias(let alias):
                guard !alias.isInside(name), aliases.count < Self.longestChain, !aliases.contains(alias) else {
                    continue
                }
                var rest: [Record] = []
                if alias.isInside(zone) {
                    rest = addresses(of: alias, family, in: zone, after: aliases + [alias]) ?? []
                    if rest.isEmpty { continue }
                }
                records.append(Record(name: name, ttl: Self.timeToLive, data: .cname(alias)))
                records += rest
            }
        }
        return records
    }

    /// The records with their addresses begun at another one each time; aliases come first.
    private func turned(_ records: [Record], by turn: Int) -> [Record] {
        guard let first = records.firstIndex(where: { $0.data.type != .cname }) else { return records }
        let count = records.count - first
        let start = first + Int(UInt(bitPattern: turn) % UInt(count))
        return Array(records[..<first] + records[start...] + records[first..<start])
    }

    /// SRV records and the addresses of their targets. Each choice has the same weight (CoreDNS, plugin.SRV).
    private func services(_ targets: [ZoneTable.Target], _ name: DomainName, in zone: DomainName) -> Found {
        var found = Found()
        let weight = UInt16(max(1, 100 / max(1, targets.count)))
        var answered: Set<Record> = []
        var added: Set<Record> = []
        for target in targets {
            guard case .address(let address) = target.host, let port = target.port,
                let host = target.name.followed(by: zone)
            else { continue }
            let record = Record(
                name: name, ttl: Self.timeToLive, data: .srv(priority: 0, weight: weight, port: port, target: host))
            if answered.insert(record).inserted { found.answers.append(record) }
            let additional = Record(name: host, ttl: Self.timeToLive, data: address.record)
            if added.insert(additional).inserted { found.additionals.append(additional) }
        }
        return found
    }

    /// The name servers of the zone, and their addresses.
    private func servers(of zone: DomainName) -> Found {
        var found = Found()
        var seen: Set<DomainName> = []
        for target in table.nameServers {
            guard case .address(let address) = target.host, let host = target.name.followed(by: zone) else { continue }
            if seen.insert(host).inserted {
                found.answers.append(Record(name: zone, ttl: Self.timeToLive, data: .ns(host)))
            }
            found.additionals.append(Record(name: host, ttl: Self.timeToLive, data: address.record))
        }
        return found
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
