import Calico
import Topology

/// The names that are in use: a pod's is unique in its Kubernetes namespace, its network namespace's in the lab.
struct PodNames {
    private var pods: Set<String> = []
    private var networkNamespaces: Set<String>

    /// The devices' names.
    private let taken: Set<String>

    /// - Parameters:
    ///   - taken: what routers, networks, nodes and hosts are called.
    ///   - kept: the pods that have their names already, with their Kubernetes namespaces.
    init(taken: [String], kept: [(namespace: String, pod: Allocations.Pod)] = []) {
        self.taken = Set(taken)
        networkNamespaces = self.taken
        for (namespace, pod) in kept {
            pods.insert("\(namespace)/\(pod.name)")
            networkNamespaces.insert(pod.networkNamespace)
        }
    }

    /// A pod with a name of its own, or pending where its workload leaves it no other name than one in use.
    ///
    /// - Parameter kept: the names that it has already.
    mutating func pod(
        of workload: Workload, replica: Int, node: String?, keeping kept: Allocations.Pod? = nil
    ) -> Placement.Pod {
        var attempt = 0
        var name = kept?.name ?? Self.name(workload, replica, node, attempt)
        let isGenerated = Self.isGenerated(workload.kind)
        while kept == nil, !pods.insert("\(workload.namespace)/\(name)").inserted {
            guard isGenerated else { return pending(name, workload, node) }
            attempt += 1
            name = Self.name(workload, replica, node, attempt)
        }
        if workload.usesHostNetwork {
            var pod = Placement.Pod(
                name: name, namespace: workload.namespace, workload: workload.name, labels: workload.labels, node: node,
                hostInterface: WorkloadInterface.hostInterface(namespace: workload.namespace, pod: name),
                networkNamespace: node ?? name, hostname: Self.hostname(workload, name),
                subdomain: workload.subdomain, ports: workload.ports)
            pod.usesHostNetwork = true
            return pod
        }
        var networkNamespace = Self.fileName(name, workload.namespace, name)
        if let kept, !taken.contains(kept.networkNamespace) {
            networkNamespace = kept.networkNamespace
        } else if !networkNamespaces.insert(networkNamespace).inserted {
            networkNamespace = Self.fileName("\(name).\(workload.namespace)", workload.namespace, name)
            guard networkNamespaces.insert(networkNamespace).inserted else { return pending(name, workload, node) }
        }
        return Placement.Pod(
            name: name, namespace: workload.namespace, workload: workload.name, labels: workload.labels, node: node,
            hostInterface: WorkloadInterface.hostInterface(namespace: workload.namespace, pod: name),
            networkNamespace: networkNamespace, hostname: Self.hostname(workload, name), subdomain: workload.subdomain,
            ports: workload.ports, hardwareAddress: workload.hardwareAddress)
    }

    /// The host name that is written in the pod's specification: the StatefulSet controller gives each pod its own name
    /// there (`initIdentity`).
    private static func hostname(_ workload: Workload, _ name: String) -> String? {
        if case .statefulSet = workload.kind { return name }
        return workload.hostname
    }

    /// The longest name of a network namespace: its file is `LAB-NAME`, which has 255 bytes at most (`NAME_MAX`), and a lab's
    /// name has 63.
    static let longestNamespace = 255 - 63 - 1

    /// A name for the pod's network namespace: a long one ends with the name of its interface on the host, which is unique.
    private static func fileName(_ name: String, _ namespace: String, _ pod: String) -> String {
        if name.utf8.count <= longestNamespace { return name }
        let suffix = ".\(WorkloadInterface.hostInterface(namespace: namespace, pod: pod))"
        return String(name.prefix(longestNamespace - suffix.utf8.count)) + suffix
    }

    private func pending(_ name: String, _ workload: Workload, _ node: String?) -> Placement.Pod {
        Placement.Pod(
            name: name, namespace: workload.namespace, workload: workload.name, labels: workload.labels, node: node,
            hostInterface: WorkloadInterface.hostInterface(namespace: workload.namespace, pod: name),
            networkNamespace: name, pendingReason: .nameTaken)
    }

    private static func isGenerated(_ kind: Workload.Kind) -> Bool {
        switch kind {
        case .daemonSet, .deployment, .replicaSet: true
        case .statefulSet, .pod: false
        }
    }

    private static func name(_ workload: Workload, _ replica: Int, _ node: String?, _ attempt: Int) -> String {
        let (name, namespace) = (workload.name, workload.namespace)
        switch workload.kind {
        case .daemonSet: return PodName.daemonSet(name, namespace: namespace, node: node ?? "", attempt: attempt)
        case .deployment:
            return PodName.deployment(name, namespace: namespace, replica: replica, attempt: attempt)
        case .replicaSet: return PodName.replicaSet(name, namespace: namespace, replica: replica, attempt: attempt)
        case .statefulSet: return PodName.statefulSet(name, replica: replica)
        case .pod: return name
        }
    }
}
