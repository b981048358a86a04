/// A frame's headers, from the outside in, as far as they can be read.
///
/// Nothing in a frame is trusted: a header that is cut short or contradicts itself ends the reading and is told in `fault`; what
/// was read before it stays.
public struct Packet: Hashable, Sendable {
    /// The headers, outermost first. What a tunnel carries follows the tunnel's own header.
    public let headers: [Header]
    /// Where the bytes behind the last header are in the frame, as far as they were captured.
    public let payload: Range<Int>
    /// How many bytes follow the last header on the wire, as the innermost header that tells a length says.
    public let payloadLength: Int
    /// Why reading ended before the payload; nil if all is well.
    public let fault: Fault?
    /// What the outermost tunnel carries; nil if there is no tunnel, or nothing of it was captured.
    public let inner: Inner?

    /// A frame or packet inside of a packet.
    public struct Inner: Hashable, Sendable {
        /// What it begins with.
        public var linkType: LinkType
        /// Where it is in the frame, as far as it was captured.
        public var bytes: Range<Int>
        /// Its length on the wire in bytes.
        public var length: Int
        /// The tunnel's VXLAN network identifier; nil for IP in IP.
        public var vni: UInt32?
    }

    /// Reads a frame.
    ///
    /// - Parameters:
    ///   - bytes: what was captured of it.
    ///   - length: its length on the wire in bytes; nil if all of it was captured.
    ///   - linkType: what it begins with.
    ///   - vxlanPorts: the UDP ports that VXLAN is taken for.
    public init(
        reading bytes: Span<UInt8>, length: Int? = nil, as linkType: LinkType = .ethernet,
        vxlanPorts: Set<UInt16> = [VXLANHeader.defaultPort]
    ) {
        var decoder = PacketDecoder(
            range: 0..<bytes.count, length: max(bytes.count, length ?? 0), vxlanPorts: vxlanPorts)
        decoder.decode(bytes, from: linkType == .ethernet ? .ethernet : .ip)
        self.init(decoder)
    }

    /// What a decoder has read.
    init(_ decoder: PacketDecoder) {
        headers = decoder.headers
        payload = decoder.offset..<decoder.end
        payloadLength = max(0, decoder.declaredEnd - decoder.offset)
        fault = decoder.fault
        inner = decoder.tunnel.map { tunnel in
            Inner(
                linkType: tunnel.linkType, bytes: min(tunnel.start, decoder.end)..<decoder.end,
                length: max(0, decoder.declaredEnd - tunnel.start), vni: tunnel.vni)
        }
    }
}

/// What frames of an interface begin with (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcaplinktype-08.html).
public enum LinkType: UInt16, Hashable, Sendable {
    /// An Ethernet header.
    case ethernet = 1
    /// An IPv4 or IPv6 header, as on a tunnel of the network layer.
    case rawIP = 101
}

/// One header of a packet.
public enum Header: Hashable, Sendable {
    case ethernet(EthernetHeader)
    case vlan(VLANTag)
    case arp(ARPMessage)
    case ipv4(IPv4Header)
    case ipv6(IPv6Header)
    case ipv6Extension(IPv6Extension)
    case icmp(ICMPMessage)
    case icmpv6(ICMPv6Message)
    case tcp(TCPHeader)
    case udp(UDPHeader)
    case vxlan(VXLANHeader)
    /// A payload that is not read further: an EtherType behind Ethernet or a VLAN tag.
    case otherEtherType(UInt16)
    /// Likewise: a protocol number of IP (https://www.iana.org/assignments/protocol-numbers).
    case otherProtocol(UInt8)
}

/// Why a frame could not be read to its end.
public enum Fault: Error, Hashable, Sendable {
    /// It ends in the middle of this header.
    case cutShort(HeaderKind)
    /// This header says a length that it cannot have.
    case badLength(HeaderKind)
    /// The version of an IP header is neither 4 nor 6, or not the one that the header before it says.
    case badVersion(UInt8)
    /// There are more headers than anybody sends.
    case tooManyHeaders
}

/// The headers, by name.
public enum HeaderKind: String, Hashable, Sendable {
    case ethernet, vlan, arp, icmp, tcp, udp, vxlan
    case ipv4 = "ip"
    case ipv6 = "ip6"
    case ipv6Extension = "ip6-extension"
    case icmpv6 = "icmp6"
}
