import Addresses

/// What became of one object of a namespace, as the commands that a person would type for it: of ip(8), sysctl(8), ethtool(8), tc(8),
/// bridge(8) and nft(8). What no command of theirs says is told in a comment.
public struct ChangeCommands: Sendable {
    private let before: KernelObject?
    private let after: KernelObject?
    private let attributes: [AttributeDifference]

    /// A change of an object.
    ///
    /// - Parameters:
    ///   - before: what it was; nil for one that is new.
    ///   - after: what it is now; nil for one that is gone.
    ///   - attributes: what is different, the new values as wanted.
    public init(from before: KernelObject?, to after: KernelObject?, _ attributes: [AttributeDifference] = []) {
        self.before = before
        self.after = after
        self.attributes = attributes
    }

    /// The commands, in the order they are typed.
    public var lines: [String] {
        switch (before?.value, after?.value) {
        case (let attribute as LinkAttribute, let now as LinkAttribute): attribute.commands(to: now)
        case (is DriverSetting, let now as DriverSetting): [now.command]
        case (let setting as Sysctl, let now as Sysctl): setting.commands(to: now, attributes)
        case (is Link, let now as Link): attributes.flatMap { now.commands(for: $0) }
        case (let address as DeviceAddress, is DeviceAddress) where attributes.contains(where: \.isKernelMadeRoute):
            attributes.map { address.command(forRoute: $0) }
        case (is LegacyTable, let now as LegacyTable): attributes.flatMap { now.commands(for: $0) }
        case (nil, let now?): commands(adding: now)
        case (let gone?, nil): commands(removing: gone)
        // Of other kinds the new one takes the place of the former.
        case (let former?, let now?): commands(replacing: former, with: now)
        case (nil, nil): []
        }
    }

    private func commands(adding object: any NetworkObject) -> [String] {
        switch object {
        case let link as Link: link.additions
        case let address as DeviceAddress: ["ip address add \(address.typed)"]
        case let route as Route: ["ip\(route.destination.family.option) route add \(route)"]
        case let rule as RoutingRule: [rule.command("add")]
        case let neighbour as Neighbour: [neighbour.command]
        case let proxy as ProxyNeighbour:
            ["ip neighbour add proxy \(proxy.address)" + (proxy.device.map { " dev \($0)" } ?? "")]
        case let label as AddressLabel: ["ip addrlabel add \(label)"]
        case let entry as ForwardingEntry: ["bridge fdb append \(entry)"]
        case let vlan as BridgeVLAN: ["bridge vlan add \(vlan)"]
        case let qdisc as Qdisc: ["tc qdisc replace \(qdisc.typed)"]
        case let table as RuleTable: ["nft -f - <<'EOF'\n\(table.replacement)EOF"]
        case let object as OpaqueObject where object.kindName == "nexthop": ["ip nexthop add \(object)"]
        case let object as OpaqueObject where object.kindName == "bridge vlan options": ["bridge vlan set \(object)"]
        case let object as OpaqueObject where object.kindName == "xfrm default": ["ip xfrm policy setdefault \(object)"]
        case let object as OpaqueObject where object.kindName == "xfrm threshold": ["ip xfrm policy set \(object)"]
        case let object as OpaqueObject where object.kindName == "mptcp endpoint":
            ["# ip mptcp endpoint add … \(object)"]
        default: ["# \(object.kindName) \(object) is there"]
        }
    }

    private func commands(removing object: any NetworkObject) -> [String] {
        switch object {
        case let link as Link: ["ip link delete dev \(link.name)"]
        case let address as DeviceAddress: ["ip address delete \(address.address) dev \(address.device)"]
        case let route as Route: ["ip\(route.destination.family.option) route delete \(route)"]
        case let rule as RoutingRule: [rule.command("delete")]
        case let neighbour as Neighbour: ["ip neighbour delete \(neighbour.address) dev \(neighbour.device)"]
        case let proxy as ProxyNeighbour:
            ["ip neighbour delete proxy \(proxy.address)" + (proxy.device.map { " dev \($0)" } ?? "")]
        case let label as AddressLabel: ["ip addrlabel delete \(label)"]
        case let entry as ForwardingEntry: ["bridge fdb delete \(entry)"]
        case let vlan as BridgeVLAN: ["bridge vlan delete \(vlan)"]
        case let qdisc as Qdisc: [qdisc.removal]
        case let table as RuleTable: ["nft delete table \(table.id)"]
        case let object as OpaqueObject: object.removals
        default: ["# \(object.kindName) \(object) is gone"]
        }
    }

