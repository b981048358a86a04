import Addresses

/// A message of ICMP (RFC 792).
public struct ICMPMessage: Hashable, Sendable {
    public var type: UInt8
    public var code: UInt8
    /// Bytes 4 to 7: identifier and sequence number of an echo, the MTU of the next hop in an error (RFC 1191).
    public var rest: UInt32
    /// Its length on the wire in bytes.
    public var length: Int
    /// The packet that an error is about, as far as the error quotes it.
    public var quoted: QuotedPacket?

    /// The identifier and sequence number of an echo request or reply; nil for any other message.
    public var echo: Echo? { type == 8 || type == 0 ? Echo(isRequest: type == 8, rest) : nil }

    /// The types of messages that quote a packet: unreachable, source quench, redirect, time exceeded, parameter problem.
    static let errors: Set<UInt8> = [3, 4, 5, 11, 12]
}

/// A message of ICMPv6 (RFC 4443), with the addresses that Neighbour Discovery has in it (RFC 4861).
public struct ICMPv6Message: Hashable, Sendable {
    public var type: UInt8
    public var code: UInt8
    /// Bytes 4 to 7: identifier and sequence number of an echo, the MTU of a packet that is too big.
    public var rest: UInt32
    /// Its length on the wire in bytes.
    public var length: Int
    /// The packet that an error is about, as far as the error quotes it.
    public var quoted: QuotedPacket?
    /// The address that a neighbour solicitation, advertisement or redirect is about.
    public var target: IPv6Address?

    /// The identifier and sequence number of an echo request or reply; nil for any other message.
    public var echo: Echo? { type == 128 || type == 129 ? Echo(isRequest: type == 128, rest) : nil }

    /// The types of Neighbour Discovery with a target: solicitation, advertisement, redirect.
    static let withTarget: Set<UInt8> = [135, 136, 137]
}

/// What tells an echo request and its reply from others.
public struct Echo: Hashable, Sendable {
    public var isRequest: Bool
    public var identifier: UInt16
    public var sequence: UInt16

    init(isRequest: Bool, _ rest: UInt32) {
        self.isRequest = isRequest
        identifier = UInt16(rest >> 16)
        sequence = UInt16(truncatingIfNeeded: rest)
    }
}

/// A packet that an error quotes: its headers, as far as there is room for them.
///
/// A class in all but name: the array keeps a message from holding itself.
public struct QuotedPacket: Hashable, Sendable {
    private let packets: [Packet]

    init(_ packet: Packet) { packets = [packet] }

    /// The packet. That it is cut short is no fault.
    public var packet: Packet { packets[0] }
}
