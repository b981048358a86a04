import Addresses

/// What the user asked for: routers, hosts, nodes, the cables between them, the cluster's address pools and its workloads.
///
/// Names in here are references by name; `problems()` finds those that lead nowhere.
public struct Topology: Hashable, Sendable {
    /// The lab's name: a DNS label.
    public var name: String
    /// The routers, in the order they were written.
    public var routers: [Router]
    /// Shared segments that are no router's: a bridge with, if it has addresses, a gateway (kind's own Docker network).
    public var networks: [Network]
    /// The cluster's nodes, in the order they were written.
    public var nodes: [Node]
    /// Machines that are no part of the cluster, in the order they were written.
    public var hosts: [Host]
    /// The cables between ports and interfaces.
    public var cables: [Cable]
    /// What all nodes of the cluster share.
    public var cluster: Cluster
    /// What runs on the cluster, in creation order.
    public var workloads: [Workload]
    /// The cluster's services, in creation order.
    public var services: [Service]
    /// Whether what a real cluster or network would take is taken, though it does not work: a pod that cannot run stays
    /// pending, an address that two have is one that two have. Such things are warnings (`tolerated()`) and no errors.
    public var allowsPendingPods: Bool

    /// A topology of these parts.
    public init(
        name: String, routers: [Router] = [], networks: [Network] = [], nodes: [Node] = [], cables: [Cable] = [],
        cluster: Cluster = Cluster(), workloads: [Workload] = [], hosts: [Host] = [], services: [Service] = [],
        allowsPendingPods: Bool = false
    ) {
        self.name = name
        self.routers = routers
        self.networks = networks
        self.nodes = nodes
        self.cables = cables
        self.cluster = cluster
        self.workloads = workloads
        self.hosts = hosts
        self.services = services
        self.allowsPendingPods = allowsPendingPods
    }
}

/// A cable between two interfaces of two devices.
public struct Cable: Hashable, Sendable {
    /// The two ends.
    public var ends: [Endpoint]
    /// The MTU of both ends in bytes; nil for Ethernet's 1500.
    public var mtu: UInt32?
    /// For each end, what the frames suffer that leave by it.
    public var conditions: [LinkConditions]

    /// A cable between two ends.
    ///
    /// - Parameters:
    ///   - forward: what the frames suffer that leave by the first end.
    ///   - backward: likewise by the second.
    public init(
        _ first: Endpoint, _ second: Endpoint, mtu: UInt32? = nil, forward: LinkConditions = .none,
        backward: LinkConditions = .none
    ) {
        self.ends = [first, second]
        self.mtu = mtu
        self.conditions = [forward, backward]
    }

    /// The end that is not on this device, if one end is.
    public func end(oppositeTo endpoint: Endpoint) -> Endpoint? {
        ends[0] == endpoint ? ends[1] : ends[1] == endpoint ? ends[0] : nil
    }
}

/// An interface of a router, network, node or host, written `device:interface`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The router's, network's, node's or host's name.
    public var device: String
    /// The interface's name there.
    public var interface: String

    /// An interface of a device.
    public init(_ device: String, _ interface: String) {
        self.device = device
        self.interface = interface
    }

    public var description: String { "\(device):\(interface)" }
}

/// A static route of a router or node.
public struct StaticRoute: Hashable, Sendable {
    /// Where it leads.
    public var destination: Prefix
    /// Which way.
    public var target: Target
    /// The priority; nil for the kernel's default.
    public var metric: UInt32?

    /// A static route.
    public init(_ destination: Prefix, _ target: Target, metric: UInt32? = nil) {
        self.destination = destination
        self.target = target
        self.metric = metric
    }

    /// Which way a static route leads.
    public enum Target: Hashable, Sendable {
        /// To a next hop; the interface is worked out from its address where none is given.
        case gateway(IPAddress, interface: String?)
        /// Out of an interface, to neighbours on it.
        case interface(String)
        /// Nowhere: packets are dropped (`Null0`, `blackhole`).
        case blackhole
    }
}
