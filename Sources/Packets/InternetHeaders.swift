import Addresses

/// The header of an IPv4 packet (RFC 791, 3.1), without its options.
public struct IPv4Header: Hashable, Sendable {
    public var source: IPv4Address
    public var destination: IPv4Address
    /// The time to live, in hops.
    public var ttl: UInt8
    /// What follows: a protocol number.
    public var protocolNumber: UInt8
    /// The Differentiated Services field with its ECN bits (RFC 2474, RFC 3168).
    public var trafficClass: UInt8
    /// What fragments of one packet have in common.
    public var identification: UInt16
    public var dontFragment: Bool
    /// Whether further fragments follow.
    public var moreFragments: Bool
    /// Where this fragment's payload is in the whole one, in bytes.
    public var fragmentOffset: Int
    /// The length with the header in bytes; 0 for one that is too long to say so, before segmentation offload has cut it.
    public var totalLength: Int
    /// The header's own length in bytes: 20 and more.
    public var headerLength: Int

    /// Whether the packet is one of several fragments.
    public var isFragment: Bool { moreFragments || fragmentOffset > 0 }
}

/// The header of an IPv6 packet (RFC 8200, 3).
public struct IPv6Header: Hashable, Sendable {
    public var source: IPv6Address
    public var destination: IPv6Address
    public var hopLimit: UInt8
    /// What follows: a protocol number or the number of an extension header.
    public var nextHeader: UInt8
    public var trafficClass: UInt8
    /// 20 bits.
    public var flowLabel: UInt32
    /// The length of what follows in bytes; 0 for a jumbogram.
    public var payloadLength: Int
}

/// An extension header of an IPv6 packet (RFC 8200, 4; RFC 4302 for the authentication header).
public struct IPv6Extension: Hashable, Sendable {
    public var kind: Kind
    /// What follows: a protocol number or the number of a further extension header.
    public var nextHeader: UInt8
    /// Its length in bytes.
    public var length: Int
    /// How many bytes follow it on the wire.
    public var carriedLength: Int

    /// The extension headers.
    public enum Kind: Hashable, Sendable {
        case hopByHop
        case routing(type: UInt8, segmentsLeft: UInt8)
        /// The offset is that of the fragment's payload in the whole one, in bytes.
        case fragment(identification: UInt32, offset: Int, more: Bool)
        case destinationOptions
        case authentication
        /// Mobility (RFC 6275), HIP (RFC 7401) or Shim6 (RFC 5533), by its number.
        case other(UInt8)
    }
}

/// Protocol numbers of IP (https://www.iana.org/assignments/protocol-numbers).
enum ProtocolNumber {
    static let hopByHop: UInt8 = 0
    static let icmp: UInt8 = 1
    static let ipv4: UInt8 = 4
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
    static let ipv6: UInt8 = 41
    static let routing: UInt8 = 43
    static let fragment: UInt8 = 44
    static let authentication: UInt8 = 51
    static let icmpv6: UInt8 = 58
    static let noNextHeader: UInt8 = 59
    static let destinationOptions: UInt8 = 60
    /// Further extension headers of IPv6, all laid out alike: mobility, HIP, Shim6.
    static let otherExtensions: [UInt8] = [135, 139, 140]
}
