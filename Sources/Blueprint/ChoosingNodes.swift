import Addresses
import Glibc
import Topology

/// Chooses nodes for the pods of one workload that look at what else is there, as the plugins of kube-scheduler do that filter and
/// score (pkg/scheduler/framework/plugins: nodeports, podtopologyspread, interpodaffinity, nodeaffinity).
struct ChoosingNodes {
    private let workload: Workload
    private let eligible: EligibleNodes
    private let nodeCount: Int
    private let running: [Int: Int]
    private let preferences: [Int]
    private var podCounts: [Int]
    private var own: [Int]
    /// By node, the ports of the node that pods have taken.
    private var takenPorts: [[Workload.ContainerPort]]
    /// Each must have a pod near.
    private var wanted: [DomainCount] = []
    /// None may have a pod near.
    private var avoided: [DomainCount] = []
    private var spreads: [(constraint: SpreadConstraint, pods: DomainCount)] = []
    private var attractions: [(weight: Int, pods: DomainCount)] = []

    /// - Parameters:
    ///   - position: the workload's among all.
    ///   - placed: by workload, where its pods are; none of this one's.
    ///   - running: by number, where those of this workload's pods are that run.
    init(
        _ workload: Workload, at position: Int, among workloads: [Workload], _ placed: [Scheduling.PodCounts],
        _ eligible: EligibleNodes, _ nodes: [Node], _ podCounts: [Int], _ running: [Int: Int]
    ) {
        self.workload = workload
        self.eligible = eligible
        self.running = running
        self.podCounts = podCounts
        nodeCount = nodes.count
        preferences = nodes.map(workload.affinity.preference)
        own = Array(repeating: 0, count: nodes.count)
        takenPorts = Array(repeating: [], count: nodes.count)
        func count(_ term: PodAffinity.Term) -> DomainCount {
            let places = workloads.indices.filter { $0 != position && term.selects(workloads[$0], from: workload) }
            return DomainCount(
                term.topologyKey, eligible, nodeCount: nodes.count, places.map { placed[$0] },
                countsOwn: term.selects(workload, from: workload))
        }
        wanted = workload.podAffinity.required.map(count)
        avoided = workload.podAntiAffinity.required.map(count)
        attractions =
            workload.podAffinity.preferred.map { ($0.weight, count($0.term)) }
            + workload.podAntiAffinity.preferred.map { (-$0.weight, count($0.term)) }
        for (index, other) in workloads.enumerated() where index != position && !placed[index].isEmpty {
            for port in other.ports where port.hostPort != nil {
                for node in placed[index].keys { takenPorts[node].append(port) }
            }
            // What others ask for holds in both directions.
            func near(_ term: PodAffinity.Term) -> DomainCount? {
                term.selects(workload, from: other)
                    ? DomainCount(term.topologyKey, eligible, nodeCount: nodes.count, [placed[index]], countsOwn: false)
                    : nil
            }
            avoided += other.podAntiAffinity.required.compactMap(near)
            attractions += other.podAffinity.required.compactMap { term in near(term).map { (1, $0) } }
            attractions += other.podAffinity.preferred.compactMap { one in near(one.term).map { (one.weight, $0) } }
            attractions += other.podAntiAffinity.preferred.compactMap { one in near(one.term).map { (-one.weight, $0) }
            }
        }
        for constraint in workload.spreadConstraints {
            let counted = nodes.indices.filter { index in
                (!constraint.honorsAffinity || eligible.suits(workload, at: index))
                    && (!constraint.honorsTaints || eligible.tolerates(workload, at: index))
                    // A node without one of the labels is no place for any of the constraints.
                    && workload.spreadConstraints.allSatisfy {
                        $0.isRequired != constraint.isRequired || eligible.label($0.topologyKey, ofNodeAt: index) != nil
                    }
            }
            let selects = { (other: Workload) in
                other.namespace == workload.namespace && constraint.selector?.selects(other.labels) ?? false
            }
            let places = workloads.indices.filter { $0 != position && selects(workloads[$0]) }.map { placed[$0] }
            let pods = DomainCount(
                constraint.topologyKey, eligible, nodeCount: nodes.count, nodes: counted, places,
                countsOwn: selects(workload))
            spreads.append((constraint, pods))
        }
        for node in running.values { take(node) }
    }

    /// The node for a pod, by its number among the workload's.
    mutating func choose(_ replica: Int, among fitting: [Int]) -> Scheduling.Choice {
        if let index = running[replica] { return .node(index) }
        var obstacles: [Obstacle: Int] = [:]
        var feasible: [Int] = []
        for node in fitting {
            if let obstacle = obstacle(at: node) { obstacles[obstacle, default: 0] += 1 } else { feasible.append(node) }
        }
        guard let best = best(of: feasible) else { return .none(reason(obstacles)) }
        take(best)
        return .node(best)
    }

    private mutating func take(_ node: Int) {
        own[node] += 1
        takenPorts[node] += workload.ports.filter { $0.hostPort != nil }
        func add(_ pods: inout DomainCount) { if pods.countsOwn { pods.add(1, at: node) } }
        for index in wanted.indices { add(&wanted[index]) }
        for index in avoided.indices { add(&avoided[index]) }
        for index in spreads.indices { add(&spreads[index].pods) }
        for index in attractions.indices { add(&attractions[index].pods) }
    }

