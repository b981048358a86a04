import Addresses

/// Reads a frame's headers one after the other.
///
/// Every header is asked for by its size before a byte of it is read, and every round of the loop adds a header or ends it, of
/// which there can be no more than `maximumHeaders`.
struct PacketDecoder {
    /// What comes next.
    enum Layer {
        case ethernet
        case etherType(UInt16)
        /// IPv4 or IPv6, as the first four bits say.
        case ip
        case ipv4, ipv6
        /// What a protocol number says.
        case ipProtocol(UInt8, AddressFamily)
    }

    private(set) var headers: [Header] = []
    /// Where the next header begins.
    var offset: Int
    /// Where the bytes end that are there and belong to the packet: what the innermost length says, or the capture's end.
    private(set) var end: Int
    /// Where the packet ends on the wire; behind `end` if not all of it was captured.
    private(set) var declaredEnd: Int
    private(set) var fault: Fault?
    /// Where what the outermost tunnel carries begins.
    private(set) var tunnel: (linkType: LinkType, start: Int, vni: UInt32?)?
    let vxlanPorts: Set<UInt16>
    /// Whether this packet is one that an error quotes: that is cut short by its nature, and quotes no other.
    private let isQuoted: Bool

    /// More than any sender has reason for: RFC 8200 has 8 extension headers, a tunnel 4 headers.
    private static let maximumHeaders = 40

    /// A decoder of the bytes in a range, which have so many bytes on the wire.
    init(range: Range<Int>, length: Int, vxlanPorts: Set<UInt16>, isQuoted: Bool = false) {
        (offset, end) = (range.lowerBound, range.upperBound)
        declaredEnd = range.lowerBound + length
        self.vxlanPorts = vxlanPorts
        self.isQuoted = isQuoted
    }

    /// Reads from this layer on, as far as it can.
    mutating func decode(_ bytes: Span<UInt8>, from layer: Layer) {
        var next: Layer? = layer
        do throws(Fault) {
            while let layer = next {
                guard headers.count < Self.maximumHeaders else { throw .tooManyHeaders }
                next = try read(layer, bytes)
            }
        } catch {
            fault = error
        }
    }

    private mutating func read(_ layer: Layer, _ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        switch layer {
        case .ethernet: return try ethernet(bytes)
        case .etherType(EtherType.ipv4): return .ipv4
        case .etherType(EtherType.ipv6): return .ipv6
        case .etherType(EtherType.arp): return try arp(bytes)
        case .etherType(let type) where type == EtherType.vlan || type == EtherType.serviceVLAN:
            return try vlan(type, bytes)
        case .etherType(let type):
            headers.append(.otherEtherType(type))
            return nil
        case .ip:
            try need(1, .ipv4)
            switch bytes[offset] >> 4 {
            case 4: return .ipv4
            case 6: return .ipv6
            case let version: throw .badVersion(version)
            }
        case .ipv4: return try ipv4(bytes)
        case .ipv6: return try ipv6(bytes)
        case .ipProtocol(let number, let family): return try transport(number, family, bytes)
        }
    }

    // MARK: Links

    private mutating func ethernet(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(14, .ethernet)
        let header = EthernetHeader(
            destination: bytes.mac(at: offset), source: bytes.mac(at: offset + 6), type: bytes.number16(at: offset + 12)
        )
        headers.append(.ethernet(header))
        offset += 14
        return .etherType(header.type)
    }

    private mutating func vlan(_ type: UInt16, _ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(4, .vlan)
        let control = bytes.number16(at: offset)
        let tag = VLANTag(
            tagType: type, id: control & 0xfff, priority: UInt8(control >> 13), isDropEligible: control & 0x1000 != 0,
            type: bytes.number16(at: offset + 2))
        headers.append(.vlan(tag))
        offset += 4
        return .etherType(tag.type)
    }

