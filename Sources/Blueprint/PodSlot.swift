import Topology

/// A place that a workload has for a pod, and what the pod there has already.
struct PodSlot {
    /// The workload, by position.
    var workload: Int
    /// The number among its pods, in creation order.
    var replica: Int
    /// The node, by position; nil if none fits.
    var node: Int?
    /// Why none fits, where that depends on other pods.
    var obstacle: String?
    /// What names it from one topology to the next.
    var key: String
    /// What the running lab's pod in this place was given.
    var kept: Allocations.Pod?

    /// The places of all workloads, in creation order. A pod stays on its node as long as that fits.
    static func all(of topology: Topology, keeping kept: Allocations) -> [PodSlot] {
        let index = Dictionary(
            topology.nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var scheduling = Scheduling(topology)
        let running: [[Int: Int]] = topology.workloads.map { workload in
            kept.pods.isEmpty
                ? [:]
                : scheduling.running(workload) { replica, node in
                    kept.pods[workload.slot(replica: replica, node: node)].flatMap { index[$0.node] }
                }
        }
        for (position, pods) in running.enumerated() { scheduling.count(pods, of: position) }
        var slots: [PodSlot] = []
        for (position, workload) in topology.workloads.enumerated() {
            let choices = scheduling.choices(forWorkloadAt: position, keeping: running[position])
            for (replica, choice) in choices.enumerated() {
                let key = workload.slot(replica: replica, node: choice.node.map { topology.nodes[$0].name })
                var slot = PodSlot(
                    workload: position, replica: replica, node: choice.node, key: key, kept: kept.pods[key])
                if case .none(let obstacle) = choice { slot.obstacle = obstacle }
                slots.append(slot)
            }
        }
        return slots
    }
}
