import Addresses
import Calico
import KubeProxy
import NetworkObjects
import Topology

/// Every kernel object of a lab, by namespace: what the engine makes true.
public struct Blueprint: Hashable, Sendable {
    /// The lab's name.
    public var lab: String
    /// Routers and networks first, then nodes, hosts and pods: each after those whose links reach into it.
    public var namespaces: [Namespace]
    /// The cluster's services with their addresses and endpoints.
    public var services: [ClusterService] = []
    /// Whether nodes send packets for services on.
    public var hasServiceProxy = true
    /// Where packets of pods come from, as kube-proxy is told; others' are masqueraded on their way to a service.
    public var clusterPrefixes: [Prefix] = []
    /// The pods that do not answer.
    public var stoppedPods: Set<PodReference> = []
    /// The nodes' zones, by node.
    public var zones: [String: String] = [:]
    /// What was given where the topology leaves the choice.
    public var allocations = Allocations.empty
    /// The Kubernetes namespaces that exist, each once.
    public var kubernetesNamespaces: [String] = []
    /// The pods that do not run, which only a topology that `allowsPendingPods` may have.
    public var pendingPods: [PendingPod] = []
    /// Whether there may be addresses that nothing leads to, as in a lab that people wrote for other tools.
    public var allowsUnreachable = false
    /// What a user should know about the form that was chosen, a sentence each: a plain bridge where the kernel has no
    /// VLAN filtering, IPv4 that is routed natively though its pool names VXLAN.
    public var notes: [String]

    public init(lab: String, namespaces: [Namespace], notes: [String] = []) {
        self.lab = lab
        self.namespaces = namespaces
        self.notes = notes
    }

    /// The name under which a namespace is pinned, as `ip netns` shows it.
    public func pin(of namespace: Namespace) -> String { "\(lab)-\(namespace.name)" }

    /// The nodes as kube-proxy on them sees them, by name.
    public var proxiedNodes: [String: ProxiedNode] {
        Dictionary(
            namespaces.filter { $0.kind == .node }.map {
                ($0.name, ProxiedNode($0.name, addresses: $0.addresses, zone: zones[$0.name]))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// A pod that does not run, as on a real cluster: it has no namespace.
    public struct PendingPod: Hashable, Sendable {
        /// What it is called in the cluster.
        public var pod: PodReference
        /// The node that it is scheduled to; nil for one that is pending.
        public var node: String?
        /// Why it does not run.
        public var reason: Placement.PendingReason

        /// What Kubernetes would say of it: `Pending`, or, once it has a node, `ContainerCreating`.
        public var state: String { node == nil ? "Pending" : "ContainerCreating" }
    }

    /// A pod that lives in its node's namespace (`hostNetwork`).
    public struct HostPod: Hashable, Sendable {
        /// What it is called in the cluster.
        public var pod: PodReference
        /// The ports that its containers say they listen on, and what answers there.
        public var ports: [Workload.ContainerPort]
        /// How its processes resolve names; nil for as the node's.
        public var resolver: ResolverConfig?
        /// Lines of its own in its `/etc/hosts`.
        public var hostAliases: [Workload.HostAlias] = []
    }

    /// One network namespace and what it must hold.
    public struct Namespace: Hashable, Sendable {
        /// The name that people use: `ceos01`, `dual-stack-worker`, `multitool-x7k2p`.
        public var name: String
        /// What it stands for.
        public var kind: Kind
        /// The host name that processes inside see.
        public var hostname: String
        /// For a pod with a subdomain: the domain of its host name, as `hostname -f` tells it.
        public var domain: String?
        /// For a pod: the node that it runs on.
        public var node: String?
        /// For a pod: what it is called in the cluster.
        public var pod: PodReference?
        /// For a pod: the ports that its containers say they listen on, and what answers there.
        public var ports: [Workload.ContainerPort] = []
        /// For a node: the pods that live in its namespace.
        public var hostPods: [HostPod] = []
        /// What is run inside once the network is up, one after the other.
        public var commands: [HostCommand] = []
        /// Variables of the environment that the commands have.
        public var environment: [String: String] = [:]
        /// What it holds when its commands begin, where they bring some of its content; nil where it holds all of it then.
        public var contentBeforeCommands: NamespaceContent?
        /// By object, where the command was written that made it so.
        public var origins: [KernelObject.Identity: String] = [:]
        /// What it sees of the machine's files at places of its choice.
        public var binds: [Bind] = []
        /// Other names that mean it.
        public var aliases: [String] = []
        /// Lines of its own in its `/etc/hosts`.
        public var hostAliases: [Workload.HostAlias] = []
        /// The addresses that people know it by, IPv4 before IPv6; those on a management network last.
        public var addresses: [IPAddress]
        /// Those of the addresses that are on a management network.
        public var managementAddresses: Set<IPAddress> = []
        /// How processes inside resolve names; nil for as the host does.
        public var resolver: ResolverConfig?
        /// What the kernel must hold.
        public var content: NamespaceContent

        /// A namespace with this content.
        public init(
            name: String, kind: Kind, hostname: String? = nil, node: String? = nil, addresses: [IPAddress] = [],
            resolver: ResolverConfig? = nil, content: NamespaceContent
        ) {
            self.name = name
            self.kind = kind
            self.hostname = hostname ?? name
            self.node = node
            self.addresses = addresses
            self.resolver = resolver
            self.content = content
        }
    }

    /// What a namespace stands for.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case router, network, node, host, pod
    }
}
