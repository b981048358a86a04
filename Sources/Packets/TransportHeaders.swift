/// The header of a UDP datagram (RFC 768).
public struct UDPHeader: Hashable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// The length with the header in bytes; 0 for one that is too long to say so (RFC 2675, 4).
    public var length: Int
}

/// The header of a TCP segment (RFC 9293, 3.1).
public struct TCPHeader: Hashable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequence: UInt32
    public var acknowledgement: UInt32
    public var flags: TCPFlags
    /// The window as it is in the header, without a scale.
    public var window: UInt16
    public var urgentPointer: UInt16
    public var options: [TCPOption]
    /// The header's length with its options in bytes: 20 and more.
    public var headerLength: Int
}

/// The flags of a TCP segment.
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let fin = TCPFlags(rawValue: 0x01)
    public static let syn = TCPFlags(rawValue: 0x02)
    public static let rst = TCPFlags(rawValue: 0x04)
    public static let psh = TCPFlags(rawValue: 0x08)
    public static let ack = TCPFlags(rawValue: 0x10)
    public static let urg = TCPFlags(rawValue: 0x20)
    public static let ece = TCPFlags(rawValue: 0x40)
    public static let cwr = TCPFlags(rawValue: 0x80)
    public static let ae = TCPFlags(rawValue: 0x100)
}

/// An option of a TCP segment (https://www.iana.org/assignments/tcp-parameters).
public enum TCPOption: Hashable, Sendable {
    case end
    case noOperation
    /// In bytes.
    case maximumSegmentSize(UInt16)
    /// The window is to be shifted by so many bits.
    case windowScale(UInt8)
    case selectiveAcknowledgementPermitted
    /// What has arrived out of order: from the first sequence number up to the second.
    case selectiveAcknowledgement([SequenceRange])
    case timestamps(value: UInt32, echo: UInt32)
    /// One that is not read further, with its length in bytes.
    case other(kind: UInt8, length: Int)
    /// One whose length cannot be; nothing behind it is read.
    case malformed(kind: UInt8)
}

/// A piece of a TCP stream.
public struct SequenceRange: Hashable, Sendable {
    public var left: UInt32
    public var right: UInt32
}
