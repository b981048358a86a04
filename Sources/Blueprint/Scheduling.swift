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

    /// The nodes, by index, of a workload's pods that run on a node that still fits, by their number in creation order.
    ///
    /// - Parameter node: where the pod of this number, or the one of this node of a DaemonSet's, runs; nil if it does not.
    func running(_ workload: Workload, on node: (_ replica: Int, _ node: String?) -> Int?) -> [Int: Int] {
        let fitting = eligible.indices(for: workload)
        if workload.kind == .daemonSet {
            let pairs = fitting.enumerated().filter { node($0, topologyNodes[$1].name) == $1 }
            return Dictionary(uniqueKeysWithValues: pairs.map { ($0.offset, $0.element) })
        }
        let all = Set(fitting)
        var running: [Int: Int] = [:]
        for replica in 0..<max(workload.podCount(eligibleNodes: fitting.count), 0) {
            if let index = node(replica, nil), all.contains(index) { running[replica] = index }
        }
        return running
    }

    /// Counts pods that run.
    mutating func count(_ running: [Int: Int], by number: Int) {
        for index in running.values { podCounts[index] += number }
    }

    /// The nodes, by index, that a workload's pods go to, in creation order; nil for a pod that fits nowhere.
    ///
    /// - Parameter running: where those of them are that run, which have been counted.
    mutating func nodes(for workload: Workload, keeping running: [Int: Int] = [:]) -> [Int?] {
        count(running, by: -1)
        let fitting = eligible.indices(for: workload)
        let count = workload.podCount(eligibleNodes: fitting.count)
        let chosen: [Int?] =
            workload.kind == .daemonSet
            ? fitting
            : workload.affinity.preferred.isEmpty
                ? spread(count, over: fitting, running)
                : spread(count, over: fitting, running, preferredBy: workload.affinity)
        for case let index? in chosen { podCounts[index] += 1 }
        return chosen
    }

    /// To the node with the fewest pods of this workload, then with the fewest pods, then the first.
    private func spread(_ count: Int, over fitting: [Int], _ running: [Int: Int]) -> [Int?] {
        guard !fitting.isEmpty, count > 0 else { return Array(repeating: nil, count: max(count, 0)) }
        // Counting only the others' pods, the order of one round is the order of all rounds: each adds one everywhere.
        let order = fitting.sorted { (podCounts[$0], $0) < (podCounts[$1], $1) }
        var own = running.values.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        var (round, place) = (order.map { own[$0, default: 0] }.min() ?? 0, 0)
        return (0..<count).map { replica in
            if let index = running[replica] { return index }
            while own[order[place], default: 0] > round {
                place += 1
                if place == order.count { (round, place) = (round + 1, 0) }
            }
            own[order[place], default: 0] += 1
            return order[place]
        }
    }

    /// To the node with the best score of preference and spreading, which count alike (the weights of `NodeAffinity` and
    /// `PodTopologySpread` in kube-scheduler's default plugins).
    private func spread(
        _ count: Int, over fitting: [Int], _ running: [Int: Int], preferredBy affinity: NodeAffinity
    ) -> [Int?] {
        guard !fitting.isEmpty, count > 0 else { return Array(repeating: nil, count: max(count, 0)) }
        let preferences = fitting.map { affinity.preference(for: topologyNodes[$0]) }
        let most = max(preferences.max() ?? 0, 1)
        var own = fitting.map { node in running.values.count { $0 == node } }
        // How the plugin weighs a pod of the workload: `scoreForCount` with the default constraint's maxSkew of 5.
        let weight = log(Double(fitting.count) + 2)
        return (0..<count).map { replica in
            if let index = running[replica] { return index }
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
