import Addresses

/// Why bytes are no DNS message.
public enum MalformedMessage: Error, Hashable, Sendable {
    /// It ends in the middle of something.
    case cutShort
    /// A name is longer than 255 octets, or has a label of a reserved form.
    case badName
    /// A compression pointer does not lead backwards (RFC 1035, 4.1.4: to a prior occurrence).
    case badPointer
    /// A record's data is not as long as it says, or its type needs.
    case badData
    /// There is more than one OPT record, or one with an owner (RFC 6891, 6.1.1).
    case badOption
}

extension Message {
    /// Reads a message. What follows after its last record is not looked at.
    public init(reading bytes: [UInt8]) throws(MalformedMessage) {
        var reader = MessageReader(bytes: bytes)
        let header = try Header(&reader)
        self.init(header)
        // An entry takes 5 bytes and more, so a message bounds how many there can be.
        for _ in 0..<header.questions {
            let name = try reader.name()
            questions.append(Question(name: name, type: try reader.type(), recordClass: try reader.number16()))
        }
        answers = try reader.records(header.answers, &self)
        authorities = try reader.records(header.authorities, &self)
        additionals = try reader.records(header.additionals, &self)
    }

    init(_ header: Header) {
        self.init(id: header.id)
        isResponse = header.flags & 0x8000 != 0
        opcode = UInt8(header.flags >> 11 & 15)
        isAuthoritative = header.flags & 0x0400 != 0
        isTruncated = header.flags & 0x0200 != 0
        recursionDesired = header.flags & 0x0100 != 0
        recursionAvailable = header.flags & 0x0080 != 0
        responseCode = ResponseCode(rawValue: header.flags & 15)
    }
}

/// The first twelve bytes of a message.
struct Header {
    var id: UInt16
    var flags: UInt16
    var questions: UInt16
    var answers: UInt16
    var authorities: UInt16
    var additionals: UInt16

    init(_ reader: inout MessageReader) throws(MalformedMessage) {
        id = try reader.number16()
        flags = try reader.number16()
        questions = try reader.number16()
        answers = try reader.number16()
        authorities = try reader.number16()
        additionals = try reader.number16()
    }
}

/// Reads a message from front to back.
struct MessageReader {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func number8() throws(MalformedMessage) -> UInt8 {
        guard offset < bytes.count else { throw .cutShort }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func number16() throws(MalformedMessage) -> UInt16 {
        guard bytes.count - offset >= 2 else { throw .cutShort }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    mutating func number32() throws(MalformedMessage) -> UInt32 {
        UInt32(try number16()) << 16 | UInt32(try number16())
    }

    mutating func type() throws(MalformedMessage) -> RecordType { RecordType(rawValue: try number16()) }

    mutating func octets(_ count: Int) throws(MalformedMessage) -> ArraySlice<UInt8> {
        guard bytes.count - offset >= count else { throw .cutShort }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    /// Reads a name, which may end in a pointer to an earlier one.
    ///
    /// Each pointer must lead to before the place where the part with the pointer began, so that there can be no circle;
    /// the length of a name bounds the rest.
    mutating func name() throws(MalformedMessage) -> DomainName {
        var wire: [UInt8] = []
        wire.reserveCapacity(64)
        var place = offset
        var start = offset
        var end: Int?
        while true {
            guard place < bytes.count else { throw .cutShort }
            let length = bytes[place]
            switch length >> 6 {
            case 0:
                let next = place + 1 + Int(length)
                guard next <= bytes.count else { throw .cutShort }
                guard wire.count + 1 + Int(length) <= DomainName.maximumLength else { throw .badName }
                wire += bytes[place..<next]
                place = next
                if length == 0 {
                    offset = end ?? place
                    return DomainName(trusted: wire)
                }
            case 3:
                guard place + 1 < bytes.count else { throw .cutShort }
                let target = Int(length & 0x3f) << 8 | Int(bytes[place + 1])
                guard target < start else { throw .badPointer }
                if end == nil { end = place + 2 }
                place = target
                start = target
            default: throw .badName
            }
        }
    }

    /// Reads a section. An OPT record goes into the message's own field.
    mutating func records(_ count: UInt16, _ message: inout Message) throws(MalformedMessage) -> [Record] {
        var records: [Record] = []
        for _ in 0..<count {
            let name = try name()
            let type = try type()
            let recordClass = try number16()
            let ttl = try number32()
            let length = Int(try number16())
            guard bytes.count - offset >= length else { throw .cutShort }
            if type == .opt {
                guard name == .root, message.edns == nil else { throw .badOption }
                var edns = EDNS(payload: recordClass)
                edns.version = UInt8(ttl >> 16 & 0xff)
                edns.dnssecOK = ttl & 0x8000 != 0
                message.responseCode.rawValue |= UInt16(ttl >> 24) << 4
                message.edns = edns
                try options(octets(length))
            } else {
                let data = try data(type, length)
                records.append(Record(name: name, recordClass: recordClass, ttl: ttl, data: data))
            }
        }
        return records
    }

    /// Walks over the options of an OPT record, which must fill it.
    private func options(_ octets: ArraySlice<UInt8>) throws(MalformedMessage) {
        var rest = octets
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw .badData }
            let length = Int(rest[rest.startIndex + 2]) << 8 | Int(rest[rest.startIndex + 3])
            guard rest.count >= 4 + length else { throw .badData }
            rest = rest.dropFirst(4 + length)
        }
    }

    private mutating func data(_ type: RecordType, _ length: Int) throws(MalformedMessage) -> RecordData {
        let end = offset + length
        let data: RecordData
        switch type {
        case .a where length == 4: data = .a(IPv4Address(try number32()))
        case .aaaa where length == 16:
            data = .aaaa(IPv6Address(try octets(16).reduce(0) { $0 << 8 | UInt128($1) }))
        case .a, .aaaa: throw .badData
        case .ns: data = .ns(try name())
        case .cname: data = .cname(try name())
        case .ptr: data = .ptr(try name())
        case .soa:
            data = .soa(
                StartOfAuthority(
                    primary: try name(), mailbox: try name(), serial: try number32(), refresh: try number32(),
                    retry: try number32(), expire: try number32(), minimum: try number32()))
        case .srv:
            data = .srv(
                priority: try number16(), weight: try number16(), port: try number16(), target: try name())
        case .txt:
            var strings: [[UInt8]] = []
            while offset < end { strings.append(Array(try octets(Int(try number8())))) }
            data = .txt(strings)
        default: data = .other(type, Array(try octets(length)))
        }
        guard offset == end else { throw .badData }
        return data
    }
}
