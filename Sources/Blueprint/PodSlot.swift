import Topology

/// A place that a workload has for a pod, and what the pod there has already.
struct PodSlot {
    /// The workload, by position.
    var workload: Int
    /// The number among its pods, in creation order.
    var replica: Int
    /// The node, by position; nil if none fits.
    var node: Int?
    /// What names it from one topology to the next.
    var key: String
    /// What the running lab's pod in this place was given.
    var kept: Allocations.Pod?

    /// The places of all workloads, in creation order. A pod stays on its node as long as that fits.
    static func all(of topology: Topology, keeping kept: Allocations) -> [PodSlot] {
        let index = Dictionary(
            topology.nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var scheduling = Scheduling(topology.nodes)
        let running: [[Int: Int]] = topology.workloads.map { workload in
            kept.pods.isEmpty
                ? [:]
                : scheduling.running(workload) { replica, node in
                    kept.pods[workload.slot(replica: replica, node: node)].flatMap { index[$0.node] }
                }
        }
        for pods in running { scheduling.count(pods, by: 1) }
        var slots: [PodSlot] = []
        for (position, workload) in topology.workloads.enumerated() {
            for (replica, node) in scheduling.nodes(for: workload, keeping: running[position]).enumerated() {
                let key = workload.slot(replica: replica, node: node.map { topology.nodes[$0].name })
                slots.append(
                    PodSlot(workload: position, replica: replica, node: node, key: key, kept: kept.pods[key]))
            }
        }
        return slots
    }
}
