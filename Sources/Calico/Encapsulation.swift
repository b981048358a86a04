import Addresses

/// How packets to a pool's addresses cross from node to node.
public enum Encapsulation: Hashable, Sendable {
    /// Never in a tunnel.
    case none
    /// Always in VXLAN.
    case vxlan
    /// In VXLAN where the other node is not in this node's subnet, natively otherwise.
    case vxlanCrossSubnet
    /// Always in IPIP.
    case ipip
    /// In IPIP where the other node is not in this node's subnet, natively otherwise.
    case ipipCrossSubnet

    /// The tunnel that nodes have an end of for the sake of such a pool, whether it is used or not.
    public var tunnel: Tunnel? {
        switch self {
        case .none: nil
        case .vxlan, .vxlanCrossSubnet: .vxlan
        case .ipip, .ipipCrossSubnet: .ipip
        }
    }

    /// Whether packets to a node cross in the tunnel.
    ///
    /// - Parameters:
    ///   - remote: the other node's address.
    ///   - local: this node's address with its subnet; only this node's subnet counts (`nodeInOurSubnet` in
    ///     felix/calc/l3_route_resolver.go).
    public func tunnels(to remote: IPAddress, from local: InterfaceAddress) -> Bool {
        switch self {
        case .none: false
        case .vxlan, .ipip: true
        case .vxlanCrossSubnet, .ipipCrossSubnet: !local.prefix.contains(remote)
        }
    }
}

/// A kind of tunnel between nodes, in the order in which a node's tunnels get their addresses (`reconcileTunnelAddrs` in
/// node/pkg/allocateip).
public enum Tunnel: String, Hashable, Sendable, CaseIterable {
    case ipip
    case vxlan

    /// The name of the tunnel's device, the same on every node.
    public func device(_ family: AddressFamily) -> InterfaceName {
        switch self {
        case .ipip: "tunl0"
        case .vxlan: VTEP.device(family)
        }
    }

    /// What people call the device.
    public var deviceTitle: String { self == .ipip ? "IPIP tunnel" : "VXLAN device" }

    /// What it adds to a packet, in bytes: an outer IP header (20 or 40), and for VXLAN UDP (8), VXLAN (8) and the inner
    /// Ethernet header (14); see felix/dataplane/linux/int_dataplane.go.
    public func overhead(_ underlay: AddressFamily) -> UInt32 {
        (underlay == .ipv4 ? 20 : 40) + (self == .vxlan ? 30 : 0)
    }
}

/// The sizes of packets in bytes, without the Ethernet header.
public enum MTU {
    /// The MTU of a tunnel's device over an underlay of this MTU.
    public static func device(_ tunnel: Tunnel, _ family: AddressFamily, underlay: UInt32) -> UInt32 {
        let overhead = tunnel.overhead(family)
        return underlay > overhead ? underlay - overhead : 0
    }

    /// The MTU of pods: the smallest that an enabled encapsulation leaves, or all of the underlay's
    /// (`determinePodMTU` in felix/dataplane/linux/int_dataplane.go).
    ///
    /// - Parameter tunnels: those that some pool names.
    public static func pod(tunnels: some Sequence<(Tunnel, AddressFamily)>, underlay: UInt32) -> UInt32 {
        tunnels.map { device($0, $1, underlay: underlay) }.min() ?? underlay
    }
}
