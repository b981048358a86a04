import Addresses
import Packets

/// What a packet has become between two places where it was seen.
public enum PathChange: Hashable, Sendable {
    /// Its source is another one (SNAT), or that of the tunnel's packet around it.
    case source(from: PathEnd, to: PathEnd, isOuter: Bool)
    /// Its destination is another one (DNAT), or that of the tunnel's packet around it.
    case destination(from: PathEnd, to: PathEnd, isOuter: Bool)
    /// The identifier of the echo is another one, which NAT gives it where it would give a port.
    case identifier(from: UInt16, to: UInt16)
    /// It was put into a tunnel's packet.
    case encapsulated(Tunnel)
    /// It was taken out of one.
    case decapsulated(Tunnel)
    /// The frame around it has other addresses: those of the next link.
    case frame(source: MACAddress, destination: MACAddress)
    /// It got VLAN tags, or lost them.
    case vlans(from: [UInt16], to: [UInt16])

    /// A tunnel's packet: its own ends, and the addresses of the frame that it carries.
    public struct Tunnel: Hashable, Sendable {
        /// The VXLAN network identifier; nil for IP in IP.
        public var vni: UInt32?
        public var source, destination: IPAddress
        /// The UDP ports of VXLAN.
        public var ports: PacketLayer.Ports?
        /// The frame inside; nil for IP in IP.
        public var frame: EthernetHeader?
    }

    /// What a packet has become.
    ///
    /// Packets are compared from the inside out: the innermost one is the same whatever tunnels it goes through.
    static func all(from before: [PacketLayer], to after: [PacketLayer]) -> [PathChange] {
        var changes: [PathChange] = []
        let common = min(before.count, after.count)
        for depth in 1...max(common, 1) where depth <= common {
            let (old, new) = (before[before.count - depth], after[after.count - depth])
            let isOuter = depth > 1
            let (oldSource, newSource) = (
                PathEnd(old.source, old.ports?.source), PathEnd(new.source, new.ports?.source)
            )
            if oldSource != newSource {
                changes.append(.source(from: oldSource, to: newSource, isOuter: isOuter))
            }
            let oldEnd = PathEnd(old.destination, old.ports?.destination)
            let newEnd = PathEnd(new.destination, new.ports?.destination)
            if oldEnd != newEnd { changes.append(.destination(from: oldEnd, to: newEnd, isOuter: isOuter)) }
            if let oldNumber = old.identifier, let newNumber = new.identifier, oldNumber != newNumber {
                changes.append(.identifier(from: oldNumber, to: newNumber))
            }
            // What carries a frame is told by the tunnel.
            if let oldLink = old.link, let newLink = new.link, depth == common,
                oldLink.source != newLink.source || oldLink.destination != newLink.destination
            {
                changes.append(.frame(source: newLink.source, destination: newLink.destination))
            }
            if old.vlans != new.vlans { changes.append(.vlans(from: old.vlans, to: new.vlans)) }
        }
        for index in stride(from: after.count - common - 1, through: 0, by: -1) {
            changes.append(.encapsulated(Tunnel(after, at: index)))
        }
        for index in 0..<max(0, before.count - common) { changes.append(.decapsulated(Tunnel(before, at: index))) }
        return changes
    }
}

extension PathChange.Tunnel {
    fileprivate init(_ layers: [PacketLayer], at index: Int) {
        let (outer, inner) = (layers[index], index + 1 < layers.count ? layers[index + 1] : nil)
        self.init(
            vni: outer.vni, source: outer.source, destination: outer.destination, ports: outer.ports,
            frame: inner?.link)
    }
}

/// An address and port, as a flow has it at one of its ends.
public struct PathEnd: Hashable, Sendable, CustomStringConvertible {
    public var address: IPAddress
    public var port: UInt16?

    init(_ address: IPAddress, _ port: UInt16?) {
        self.address = address
        self.port = port
    }

    /// `10.0.0.1`, `10.0.0.1:80`, `[fd00::1]:80`.
    public var description: String {
        guard let port else { return "\(address)" }
        return address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
