import Addresses

// What the kernel reports is not always what it was told. Who compares the two asks here.

/// One attribute of an object that is not as it should be, in the words of iproute2.
public struct AttributeDifference: Hashable, Sendable {
    /// The attribute's name: `mtu`, `via`, `lladdr`.
    public var name: String
    /// What it should be; nil for none.
    public var wanted: String?
    /// What the kernel has; nil for none.
    public var found: String?

    /// An attribute and its two values.
    public init(_ name: String, wanted: String?, found: String?) {
        self.name = name
        self.wanted = wanted
        self.found = found
    }

    /// Nothing if the two are the same.
    public init?<Value: Equatable & CustomStringConvertible>(_ name: String, _ wanted: Value?, _ found: Value?) {
        if wanted == found { return nil }
        self.init(name, wanted: wanted?.description, found: found?.description)
    }
}

extension Link {
    /// Whether a link that was read from the kernel is this one: whatever this value leaves open (nil) may be anything.
    ///
    /// The other end of a veth cannot be seen from here and is not looked at.
    public func isSatisfied(by observed: Link) -> Bool {
        name == observed.name && kindDifferences(from: observed).isEmpty && differences(from: observed).isEmpty
    }

    /// The attributes of its kind that are not as this value says, and that a link has for its whole life.
    public func kindDifferences(from observed: Link) -> [AttributeDifference] {
        switch (kind, observed.kind) {
        case (.veth, .veth), (.bridge, .bridge), (.loopback, .loopback): return []
        case (.vlan(let wanted), .vlan(let seen)):
            return [
                AttributeDifference("vlan id", wanted.id, seen.id),
                AttributeDifference("link", wanted.parent, seen.parent),
            ].compactMap { $0 }
        case (.vxlan(let wanted), .vxlan(let seen)):
            return [
                AttributeDifference("vxlan id", wanted.vni, seen.vni),
                AttributeDifference("local", wanted.local, seen.local),
                AttributeDifference("dev", wanted.device, seen.device),
                AttributeDifference("dstport", wanted.port, seen.port),
                AttributeDifference("learning", wanted.learning, seen.learning),
            ].compactMap { $0 }
        case (.ipip(let wanted), .ipip(let seen)):
            return [
                AttributeDifference("local", wanted.local, seen.local),
                AttributeDifference("remote", wanted.remote, seen.remote),
            ].compactMap { $0 }
        default: return [AttributeDifference("type", wanted: "\(kind)", found: "\(observed.kind)")]
        }
    }

    /// The other attributes that are not as this value says; what it leaves open (nil) may be anything.
    public func differences(from observed: Link) -> [AttributeDifference] {
        func check<Value: Equatable & CustomStringConvertible>(
            _ name: String, _ wanted: Value?, _ seen: Value?
        ) -> AttributeDifference? {
            wanted == nil ? nil : AttributeDifference(name, wanted, seen)
        }
        var found = [
            check("address", mac, observed.mac), check("mtu", mtu, observed.mtu),
            check("master", master, observed.master), AttributeDifference("group", group, observed.group),
            check("alias", alias, observed.alias),
        ]
        if case (.bridge(let wanted), .bridge(let seen)) = (kind, observed.kind) {
            found.append(AttributeDifference("vlan_filtering", wanted.vlanFiltering, seen.vlanFiltering))
            found.append(check("vlan_default_pvid", wanted.defaultPVID, seen.defaultPVID))
        }
        if isUp != observed.isUp {
            found.append(
                AttributeDifference("state", wanted: isUp ? "up" : "down", found: observed.isUp ? "up" : "down"))
        }
        return found.compactMap { $0 }
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