    private func commands(replacing former: any NetworkObject, with object: any NetworkObject) -> [String] {
        switch object {
        case let address as DeviceAddress:
            ["ip address delete \(address.address) dev \(address.device)", "ip address add \(address.typed)"]
        case let route as Route: ["ip\(route.destination.family.option) route replace \(route)"]
        case let neighbour as Neighbour: [neighbour.command]
        case let entry as ForwardingEntry: ["bridge fdb replace \(entry)"]
        default: commands(removing: former) + commands(adding: object)
        }
    }
}

extension AddressFamily {
    /// What `ip` is told the family by, where it does not see it.
    fileprivate var option: String { self == .ipv6 ? " -6" : "" }
}

extension Sysctl {
    fileprivate func commands(to now: Sysctl, _ attributes: [AttributeDifference]) -> [String] {
        if attributes.contains(where: { $0.wanted == nil }) {
            return ["# \(now.path) has no value, and none can be typed"]
        }
        // A device with a dot in its name needs slashes.
        let key = path.contains(".") ? "net/\(path)" : "net.\(path.map { $0 == "/" ? "." : String($0) }.joined())"
        return ["sysctl -w \(key)='\(now.value)'"]
    }
}

extension DriverSetting {
    fileprivate var command: String { "ethtool \(sort == .feature ? "-K" : "-L") \(device) \(name) \(words)" }
}

extension LinkAttribute {
    fileprivate func commands(to now: LinkAttribute) -> [String] {
        let value = now.words
        switch place {
        case .otherName:
            return [
                "ip link property \(now.bytes == nil ? "del" : "add") dev \(device) altname \(words ?? value ?? "")"
            ]
        case .programs: return ["# bpftool net list dev \(device) shows \(value ?? "no") programs at \(name)"]
        case .flags: return ["ip link set dev \(device) \(name) \(value ?? "off")"]
        case .common where isAlias: return ["ip link set dev \(device) alias '\(value ?? "")'"]
        case .common where name == "operstate": return ["ip link set dev \(device) state \(value ?? "up")"]
        case .common where name == "xdp":
            return [value == nil ? "ip link set dev \(device) xdp off" : "# ip link set dev \(device) \(value ?? "") …"]
        case .common:
            return isChangeable ? ["ip link set dev \(device) \(name) \(value ?? "0")"] : ["# \(now) is another"]
        case .kind:
            let start = "ip link set dev \(device) type \(kind)"
            if name == "boolopt" { return ["# \(start) … (\(name) \(value ?? ""))"] }
            if kind == "vxlan", Self.switchesOfVXLAN.contains(name) {
                return ["\(start) \(value == "0" ? "no" : "")\(name)"]
            }
            return ["\(start) \(name) \(value ?? "0")"]
        case .port:
            let word = Self.switches.contains(name) ? (value == "0" ? "off" : "on") : value ?? "0"
            return ["ip link set dev \(device) type bridge_slave \(name) \(word)"]
        }
    }
}

extension LinkAttribute {
    /// Attributes of ports that are typed as `on` and `off`.
    fileprivate static let switches: Set<String> = [
        "hairpin", "guard", "root_block", "fastleave", "learning", "flood", "proxy_arp", "proxy_arp_wifi",
        "mcast_flood",
        "mcast_to_unicast", "vlan_tunnel", "bcast_flood", "neigh_suppress", "isolated", "locked", "mab",
    ]

    /// Attributes of VXLAN devices that are typed by their names alone, or with a "no" before them.
    fileprivate static let switchesOfVXLAN: Set<String> = [
        "learning", "proxy", "rsc", "l2miss", "l3miss", "udpcsum", "udp6zerocsumtx", "udp6zerocsumrx", "remcsumtx",
        "remcsumrx", "localbypass",
    ]
}

extension LegacyTable {
    /// Puts a policy back, or empties the table; what somebody's rules are, `iptables-legacy-save` tells.
    fileprivate func commands(for attribute: AttributeDifference) -> [String] {
        let name = attribute.name.text
        if name.hasPrefix("policy "), let policy = attribute.wanted {
            return ["\(self) -P \(name.dropFirst("policy ".count)) \(policy)"]
        }
        return entries == 0
            ? ["\(self) -F", "\(self) -X"] : ["# \(program)-save -t \(self.name) shows its \(entries) rules"]
    }
}

extension Link {
    fileprivate var additions: [String] {
        let words = "ip link add \(name)" + (mac.map { " address \($0)" } ?? "") + (mtu.map { " mtu \($0)" } ?? "")
        var lines =
            switch kind {
            case .veth(peer: nil): ["# \(name) is an end of a veth: ip link add \(name) type veth peer name …"]
            default: ["\(words) type \(kind)"]
            }
        if let master { lines.append("ip link set dev \(name) master \(master)") }
        if isUp { lines.append("ip link set dev \(name) up") }
        return lines
    }

