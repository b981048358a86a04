import Addresses

/// A network interface of one namespace, in the words of `ip link`.
///
/// An attribute that is nil is the kernel's to choose when the link is created, and is not compared afterwards.
public struct Link: Hashable, Sendable {
    /// The interface's name, unique in its namespace.
    public var name: InterfaceName
    /// What sort of device it is, with the attributes of that sort (`IFLA_LINKINFO`).
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

    /// A link; it is up unless said otherwise.
    public init(
        _ name: InterfaceName, _ kind: Kind, mac: MACAddress? = nil, mtu: UInt32? = nil, master: InterfaceName? = nil,
        group: UInt32 = 0, isUp: Bool = true, alias: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.mac = mac
        self.mtu = mtu
        self.master = master
        self.group = group
        self.isUp = isUp
        self.alias = alias
    }

    /// The sort of a device and the attributes that only this sort has.
    public enum Kind: Hashable, Sendable {
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
public struct VethPeer: Hashable, Sendable {
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
public struct Bridge: Hashable, Sendable {
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
public struct VLAN: Hashable, Sendable {
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
public struct VXLAN: Hashable, Sendable {
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
public struct IPIP: Hashable, Sendable {
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
