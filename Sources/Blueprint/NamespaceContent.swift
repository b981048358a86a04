import Addresses
import NetworkObjects

/// All that one network namespace holds, as values: what it should hold (a blueprint), or what it was seen to hold.
public struct NamespaceContent: Hashable, Sendable {
    /// All objects but the tables.
    public var lists = ObjectLists()
    /// The nf_tables tables.
    public var tables: [RuleTable] = []
    /// Tables that somebody else made and that are to be as they were seen: they are as nft lists them.
    public var listedTables: [RuleTable] = []
    /// Those of the objects that a kernel makes by itself which are not to be there.
    public var withoutKernelMade: [KernelObject] = []
    /// What of the tables gives packets on their way out the namespace's own address; by family.
    public var outgoingNAT: [OutgoingNAT] = []

    /// All tables.
    public var allTables: [RuleTable] { tables + listedTables }
    /// Whether there are tables.
    public var hasTables: Bool { !tables.isEmpty || !listedTables.isEmpty }

    /// A namespace that holds nothing yet.
    public init() {}
}

/// The kinds that blueprints name.
extension NamespaceContent {
    /// The links, each after those that it is on (a bridge before its ports, a parent before its VLANs).
    public var links: [Link] {
        get { lists[Link.self] }
        _modify { yield &lists[Link.self] }
    }
    /// The VLANs of the ports of VLAN-aware bridges.
    public var bridgeVLANs: [BridgeVLAN] {
        get { lists[BridgeVLAN.self] }
        _modify { yield &lists[BridgeVLAN.self] }
    }
    /// The addresses of the links.
    public var addresses: [DeviceAddress] {
        get { lists[DeviceAddress.self] }
        _modify { yield &lists[DeviceAddress.self] }
    }
    /// The routes that someone has to install; those the kernel makes from addresses are not among them. A route that a
    /// gateway's route needs comes before it.
    public var routes: [Route] {
        get { lists[Route.self] }
        _modify { yield &lists[Route.self] }
    }
    /// The permanent neighbour entries.
    public var neighbours: [Neighbour] {
        get { lists[Neighbour.self] }
        _modify { yield &lists[Neighbour.self] }
    }
    /// The permanent forwarding entries.
    public var forwarding: [ForwardingEntry] {
        get { lists[ForwardingEntry.self] }
        _modify { yield &lists[ForwardingEntry.self] }
    }
    /// What the frames that leave by a link go through, where that is not the kernel's own choice: one a link at most.
    public var qdiscs: [Qdisc] {
        get { lists[Qdisc.self] }
        _modify { yield &lists[Qdisc.self] }
    }
    /// The kernel settings below `/proc/sys/net`.
    public var sysctls: [Sysctl] {
        get { lists[Sysctl.self] }
        _modify { yield &lists[Sysctl.self] }
    }
}
