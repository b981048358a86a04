/// An answer that a client has received whole, on a connection that the server has closed.
public struct ReceivedResponse: Hashable, Sendable {
    /// The status code.
    public var status: Int
    /// What follows the head.
    public var body: [UInt8]

    /// Reads an answer (RFC 9112, 4).
    ///
    /// - Returns: nil for bytes that are no answer, or one whose body is not as long as its head says.
    public init?(_ bytes: [UInt8]) {
        let separator = Array("\r\n\r\n".utf8)
        guard
            let end = bytes.indices.first(where: { bytes[$0...].starts(with: separator) })
        else { return nil }
        let head = String(decoding: bytes[..<end], as: UTF8.self)
        body = Array(bytes[(end + separator.count)...])
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let words = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let status = Int(words[1])
        else { return nil }
        self.status = status
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            guard let length = Int(parts[1].drop { $0 == " " || $0 == "\t" }), length == body.count else { return nil }
        }
    }

    /// The request that a client makes for one page, on a connection that ends after it.
    public static func request(host: String) -> [UInt8] {
        Array(
            "GET / HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: nslab\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
                .utf8)
    }
}