    // MARK: Filters

    /// Why a pod cannot be on a node.
    private enum Obstacle: Hashable, Comparable {
        case taint, affinity
        case port(UInt16)
        case spread(String)
        case missingPods, unwantedPods

        func text(_ count: Int) -> String {
            let (has, does) = count == 1 ? ("has", "does") : ("have", "do")
            return switch self {
            case .taint: "\(count) \(has) a taint that it does not tolerate"
            case .affinity: "\(count) \(does) not fit its nodeSelector and affinity"
            case .port(let port): "\(count) \(has) another pod at the node's port \(port)"
            case .spread(let key): "\(count) would break its topologySpreadConstraints over \(key)"
            case .missingPods: "\(count) \(has) no pod near that its podAffinity asks for"
            case .unwantedPods: "\(count) \(has) a pod near that podAntiAffinity keeps apart"
            }
        }
    }

    private func obstacle(at node: Int) -> Obstacle? {
        for port in workload.ports {
            guard let number = port.hostPort else { continue }
            let isTaken = takenPorts[node].contains {
                $0.hostPort == number && $0.transport == port.transport
                    && ($0.hostAddress == nil || port.hostAddress == nil || $0.hostAddress == port.hostAddress)
            }
            if isTaken { return .port(number) }
        }
        for (constraint, pods) in spreads where constraint.isRequired {
            guard pods.value(at: node) != nil else { return .spread(constraint.topologyKey) }
            let domains = pods.domains
            let isShort = constraint.minDomains.map { domains.count < $0 } ?? false
            let least = isShort ? 0 : domains.map { pods.counts[$0, default: 0] }.min() ?? 0
            if pods.count(near: node) + (pods.countsOwn ? 1 : 0) - least > constraint.maxSkew {
                return .spread(constraint.topologyKey)
            }
        }
        // The first of pods that want to be near each other has nobody to be near.
        let isFirst = wanted.allSatisfy { $0.countsOwn && $0.counts.isEmpty }
        for pods in wanted where pods.count(near: node) == 0 && !(isFirst && pods.value(at: node) != nil) {
            return .missingPods
        }
        if avoided.contains(where: { $0.count(near: node) > 0 }) { return .unwantedPods }
        return nil
    }

    private func reason(_ obstacles: [Obstacle: Int]) -> String {
        var all = obstacles
        for node in 0..<nodeCount {
            if !eligible.tolerates(workload, at: node) {
                all[.taint, default: 0] += 1
            } else if !eligible.suits(workload, at: node) {
                all[.affinity, default: 0] += 1
            }
        }
        let clauses = all.sorted { $0.key < $1.key }.map { $0.key.text($0.value) }
        return "of \(nodeCount) nodes, \(clauses.joined(separator: ", "))"
    }

    // MARK: Scores

    /// The node with the best score, then with the fewest pods, then the first. The plugins' scores count alike (the weights of
    /// `NodeAffinity`, `PodTopologySpread` and `InterPodAffinity` among the default plugins).
    private func best(of nodes: [Int]) -> Int? {
        let most = max(nodes.map { preferences[$0] }.max() ?? 0, 1)
        let spread = spreadScores(nodes), near = attractionScores(nodes)
        let scores = nodes.indices.map { 100 * preferences[nodes[$0]] / most + spread[$0] + near[$0] }
        return nodes.indices.max { left, right in
            let (a, b) = (nodes[left], nodes[right])
            return (scores[left], -own[a], -(podCounts[a] + own[a]), -a) < (
                scores[right], -own[b], -(podCounts[b] + own[b]), -b
            )
        }.map { nodes[$0] }
    }

    /// 0 to 100 (`Score` and `NormalizeScore` of the plugin).
    private func spreadScores(_ nodes: [Int]) -> [Int] {
        let soft = spreads.filter { !$0.constraint.isRequired }
        let costs: [Double]
        if !soft.isEmpty {
            costs = nodes.map { node in
                soft.reduce(0) { sum, one in
                    sum + Double(one.pods.count(near: node)) * log(Double(one.pods.domains.count) + 2)
                        + Double(one.constraint.maxSkew - 1)
                }
            }
        } else if spreads.isEmpty {
            // What holds where a pod says nothing: `scoreForCount` with the default constraint's maxSkew of 5.
            let weight = log(Double(nodes.count) + 2)
            costs = nodes.map { Double(own[$0]) * weight + 4 }
        } else {
            return Array(repeating: 0, count: nodes.count)
        }
        let (least, greatest) = (costs.min() ?? 0, costs.max() ?? 0)
        if greatest == 0 { return Array(repeating: 100, count: nodes.count) }
        return costs.map { Int(100 * (greatest + least - $0) / greatest) }
    }

    /// 0 to 100 (`NormalizeScore` of the plugin).
    private func attractionScores(_ nodes: [Int]) -> [Int] {
        let sums = nodes.map { node in attractions.reduce(0) { $0 + $1.weight * $1.pods.count(near: node) } }
        guard let least = sums.min(), let greatest = sums.max(), least < greatest else {
            return Array(repeating: 0, count: nodes.count)
        }
        return sums.map { 100 * ($0 - least) / (greatest - least) }
    }
}
