import Addresses

extension Message {
    /// The message as it is sent.
    ///
    /// Where it is longer than the limit, the records that do not fit are left out and TC is set: for additional ones too,
    /// as CoreDNS has it (miekg/dns, Msg.Truncate), though RFC 2181, 9 asks for less. The OPT record always stays.
    ///
    /// - Parameter limit: the most that the transport and the client take, in bytes; at least 512.
    public func bytes(limit: Int = 65535) -> [UInt8] {
        var writer = MessageWriter(limit: limit - (edns == nil ? 0 : MessageWriter.optionLength))
        writer.number16(id)
        writer.number16(0)
        writer.number16(UInt16(questions.count))
        for _ in 0..<3 { writer.number16(0) }
        for question in questions {
            writer.name(question.name, compressed: true)
            writer.number16(question.type.rawValue)
            writer.number16(question.recordClass)
        }
        let answers = writer.records(answers)
        var isComplete = answers == self.answers.count
        let authorities = isComplete ? writer.records(authorities) : 0
        isComplete = isComplete && authorities == self.authorities.count
        let additionals = isComplete ? writer.records(additionals) : 0
        isComplete = isComplete && additionals == self.additionals.count
        if let edns { writer.option(edns, responseCode) }

        var flags = responseCode.rawValue & 15 | UInt16(opcode & 15) << 11
        if isResponse { flags |= 0x8000 }
        if isAuthoritative { flags |= 0x0400 }
        if isTruncated || !isComplete { flags |= 0x0200 }
        if recursionDesired { flags |= 0x0100 }
        if recursionAvailable { flags |= 0x0080 }
        writer.set(flags, at: 2)
        writer.set(UInt16(answers), at: 6)
        writer.set(UInt16(authorities), at: 8)
        writer.set(UInt16(additionals + (edns == nil ? 0 : 1)), at: 10)
        return writer.bytes
    }
}

/// Writes a message from front to back.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []
    private let limit: Int
    /// Where names, and what remains of them from each label on, were written in full.
    private var places: [[UInt8]: UInt16] = [:]

    /// The length of an OPT record without options.
    static let optionLength = 11

    init(limit: Int) {
        self.limit = limit
        bytes.reserveCapacity(min(limit, 512))
    }

    mutating func number16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    mutating func number32(_ value: UInt32) {
        number16(UInt16(value >> 16))
        number16(UInt16(truncatingIfNeeded: value))
    }

    mutating func set(_ value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Writes a name; what an earlier name ends in, letter for letter, becomes a pointer to it.
    mutating func name(_ name: DomainName, compressed: Bool) {
        var offset = 0
        while compressed, name.wire[offset] != 0 {
            let rest = Array(name.wire[offset...])
            if let place = places[rest] {
                number16(0xc000 | place)
                return
            }
            if bytes.count < 0x4000 { places[rest] = UInt16(bytes.count) }
            let end = offset + 1 + Int(name.wire[offset])
            bytes += name.wire[offset..<end]
            offset = end
        }
        bytes += name.wire[offset...]
    }

    /// Writes as many records as fit.
    ///
    /// - Returns: how many did.
    mutating func records(_ records: [Record]) -> Int {
        for (index, record) in records.enumerated() {
            let start = bytes.count
            self.record(record)
            if bytes.count > limit {
                bytes.removeSubrange(start...)
                places = places.filter { $0.value < start }
                return index
            }
        }
        return records.count
    }

    private mutating func record(_ record: Record) {
        name(record.name, compressed: true)
        number16(record.data.type.rawValue)
        number16(record.recordClass)
        number32(record.ttl)
        let start = bytes.count
        number16(0)
        switch record.data {
        case .a(let address): number32(address.value)
        case .aaaa(let address): for group in address.groups { number16(group) }
        case .ns(let target), .cname(let target), .ptr(let target): name(target, compressed: true)
        case .soa(let soa):
            name(soa.primary, compressed: true)
            name(soa.mailbox, compressed: true)
            for value in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] { number32(value) }
        case .txt(let strings):
            for string in strings {
                bytes.append(UInt8(min(string.count, 255)))
                bytes += string.prefix(255)
            }
        case .srv(let priority, let weight, let port, let target):
            number16(priority)
            number16(weight)
            number16(port)
            // RFC 2782: the target is not compressed.
            name(target, compressed: false)
        case .other(_, let data): bytes += data.prefix(65535)
        }
        set(UInt16(clamping: bytes.count - start - 2), at: start)
    }

    mutating func option(_ edns: EDNS, _ code: ResponseCode) {
        bytes.append(0)
        number16(RecordType.opt.rawValue)
        number16(edns.payload)
        bytes += [UInt8(truncatingIfNeeded: code.rawValue >> 4), edns.version, edns.dnssecOK ? 0x80 : 0, 0]
        number16(0)
    }
}
