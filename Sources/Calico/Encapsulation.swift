import Addresses

/// How packets to a pool's addresses cross from node to node.
public enum Encapsulation: Hashable, Sendable {
    /// Never in a tunnel.
    case none
    /// Always in VXLAN.
    case vxlan
    /// In VXLAN where the other node is not in this node's subnet, natively otherwise.
    case vxlanCrossSubnet

    /// Whether nodes have a VXLAN device for the sake of such a pool, whether it is used or not.
    public var needsVXLAN: Bool { self != .none }

    /// Whether packets to a node cross in VXLAN.
    ///
    /// - Parameters:
    ///   - remote: the other node's address.
    ///   - local: this node's address with its subnet; only this node's subnet counts (`nodeInOurSubnet` in
    ///     felix/calc/l3_route_resolver.go).
    public func tunnels(to remote: IPAddress, from local: InterfaceAddress) -> Bool {
        switch self {
        case .none: false
        case .vxlan: true
        case .vxlanCrossSubnet: !local.prefix.contains(remote)
        }
    }
}

/// The sizes of packets in bytes, without the Ethernet header.
public enum MTU {
    /// What VXLAN adds: outer IP header (20 or 40), UDP (8), VXLAN (8), inner Ethernet (14); see
    /// felix/dataplane/linux/int_dataplane.go.
    public static func vxlanOverhead(_ underlay: AddressFamily) -> UInt32 { underlay == .ipv4 ? 50 : 70 }

    /// The MTU of a node's VXLAN device over an underlay of this MTU.
    public static func vxlan(_ family: AddressFamily, underlay: UInt32) -> UInt32 {
        underlay > vxlanOverhead(family) ? underlay - vxlanOverhead(family) : 0
    }

    /// The MTU of pods: the smallest that an enabled encapsulation leaves, or all of the underlay's
    /// (`determinePodMTU` in felix/dataplane/linux/int_dataplane.go).
    ///
    /// - Parameter families: those that have a pool with VXLAN.
    public static func pod(vxlanFamilies families: some Sequence<AddressFamily>, underlay: UInt32) -> UInt32 {
        families.map { vxlan($0, underlay: underlay) }.min() ?? underlay
    }
}
