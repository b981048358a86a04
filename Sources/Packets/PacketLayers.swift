import Addresses

/// What one IP packet is: its addresses, its time to live, and what tells its flow from others.
public struct PacketLayer: Hashable, Sendable {
    /// The frame that it is in; nil for IP in IP.
    public var link: EthernetHeader?
    /// The VLANs that the frame is in, outermost first.
    public var vlans: [UInt16]
    public var source, destination: IPAddress
    /// The time to live, or hop limit.
    public var ttl: UInt8
    /// The ports of TCP and UDP; nil where there are none, as in a later fragment.
    public var ports: Ports?
    /// The identifier of an echo request or reply.
    public var identifier: UInt16?
    /// The network identifier of the VXLAN tunnel whose packet it is; nil for any other.
    public var vni: UInt32?

    public struct Ports: Hashable, Sendable {
        public var source, destination: UInt16
    }
}

extension Packet {
    /// The IP packets that are in it, outermost first: one, and one for each tunnel. None of ARP and the like.
    public var layers: [PacketLayer] {
        var layers: [PacketLayer] = []
        var link: EthernetHeader?
        var vlans: [UInt16] = []
        func add(_ source: IPAddress, _ destination: IPAddress, _ ttl: UInt8) {
            layers.append(
                PacketLayer(
                    link: link, vlans: vlans, source: source, destination: destination, ttl: ttl))
            (link, vlans) = (nil, [])
        }
        /// Changes the layer that was begun last.
        func change(_ body: (inout PacketLayer) -> Void) { if !layers.isEmpty { body(&layers[layers.count - 1]) } }
        for header in headers {
            switch header {
            case .ethernet(let header): link = header
            case .vlan(let tag): vlans.append(tag.id)
            case .ipv4(let ip): add(.v4(ip.source), .v4(ip.destination), ip.ttl)
            case .ipv6(let ip): add(.v6(ip.source), .v6(ip.destination), ip.hopLimit)
            case .tcp(let tcp): change { $0.ports = .init(source: tcp.sourcePort, destination: tcp.destinationPort) }
            case .udp(let udp): change { $0.ports = .init(source: udp.sourcePort, destination: udp.destinationPort) }
            case .icmp(let message): change { $0.identifier = message.echo?.identifier }
            case .icmpv6(let message): change { $0.identifier = message.echo?.identifier }
            case .vxlan(let tunnel): change { $0.vni = tunnel.vni }
            case .arp, .ipv6Extension, .otherEtherType, .otherProtocol: break
            }
        }
        return layers
    }
}