    fileprivate func commands(for attribute: AttributeDifference) -> [String] {
        let start = "ip link set dev \(name)"
        let value = attribute.wanted
        return switch attribute.name {
        case .state: ["\(start) \(value ?? "down")"]
        case .master: [value.map { "\(start) master \($0)" } ?? "\(start) nomaster"]
        case .token: ["ip token set \(value ?? "::") dev \(name)"]
        case .alias: ["\(start) alias '\(value ?? "")'"]
        case .address, .mtu, .group: ["\(start) \(attribute.name) \(value ?? "0")"]
        case .ownAddress where kind == .loopback:
            ["ip address \(value == nil ? "delete" : "add") \(value ?? attribute.found ?? "") dev \(name)"]
        default: ["# \(kindName) \(name): \(attribute.name) is \(value ?? "none")"]
        }
    }
}

extension AttributeDifference {
    /// Whether it is that a route is there, or is not, which the kernel makes of an address.
    fileprivate var isKernelMadeRoute: Bool { name.text.hasPrefix(DeviceAddress.routePrefix) }
}

extension DeviceAddress {
    fileprivate static let routePrefix = "route "

    fileprivate func command(forRoute attribute: AttributeDifference) -> String {
        let route = attribute.name.text.dropFirst(Self.routePrefix.count)
        let start = "ip\(address.family.option) route"
        if !attribute.isKernelMadeRoute { return "# \(self): \(attribute.name) is \(attribute.wanted ?? "left")" }
        if attribute.wanted == nil { return "\(start) delete \(route) dev \(device)" }
        if address.family == .ipv6 { return "\(start) add \(route) dev \(device) proto kernel metric 256" }
        let scope = route.hasPrefix("local") ? "host" : "link"
        return "\(start) add \(route) dev \(device) proto kernel scope \(scope) src \(address.address)"
    }

    /// As `ip address add` takes it: a flag that says the same as a lifetime is typed as that.
    fileprivate var typed: String {
        var plain = self
        plain.flags.subtract([.deprecated, .temporary])
        return "\(plain)" + (flags.contains(.deprecated) ? " preferred_lft 0" : "")
    }
}

extension RoutingRule {
    fileprivate func command(_ verb: String) -> String {
        let words = "\(self)"
        return words.hasPrefix("-6 ") ? "ip -6 rule \(verb) \(words.dropFirst(3))" : "ip rule \(verb) \(words)"
    }
}

extension Neighbour {
    fileprivate var command: String {
        "ip neighbour replace \(address)" + (mac.map { " lladdr \($0)" } ?? "") + " dev \(device) nud "
            + (state.contains(.noARP) ? "noarp" : "permanent")
    }
}

extension Qdisc {
    fileprivate var removal: String {
        if case .other(let name) = kind, parent == .ingress { return "tc qdisc delete dev \(device) \(name)" }
        return "tc qdisc delete dev \(device) \(parent)"
    }

    /// `dev eth1 root tbf …`; the disciplines of what comes in are their own place.
    fileprivate var typed: String {
        if case .other(let name) = kind, parent == .ingress { return "dev \(device) \(name)" }
        return "\(self)"
    }
}

extension OpaqueObject {
    fileprivate var removals: [String] {
        func word(after key: String) -> String? {
            let all = words.split(separator: " ")
            return all.firstIndex(of: Substring(key)).flatMap { $0 + 1 < all.count ? String(all[$0 + 1]) : nil }
        }
        switch kindName {
        case "nexthop": return word(after: "id").map { ["ip nexthop delete id \($0)"] } ?? []
        case "ipset": return ["ipset destroy \(words)"]
        case "mptcp endpoint": return word(after: "id").map { ["ip mptcp endpoint delete id \($0)"] } ?? []
        case "ioam namespace": return ["ip ioam namespace delete \(words)"]
        case "action": return ["tc actions delete action \(words)"]
        case "filter": return ["tc filter delete \(words)"]
        case "bridge vlan options": return ["# bridge vlan set \(words) goes back to what a new VLAN has"]
        case "xfrm default": return ["ip xfrm policy setdefault in accept fwd accept out accept"]
        case "xfrm threshold": return ["ip xfrm policy set hthresh4 32 32 hthresh6 128 128"]
        case "xfrm policy": return ["ip xfrm policy delete \(words.components(before: " priority"))"]
        case "xfrm state": return ["ip xfrm state delete \(words)"]
        case "mdb": return ["bridge mdb delete \(words)"]
        default: return ["# \(kindName) \(words) is gone"]
        }
    }
}

extension String {
    fileprivate func components(before mark: String) -> Substring {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) { return self[..<rest.startIndex] }
            rest = rest.dropFirst()
        }
        return self[...]
    }
}
