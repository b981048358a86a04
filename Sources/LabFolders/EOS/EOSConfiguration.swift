import Addresses

/// What an Arista EOS startup configuration says about a dataplane.
///
/// The words and their defaults are those of the EOS User Manual's chapters on interfaces, VLANs, and IPv4 and IPv6.
public struct EOSConfiguration: Hashable, Sendable {
    /// `hostname`.
    public var hostname: Located<String>?
    /// The VLANs that are defined: by `vlan`, or by the access port that first uses one.
    public var vlans: [VLAN] = []
    /// The interfaces, in the order they first appear. A range stands for each of its members.
    public var interfaces: [Interface] = []
    /// The static routes.
    public var routes: [Route] = []
    /// Whether it forwards IPv4 packets (`ip routing`): off unless it is written.
    public var routesIPv4 = false
    /// Whether it forwards IPv6 packets (`ipv6 unicast-routing`): off unless it is written.
    public var routesIPv6 = false
    /// Whether its management interface is in a VRF of its own.
    public var isManagementApart = false
    /// What its routing protocols are to do.
    public var protocols: [RoutingProtocol] = []
    /// The lines about routing protocols as they were written: see `Router.protocolLines`.
    public var protocolLines: [String] = []
    /// Lines that matter to a dataplane and are not taken over.
    public var warnings: [Warning] = []

    /// A configuration that says nothing.
    public init() {}

    /// A routing protocol: what it announces to whom. It is not run; the routes that come of it are worked out.
    public struct RoutingProtocol: Hashable, Sendable {
        public var kind: Kind
        /// Where it begins.
        public var place: SourceLine
        /// BGP's autonomous system, as it was written (`65001`, `1.1`).
        public var autonomousSystem: String?
        /// BGP's neighbours by address.
        public var neighbors: [IPAddress] = []
        /// Where BGP's neighbours may come from without being named (`bgp listen range`).
        public var listenRanges: [Prefix] = []
        /// `network`: prefixes that BGP announces, ranges of interfaces that OSPF runs on.
        public var networks: [Prefix] = []
        /// `redistribute connected`.
        public var redistributesConnected = false
        /// `redistribute static`.
        public var redistributesStatic = false
        /// The most equal ways to one prefix that are taken (`maximum-paths`); EOS takes one unless it is told.
        public var maximumPaths = 1
        /// Whether a default route is announced (`default-originate`, `default-information originate`).
        public var originatesDefault = false

        /// The protocols that routes are worked out of.
        public enum Kind: Hashable, Sendable {
            case bgp, ospf
        }
    }

    /// A VLAN of the switch's database (`vlan 10`).
    public struct VLAN: Hashable, Sendable {
        /// 1 to 4094.
        public var id: UInt16
        /// `name`.
        public var name: String?
        /// Where it is defined.
        public var place: SourceLine
    }

    /// What is said about one interface.
    public struct Interface: Hashable, Sendable {
        public var name: EOSInterfaceName
        /// Where it first appears.
        public var place: SourceLine
        /// Its addresses, the primary one of IPv4 first.
        public var addresses: [InterfaceAddress] = []
        /// Addresses that it shares with other routers (`ip virtual-router address`, `ip address virtual`).
        public var virtualAddresses: [VirtualAddress] = []
        /// `description`.
        public var description: String?
        /// `mtu`, in bytes.
        public var mtu: UInt32?
        /// `shutdown`.
        public var isShutdown = false
        /// Whether it switches: Ethernet ports and port channels do until `no switchport`.
        public var isSwitchport: Bool
        /// `switchport mode trunk`.
        public var isTrunk = false
        /// `switchport access vlan`.
        public var accessVLAN: UInt16 = 1
        /// `switchport trunk allowed vlan`.
        public var allowedVLANs = VLANSet.all
        /// `switchport trunk native vlan`; nil if frames of it carry a tag too (`tag`).
        public var nativeVLAN: UInt16? = 1
        /// `encapsulation dot1q vlan`, of a sub-interface.
        public var dot1qVLAN: UInt16?
        /// Whether OSPF runs on it by its own line (`ip ospf area`).
        public var runsOSPF = false
        /// `channel-group`: the port channel that it is a member of.
        public var channelGroup: UInt16?
        /// Whether it is in the port channel without asking the other end (`mode on`).
        public var isStaticMember = false

        init(name: EOSInterfaceName, place: SourceLine) {
            self.name = name
            self.place = place
            isSwitchport = name.subinterface == nil && (name.kind == .ethernet || name.kind == .portChannel)
        }
    }

    /// An address that routers share.
    public struct VirtualAddress: Hashable, Sendable {
        public var address: IPAddress
        /// The length of its subnet, if it was written.
        public var prefixLength: Int?
        /// Its place in the file.
        public var place: SourceLine
    }

    /// A static route.
    public struct Route: Hashable, Sendable {
        /// Where it leads.
        public var destination: Prefix
        /// The next hop.
        public var gateway: IPAddress?
        /// The interface that it leaves by; `null` for packets that are dropped.
        public var interface: EOSInterfaceName?
        /// The administrative distance, 1 to 255; nil for 1, which is what is meant if none is written.
        public var distance: UInt8?
        /// Its place in the file.
        public var place: SourceLine
    }
}
