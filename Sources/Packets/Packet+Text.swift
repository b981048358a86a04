import Addresses

extension Packet: CustomStringConvertible {
    /// The packet in a line, in the words of tcpdump(8) with `-n -S`: addresses and ports, then what the headers say, each tunnel's
    /// content behind it. Link addresses are left out, VLANs are not.
    public var description: String { text() }

    /// The same, without what the outermost tunnel carries.
    public var outerDescription: String { text(isWhole: false) }

    private func text(isWhole: Bool = true) -> String {
        var text = ""
        var ipHeaders = 0
        for (index, header) in headers.enumerated() {
            if !isWhole, inner != nil {
                switch header {
                case .ipv4, .ipv6: ipHeaders += 1
                case .ethernet where index > 0: return text + "…"
                default: break
                }
                if ipHeaders > 1 { return text + "…" }
            }
            switch header {
            case .ethernet: break
            case .vlan(let tag): text += "vlan \(tag.id)\(tag.priority > 0 ? ", p \(tag.priority)" : ""), "
            case .arp(let message): text += message.text
            case .ipv4(let ip):
                text += "IP "
                if ip.fragmentOffset > 0 {
                    text += "\(ip.source) > \(ip.destination): frag (\(ip.fragmentOffset)|\(payloadLength))"
                    text += " ip-proto-\(ip.protocolNumber)"
                } else if !hasPorts(behind: index) {
                    text += "\(ip.source) > \(ip.destination): "
                }
            case .ipv6(let ip):
                text += "IP6 "
                if !hasPorts(behind: index) { text += "\(ip.source) > \(ip.destination): " }
            case .ipv6Extension(let header): text += header.text
            case .icmp(let message): text += message.text
            case .icmpv6(let message): text += message.text
            case .tcp(let tcp):
                text += ends(before: index, tcp.sourcePort, tcp.destinationPort) + tcp.text(payloadLength)
            case .udp(let udp):
                text += ends(before: index, udp.sourcePort, udp.destinationPort)
                if case .vxlan? = headers[(index + 1)...].first { continue }
                text += "UDP, length \(udp.length > 0 ? udp.length - 8 : payloadLength)"
            case .vxlan(let vxlan):
                let flags = vxlan.flags & 0x08 != 0 ? "I" : "."
                text += "VXLAN, flags [\(flags)] (0x\(padded(vxlan.flags))), vni \(vxlan.vni): "
            case .otherEtherType(let type) where type < 0x600: text += "802.3, length \(payloadLength)"
            case .otherEtherType(let type):
                text += "ethertype 0x\(String(type, radix: 16)), length \(payloadLength)"
            case .otherProtocol(ProtocolNumber.noNextHeader): text += "no next header"
            case .otherProtocol(let number): text += "ip-proto-\(number) \(payloadLength)"
            }
        }
        if let fault { text += (text.isEmpty || text.hasSuffix(" ") ? "" : " ") + "\(fault)" }
        return text
    }

    /// Whether a transport's header is right behind the IP header at an index: it says the addresses then.
    private func hasPorts(behind index: Int) -> Bool {
        switch headers[(index + 1)...].first {
        case .tcp, .udp: true
        default: false
        }
    }

    /// `10.0.0.1.80 > 10.0.0.2.3000: `, or the ports alone where something has said the addresses already.
    private func ends(before index: Int, _ source: UInt16, _ destination: UInt16) -> String {
        switch headers[..<index].last {
        case .ipv4(let ip): "\(ip.source).\(source) > \(ip.destination).\(destination): "
        case .ipv6(let ip): "\(ip.source).\(source) > \(ip.destination).\(destination): "
        default: "\(source) > \(destination): "
        }
    }

    private func padded(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

extension Fault: CustomStringConvertible {
    /// As tcpdump shows it where it does: `[|tcp]`.
    public var description: String {
        switch self {
        case .cutShort(let header): "[|\(header.rawValue)]"
        case .badLength(let header): "[bad length of \(header.rawValue)]"
        case .badVersion(let version): "[IP version \(version)]"
        case .tooManyHeaders: "[too many headers]"
        }
    }
}

extension ARPMessage {
    fileprivate var text: String {
        let end = ", length \(length)"
        let known = [0, 0xffff_ffff_ffff].contains(targetMAC.value) ? "" : " (\(targetMAC))"
        return switch operation {
        case 1: "ARP, Request who-has \(target)\(known) tell \(sender)" + end
        case 2: "ARP, Reply \(sender) is-at \(senderMAC)" + end
        default: "ARP, operation \(operation)" + end
        }
    }
}

extension IPv6Extension {
    fileprivate var text: String {
        switch kind {
        case .hopByHop: "HBH "
        case .routing(let type, let left): "srcrt (type=\(type), segleft=\(left)) "
        case .fragment(_, let offset, _) where offset == 0: "frag (0|\(carriedLength)) "
        case .fragment(_, let offset, _): "frag (\(offset)|\(carriedLength))"
        case .destinationOptions: "DSTOPT "
        case .authentication: "AH "
        case .other(let number): "ext-\(number) "
        }
    }
}

extension TCPHeader {
    fileprivate func text(_ length: Int) -> String {
        var text = "Flags [\(flags)]"
        if length > 0 || !flags.isDisjoint(with: [.syn, .fin, .rst]) {
            text += ", seq \(sequence)"
            if length > 0 { text += ":\(sequence &+ UInt32(truncatingIfNeeded: length))" }
        }
        if flags.contains(.ack) { text += ", ack \(acknowledgement)" }
        text += ", win \(window)"
        if flags.contains(.urg) { text += ", urg \(urgentPointer)" }
        if !options.isEmpty { text += ", options [\(options.map(\.description).joined(separator: ","))]" }
        return text + ", length \(length)"
    }
}

extension TCPFlags: CustomStringConvertible {
    /// A sign a flag, as tcpdump has them: `S.` for SYN and ACK.
    public var description: String {
        if isEmpty { return "none" }
        let signs: [(TCPFlags, String)] = [
            (.fin, "F"), (.syn, "S"), (.rst, "R"), (.psh, "P"), (.ack, "."), (.urg, "U"), (.ece, "E"), (.cwr, "W"),
            (.ae, "e"),
        ]
        return signs.filter { contains($0.0) }.map(\.1).joined()
    }
}

extension TCPOption: CustomStringConvertible {
    public var description: String {
        switch self {
        case .end: "eol"
        case .noOperation: "nop"
        case .maximumSegmentSize(let size): "mss \(size)"
        case .windowScale(let shift): "wscale \(shift)"
        case .selectiveAcknowledgementPermitted: "sackOK"
        case .selectiveAcknowledgement(let ranges):
            "sack \(ranges.count) " + ranges.map { "{\($0.left):\($0.right)}" }.joined()
        case .timestamps(let value, let echo): "TS val \(value) ecr \(echo)"
        case .other(let kind, _): "option-\(kind)"
        case .malformed(let kind): "option-\(kind) malformed"
        }
    }
}
