import Addresses
import NetworkObjects

/// All that one network namespace holds, as values: what it should hold (a blueprint), or what it was seen to hold.
public struct NamespaceContent: Hashable, Sendable {
    /// The links, each after those that it stands on (a bridge before its ports, a parent before its VLANs).
    public var links: [Link] = []
    /// The VLANs of the ports of VLAN-aware bridges.
    public var bridgeVLANs: [BridgeVLAN] = []
    /// The addresses of the links.
    public var addresses: [DeviceAddress] = []
    /// The routes that someone has to install; those the kernel makes from addresses are not among them. A route that a
    /// gateway's route needs comes before it.
    public var routes: [Route] = []
    /// The rules that choose a routing table. Those that the kernel has of itself are no blueprint's, and are there all the same.
    public var rules: [RoutingRule] = []
    /// The permanent neighbour entries.
    public var neighbours: [Neighbour] = []
    /// The permanent forwarding entries.
    public var forwarding: [ForwardingEntry] = []
    /// What the frames that leave by a link go through, where that is not the kernel's own choice: one a link at most.
    public var qdiscs: [Qdisc] = []
    /// The kernel settings below `/proc/sys/net`.
    public var sysctls: [Sysctl] = []
    /// The nf_tables tables.
    public var tables: [RuleTable] = []
    /// What of the tables gives packets on their way out the namespace's own address; by family.
    public var outgoingNAT: [OutgoingNAT] = []

    /// A namespace that holds nothing yet.
    public init() {}
}

/// One kernel setting of a network namespace.
public struct Sysctl: Hashable, Sendable {
    /// The path below `/proc/sys/net`, such as `ipv4/conf/eth0/proxy_arp`.
    public var path: String
    /// The value as it is written and read.
    public var value: String

    /// The setting with this path and value.
    public init(_ path: String, _ value: String) {
        self.path = path
        self.value = value
    }
}
