/// What one end of a connection of SPDY/3.1 tells the other (SPDY protocol, draft 3.1, 2), as far as Kubernetes' clients use it.
public enum Frame: Hashable, Sendable {
    /// A new stream (`SYN_STREAM`), with header fields by their names in lower case.
    case open(stream: UInt32, headers: [String: String], isLast: Bool)
    /// A stream is taken (`SYN_REPLY`).
    case reply(stream: UInt32)
    /// A part of a stream's bytes; with `isLast` the sender's half of the stream ends. Of a long frame several parts come.
    case data(stream: UInt32, [UInt8], isLast: Bool)
    /// A stream ends at once in both directions (`RST_STREAM`).
    case reset(stream: UInt32, ResetReason)
    /// Comes back as it is.
    case ping(UInt32)
    /// No new streams are opened (`GOAWAY`).
    case goAway(lastStream: UInt32)
    /// What says nothing about streams of Kubernetes' clients, which know no flow control: settings, windows.
    case other(type: UInt16)
}

/// Why a stream ends (`RST_STREAM`, 2.6.3).
public struct ResetReason: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let protocolError = ResetReason(rawValue: 1)
    public static let refusedStream = ResetReason(rawValue: 3)
    public static let cancel = ResetReason(rawValue: 5)
}

/// Why bytes are no frames; the connection cannot go on.
public enum MalformedFrame: Error, Hashable, Sendable {
    /// A frame of another version of the protocol.
    case version(UInt16)
    /// A frame other than of data that is longer than any that a client needs, or shorter than its type is.
    case length(Int)
    /// Header fields that cannot be decompressed, are too many, or have no end.
    case headers
    /// Data on a stream that was never opened.
    case stream(UInt32)
}

/// Numbers of the wire.
enum FrameType {
    static let open: UInt16 = 1
    static let reply: UInt16 = 2
    static let reset: UInt16 = 3
    static let ping: UInt16 = 6
    static let goAway: UInt16 = 7
    /// The version, with the bit that a frame of control begins with.
    static let control: UInt16 = 0x8003
    /// The flag of the last frame of a stream's half (`FLAG_FIN`).
    static let isLast: UInt8 = 1
}
