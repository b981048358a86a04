import Topology

/// Which node each pod goes to: what kube-scheduler's defaults come to where no pod asks for resources, and always the
/// same.
struct Scheduling {
    private let eligible: EligibleNodes
    private var podCounts: [Int]

    init(_ nodes: [Node]) {
        eligible = EligibleNodes(nodes)
        podCounts = Array(repeating: 0, count: nodes.count)
    }

    /// The nodes, by index, that a workload's pods go to, in creation order; nil for a pod that fits nowhere.
    mutating func nodes(for workload: Workload) -> [Int?] {
        let fitting = eligible.indices(for: workload)
        let count = workload.podCount(eligibleNodes: fitting.count)
        let chosen: [Int?] = workload.kind == .daemonSet ? fitting : spread(count, over: fitting)
        for case let index? in chosen { podCounts[index] += 1 }
        return chosen
    }

    /// To the node with the fewest pods of this workload, then with the fewest pods, then the first.
    private func spread(_ count: Int, over fitting: [Int]) -> [Int?] {
        guard !fitting.isEmpty, count > 0 else { return Array(repeating: nil, count: max(count, 0)) }
        // Counting only the others' pods, the order of one round is the order of all rounds: each adds one everywhere.
        let order = fitting.sorted { (podCounts[$0], $0) < (podCounts[$1], $1) }
        return (0..<count).map { order[$0 % order.count] }
    }
}
