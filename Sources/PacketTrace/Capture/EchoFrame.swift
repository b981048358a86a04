import Packets

/// An echo request or reply in a frame, in whatever tunnel.
public struct EchoFrame {
    public var echo: Echo
    /// What it carries, as far as it was captured.
    public var payload: ArraySlice<UInt8>

    /// Reads a frame; nil for anything else. What cannot be one by its first bytes is not read further: a capture has no time for that.
    init?(_ bytes: ArraySlice<UInt8>, length: Int, _ linkType: LinkType) {
        guard length <= Self.longest, Self.mayBe(bytes, linkType) else { return nil }
        let frame = Array(bytes)
        let packet = Packet(reading: frame.span, length: length, as: linkType)
        let echo: Echo?
        switch packet.headers.last {
        case .icmp(let message): echo = message.echo
        case .icmpv6(let message): echo = message.echo
        default: echo = nil
        }
        guard let echo, packet.payload.upperBound <= frame.count else { return nil }
        (self.echo, payload) = (echo, frame[packet.payload])
    }

    /// The longest frame that is looked into: probes are short, also in a tunnel.
    private static let longest = 256

    /// Whether ICMP is in it, or something that may carry it: VXLAN, IP in IP.
    private static func mayBe(_ bytes: ArraySlice<UInt8>, _ linkType: LinkType) -> Bool {
        func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[bytes.startIndex + offset] : 0 }
        var start = 0
        if linkType == .ethernet {
            start = 14
            while byte(start - 2) == 0x81, byte(start - 1) == 0, start < 22 { start += 4 }
        }
        let isIPv4 = byte(start) >> 4 == 4
        switch (byte(start + (isIPv4 ? 9 : 6)), isIPv4) {
        case (1, true), (58, false), (4, _), (41, _): return true
        case (17, _):
            let ports = start + (isIPv4 ? Int(byte(start) & 15) * 4 : 40)
            return byte(ports + 2) == UInt8(VXLANHeader.defaultPort >> 8)
                && byte(ports + 3) == UInt8(truncatingIfNeeded: VXLANHeader.defaultPort)
        default: return false
        }
    }
}

extension EchoFrame {
    /// Whether it is the packet of a trace or its answer: it carries a cookie that begins with its identifier, and zeros.
    public var isTrace: Bool {
        let rest = payload.dropFirst(TracedFlow.cookieSize)
        guard rest.count >= 8, rest.allSatisfy({ $0 == 0 }), echo.sequence == 1 else { return false }
        return payload.prefix(2).reduce(0) { $0 << 8 | UInt16($1) } == echo.identifier
    }
}
