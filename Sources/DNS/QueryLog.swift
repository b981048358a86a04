/// A query in a name server's log, as CoreDNS' plugin `log` writes it.
public struct QueryLog {
    /// Who asked, `ADDRESS:PORT`.
    public var client: String
    public var query: [UInt8]
    public var answer: [UInt8]
    public var isTCP: Bool
    /// How long the answer took, in nanoseconds.
    public var duration: UInt64

    public init(client: String, query: [UInt8], answer: [UInt8], isTCP: Bool, duration: UInt64) {
        self.client = client
        self.query = query
        self.answer = answer
        self.isTCP = isTCP
        self.duration = duration
    }

    /// The line, without its end; nil where the answer is none.
    public var text: String? {
        var reader = MessageReader(bytes: answer)
        guard let reply = try? Header(&reader) else { return nil }
        // Of a query that cannot be read nothing is known but its number.
        let message = try? Message(reading: query)
        let edns = message?.edns
        let question = message?.questions.first
        let asked = question.map { question in
            let name = question.recordClass == internetClass ? "IN" : "CLASS\(question.recordClass)"
            return "\(question.type) \(name) \(question.name)"
        }
        let code = ResponseCode(rawValue: reply.flags & 15)
        let flags = [(0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra")]
            .filter { reply.flags & UInt16($0.0) != 0 }.map(\.1).joined(separator: ",")
        let fraction = String(duration % 1_000_000_000)
        let seconds =
            "\(duration / 1_000_000_000).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)s"
        return "[INFO] \(client) - \(reply.id) \"\(asked ?? "- - .") \(isTCP ? "tcp" : "udp") \(query.count) "
            + "\(edns?.dnssecOK ?? false) \(edns?.payload ?? 512)\" \(code) \(flags) \(answer.count) \(seconds)"
    }
}

extension RecordType: CustomStringConvertible {
    /// The name at IANA; `TYPE257` (RFC 3597) for those that nobody here needs.
    public var description: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .cname: "CNAME"
        case .soa: "SOA"
        case .ptr: "PTR"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .opt: "OPT"
        case .ixfr: "IXFR"
        case .axfr: "AXFR"
        default: "TYPE\(rawValue)"
        }
    }
}
