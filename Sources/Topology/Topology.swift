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
