import Addresses

/// One resource record (RFC 1035, 3.2.1).
public struct Record: Hashable, Sendable {
    /// The name it belongs to.
    public var name: DomainName
    /// The class: 1 is the Internet.
    public var recordClass: UInt16
    /// How long it may be kept, in seconds.
    public var ttl: UInt32
    /// What it says.
    public var data: RecordData

    public init(name: DomainName, recordClass: UInt16 = internetClass, ttl: UInt32, data: RecordData) {
        self.name = name
        self.recordClass = recordClass
        self.ttl = ttl
        self.data = data
    }
}

/// What a record says.
public enum RecordData: Hashable, Sendable {
    case a(IPv4Address)
    /// RFC 3596.
    case aaaa(IPv6Address)
    case ns(DomainName)
    case cname(DomainName)
    case ptr(DomainName)
    case soa(StartOfAuthority)
    /// Strings of at most 255 octets each.
    case txt([[UInt8]])
    /// RFC 2782.
    case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName)
    /// A record of a type that is not looked into.
    case other(RecordType, [UInt8])

    /// The record's type.
    public var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .ns: .ns
        case .cname: .cname
        case .ptr: .ptr
        case .soa: .soa
        case .txt: .txt
        case .srv: .srv
        case .other(let type, _): type
        }
    }
}

/// What a zone says of itself (RFC 1035, 3.3.13).
public struct StartOfAuthority: Hashable, Sendable {
    public var primary: DomainName
    public var mailbox: DomainName
    public var serial: UInt32
    /// Seconds, as all that follow.
    public var refresh: UInt32
    public var retry: UInt32
    public var expire: UInt32
    /// How long a client may remember that a name does not exist (RFC 2308).
    public var minimum: UInt32

    /// A zone's record of itself.
    public init(
        primary: DomainName, mailbox: DomainName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32,
        minimum: UInt32
    ) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }
}

/// A kind of record, by its number at IANA.
public struct RecordType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let a = RecordType(rawValue: 1)
    public static let ns = RecordType(rawValue: 2)
    public static let cname = RecordType(rawValue: 5)
    public static let soa = RecordType(rawValue: 6)
    public static let ptr = RecordType(rawValue: 12)
    public static let txt = RecordType(rawValue: 16)
    public static let aaaa = RecordType(rawValue: 28)
    public static let srv = RecordType(rawValue: 33)
    static let opt = RecordType(rawValue: 41)
    /// Incremental and whole zone transfers.
    static let ixfr = RecordType(rawValue: 251)
    static let axfr = RecordType(rawValue: 252)
}