    private mutating func arp(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(8, .arp)
        // Ethernet and IPv4, with addresses of 6 and 4 bytes.
        guard bytes.number16(at: offset) == 1, bytes.number16(at: offset + 2) == EtherType.ipv4,
            bytes.number16(at: offset + 4) == 0x0604
        else {
            headers.append(.otherEtherType(EtherType.arp))
            return nil
        }
        try need(28, .arp)
        headers.append(
            .arp(
                ARPMessage(
                    operation: bytes.number16(at: offset + 6), senderMAC: bytes.mac(at: offset + 8),
                    sender: bytes.ipv4(at: offset + 14), targetMAC: bytes.mac(at: offset + 18),
                    target: bytes.ipv4(at: offset + 24), length: declaredEnd - offset)))
        offset += 28
        // What may follow is padding.
        (end, declaredEnd) = (offset, offset)
        return nil
    }

    // MARK: The network layer

    private mutating func ipv4(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(20, .ipv4)
        guard bytes[offset] >> 4 == 4 else { throw .badVersion(bytes[offset] >> 4) }
        let headerLength = Int(bytes[offset] & 15) * 4
        let totalLength = Int(bytes.number16(at: offset + 2))
        guard headerLength >= 20, totalLength >= headerLength || totalLength == 0 else {
            throw .badLength(.ipv4)
        }
        let fragment = bytes.number16(at: offset + 6)
        let header = IPv4Header(
            source: bytes.ipv4(at: offset + 12), destination: bytes.ipv4(at: offset + 16), ttl: bytes[offset + 8],
            protocolNumber: bytes[offset + 9], trafficClass: bytes[offset + 1],
            identification: bytes.number16(at: offset + 4), dontFragment: fragment & 0x4000 != 0,
            moreFragments: fragment & 0x2000 != 0, fragmentOffset: Int(fragment & 0x1fff) * 8, totalLength: totalLength,
            headerLength: headerLength)
        try need(headerLength, .ipv4)
        headers.append(.ipv4(header))
        try limit(totalLength == 0 ? nil : totalLength, .ipv4)
        offset += headerLength
        // Only the first fragment has what a protocol begins with.
        return header.fragmentOffset > 0 ? nil : .ipProtocol(header.protocolNumber, .ipv4)
    }

    private mutating func ipv6(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(40, .ipv6)
        let word = bytes.number32(at: offset)
        guard word >> 28 == 6 else { throw .badVersion(UInt8(word >> 28)) }
        let header = IPv6Header(
            source: bytes.ipv6(at: offset + 8), destination: bytes.ipv6(at: offset + 24), hopLimit: bytes[offset + 7],
            nextHeader: bytes[offset + 6], trafficClass: UInt8(truncatingIfNeeded: word >> 20),
            flowLabel: word & 0xfffff, payloadLength: Int(bytes.number16(at: offset + 4)))
        headers.append(.ipv6(header))
        // A packet that says 0 has nothing behind its header, or is a jumbogram, whose option says how much.
        try limit(
            header.payloadLength == 0 && header.nextHeader != ProtocolNumber.noNextHeader
                ? nil : 40 + header.payloadLength, .ipv6)
        offset += 40
        return .ipProtocol(header.nextHeader, .ipv6)
    }

    private mutating func extensionHeader(_ number: UInt8, _ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(8, .ipv6Extension)
        let units = Int(bytes[offset + 1])
        let kind: IPv6Extension.Kind
        var length = (units + 1) * 8
        switch number {
        case ProtocolNumber.hopByHop: kind = .hopByHop
        case ProtocolNumber.routing: kind = .routing(type: bytes[offset + 2], segmentsLeft: bytes[offset + 3])
        case ProtocolNumber.destinationOptions: kind = .destinationOptions
        case ProtocolNumber.fragment:
            let place = bytes.number16(at: offset + 2)
            kind = .fragment(
                identification: bytes.number32(at: offset + 4), offset: Int(place & 0xfff8), more: place & 1 != 0)
            length = 8
        case ProtocolNumber.authentication:
            kind = .authentication
            length = (units + 2) * 4
        default: kind = .other(number)
        }
        try need(length, .ipv6Extension)
        let header = IPv6Extension(
            kind: kind, nextHeader: bytes[offset], length: length,
            carriedLength: max(0, declaredEnd - offset - length))
        headers.append(.ipv6Extension(header))
        offset += length
        if case .fragment(_, let place, _) = kind, place > 0 { return nil }
        return .ipProtocol(header.nextHeader, .ipv6)
    }

