import Addresses

/// Who goes with whom, as far as Kubernetes and Calico decide it by labels.
extension Node {
    /// Its labels, with those that kubelet and kubeadm put on every node (`kubernetes.io/hostname`, `kubernetes.io/os`,
    /// `node-role.kubernetes.io/control-plane`). What was written wins.
    public var allLabels: [String: String] {
        var all = ["kubernetes.io/hostname": name, "kubernetes.io/os": "linux"]
        if role == .controlPlane { all["node-role.kubernetes.io/control-plane"] = "" }
        return all.merging(labels) { $1 }
    }

    /// Whether it has all of these labels.
    public func has(_ wanted: [String: String]) -> Bool {
        if wanted.isEmpty { return true }
        let all = allLabels
        return wanted.allSatisfy { all[$0.key] == $0.value }
    }
}

extension Workload {
    /// Whether its pods may run on a node: the node it names; or else any that has the labels it selects, control-plane
    /// nodes only if it tolerates them.
    public func mayRun(on node: Node) -> Bool {
        if let nodeName, nodeName != node.name { return false }
        // A pod with a nodeName passes the scheduler by, and taints with it; kubelet still looks at the selector.
        return (nodeName != nil || toleratesControlPlane || !node.isTainted) && node.has(nodeSelector)
            && affinity.allows(node)
    }

    /// The pods that it makes on a cluster where its pods may run on so many nodes.
    public func podCount(eligibleNodes: Int) -> Int {
        switch kind {
        case .daemonSet: eligibleNodes
        case .deployment(let replicas), .statefulSet(let replicas), .replicaSet(let replicas): replicas
        case .pod: 1
        }
    }
}

extension Pool {
    /// Whether pods on a node take addresses of it without asking for it by name.
    public func serves(_ node: Node) -> Bool {
        switch nodeSelector {
        case .all: true
        case .nobody: false
        case .labels(let labels): node.has(labels)
        case .expression(let expression): expression.selects(node.allLabels)
        }
    }

    /// How many blocks it has; `.max` for more than can be counted.
    public var blockCount: UInt128 {
        let bits = blockSize - prefix.length
        return bits < 0 ? 0 : bits >= 128 ? .max : 1 << UInt128(bits)
    }
}

extension Cluster {
    /// The pools that a workload's pod on a node can get its address of a family from, in the order they are tried:
    /// those it asks for by name, wherever they are for (as Calico does it); else those that serve the node.
    public func pools(for workload: Workload, on node: Node, _ family: AddressFamily) -> [Pool] {
        let ofFamily = pools.filter { $0.prefix.family == family }
        let named = ofFamily.filter { workload.pools.contains($0.name) }
        return named.isEmpty ? ofFamily.filter { $0.serves(node) } : named
    }
}
