import Topology

/// Which node each pod goes to: what kube-scheduler's defaults come to where no pod asks for resources, and always the
/// same.
struct Scheduling {
    private let nodes: [Node]
    private let labels: [[String: String]]
    /// Whether the control plane's taint stands: not where it would leave no node at all (kind takes it away then).
    private let isControlPlaneTainted: Bool
    private var podCounts: [Int]

    init(_ nodes: [Node]) {
        self.nodes = nodes
        labels = nodes.map(\.allLabels)
        isControlPlaneTainted = nodes.contains { $0.role == .worker }
        podCounts = Array(repeating: 0, count: nodes.count)
    }

    /// The nodes, by index, that a workload's pods go to, in creation order; nil for a pod that fits nowhere.
    mutating func nodes(for workload: Workload) -> [Int?] {
        let fitting = nodes.indices.filter { fits(workload, at: $0) }
        let chosen: [Int?] =
            switch workload.kind {
            case .daemonSet: fitting
            case .deployment(let replicas), .statefulSet(let replicas), .replicaSet(let replicas):
                spread(replicas, over: fitting)
            case .pod: spread(1, over: fitting)
            }
        for case let index? in chosen { podCounts[index] += 1 }
        return chosen
    }

    private func fits(_ workload: Workload, at index: Int) -> Bool {
        guard labels[index].match(workload.nodeSelector), workload.affinity.allows(nodes[index]) else { return false }
        // nodeName goes past the scheduler, and with it past the taint.
        if let name = workload.nodeName { return nodes[index].name == name }
        return !nodes[index].isTainted || workload.toleratesControlPlane || !isControlPlaneTainted
    }

    /// To the node with the fewest pods of this workload, then with the fewest pods, then the first.
    private func spread(_ count: Int, over fitting: [Int]) -> [Int?] {
        guard !fitting.isEmpty, count > 0 else { return Array(repeating: nil, count: max(count, 0)) }
        // Counting only the others' pods, the order of one round is the order of all rounds: each adds one everywhere.
        let order = fitting.sorted { (podCounts[$0], $0) < (podCounts[$1], $1) }
        return (0..<count).map { order[$0 % order.count] }
    }
}
