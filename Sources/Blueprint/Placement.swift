import Addresses
import Calico
import Topology

/// Who is where in the cluster: which node each pod runs on, and who has which address. It is what a cluster's API would
/// tell, before any kernel object is thought of.
public struct Placement: Hashable, Sendable {
    /// The nodes, in the topology's order.
    public var nodes: [Node] = []
    /// The pods, in creation order: workload by workload, a DaemonSet's in the order of the nodes.
    public var pods: [Pod] = []
    /// The blocks that nodes have claimed, in the order they were claimed.
    public var blocks: [IPAM.Block] = []
    /// The nodes of which a tunnel gets no address, and why: only where pods may be pending.
    public var nodesWithoutTunnel: [NodeWithoutTunnel] = []
    /// The addresses that lie in another node's block.
    public var borrowed: [IPAM.Assignment] = []
    /// What the nodes and pods were given.
    public var allocations = Allocations.empty

    /// The pods that do not run.
    public var pending: [Pod] { pods.filter { $0.pendingReason != nil } }

    /// A node of which a tunnel gets no address.
    public struct NodeWithoutTunnel: Hashable, Sendable {
        /// Its name.
        public var node: String
        public var tunnel: Tunnel
        /// Why.
        public var reason: IPAMError
    }

    /// A node as the rest of the cluster knows it.
    public struct Node: Hashable, Sendable {
        public var name: String
        /// The addresses that it is known by, at most one a family, IPv4 first.
        public var addresses: [NodeAddress] = []
        /// Its ends of tunnels, at most one of a sort and family, in the order they got their addresses.
        public var tunnels: [TunnelEnd] = []

        /// The address that it is known by in a family.
        public func address(_ family: AddressFamily) -> NodeAddress? {
            addresses.first { $0.address.family == family }
        }

        /// The address of its end of a tunnel in a family.
        public func address(of tunnel: Tunnel, _ family: AddressFamily) -> IPAddress? {
            tunnels.first { $0.tunnel == tunnel && $0.address.family == family }?.address
        }
    }

    /// A node's end of a tunnel.
    public struct TunnelEnd: Hashable, Sendable {
        public var tunnel: Tunnel
        /// The address that its device has.
        public var address: IPAddress
    }

    /// An address that a node is known by, and where it has it.
    public struct NodeAddress: Hashable, Sendable {
        /// The address and its subnet.
        public var address: InterfaceAddress
        public var interface: InterfaceName
    }

    /// A pod with the node, the addresses and the names that it was given.
    public struct Pod: Hashable, Sendable {
        /// Its name in Kubernetes.
        public var name: String
        /// Its Kubernetes namespace.
        public var namespace: String
        /// The name of the workload that made it.
        public var workload: String
        /// What that is: a Deployment and a DaemonSet may have one name.
        public var workloadKind = Workload.Kind.pod
        public var labels: [String: String]
        /// The node that it is scheduled to; nil if none.
        public var node: String?
        /// Its addresses, at most one a family, IPv4 first.
        public var addresses: [IPAddress] = []
        /// The node's end of its cable.
        public var hostInterface: InterfaceName
        /// What its network namespace is called: its name, or `NAME.NAMESPACE` where that is another's already.
        public var networkNamespace: String
        /// The host name that its workload gives it (`spec.hostname`); nil for its own name.
        public var hostname: String?
        /// The service that it has a DNS name of its own under (`spec.subdomain`).
        public var subdomain: String?
        /// The ports that its containers say they listen on.
        public var ports: [Workload.ContainerPort] = []
        /// The MAC address that it asks for (`cni.projectcalico.org/hwAddr`).
        public var hardwareAddress: MACAddress?
        /// How it resolves names.
        public var nameResolution = Workload.NameResolution()
        /// Lines of its own in its `/etc/hosts`.
        public var hostAliases: [Workload.HostAlias] = []
        /// Whether it lives in its node's network namespace, with the node's addresses.
        public var usesHostNetwork = false
        /// Why it does not run; nil if it runs.
        public var pendingReason: PendingReason?

        /// What it is called in the cluster.
        public var reference: PodReference { PodReference(namespace: namespace, name: name) }
    }

    /// Why a pod does not run.
    public enum PendingReason: Hashable, Sendable {
        /// No node has the labels that it asks for, or tolerates it.
        case noFittingNode
        /// What it asks of other pods, or of their number, holds on none of the nodes: a clause for each reason.
        case unschedulable(String)
        /// The node that it must run on is not there.
        case noSuchNode(String)
        /// A pool that it asks for is not there.
        case noSuchPool(String)
        /// Another pod of its namespace has its name.
        case nameTaken
        /// It gets no address.
        case noAddress(IPAMError)
    }
}

/// A pod by its Kubernetes namespace and name.
public struct PodReference: Hashable, Sendable, CustomStringConvertible {
    /// Its Kubernetes namespace.
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { "\(namespace)/\(name)" }
}

extension Placement.PendingReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noFittingNode: "no node fits its nodeSelector and tolerations"
        case .unschedulable(let reason): reason
        case .noSuchNode(let name): "there is no node \(name)"
        case .noSuchPool(let name): "there is no IP pool \(name)"
        case .nameTaken: "another pod of its namespace has this name"
        case .noAddress(let error): error.description
        }
    }
}
