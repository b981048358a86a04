import Addresses
import Calico
import NetworkObjects

extension Sysctl {
    /// For a device's setting, the path that a new device takes its value from; nil for a setting of the namespace, and
    /// where there is no such path (`neigh/default` exists in the first namespace alone), or the device may have been there
    /// before the namespace's settings.
    public var defaultPath: String? {
        guard let parts = linkSetting, parts.table == "conf", parts.device != Tunnel.ipip.device(.ipv4) else {
            return nil
        }
        return "\(parts.family)/conf/default/\(parts.name)"
    }
}

/// The settings of `/proc/sys/net` that each kind of namespace needs, in the order they are written.
enum KernelSettings {
    /// What every namespace needs: IPv6 on, addresses that can be used at once, and answers to whoever asks for its IPv4
    /// address: a node asks for its pods' with an address that is in no subnet of theirs (`arp_ignore` 2 would be silent).
    ///
    /// New namespaces take IPv4's settings from the host, and IPv6's too if `net.core.devconf_inherit_init_net` says so.
    static let host: [Sysctl] = [
        Sysctl("ipv4/conf/all/arp_ignore", "0"),
        Sysctl("ipv4/conf/default/arp_ignore", "0"),
        Sysctl("ipv6/conf/all/disable_ipv6", "0"),
        Sysctl("ipv6/conf/default/disable_ipv6", "0"),
        Sysctl("ipv6/conf/default/accept_dad", "0"),
    ]

    /// What a namespace that forwards needs besides. Writing a forwarding switch resets other settings of the family, so
    /// the switches come first. IPv4 settings are inherited from the host, so a strict reverse path filter has to go.
    static let forwarding: [Sysctl] =
        [
            Sysctl("ipv4/ip_forward", "1"),
            Sysctl("ipv6/conf/all/forwarding", "1"),
            Sysctl("ipv4/conf/all/rp_filter", "0"),
            Sysctl("ipv4/conf/default/rp_filter", "0"),
        ] + host

    /// What a container of Docker has, as hosts are: it forwards IPv4, because the machine that runs Docker does, and no
    /// IPv6.
    static let container: [Sysctl] =
        [
            Sysctl("ipv4/ip_forward", "1"),
            Sysctl("ipv6/conf/all/forwarding", "0"),
            Sysctl("ipv4/conf/all/rp_filter", "0"),
            Sysctl("ipv4/conf/default/rp_filter", "0"),
        ] + host

    /// What a router needs that forwards these families.
    static func router(forwarding families: Set<AddressFamily>) -> [Sysctl] {
        forwarding.map { setting in
            switch setting.path {
            case "ipv4/ip_forward" where !families.contains(.ipv4): Sysctl(setting.path, "0")
            case "ipv6/conf/all/forwarding" where !families.contains(.ipv6): Sysctl(setting.path, "0")
            default: setting
            }
        }
    }

    /// What a node needs: new links take no router advertisements, as Felix sets it for each pod's.
    static let node: [Sysctl] = forwarding + [Sysctl("ipv6/conf/default/accept_ra", "0")]

    /// That new links ask for no routers (RFC 4861, 6.3.7).
    static let noSolicitations: [Sysctl] = [Sysctl("ipv6/conf/default/router_solicitations", "0")]

    /// What a tunnel needs that the kernel has made before the namespace's own settings were written, so that it has the
    /// host's: what comes in by it may be from a node that is reached otherwise.
    static func fallbackTunnel(_ device: InterfaceName) -> [Sysctl] { [Sysctl("ipv4/conf/\(device)/rp_filter", "0")] }

    /// What Felix sets for a pod's host end (`configureProcSysForInterface` and `configureInterface` in
    /// felix/dataplane/linux/endpoint_mgr.go) and the CNI plugin (cni-plugin/pkg/dataplane/linux).
    static func workload(_ device: InterfaceName) -> [Sysctl] {
        let (v4, v6) = ("ipv4/conf/\(device)/", "ipv6/conf/\(device)/")
        return [
            Sysctl(v4 + "route_localnet", "1"),
            Sysctl(v4 + "proxy_arp", "1"),
            Sysctl(v4 + "forwarding", "1"),
            Sysctl("ipv4/neigh/\(device)/proxy_delay", "0"),
            Sysctl(v6 + "accept_dad", "0"),
            Sysctl(v6 + "disable_ipv6", "0"),
            Sysctl(v6 + "proxy_ndp", "1"),
            Sysctl(v6 + "forwarding", "1"),
            Sysctl(v6 + "accept_ra", "0"),
        ]
    }
}