    // MARK: What IP carries

    private mutating func transport(
        _ number: UInt8, _ family: AddressFamily, _ bytes: Span<UInt8>
    ) throws(Fault) -> Layer? {
        switch number {
        case ProtocolNumber.tcp: return try tcp(bytes)
        case ProtocolNumber.udp: return try udp(bytes)
        case ProtocolNumber.icmp where family == .ipv4: return try icmp(bytes)
        case ProtocolNumber.icmpv6 where family == .ipv6: return try icmpv6(bytes)
        case ProtocolNumber.ipv4, ProtocolNumber.ipv6:
            if tunnel == nil { tunnel = (.rawIP, offset, nil) }
            return number == ProtocolNumber.ipv4 ? .ipv4 : .ipv6
        case ProtocolNumber.hopByHop, ProtocolNumber.routing, ProtocolNumber.fragment, ProtocolNumber.authentication,
            ProtocolNumber.destinationOptions:
            if family == .ipv6 { return try extensionHeader(number, bytes) }
        case let number where family == .ipv6 && ProtocolNumber.otherExtensions.contains(number):
            return try extensionHeader(number, bytes)
        default: break
        }
        headers.append(.otherProtocol(number))
        return nil
    }

    private mutating func tcp(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        // An error need not quote more than the ports and the sequence number.
        if isQuoted, end - offset >= 8, end - offset < 20 {
            headers.append(
                .tcp(
                    TCPHeader(
                        sourcePort: bytes.number16(at: offset), destinationPort: bytes.number16(at: offset + 2),
                        sequence: bytes.number32(at: offset + 4), acknowledgement: 0, flags: [], window: 0,
                        urgentPointer: 0, options: [], headerLength: 20)))
            offset = end
            return nil
        }
        try need(20, .tcp)
        let control = bytes.number16(at: offset + 12)
        let headerLength = Int(control >> 12) * 4
        guard headerLength >= 20, headerLength <= declaredEnd - offset else { throw .badLength(.tcp) }
        try need(headerLength, .tcp)
        headers.append(
            .tcp(
                TCPHeader(
                    sourcePort: bytes.number16(at: offset), destinationPort: bytes.number16(at: offset + 2),
                    sequence: bytes.number32(at: offset + 4), acknowledgement: bytes.number32(at: offset + 8),
                    flags: TCPFlags(rawValue: control & 0x1ff), window: bytes.number16(at: offset + 14),
                    urgentPointer: bytes.number16(at: offset + 18),
                    options: TCPOption.all(in: bytes, offset + 20..<offset + headerLength), headerLength: headerLength))
        )
        offset += headerLength
        return nil
    }

    private mutating func udp(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(8, .udp)
        let header = UDPHeader(
            sourcePort: bytes.number16(at: offset), destinationPort: bytes.number16(at: offset + 2),
            length: Int(bytes.number16(at: offset + 4)))
        guard header.length == 0 || header.length >= 8 else { throw .badLength(.udp) }
        headers.append(.udp(header))
        // A fragment has less than its header says.
        if header.length > 0, offset + header.length < declaredEnd { try limit(header.length, .udp) }
        offset += 8
        return vxlanPorts.contains(header.destinationPort) ? try vxlan(bytes) : nil
    }

    private mutating func vxlan(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(8, .vxlan)
        let header = VXLANHeader(flags: bytes[offset], vni: bytes.number32(at: offset + 4) >> 8)
        headers.append(.vxlan(header))
        offset += 8
        if tunnel == nil { tunnel = (.ethernet, offset, header.vni) }
        return .ethernet
    }

