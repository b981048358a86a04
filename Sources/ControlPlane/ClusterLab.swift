import Blueprint
import ClusterObjects
import Topology

/// What a cluster's objects are worked out from.
public struct ClusterLab: Sendable {
    public let topology: Topology
    public let blueprint: Blueprint
    public let placement: Placement
    /// What the lab's files say word by word.
    public let documents: ClusterDocuments
    /// When the lab was built.
    public let created: Timestamp
    public let machine: Machine
    /// By Kubernetes namespace and name, when a pod came to be, of those that are younger than the lab.
    public var births: [PodReference: Timestamp] = [:]
    /// By what manifests say they are, their places in the list; the last one of each.
    let written: [Written: JSON]
    /// The nodes that pods are on.
    let nodesByPod: [PodReference: String]
    /// The nodes' addresses, by name.
    let addressesByNode: [String: [String]]

    public init(
        topology: Topology, blueprint: Blueprint, placement: Placement, documents: ClusterDocuments,
        created: Timestamp, machine: Machine
    ) {
        self.topology = topology
        self.blueprint = blueprint
        self.placement = placement
        self.documents = documents
        self.created = created
        self.machine = machine
        written = Dictionary(
            documents.objects.map { (Written($0), $0) }, uniquingKeysWith: { $1 })
        nodesByPod = Dictionary(
            placement.pods.compactMap { pod in pod.node.map { (pod.reference, $0) } }, uniquingKeysWith: { $1 })
        addressesByNode = Dictionary(
            placement.nodes.map { ($0.name, $0.addresses.map { $0.address.address.description }) },
            uniquingKeysWith: { $1 })
    }

    /// An object by what a manifest says it is.
    struct Written: Hashable {
        var kind: String
        var namespace: String
        var name: String

        init(_ kind: String, _ namespace: String, _ name: String) {
            (self.kind, self.namespace, self.name) = (kind, namespace, name)
        }

        init(_ object: JSON) {
            let metadata = object["metadata"]
            self.init(
                object["kind"].text ?? "", metadata["namespace"].text ?? "default", metadata["name"].text ?? "")
        }
    }

    /// What nodes say of the machine that they are on.
    public struct Machine: Hashable, Sendable {
        public var kernelVersion: String
        /// As `/etc/os-release` has it.
        public var osImage: String
        public var bootID: String
        public var machineID: String
        /// How many processors there are.
        public var processors: Int
        /// In bytes.
        public var memory: Int

        public init(
            kernelVersion: String, osImage: String, bootID: String, machineID: String, processors: Int, memory: Int
        ) {
            self.kernelVersion = kernelVersion
            self.osImage = osImage
            self.bootID = bootID
            self.machineID = machineID
            self.processors = processors
            self.memory = memory
        }
    }

    /// Kubernetes' version that the cluster says it has.
    public var kubernetesVersion: String { documents.kubernetesVersion ?? "v1.28.0" }

    /// Whether pods get their addresses of Calico's pools.
    public var hasCalico: Bool { !topology.cluster.pools.isEmpty }

    /// The Calico release whose behaviour the lab has.
    static let calicoVersion = "v3.30.0"

    /// The network namespace that Calico's own pods are in: the operator's, unless a manifest brings them.
    var calicoNamespace: String {
        written[Written("DaemonSet", "kube-system", "calico-node")] == nil ? "calico-system" : "kube-system"
    }

    /// When a pod came to be.
    func birth(_ pod: PodReference) -> Timestamp { births[pod] ?? created }
}

/// What the kernel says of a lab at a moment.
public struct ClusterObservation: Hashable, Sendable {
    /// The pods that have a network namespace of their own.
    public var pods: [PodReference: Pod] = [:]
    /// The nodes, by name.
    public var nodes: [String: Node] = [:]

    public init() {}

    public struct Pod: Hashable, Sendable {
        public var condition: Condition
        /// When it came to be so; nil for since the pod was made.
        public var since: Timestamp?

        public init(_ condition: Condition, since: Timestamp? = nil) {
            self.condition = condition
            self.since = since
        }
    }

    /// How a pod is.
    public enum Condition: Hashable, Sendable {
        case ready
        /// It runs and does not answer: the sentence says why.
        case notReady(String)
        /// Its network namespace is gone.
        case gone
    }

    public struct Node: Hashable, Sendable {
        /// Why the rest of the cluster does not hear of it; nil where it does.
        public var fault: String?
        /// When it came to be so; nil for since the lab was built.
        public var since: Timestamp?

        public init(fault: String? = nil, since: Timestamp? = nil) {
            self.fault = fault
            self.since = since
        }
    }

    /// The observation with the times of those states that an earlier one has, and this time for those that are new.
    public func continuing(_ earlier: ClusterObservation?, at now: Timestamp) -> ClusterObservation {
        guard let earlier else { return self }
        var result = self
        for (pod, state) in pods {
            guard let before = earlier.pods[pod] else { continue }
            result.pods[pod]?.since = before.condition == state.condition ? before.since : now
        }
        for (node, state) in nodes {
            guard let before = earlier.nodes[node] else { continue }
            result.nodes[node]?.since = (before.fault == nil) == (state.fault == nil) ? before.since : now
        }
        return result
    }
}
