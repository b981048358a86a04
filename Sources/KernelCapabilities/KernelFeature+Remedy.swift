import Addresses
import Blueprint
import KubeProxy
import NetworkObjects

extension KernelFeature {
    /// What is not there, or not as on a real cluster, without it.
    public var consequence: String {
        switch self {
        case .namespaces: "no lab can be built"
        case .veth: "no lab can be built: every cable and every pod's interface is a veth"
        case .ipv6: "no lab can be built: every namespace has settings of IPv6"
        case .bridge: "no lab with VLANs or shared networks can be built"
        case .vlanFiltering: "each VLAN of a router is a plain bridge of its own, and no bridge is VLAN-aware"
        case .vlanLinks:
            "each VLAN of a router is a plain bridge of its own, and on trunks each has a veth of its own: no frame has a tag"
        case .vxlanIPv4: "no lab with an IPv4 pool that names VXLAN can be built"
        case .vxlanIPv6: "no lab with an IPv6 pool that names VXLAN can be built"
        case .nftables: "no lab with natOutgoing or services can be built"
        case .natIPv4: "no lab with natOutgoing or services for IPv4 can be built"
        case .natIPv6: "no lab with natOutgoing or services for IPv6 can be built"
        case .conntrack: "no lab with natOutgoing or services can be built"
        case .serviceRules: "no lab with services can be built"
        case .netem: "links cannot be delayed, nor lose frames; a rate works by tbf if that is there"
        case .tokenBucket: "links have no rate, unless netem is there"
        case .dummy: "nslab needs none, for it puts addresses on lo and on bridges; you cannot add such links by hand"
        case .ipip: "pools that name IPIP are routed natively, as without encapsulation"
        case .overlay:
            "`nslab exec` and exec lines see the machine's files read-only, and can write to /run and /dev/shm alone"
        }
    }

    /// How to get it.
    public var remedy: String {
        switch self {
        case .namespaces: "boot a kernel with CONFIG_NET_NS"
        case .ipv6: "boot without ipv6.disable=1, or a kernel with CONFIG_IPV6"
        case .veth: Self.module("veth", "VETH")
        case .bridge: Self.module("bridge", "BRIDGE")
        case .vlanFiltering: "boot a kernel with CONFIG_BRIDGE_VLAN_FILTERING; distributions' have it"
        case .vlanLinks: Self.module("8021q", "VLAN_8021Q")
        case .vxlanIPv4, .vxlanIPv6: Self.module("vxlan", "VXLAN")
        case .nftables: Self.module("nf_tables", "NF_TABLES, CONFIG_NF_TABLES_IPV4 and CONFIG_NF_TABLES_IPV6")
        case .natIPv4, .natIPv6: Self.module("-a nft_chain_nat nft_masq", "NFT_NAT and CONFIG_NFT_MASQ")
        case .conntrack: Self.module("nft_ct", "NFT_CT")
        case .serviceRules: Self.module("-a nft_numgen nft_reject", "NFT_NUMGEN and CONFIG_NFT_REJECT")
        case .netem:
            Self.module("sch_netem", "NET_SCH_NETEM") + "; Fedora and RHEL have it in the package kernel-modules-extra"
        case .tokenBucket: Self.module("sch_tbf", "NET_SCH_TBF")
        case .dummy: Self.module("dummy", "DUMMY")
        case .ipip: Self.module("ipip", "NET_IPIP")
        case .overlay:
            Self.module("overlay", "OVERLAY_FS")
                + "; in a container, have its root on a file system that takes an overlay, and not on two of them"
        }
    }

    private static func module(_ module: String, _ option: String) -> String {
        "load it (modprobe \(module)), install the package with your kernel's other modules, or boot a kernel with "
            + "CONFIG_\(option)"
    }

    /// Whether some lab takes it: the others are for what a user may add by hand.
    var isUsed: Bool { self != .dummy }

    /// What the user of a lab that needs it sees: what is missing, what does not work, what to do.
    public var lack: String { "this kernel has no \(rawValue): \(consequence); \(remedy)" }
}

extension KernelFeature {
    /// What links of this kind need; nil for those that every kernel has, or that nslab does not make.
    public init?(_ kind: Link.Kind) {
        switch kind {
        case .veth: self = .veth
        case .bridge: self = .bridge
        case .vlan: self = .vlanLinks
        case .vxlan(let vxlan): self = vxlan.local.family == .ipv4 ? .vxlanIPv4 : .vxlanIPv6
        case .ipip: self = .ipip
        case .loopback, .other: return nil
        }
    }

    /// What a table's rules need.
    static func features(of table: RuleTable) -> Set<KernelFeature> {
        let isProxy = table.name == ProxyRules.tableName
        // The lab goes without one that serves nothing.
        if isProxy, table.isIdle { return [] }
        let features: Set<KernelFeature> = [.nftables, .conntrack, table.family == .ip6 ? .natIPv6 : .natIPv4]
        return isProxy ? features.union([.serviceRules]) : features
    }
}

extension BlueprintError {
    /// The features for want of which there is no blueprint, as far as that is the reason.
    public var lackingFeatures: [KernelFeature] {
        var features: [KernelFeature] = []
        for problem in problems {
            let feature: KernelFeature? =
                switch problem {
                case .needsVLANLinks: .vlanLinks
                case .needsQdisc: .netem
                default: nil
                }
            if let feature, !features.contains(feature) { features.append(feature) }
        }
        return features
    }
}
