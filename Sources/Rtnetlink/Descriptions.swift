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
        case .ipip(let ipip):
            "ipip remote \(ipip.remote.map { "\($0)" } ?? "any") local \(ipip.local.map { "\($0)" } ?? "any")"
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
        case .bird: "bird"
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

extension Qdisc: CustomStringConvertible {
    public var description: String { "dev \(device) root \(kind)" }
}

extension Qdisc.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .netem(let netem): netem.description
        case .tokenBucket(let bucket): bucket.description
        case .other(let name): name
        }
    }
}

extension Netem: CustomStringConvertible {
    public var description: String {
        var words = ["netem", "limit \(limit)"]
        if delay > 0 || jitter > 0 { words.append("delay \(duration(delay))") }
        if jitter > 0 { words.append(duration(jitter)) }
        for (name, probability) in [
            ("loss", loss), ("duplicate", duplicate), ("reorder", reorder), ("corrupt", corrupt),
        ] where probability != .never { words.append("\(name) \(probability)") }
        if let rate { words.append("rate \(bitRate(rate))") }
        return words.joined(separator: " ")
    }
}

extension TokenBucket: CustomStringConvertible {
    public var description: String { "tbf rate \(bitRate(rate)) burst \(burst)b limit \(limit)b" }
}

extension Probability: CustomStringConvertible {
    /// In hundredths: `0.5%`.
    public var description: String {
        let (whole, part) = millionths.quotientAndRemainder(dividingBy: 10_000)
        if part == 0 { return "\(whole)%" }
        let digits = String(10_000 + part).dropFirst()
        return "\(whole).\(digits.reversed().drop { $0 == "0" }.reversed().map(String.init).joined())%"
    }
}

/// Nanoseconds in the largest unit that leaves no fraction.
private func duration(_ nanoseconds: UInt64) -> String {
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")] as [(UInt64, String)]
    where nanoseconds.isMultiple(of: unit) { return "\(nanoseconds / unit)\(name)" }
    return "\(nanoseconds)ns"
}

/// Bytes in a second as bits in a second, in the largest unit that leaves no fraction.
private func bitRate(_ bytes: UInt64) -> String {
    let (bits, overflows) = bytes.multipliedReportingOverflow(by: 8)
    if overflows { return "\(bytes)bps" }
    for (unit, name) in [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1000, "kbit")] as [(UInt64, String)]
    where bits.isMultiple(of: unit) && bits > 0 { return "\(bits / unit)\(name)" }
    return "\(bits)bit"
}
