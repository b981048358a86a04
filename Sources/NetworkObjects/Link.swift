import Addresses

/// A network interface of one namespace, in the words of `ip link`.
///
/// An attribute that is nil is the kernel's to choose when the link is created, and is not compared afterwards.
public struct Link: Codable, Hashable, Sendable {
    /// The interface's name, unique in its namespace.
    public var name: InterfaceName
    /// What kind of device it is, with the attributes of that sort (`IFLA_LINKINFO`).
    public var kind: Kind
    /// The hardware address (`IFLA_ADDRESS`).
    public var mac: MACAddress?
    /// The largest packet in bytes, without the Ethernet header (`IFLA_MTU`).
    public var mtu: UInt32?
    /// The bridge this link is a port of (`IFLA_MASTER`).
    public var master: InterfaceName?
    /// The device group (`IFLA_GROUP`): 0 is the default group.
    public var group: UInt32
    /// Whether it is administratively up (`IFF_UP`).
    public var isUp: Bool
    /// Free text that the kernel keeps with the link (`IFLA_IFALIAS`, at most 255 bytes).
    public var alias: String?
    /// What the link's IPv6 addresses end with that routers' advertisements lead to (`ip token`); nil where the link itself
    /// says.
    public var token: IPv6Address?

    /// A link; it is up unless said otherwise.
    public init(
        _ name: InterfaceName, _ kind: Kind, mac: MACAddress? = nil, mtu: UInt32? = nil, master: InterfaceName? = nil,
        group: UInt32 = 0, isUp: Bool = true, alias: String? = nil, token: IPv6Address? = nil
    ) {
        self.name = name
        self.kind = kind
        self.mac = mac
        self.mtu = mtu
        self.master = master
        self.group = group
        self.isUp = isUp
        self.alias = alias
        self.token = token
    }

    /// The kind of a device and the attributes that only this sort has.
    public enum Kind: Codable, Hashable, Sendable {
        /// `lo`, which every namespace has from the start.
        case loopback
        /// One end of a virtual cable; nil where the other end is not known (read from the kernel).
        case veth(peer: VethPeer?)
        case bridge(Bridge)
        case vlan(VLAN)
        case vxlan(VXLAN)
        case ipip(IPIP)
        /// A kind that is read and shown but not built here, by the kernel's own name for it.
        case other(String)
    }

    /// Whether it wraps packets into others.
    public var isTunnel: Bool {
        switch kind {
        case .vxlan, .ipip: true
        default: false
        }
    }
}

/// The other end of a veth: a link of that name in another namespace.
public struct VethPeer: Codable, Hashable, Sendable {
    /// The namespace that holds the other end, by the name its owner gives it.
    public var namespace: String
    /// The other end's name there.
    public var name: InterfaceName

    /// Names the other end.
    public init(namespace: String, name: InterfaceName) {
        self.namespace = namespace
        self.name = name
    }
}

/// A bridge's own attributes (`IFLA_BR_*`).
public struct Bridge: Codable, Hashable, Sendable {
    /// Whether ports and the bridge itself have VLANs (`IFLA_BR_VLAN_FILTERING`).
    public var vlanFiltering: Bool
    /// The PVID that a new port gets; 0 for none (`IFLA_BR_VLAN_DEFAULT_PVID`). Nil where the kernel has no VLAN filtering.
    public var defaultPVID: UInt16?

    /// A bridge; plain unless said otherwise.
    public init(vlanFiltering: Bool = false, defaultPVID: UInt16? = nil) {
        self.vlanFiltering = vlanFiltering
        self.defaultPVID = defaultPVID
    }
}

/// An 802.1Q sub-interface (`IFLA_VLAN_*`).
public struct VLAN: Codable, Hashable, Sendable {
    /// The link that carries the tagged frames.
    public var parent: InterfaceName
    /// The VLAN's number, 1 to 4094.
    public var id: UInt16

    /// The VLAN with this number on that link.
    public init(parent: InterfaceName, id: UInt16) {
        self.parent = parent
        self.id = id
    }
}

/// A VXLAN tunnel endpoint (RFC 7348, `IFLA_VXLAN_*`).
public struct VXLAN: Codable, Hashable, Sendable {
    /// The VXLAN network identifier, 24 bits.
    public var vni: UInt32
    /// The UDP destination port.
    public var port: UInt16
    /// The outer source address; its family is the underlay's.
    public var local: IPAddress
    /// The underlay link.
    public var device: InterfaceName
    /// Whether the device learns remote MAC addresses from what it receives.
    public var learning: Bool

