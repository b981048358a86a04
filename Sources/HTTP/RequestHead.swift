/// The head of a request, line by line (RFC 9112, 2 to 6).
///
/// What a proxy and a server could read differently is refused: bare CR, blanks before a colon, folded lines, two lengths.
struct RequestHead {
    private var method = ""
    private var target = ""
    private var version: Request.Version?
    private var hosts = 0
    private var fields = 0
    private var closes = false
    private var keepsAlive = false
    private var acceptsJSON = false
    private var length: UInt64?
    private var isChunked = false
    private var hasCoding = false
    private(set) var expectsContinue = false

    /// The most fields that a head may have.
    static let mostFields = 100

    /// Whether the request line was read.
    var hasBegun: Bool { version != nil }

    /// What follows the head.
    enum Body: Equatable {
        case length(UInt64)
        case chunked
    }

    /// Reads one line, without its end.
    ///
    /// - Returns: what is wrong with it; nil if it is fine.
    mutating func add(_ line: ArraySlice<UInt8>) -> RequestFault? {
        guard !line.contains(where: { $0 == 0 || $0 == 13 }) else { return .malformed }
        if version == nil { return begin(line) }
        fields += 1
        guard fields <= Self.mostFields else { return .headTooLong }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(isTokenOctet)
        else { return .malformed }
        return field(lowercased(line[..<colon]), trimmed(line[(colon + 1)...]))
    }

    private mutating func begin(_ line: ArraySlice<UInt8>) -> RequestFault? {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenOctet), !parts[1].isEmpty,
            parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return .malformed }
        let name = String(decoding: parts[2], as: UTF8.self)
        guard let version = Request.Version(rawValue: name) else {
            let isVersion = name.utf8.count == 8 && name.hasPrefix("HTTP/") && name.utf8.dropFirst(6).first == 0x2e
            return isVersion ? .unknownVersion : .malformed
        }
        self.version = version
        method = String(decoding: parts[0], as: UTF8.self)
        target = String(decoding: parts[1], as: UTF8.self)
        return nil
    }

    private mutating func field(_ name: String, _ value: ArraySlice<UInt8>) -> RequestFault? {
        switch name {
        case "host": hosts += 1
        case "connection":
            for token in tokens(value) {
                if token == "close" { closes = true }
                if token == "keep-alive" { keepsAlive = true }
            }
        case "accept": if lowercased(value).contains("application/json") { acceptsJSON = true }
        case "expect": if lowercased(value) == "100-continue" { expectsContinue = true }
        case "content-length":
            guard let number = decimal(value), length == nil || length == number else { return .malformed }
            length = number
        case "transfer-encoding":
            guard !hasCoding else { return .unknownCoding }
            hasCoding = true
            guard tokens(value) == ["chunked"] else { return .unknownCoding }
            isChunked = true
        default: break
        }
        return nil
    }

    /// The request, and what follows its head.
    func end() -> Result<(Request, Body), Failure> {
        guard let version else { return .failure(Failure(fault: .malformed)) }
        if version == .http11, hosts != 1 { return .failure(Failure(fault: .malformed)) }
        if hosts > 1 { return .failure(Failure(fault: .malformed)) }
        if isChunked, length != nil || version == .http10 { return .failure(Failure(fault: .malformed)) }
        let request = Request(
            method: method, target: target, version: version,
            keepsAlive: !closes && (version == .http11 || keepsAlive), acceptsJSON: acceptsJSON)
        return .success((request, isChunked ? .chunked : .length(length ?? 0)))
    }

    /// A fault, thrown.
    struct Failure: Error {
        var fault: RequestFault
    }
}

/// The octets of a token (RFC 9110, 5.6.2).
func isTokenOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
    }
}

private func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

private func trimmed(_ octets: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = octets.drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    return rest
}

private func lowercased(_ octets: ArraySlice<UInt8>) -> String {
    String(decoding: octets.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
}

/// The elements of a list with commas between them, in small letters.
private func tokens(_ value: ArraySlice<UInt8>) -> [String] {
    value.split(separator: UInt8(ascii: ",")).map { lowercased(trimmed($0)) }.filter { !$0.isEmpty }
}

/// A number in decimal digits alone; nil past 18 of them.
private func decimal(_ octets: ArraySlice<UInt8>) -> UInt64? {
    guard (1...18).contains(octets.count), octets.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
    return octets.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
}
