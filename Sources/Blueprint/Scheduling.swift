import Topology

/// Which node each pod goes to: what kube-scheduler's defaults come to where no pod asks for resources, and always the
/// same.
struct Scheduling {
    private let eligible: EligibleNodes
    private let workloads: [Workload]
    private let topologyNodes: [Node]
    private var podCounts: [Int]
    /// By workload, where its pods are.
    private var placed: [PodCounts]

    /// By node, how many pods of a workload are there.
    typealias PodCounts = [Int: Int]

    /// Where a pod goes.
    enum Choice: Hashable {
        case node(Int)
        /// No node fits, and why; nil where that does not depend on other pods.
        case none(String?)

        /// The node's position.
        var node: Int? { if case .node(let index) = self { index } else { nil } }
    }

    init(_ topology: Topology) {
        eligible = EligibleNodes(topology.nodes)
        workloads = topology.workloads
        topologyNodes = topology.nodes
        podCounts = Array(repeating: 0, count: topology.nodes.count)
        placed = Array(repeating: [:], count: topology.workloads.count)
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

    /// Counts pods of a workload, by its position, that run.
    mutating func count(_ running: [Int: Int], of position: Int) {
        for index in running.values { add(1, to: index, of: position) }
    }

    private mutating func add(_ number: Int, to node: Int, of position: Int) {
        podCounts[node] += number
        placed[position][node, default: 0] += number
    }

    /// Where the pods of the workload at a position go, in creation order.
    ///
    /// - Parameter running: where those of them are that run, which have been counted.
    mutating func choices(forWorkloadAt position: Int, keeping running: [Int: Int] = [:]) -> [Choice] {
        let workload = workloads[position]
        for index in running.values { podCounts[index] -= 1 }
        placed[position] = [:]
        let fitting = eligible.indices(for: workload)
        let count = workload.podCount(eligibleNodes: fitting.count)
        let chosen: [Choice]
        if fitting.isEmpty || count <= 0 {
            chosen = Array(repeating: .none(nil), count: max(count, 0))
        } else if workload.nodeName == nil, looksAtOthers(workload) {
            var running = running
            // A DaemonSet's pods have a node each, and are looked at all the same.
            if workload.kind == .daemonSet { running = running.filter { fitting[$0.key] == $0.value } }
            var choosing = ChoosingNodes(
                workload, at: position, among: workloads, placed, eligible, topologyNodes, podCounts, running)
            chosen = (0..<count).map { replica in
                choosing.choose(replica, among: workload.kind == .daemonSet ? [fitting[replica]] : fitting)
            }
        } else {
            chosen =
                workload.kind == .daemonSet ? fitting.map { .node($0) } : spread(count, over: fitting, running)
        }
        for case .node(let index) in chosen { add(1, to: index, of: position) }
        return chosen
    }

    /// Whether it matters for a workload's pods what else is on a node.
    private func looksAtOthers(_ workload: Workload) -> Bool {
        !workload.affinity.preferred.isEmpty || !workload.podAffinity.isEmpty || !workload.podAntiAffinity.isEmpty
            || !workload.spreadConstraints.isEmpty || workload.ports.contains { $0.hostPort != nil }
            || zip(workloads, placed).contains { other, counts in
                !counts.isEmpty && (!other.podAntiAffinity.isEmpty || !other.podAffinity.isEmpty)
            }
    }

    /// To the node with the fewest pods of this workload, then with the fewest pods, then the first.
    private func spread(_ count: Int, over fitting: [Int], _ running: [Int: Int]) -> [Choice] {
        // Counting only the others' pods, the order of one round is the order of all rounds: each adds one everywhere.
        let order = fitting.sorted { (podCounts[$0], $0) < (podCounts[$1], $1) }
        var own = running.values.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        var (round, place) = (order.map { own[$0, default: 0] }.min() ?? 0, 0)
        return (0..<count).map { replica in
            if let index = running[replica] { return .node(index) }
            while own[order[place], default: 0] > round {
                place += 1
                if place == order.count { (round, place) = (round + 1, 0) }
            }
            own[order[place], default: 0] += 1
            return .node(order[place])
        }
    }
}
