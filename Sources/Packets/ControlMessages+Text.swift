import Addresses

extension ICMPMessage {
    /// The message in tcpdump's words: print-icmp.c.
    var text: String { "ICMP \(words), length \(length)" }

    private var words: String {
        if let echo {
            return "echo \(echo.isRequest ? "request" : "reply"), id \(echo.identifier), seq \(echo.sequence)"
        }
        let about = quoted?.packet.destination ?? "?"
        switch (type, code) {
        case (3, 0): return "net \(about) unreachable"
        case (3, 1): return "host \(about) unreachable"
        case (3, 2): return "\(about) protocol \(quoted?.packet.protocolNumber.map(String.init) ?? "?") unreachable"
        case (3, 3): return "\(quoted?.packet.destinationPort ?? about) unreachable"
        case (3, 4): return "\(about) unreachable - need to frag" + (mtu > 0 ? " (mtu \(mtu))" : "")
        case (3, 9): return "net \(about) unreachable - admin prohibited"
        case (3, 10): return "host \(about) unreachable - admin prohibited"
        case (3, 13): return "host \(about) unreachable - admin prohibited filter"
        case (3, _): return "\(about) unreachable - #\(code)"
        case (5, _): return "redirect \(about) to \(code & 1 == 1 ? "host" : "net") \(IPv4Address(rest))"
        case (9, _): return "router advertisement"
        case (10, _): return "router solicitation"
        case (11, 0): return "time exceeded in-transit"
        case (11, 1): return "ip reassembly time exceeded"
        case (12, _): return "parameter problem - octet \(rest >> 24)"
        default: return "type-#\(type)"
        }
    }

    /// The MTU of the next hop in bytes; 0 if the error does not say (RFC 1191, 4).
    public var mtu: UInt16 { type == 3 && code == 4 ? UInt16(truncatingIfNeeded: rest) : 0 }
}

extension ICMPv6Message {
    /// The message in tcpdump's words: print-icmp6.c.
    var text: String { "ICMP6, \(words), length \(length)" }

    private var words: String {
        if let echo {
            return "echo \(echo.isRequest ? "request" : "reply"), id \(echo.identifier), seq \(echo.sequence)"
        }
        let about = quoted?.packet.destination ?? "?"
        switch (type, code) {
        case (1, 0): return "destination unreachable, unreachable route \(about)"
        case (1, 1): return "destination unreachable, unreachable prohibited \(about)"
        case (1, 2): return "destination unreachable, beyond scope \(about)"
        case (1, 3): return "destination unreachable, unreachable address \(about)"
        case (1, 4): return "destination unreachable, unreachable port, \(quoted?.packet.destinationPort ?? about)"
        case (1, _): return "destination unreachable, unknown unreach code (\(code))"
        case (2, _): return "packet too big, mtu \(rest)"
        case (3, 0): return "time exceeded in-transit for \(about)"
        case (3, _): return "time exceeded in-transit (reassembly)"
        case (4, _): return "parameter problem, octet \(rest)"
        case (130, _): return "multicast listener query"
        case (131, _): return "multicast listener report"
        case (132, _): return "multicast listener done"
        case (133, _): return "router solicitation"
        case (134, _): return "router advertisement"
        case (135, _): return "neighbor solicitation" + (target.map { ", who has \($0)" } ?? "")
        case (136, _): return "neighbor advertisement" + (target.map { ", tgt is \($0)" } ?? "")
        case (137, _): return "redirect" + (target.map { ", to \($0)" } ?? "")
        case (143, _): return "multicast listener report v2, \(rest & 0xffff) group record(s)"
        default: return "type-#\(type)"
        }
    }
}

extension Packet {
    /// The address that the outermost IP header is for.
    fileprivate var destination: String? {
        for header in headers {
            switch header {
            case .ipv4(let ip): return "\(ip.destination)"
            case .ipv6(let ip): return "\(ip.destination)"
            default: continue
            }
        }
        return nil
    }

    /// What the outermost IPv4 header says that it carries.
    fileprivate var protocolNumber: UInt8? {
        if case .ipv4(let ip)? = headers.first { ip.protocolNumber } else { nil }
    }

    /// `10.0.0.9 udp port 53`; nil if no port was quoted.
    fileprivate var destinationPort: String? {
        guard let destination else { return nil }
        for header in headers {
            switch header {
            case .tcp(let tcp): return "\(destination) tcp port \(tcp.destinationPort)"
            case .udp(let udp): return "\(destination) udp port \(udp.destinationPort)"
            default: continue
            }
        }
        return nil
    }
}

extension Packet {
    /// What a message of ICMP or ICMPv6 says, in tcpdump's words, without the addresses before it; nil for any other packet.
    public var controlText: String? {
        switch headers.last {
        case .icmp(let message): message.text
        case .icmpv6(let message): message.text
        default: nil
        }
    }
}
