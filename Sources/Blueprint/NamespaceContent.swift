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
    public var tables: [NftablesTable] = []

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

/// One nf_tables table with all its sets, chains and rules, as `nft` reads it.
public struct NftablesTable: Hashable, Sendable {
    /// The table's family: `ip`, `ip6` or `inet`.
    public var family: String
    /// The table's name, unique in its family.
    public var name: String
    /// What stands between the table's braces, in nft(8)'s language.
    public var body: String

    /// The table with this content.
    public init(family: String, name: String, body: String) {
        self.family = family
        self.name = name
        self.body = body
    }

    /// The table as nft(8) declares it.
    public var declaration: String { "table \(family) \(name) {\n\(body)\n}\n" }

    /// The commands that put the table in the place of whatever has its name, in one transaction.
    public var replacement: String {
        // Adding first makes the deletion succeed where there is none.
        "add table \(family) \(name)\ndelete table \(family) \(name)\n" + declaration
    }
}
