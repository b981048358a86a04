/// Messages on a TCP connection, each after its length in two bytes (RFC 1035, 4.2.2; RFC 7766).
///
/// Bytes go in as they come; whole messages come out, one after the other. No more is held than one message and what came
/// with it.
public struct TCPFrames: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    public init() {}

    /// Takes in bytes.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer += bytes
    }

    /// How many bytes are held.
    public var count: Int { buffer.count - start }

    /// The length of the message that is coming in, once its two bytes are there.
    public var announced: Int? {
        count >= 2 ? Int(buffer[start]) << 8 | Int(buffer[start + 1]) : nil
    }

    /// The next whole message; nil until more has come.
    public mutating func next() -> [UInt8]? {
        guard let length = announced, count >= 2 + length else { return nil }
        defer { start += 2 + length }
        return Array(buffer[start + 2..<start + 2 + length])
    }

    /// A message with its length before it. It must be at most 65535 bytes long.
    public static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
