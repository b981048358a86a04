/// Kinds of containerlab nodes by their names.
enum ContainerlabKind {
    /// The kind in containerlab's main spelling: `arista_ceos` of `ceos` (`KindNames` in the packages below containerlab's nodes).
    static func name(_ written: String) -> String {
        if let name = others[written] { return name }
        return written.hasPrefix("vr-") ? others[String(written.dropFirst(3))] ?? String(written.dropFirst(3)) : written
    }

    /// All spellings that mean the same, the written one first.
    static func spellings(of written: String) -> [String] {
        let name = name(written)
        var all = [written]
        for one in [name, "vr-" + name]
            + others.filter({ $0.value == name }).keys.sorted().flatMap({ [$0, "vr-" + $0] })
        where !all.contains(one) {
            all.append(one)
        }
        return all
    }

    private static let others = [
        "aoscx": "aruba_aoscx", "c8000": "cisco_c8000", "ceos": "arista_ceos", "cjunosevolved": "juniper_cjunosevolved",
        "crpd": "juniper_crpd", "csr": "cisco_csr1000v", "cumulus_cvx": "cvx", "ftosv": "dell_ftosv",
        "k8s_kind": "k8s-kind", "n9kv": "cisco_n9kv", "ovs-bridge": "bridge", "pan": "paloalto_panos",
        "ros": "mikrotik_ros", "srl": "nokia_srlinux", "sros": "nokia_sros", "veos": "arista_veos",
        "vmx": "juniper_vmx", "vqfx": "juniper_vqfx", "vsrx": "juniper_vsrx", "xrd": "cisco_xrd", "xrv": "cisco_xrv",
        "xrv9k": "cisco_xrv9k",
    ]
}
