import Glibc
import Topology

/// Which node each pod goes to: what kube-scheduler's defaults come to where no pod asks for resources, and always the
/// same.
struct Scheduling {
    private let eligible: EligibleNodes
    private let topologyNodes: [Node]
    private var podCounts: [Int]

    init(_ nodes: [Node]) {
        eligible = EligibleNodes(nodes)
        topologyNodes = nodes
        podCounts = Array(repeating: 0, count: nodes.count)
    }

    /// The nodes, by index, that a workload's pods go to, in creation order; nil for a pod that fits nowhere.
    mutating func nodes(for workload: Workload) -> [Int?] {
        let fitting = eligible.indices(for: workload)
        let count = workload.podCount(eligibleNodes: fitting.count)
        let chosen: [Int?] =
            workload.kind == .daemonSet
            ? fitting
            : workload.affinity.preferred.isEmpty
                ? spread(count, over: fitting) : spread(count, over: fitting, preferredBy: workload.affinity)
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

    /// To the node with the best score of preference and spreading, which count alike (the weights of `NodeAffinity` and
    /// `PodTopologySpread` in kube-scheduler's default plugins).
    private func spread(_ count: Int, over fitting: [Int], preferredBy affinity: NodeAffinity) -> [Int?] {
        guard !fitting.isEmpty, count > 0 else { return Array(repeating: nil, count: max(count, 0)) }
        let preferences = fitting.map { affinity.preference(for: topologyNodes[$0]) }
        let most = max(preferences.max() ?? 0, 1)
        var own = Array(repeating: 0, count: fitting.count)
        // How the plugin weighs a pod of the workload: `scoreForCount` with the default constraint's maxSkew of 5.
        let weight = log(Double(fitting.count) + 2)
        return (0..<count).map { _ in
            let costs = own.map { Double($0) * weight + 4 }
            let (least, greatest) = (costs.min() ?? 4, costs.max() ?? 4)
            let best = fitting.indices.max { left, right in
                func score(_ index: Int) -> Int {
                    100 * preferences[index] / most + Int(100 * (greatest + least - costs[index]) / greatest)
                }
                let (a, b) = (score(left), score(right))
                let (pods, others) = (podCounts[fitting[left]] + own[left], podCounts[fitting[right]] + own[right])
                return (a, -pods, -left) < (b, -others, -right)
            }
            guard let best else { return nil }
            own[best] += 1
            return fitting[best]
        }
    }
}