    private mutating func icmp(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        try need(8, .icmp)
        var message = ICMPMessage(
            type: bytes[offset], code: bytes[offset + 1], rest: bytes.number32(at: offset + 4),
            length: declaredEnd - offset)
        if ICMPMessage.errors.contains(message.type) { message.quoted = quoted(bytes, .ipv4) }
        headers.append(.icmp(message))
        offset += 8
        return nil
    }

    private mutating func icmpv6(_ bytes: Span<UInt8>) throws(Fault) -> Layer? {
        // The shortest message has 4 bytes; all that RFC 4443 and RFC 4861 know have 8 and more.
        try need(8, .icmpv6)
        var message = ICMPv6Message(
            type: bytes[offset], code: bytes[offset + 1], rest: bytes.number32(at: offset + 4),
            length: declaredEnd - offset)
        // RFC 4443, 2.1: errors have the types below 128; those from 1 to 4 are known.
        if (1...4).contains(message.type) { message.quoted = quoted(bytes, .ipv6) }
        if ICMPv6Message.withTarget.contains(message.type), end - offset >= 24 {
            message.target = bytes.ipv6(at: offset + 8)
        }
        headers.append(.icmpv6(message))
        offset += 8
        return nil
    }

    /// The packet behind an error's header; nil if nothing of it can be read, or within a packet that is itself quoted.
    private func quoted(_ bytes: Span<UInt8>, _ layer: Layer) -> QuotedPacket? {
        guard !isQuoted else { return nil }
        var decoder = PacketDecoder(
            range: offset + 8..<end, length: declaredEnd - offset - 8, vxlanPorts: vxlanPorts, isQuoted: true)
        decoder.decode(bytes, from: layer)
        return decoder.headers.isEmpty ? nil : QuotedPacket(Packet(decoder))
    }

    // MARK: Bounds

    /// - Throws: `.cutShort` if less than `count` bytes are left.
    private func need(_ count: Int, _ kind: HeaderKind) throws(Fault) {
        if end - offset < count { throw .cutShort(kind) }
    }

    /// Has the packet end as many bytes behind `offset` as a header there says; nil if it does not say. What follows is padding.
    ///
    /// - Throws: `.badLength` if the packet around it has less.
    private mutating func limit(_ length: Int?, _ kind: HeaderKind) throws(Fault) {
        guard let length else { return }
        // A quotation is cut where the error's sender likes.
        if offset + length > declaredEnd, !isQuoted { throw .badLength(kind) }
        declaredEnd = offset + length
        end = min(end, declaredEnd)
    }
}

extension TCPOption {
    /// The options in a part of a segment's header, up to the one that ends them.
    fileprivate static func all(in bytes: Span<UInt8>, _ range: Range<Int>) -> [TCPOption] {
        var options: [TCPOption] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            let kind = bytes[offset]
            if kind == 0 { return options + [.end] }
            if kind == 1 {
                options.append(.noOperation)
                offset += 1
                continue
            }
            guard offset + 1 < range.upperBound, case let length = Int(bytes[offset + 1]), length >= 2,
                offset + length <= range.upperBound
            else { return options + [.malformed(kind: kind)] }
            switch (kind, length) {
            case (2, 4): options.append(.maximumSegmentSize(bytes.number16(at: offset + 2)))
            case (3, 3): options.append(.windowScale(bytes[offset + 2]))
            case (4, 2): options.append(.selectiveAcknowledgementPermitted)
            case (5, _) where length % 8 == 2 && length > 2:
                options.append(
                    .selectiveAcknowledgement(
                        stride(from: offset + 2, to: offset + length, by: 8).map {
                            SequenceRange(left: bytes.number32(at: $0), right: bytes.number32(at: $0 + 4))
                        }))
            case (8, 10):
                options.append(
                    .timestamps(value: bytes.number32(at: offset + 2), echo: bytes.number32(at: offset + 6)))
            default: options.append(.other(kind: kind, length: length))
            }
            offset += length
        }
        return options
    }
}
