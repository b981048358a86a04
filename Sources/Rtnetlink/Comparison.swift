import Addresses

// What the kernel reports is not always what it was told. Who compares the two asks here.

extension Link {
    /// Whether a link that was read from the kernel is this one: whatever this value leaves open (nil) may be anything.
    ///
    /// The other end of a veth cannot be seen from here and is not looked at.
    public func isSatisfied(by observed: Link) -> Bool {
        func agrees<Value: Equatable>(_ wanted: Value?, _ seen: Value?) -> Bool { wanted == nil || wanted == seen }
        return name == observed.name && group == observed.group && isUp == observed.isUp
            && agrees(mac, observed.mac) && agrees(mtu, observed.mtu) && agrees(master, observed.master)
            && agrees(alias, observed.alias) && kind.isSatisfied(by: observed.kind)
    }
}

extension Link {
    /// Whether the kernel gave the namespace this link because a tunnel module is loaded; it cannot be deleted
    /// (`net.core.fb_tunnels_only_for_init_net`).
    public var isFallbackTunnel: Bool {
        guard case .other = kind, !isUp else { return false }
        let names: [InterfaceName] = [
            "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0",
        ]
        return names.contains(name)
    }
}

extension Link.Kind {
    fileprivate func isSatisfied(by observed: Link.Kind) -> Bool {
        switch (self, observed) {
        case (.veth, .veth): true
        case (.bridge(let wanted), .bridge(let seen)):
            wanted.vlanFiltering == seen.vlanFiltering
                && (wanted.defaultPVID == nil || wanted.defaultPVID == seen.defaultPVID)
        default: self == observed
        }
    }
}

extension Route {
    /// The route as the kernel reports it once it is installed.
    ///
    /// An IPv6 route has metric 1024 where it was told 0 (`IP6_RT_PRIO_USER`), and no scope; a route that rejects has no
    /// device. What a route without a device leaves by, the kernel finds out from its gateway: that is not known here.
    public var asReported: Route {
        var route = self
        if destination.family == .ipv6 {
            route.scope = .universe
            if metric == 0 { route.metric = 1024 }
        }
        if [.blackhole, .unreachable, .prohibit].contains(kind) { route.device = nil }
        return route
    }
}

extension DeviceAddress {
    /// The address as the kernel reports it: an IPv6 address has the scope that its bits say (RFC 4007), and IPv4 knows
    /// no duplicate address detection.
    public var asReported: DeviceAddress {
        guard case .v6(let ip) = address.address else {
            var address = self
            address.noDAD = false
            return address
        }
        var address = self
        address.scope =
            switch ip.value >> 118 {
            case 0xfe80 >> 6: .link
            case 0xfec0 >> 6: .site
            default: ip.value == 1 ? .host : .universe
            }
        return address
    }
}
