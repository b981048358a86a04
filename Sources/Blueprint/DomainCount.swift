import Topology

/// How many of some pods are in each place, where nodes are one place that share a label's value.
struct DomainCount {
    /// The label.
    let key: String
    /// By the label's value, the pods on nodes that have it.
    private(set) var counts: [String: Int] = [:]
    /// Whether the workload's own pods are among them.
    let countsOwn: Bool
    private let values: [String?]

    /// - Parameters:
    ///   - nodes: the positions of the nodes that count; nil for all.
    ///   - places: by workload, where the pods are that count.
    init(
        _ key: String, _ eligible: EligibleNodes, nodeCount: Int, nodes: [Int]? = nil,
        _ places: [Scheduling.PodCounts], countsOwn: Bool
    ) {
        self.key = key
        self.countsOwn = countsOwn
        let counted = nodes.map(Set.init)
        values = (0..<nodeCount).map { index in
            counted?.contains(index) ?? true ? eligible.label(key, ofNodeAt: index) : nil
        }
        for place in places {
            for (node, number) in place { add(number, at: node) }
        }
    }

    /// The value of the label at a node; nil for one without it, or that does not count.
    func value(at node: Int) -> String? { values[node] }

    /// The pods that share a place with a node.
    func count(near node: Int) -> Int { values[node].map { counts[$0, default: 0] } ?? 0 }

    /// All values that there are.
    var domains: Set<String> { Set(values.compactMap(\.self)) }

    /// Counts pods at a node.
    mutating func add(_ number: Int, at node: Int) {
        if let value = values[node] { counts[value, default: 0] += number }
    }
}
