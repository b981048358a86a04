extension Witness {
    /// The names of a namespace's links, without those that the kernel gives each namespace when a tunnel's module is loaded.
    public static func links(in pin: String? = nil) throws -> [String] {
        try json("ip -j link", in: pin).compactMap { $0["ifname"] as? String }.filter { !isKernelsOwn($0) }
    }

    /// Whether a link of this name is one that the kernel gives each namespace (`net.core.fb_tunnels_only_for_init_net`).
    public static func isKernelsOwn(_ name: String) -> Bool {
        ["tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"].contains(name)
    }
}
