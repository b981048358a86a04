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

    /// A workload in the default namespace.
    public init(
        name: String, namespace: String = "default", kind: Kind, labels: [String: String] = [:],
        nodeName: String? = nil, nodeSelector: [String: String] = [:], toleratesControlPlane: Bool = false,
        addresses: [IPAddress] = [], pools: [String] = []
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
    }

    /// How many pods a workload makes, and how they are named.
    public enum Kind: Hashable, Sendable {
        /// One pod on every node that fits, `NAME-xxxxx`.
        case daemonSet
        /// So many pods, spread over the nodes that fit, `NAME-<template hash>-xxxxx`.
        case deployment(replicas: Int)
        /// So many pods, spread over the nodes that fit, `NAME-0` and on.
        case statefulSet(replicas: Int)
        /// One pod, `NAME`.
        case pod
    }
}
