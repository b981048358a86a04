import Addresses

/// Something that puts pods on nodes.
public struct Workload: Hashable, Sendable {
    /// Its name: a DNS label.
    public var name: String
    /// Its Kubernetes namespace.
    public var namespace: String
    /// How many pods it makes, and where.
    public var kind: Kind
    /// The pods' labels.
    public var labels: [String: String]
    /// The one node that its pods must run on (`nodeName`).
    public var nodeName: String?
    /// The labels that a node must have to run its pods.
    public var nodeSelector: [String: String]
    /// Whether its pods may run on a control-plane node.
    public var toleratesControlPlane: Bool
    /// Addresses that its pod asks for (`cni.projectcalico.org/ipAddrs`), at most one a family.
    public var addresses: [IPAddress]
    /// The pools that its pods ask for by name (`cni.projectcalico.org/ipv4pools`, `ipv6pools`); empty for any.
    public var pools: [String]
    /// Which nodes its pods must and would like to run on, besides `nodeSelector`.
    public var affinity: NodeAffinity
    /// Whether its pods live in their node's network namespace.
    public var usesHostNetwork: Bool
    /// The pods' host name; nil for the pod's own name.
    public var hostname: String?
    /// The headless service that gives the pods names of their own.
    public var subdomain: String?
    /// The ports that its containers say they listen on.
    public var ports: [ContainerPort]
    /// The MAC address that its pod asks for (`cni.projectcalico.org/hwAddr`).
    public var hardwareAddress: MACAddress?
    /// How its pods resolve names.
    public var nameResolution = NameResolution()
    /// Lines of their own in its pods' `/etc/hosts`.
    public var hostAliases: [HostAlias] = []
    /// The pods that its own must or would like to be near.
    public var podAffinity = PodAffinity()
    /// The pods that its own must not or would like not to be near.
    public var podAntiAffinity = PodAffinity()
    /// How evenly its pods are to be spread.
    public var spreadConstraints: [SpreadConstraint] = []

    /// A workload in the default namespace.
    public init(
        name: String, namespace: String = "default", kind: Kind, labels: [String: String] = [:],
        nodeName: String? = nil, nodeSelector: [String: String] = [:], toleratesControlPlane: Bool = false,
        addresses: [IPAddress] = [], pools: [String] = [], affinity: NodeAffinity = NodeAffinity(),
        usesHostNetwork: Bool = false, hostname: String? = nil, subdomain: String? = nil, ports: [ContainerPort] = [],
        hardwareAddress: MACAddress? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.kind = kind
        self.labels = labels
        self.nodeName = nodeName
        self.nodeSelector = nodeSelector
        self.toleratesControlPlane = toleratesControlPlane
        self.addresses = addresses
        self.pools = pools
        self.affinity = affinity
        self.usesHostNetwork = usesHostNetwork
        self.hostname = hostname
        self.subdomain = subdomain
        self.ports = ports
        self.hardwareAddress = hardwareAddress
    }

    /// How many pods a workload makes, and how they are named.
    public enum Kind: Hashable, Sendable {
        /// One pod on every node that fits, `NAME-xxxxx`.
        case daemonSet
        /// So many pods, spread over the nodes that fit, `NAME-<template hash>-xxxxx`.
        case deployment(replicas: Int)
        /// So many pods, spread over the nodes that fit, `NAME-0` and on.
        case statefulSet(replicas: Int)
        /// So many pods, spread over the nodes that fit, `NAME-xxxxx`.
        case replicaSet(replicas: Int)
        /// One pod, `NAME`.
        case pod
    }
}

extension Workload.Kind {
    /// Kubernetes' name for it.
    package var name: String {
        switch self {
        case .daemonSet: "DaemonSet"
        case .deployment: "Deployment"
        case .statefulSet: "StatefulSet"
        case .replicaSet: "ReplicaSet"
        case .pod: "Pod"
        }
    }
}

extension Workload {
    /// The pods that it makes on a cluster where its pods may run on so many nodes.
    public func podCount(eligibleNodes: Int) -> Int {
        switch kind {
        case .daemonSet: eligibleNodes
        case .deployment(let replicas), .statefulSet(let replicas), .replicaSet(let replicas): replicas
        case .pod: 1
        }
    }
}
