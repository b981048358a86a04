import Blueprint
import ClusterObjects
import ControlPlane
import Engine
import Topology

extension ClusterLab {
    /// The cluster of a running lab, as its state has it.
    ///
    /// - Parameter record: what is kept of its API; nil for a lab without one.
    init(
        _ running: RunningLab, _ blueprint: Blueprint, _ placement: Placement, _ record: ClusterAPIProcess.Record?,
        documents: [UInt8], created: Int
    ) throws(EngineError) {
        self.init(
            topology: try running.topology, blueprint: blueprint, placement: placement,
            documents: ClusterDocuments(stream: documents, kubernetesVersion: record?.kubernetesVersion),
            created: Timestamp(seconds: created), machine: .own)
        for pod in placement.pods {
            if let birth = record?.births[pod.reference.description] {
                births[pod.reference] = Timestamp(seconds: birth)
            }
        }
    }
}

extension RunningLab {
    /// The objects that the lab's cluster has, with what the kernel says of nodes and pods now: as its API would serve them.
    public func clusterObjects() throws -> [JSON] {
        let api = StateDirectory(lab: journal.lab).api
        let record = try api.readRecord()
        let placement = try Placement(try topology, keeping: blueprint.allocations)
        let created =
            try record?.created ?? ContainerRecord.read(ofLab: journal.lab)?.created
            ?? ContainerRecord.journalTime(ofLab: journal.lab)
        let lab = try ClusterLab(
            self, blueprint, placement, record, documents: try api.readDocuments(), created: created)
        let observed = try LabObserver(blueprint, placement).observe(answers: try responders != .ended)
        return ClusterState(lab, observed).objects
    }
}
