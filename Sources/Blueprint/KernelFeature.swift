import Calico

/// Something that a kernel has or has not, and a lab may need. `KernelCapabilities` says how to find out, what follows without
/// it, and how to get it.
public enum KernelFeature: String, Hashable, Sendable, CaseIterable {
    case namespaces = "network namespaces"
    case veth = "veth"
    case ipv6 = "IPv6"
    case bridge = "bridge"
    case vlanFiltering = "VLAN filtering"
    case vlanLinks = "802.1Q"
    case vxlanIPv4 = "VXLAN over IPv4"
    case vxlanIPv6 = "VXLAN over IPv6"
    case nftables = "nf_tables"
    case natIPv4 = "NAT for IPv4"
    case natIPv6 = "NAT for IPv6"
    case conntrack = "connection tracking"
    case serviceRules = "rules of services"
    case netem = "netem"
    case tokenBucket = "tbf"
    case dummy = "dummy"
    case ipip = "IPIP"
    case overlay = "overlay file systems"
}

public typealias KernelFeatures = Set<KernelFeature>

extension KernelFeatures {
    /// A kernel that has all of them, as distributions build it.
    public static let complete = Set(KernelFeature.allCases)

    /// How packets to a pool's addresses cross on this kernel: without IPIP natively.
    func encapsulation(_ wanted: Encapsulation) -> Encapsulation {
        wanted.tunnel == .ipip && !contains(.ipip) ? .none : wanted
    }
}
