import Addresses
import Packets

/// What a trace sends.
public enum TraceProbe: Hashable, Sendable {
    /// An echo request of ICMP or ICMPv6.
    case echo
    /// A connection to a port.
    case tcp(UInt16)
    /// A datagram to a port.
    case udp(UInt16)
}

/// What a packet has to do with a trace.
public enum TraceLeg: String, Hashable, Sendable, CaseIterable {
    /// It is the one that was sent.
    case request
    /// It is the answer of whoever the request was for: a reply, or the refusal of a connection.
    case reply
    /// It is an ICMP error about one of the two.
    case error
}

/// Knows the packets of one trace again wherever they are seen, whatever their addresses and ports have become, and in whatever
/// tunnel: an echo and a datagram by a cookie in them, a connection by its initial sequence number, a datagram's answer and an
/// error that quotes too little by the ends that the request had at some place.
struct TracedFlow {
    let probe: TraceProbe
    /// What the packet carries. It is drawn for each trace, so no other packet has it.
    let cookie: [UInt8]
    /// The sender's port; nil as long as it has none, and for an echo.
    var localPort: UInt16?
    /// The sequence number of the request's SYN, once it has been seen.
    private var initialSequence: UInt32?
    private var flows: Set<Flow> = []

    /// The innermost ends of a request.
    private struct Flow: Hashable {
        var source, destination: PathEnd

        var reversed: Flow { Flow(source: destination, destination: source) }

        init(source: PathEnd, destination: PathEnd) {
            self.source = source
            self.destination = destination
        }

        init?(_ packet: Packet) {
            guard let layer = packet.layers.last, layer.ports != nil || layer.identifier != nil else { return nil }
            source = PathEnd(layer.source, layer.ports?.source ?? layer.identifier)
            destination = PathEnd(layer.destination, layer.ports?.destination ?? layer.identifier)
        }
    }

    /// The size of a cookie in bytes.
    static let cookieSize = 16

    init(_ probe: TraceProbe, cookie: [UInt8]) {
        self.probe = probe
        self.cookie = cookie
    }

    /// What a packet has to do with the trace; nil for nothing. Packets are to be given in order of time.
    mutating func leg(of packet: Packet, _ bytes: Span<UInt8>) -> TraceLeg? {
        let leg = directLeg(of: packet, bytes)
        if leg == .request, let flow = Flow(packet) { flows.insert(flow) }
        return leg
    }

    private mutating func directLeg(of packet: Packet, _ bytes: Span<UInt8>) -> TraceLeg? {
        switch packet.headers.last {
        case .icmp(let message):
            // A redirect is no error: what it quotes has been sent on (RFC 792).
            if message.type == 5 { return nil }
            if let quoted = message.quoted { return isAbout(quoted.packet, bytes) ? .error : nil }
            return echoLeg(message.echo, packet, bytes)
        case .icmpv6(let message):
            if let quoted = message.quoted { return isAbout(quoted.packet, bytes) ? .error : nil }
            return echoLeg(message.echo, packet, bytes)
        case .udp:
            guard case .udp = probe, let flow = Flow(packet) else { return nil }
            // An answer may bring the cookie back.
            if flows.contains(flow.reversed) { return .reply }
            return hasCookie(packet, bytes) ? .request : nil
        case .tcp(let tcp): return connectionLeg(tcp)
        default: return nil
        }
    }

    private func echoLeg(_ echo: Echo?, _ packet: Packet, _ bytes: Span<UInt8>) -> TraceLeg? {
        guard probe == .echo, let echo, hasCookie(packet, bytes) else { return nil }
        return echo.isRequest ? .request : .reply
    }

    private mutating func connectionLeg(_ tcp: TCPHeader) -> TraceLeg? {
        guard case .tcp(let port) = probe else { return nil }
        if tcp.flags.contains(.syn), !tcp.flags.contains(.ack) {
            if initialSequence == nil, tcp.sourcePort == localPort, tcp.destinationPort == port {
                initialSequence = tcp.sequence
            }
            return tcp.sequence == initialSequence ? .request : nil
        }
        guard let initialSequence, tcp.flags.contains(.ack), tcp.acknowledgement == initialSequence &+ 1 else {
            return nil
        }
        return tcp.flags.contains(.syn) || tcp.flags.contains(.rst) ? .reply : nil
    }

    /// Whether an error is about a packet of the trace.
    private func isAbout(_ packet: Packet, _ bytes: Span<UInt8>) -> Bool {
        if hasCookie(packet, bytes) { return true }
        if case .tcp(let tcp)? = packet.headers.last, let initialSequence, tcp.sequence == initialSequence {
            return true
        }
        guard let flow = Flow(packet) else { return false }
        return flows.contains(flow) || flows.contains(flow.reversed)
    }

    private func hasCookie(_ packet: Packet, _ bytes: Span<UInt8>) -> Bool {
        let payload = packet.payload
        guard payload.count >= cookie.count, payload.upperBound <= bytes.count else { return false }
        return cookie.indices.allSatisfy { bytes[payload.lowerBound + $0] == cookie[$0] }
    }
}