    /// A tunnel endpoint on the IANA port that does not learn.
    public init(vni: UInt32, port: UInt16 = 4789, local: IPAddress, device: InterfaceName, learning: Bool = false) {
        self.vni = vni
        self.port = port
        self.local = local
        self.device = device
        self.learning = learning
    }
}

/// A tunnel of IPv4 in IPv4 (RFC 2003, `IFLA_IPTUN_*`).
///
/// Each namespace has one without ends, `tunl0`, from when the kernel's module is loaded: it sends to the next hop of the
/// route that leads to it, and takes in what no other tunnel does (`ip_tunnel_lookup` in net/ipv4/ip_tunnel.c).
public struct IPIP: Codable, Hashable, Sendable {
    /// The outer source address; nil for the one that the route to the other end says.
    public var local: IPv4Address?
    /// The outer destination address; nil for the next hop's.
    public var remote: IPv4Address?

    /// A tunnel between these ends; without them one to any next hop.
    public init(local: IPv4Address? = nil, remote: IPv4Address? = nil) {
        self.local = local
        self.remote = remote
    }
}

extension Link {
    /// Whether a link that was read from the kernel is this one: whatever this value leaves open (nil) may be anything.
    ///
    /// The other end of a veth cannot be seen from here and is not looked at.
    public func isSatisfied(by observed: Link) -> Bool {
        name == observed.name && kindDifferences(from: observed).isEmpty
            && changeableDifferences(from: observed).isEmpty
    }

    /// The attributes of its kind that are not as this value says, and that a link has for its whole life.
    public func kindDifferences(from observed: Link) -> [AttributeDifference] {
        switch (kind, observed.kind) {
        case (.veth, .veth), (.bridge, .bridge), (.loopback, .loopback): return []
        case (.other(let wanted), .other(let seen)) where wanted == seen: return []
        case (.vlan(let wanted), .vlan(let seen)):
            return [
                AttributeDifference(AttributeName("vlan id"), wanted.id, seen.id),
                AttributeDifference(AttributeName("link"), wanted.parent, seen.parent),
            ].compactMap { $0 }
        case (.vxlan(let wanted), .vxlan(let seen)):
            return [
                AttributeDifference(AttributeName("vxlan id"), wanted.vni, seen.vni),
                AttributeDifference(.local, wanted.local, seen.local),
                AttributeDifference(.device, wanted.device, seen.device),
                AttributeDifference(AttributeName("dstport"), wanted.port, seen.port),
                AttributeDifference(AttributeName("learning"), wanted.learning, seen.learning),
            ].compactMap { $0 }
        case (.ipip(let wanted), .ipip(let seen)):
            return [
                AttributeDifference(.local, wanted.local, seen.local),
                AttributeDifference(.remote, wanted.remote, seen.remote),
            ].compactMap { $0 }
        default: return [AttributeDifference(.type, wanted: "\(kind)", found: "\(observed.kind)")]
        }
    }

    /// The other attributes that are not as this value says; what it leaves open (nil) may be anything.
    public func changeableDifferences(from observed: Link) -> [AttributeDifference] {
        func check<Value: Equatable & CustomStringConvertible>(
            _ name: AttributeName, _ wanted: Value?, _ seen: Value?
        ) -> AttributeDifference? {
            wanted == nil ? nil : AttributeDifference(name, wanted, seen)
        }
        var found = [
            check(.address, mac, observed.mac), check(.mtu, mtu, observed.mtu),
            check(.master, master, observed.master), AttributeDifference(.group, group, observed.group),
            check(.alias, alias, observed.alias), AttributeDifference(.token, token, observed.token),
        ]
        if case (.bridge(let wanted), .bridge(let seen)) = (kind, observed.kind) {
            found.append(AttributeDifference(AttributeName("vlan_filtering"), wanted.vlanFiltering, seen.vlanFiltering))
            found.append(check(AttributeName("vlan_default_pvid"), wanted.defaultPVID, seen.defaultPVID))
        }
        if isUp != observed.isUp {
            found.append(
                AttributeDifference(.state, wanted: isUp ? "up" : "down", found: observed.isUp ? "up" : "down"))
        }
        return found.compactMap { $0 }
    }
}

extension Link: NetworkObject {
    public static var kindName: String { "link" }

    public var identity: InterfaceName { name }

    /// A link is on itself: what it is on top of is another matter.
    public var link: InterfaceName? { nil }

    public func differences(from found: Link) -> [AttributeDifference] {
        var differences = kindDifferences(from: found) + changeableDifferences(from: found)
        // One that should be no bridge's port and is one. (A link that leaves its master open says that it has none.)
        if master == nil, let other = found.master {
            differences.append(AttributeDifference(.master, wanted: nil, found: "\(other)"))
        }
        return differences
    }
}

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
