/// Which nodes the pods of a workload may run on, as kube-scheduler and kubelet decide it: by name, labels, affinity and
/// the control plane's taint.
public struct EligibleNodes: Sendable {
    private let nodes: [Node]
    private let labels: [[String: String]]
    /// kind takes the taint off a cluster's only node, which would run nothing else (`kubeadminit/init.go`).
    private let isTaintLifted: Bool

    /// Among these nodes.
    public init(_ nodes: [Node]) {
        self.nodes = nodes
        labels = nodes.map(\.allLabels)
        isTaintLifted = nodes.count == 1
    }

    /// The positions of the nodes that a workload's pods may run on.
    public func indices(for workload: Workload) -> [Int] {
        nodes.indices.filter { fits(workload, at: $0) }
    }

    /// The value of a label of a node, by its position.
    public func label(_ key: String, ofNodeAt index: Int) -> String? { labels[index][key] }

    /// Whether a workload's pods may run on the node at a position, as far as the node alone decides.
    public func fits(_ workload: Workload, at index: Int) -> Bool {
        tolerates(workload, at: index) && suits(workload, at: index)
    }

    /// Whether its pods tolerate the node's taint.
    public func tolerates(_ workload: Workload, at index: Int) -> Bool {
        // A nodeName goes past the scheduler, and with it past the taint; kubelet still looks at the labels.
        workload.nodeName != nil || !nodes[index].isTainted || isTaintLifted || workload.toleratesControlPlane
    }

    /// Whether the node is one that its pods ask for: by name, selector and affinity.
    public func suits(_ workload: Workload, at index: Int) -> Bool {
        let node = nodes[index]
        if let name = workload.nodeName, name != node.name { return false }
        return labels[index].match(workload.nodeSelector)
            && workload.affinity.allows(labels: labels[index], name: node.name)
    }
}
