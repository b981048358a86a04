/// A DNS message (RFC 1035, 4), as far as a name server of a cluster and its clients use one.
public struct Message: Hashable, Sendable {
    /// What answer and question have in common.
    public var id: UInt16
    /// Whether this is an answer (QR).
    public var isResponse = false
    /// What is asked for: 0 is a query.
    public var opcode: UInt8 = 0
    /// Whether the answer comes from the zone's own server (AA).
    public var isAuthoritative = false
    /// Whether records were left out because they did not fit (TC).
    public var isTruncated = false
    /// Whether the client wants the server to ask others (RD); the answer repeats it.
    public var recursionDesired = false
    /// Whether the server asks others (RA).
    public var recursionAvailable = false
    /// How the query went; codes over 15 need `edns`.
    public var responseCode = ResponseCode.noError
    /// What is asked.
    public var questions: [Question] = []
    public var answers: [Record] = []
    /// Who answers for it.
    public var authorities: [Record] = []
    /// What a client may want to know besides.
    public var additionals: [Record] = []
    /// The OPT record (RFC 6891); nil if there is none.
    public var edns: EDNS?

    /// A message without content.
    public init(id: UInt16) { self.id = id }

    /// A question to be sent to a server.
    ///
    /// - Parameter payload: the largest datagram that the client takes, in bytes, from an OPT record; nil for none.
    public static func query(
        _ name: DomainName, _ type: RecordType, id: UInt16, recursionDesired: Bool = true, payload: UInt16? = nil
    ) -> Message {
        var message = Message(id: id)
        message.recursionDesired = recursionDesired
        message.questions = [Question(name: name, type: type)]
        message.edns = payload.map { EDNS(payload: $0) }
        return message
    }
}

/// What a message asks (RFC 1035, 4.1.2).
public struct Question: Hashable, Sendable {
    /// The name asked for.
    public var name: DomainName
    /// The kind of record asked for.
    public var type: RecordType
    /// The class: 1 is the Internet.
    public var recordClass: UInt16

    public init(name: DomainName, type: RecordType, recordClass: UInt16 = internetClass) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }
}

/// The class of all that has to do with the Internet (IN).
public let internetClass: UInt16 = 1

/// What an OPT record says (RFC 6891, 6.1.2).
public struct EDNS: Hashable, Sendable {
    /// The largest datagram that the sender takes, in bytes.
    public var payload: UInt16
    /// The version: 0 is the only one there is.
    public var version: UInt8 = 0
    /// Whether the client wants signatures (DO); an answer repeats it.
    public var dnssecOK = false

    /// Version 0, without options.
    public init(payload: UInt16) { self.payload = payload }
}

/// How a query went (RFC 1035, 4.1.1; RFC 6891, 9).
public struct ResponseCode: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let noError = ResponseCode(rawValue: 0)
    /// The query could not be read (FORMERR).
    public static let formatError = ResponseCode(rawValue: 1)
    /// SERVFAIL.
    public static let serverFailure = ResponseCode(rawValue: 2)
    /// The name does not exist (NXDOMAIN).
    public static let nameError = ResponseCode(rawValue: 3)
    /// NOTIMP.
    public static let notImplemented = ResponseCode(rawValue: 4)
    public static let refused = ResponseCode(rawValue: 5)
    /// An EDNS version that the server does not know (BADVERS).
    public static let badVersion = ResponseCode(rawValue: 16)
}

extension ResponseCode: CustomStringConvertible {
    /// The name that dig prints.
    public var description: String {
        switch self {
        case .noError: "NOERROR"
        case .formatError: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .nameError: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        case .badVersion: "BADVERS"
        default: "RCODE\(rawValue)"
        }
    }
}
