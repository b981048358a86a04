import Addresses

// Each object in the words of iproute2, so that what nslab prints can be typed after `ip` or `bridge`.

extension Link: CustomStringConvertible {
    public var description: String {
        var words = ["\(name)"]
        if let mac { words.append("address \(mac)") }
        if let mtu { words.append("mtu \(mtu)") }
        if let master { words.append("master \(master)") }
        if group != 0 { words.append("group \(group)") }
        words.append(isUp ? "up" : "down")
        if kind != .loopback { words.append("type \(kind)") }
        return words.joined(separator: " ")
    }
}

extension Link.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .loopback: "loopback"
        case .veth(let peer): "veth" + (peer.map { " peer \($0.name) netns \($0.namespace)" } ?? "")
        case .bridge(let bridge):
            "bridge" + (bridge.vlanFiltering ? " vlan_filtering 1" : "")
                + (bridge.defaultPVID.map { " vlan_default_pvid \($0)" } ?? "")
        case .vlan(let vlan): "vlan id \(vlan.id) link \(vlan.parent)"
        case .vxlan(let vxlan):
            "vxlan id \(vxlan.vni) local \(vxlan.local) dev \(vxlan.device) dstport \(vxlan.port) "
                + (vxlan.learning ? "learning" : "nolearning")
        case .other(let name): name
        }
    }
}

extension DeviceAddress: CustomStringConvertible {
    public var description: String {
        "\(address) dev \(device)" + (scope == .universe ? "" : " scope \(scope)") + (noDAD ? " nodad" : "")
    }
}

extension Scope: CustomStringConvertible {
    public var description: String {
        switch self {
        case .universe: "global"
        case .site: "site"
        case .link: "link"
        case .host: "host"
        case .nowhere: "nowhere"
        }
    }
}

extension Route: CustomStringConvertible {
    public var description: String {
        var words: [String] = []
        if kind != .unicast { words.append("\(kind)") }
        words.append(destination.length == 0 ? "default" : "\(destination)")
        if let gateway { words.append("via \(gateway)") }
        if let device { words.append("dev \(device)") }
        if table != Route.mainTable { words.append("table \(table)") }
        if origin != .boot { words.append("proto \(origin)") }
        if scope != .universe { words.append("scope \(scope)") }
        if let preferredSource { words.append("src \(preferredSource)") }
        if metric != 0 { words.append("metric \(metric)") }
        if onlink { words.append("onlink") }
        return words.joined(separator: " ")
    }
}

extension Route.Origin: CustomStringConvertible {
    public var description: String {
        switch self {
        case .kernel: "kernel"
        case .boot: "boot"
        case .static: "static"
        case .routerAdvertisement: "ra"
        default: "\(rawValue)"
        }
    }
}

extension Neighbour: CustomStringConvertible {
    public var description: String {
        "\(address) dev \(device)" + (mac.map { " lladdr \($0)" } ?? "") + " \(state)"
    }
}

extension Neighbour.State: CustomStringConvertible {
    public var description: String {
        let names: [(Self, String)] = [
            (.incomplete, "INCOMPLETE"), (.reachable, "REACHABLE"), (.stale, "STALE"), (.delay, "DELAY"),
            (.probe, "PROBE"),
            (.failed, "FAILED"), (.noARP, "NOARP"), (.permanent, "PERMANENT"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}

extension ForwardingEntry: CustomStringConvertible {
    public var description: String {
        "\(mac) dev \(device)" + (destination.map { " dst \($0)" } ?? "") + (vlan.map { " vlan \($0)" } ?? "")
            + (isSelf ? " self" : " master") + (isPermanent ? " permanent" : "")
    }
}

extension BridgeVLAN: CustomStringConvertible {
    public var description: String {
        "vid \(id) dev \(device)" + (isPVID ? " pvid" : "") + (isUntagged ? " untagged" : "") + (isSelf ? " self" : "")
    }
}
