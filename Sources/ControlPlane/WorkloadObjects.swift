import Addresses
import Blueprint
import Calico
import ClusterObjects
import Topology

extension ClusterState {
    /// The workloads with what their controllers make of them: ReplicaSets, revisions and pods.
    mutating func addWorkloads() {
        var pods = Dictionary(grouping: lab.placement.pods) {
            WorkloadKey($0.namespace, $0.workload, $0.workloadKind.name)
        }
        for workload in lab.topology.workloads {
            let key = WorkloadKey(workload.namespace, workload.name, workload.kind.name)
            add(workload, pods.removeValue(forKey: key) ?? [])
        }
    }

    private struct WorkloadKey: Hashable {
        var namespace: String
        var name: String
        var kind: String

        init(_ namespace: String, _ name: String, _ kind: String) {
            (self.namespace, self.name, self.kind) = (namespace, name, kind)
        }
    }

    private mutating func add(_ workload: Workload, _ pods: [Placement.Pod]) {
        var kind = workload.kind.name
        var written = written(kind, workload.namespace, workload.name)
        if kind == "ReplicaSet", written.isNull {
            // What keeps a number of pods in the old way is one to a network.
            let old = self.written("ReplicationController", workload.namespace, workload.name)
            if !old.isNull { (kind, written) = ("ReplicationController", old) }
        }
        if case .pod = workload.kind {
            let template: JSON = written.isNull ? template(of: workload) : written
            for pod in pods {
                var instance = PodInstance(reference: pod.reference, owner: .null, template: template)
                instance.written = written
                instance.take(pod)
                add(object(instance))
            }
            return
        }
        var spec = written["spec"]
        if spec.isNull {
            spec = ["template": template(of: workload), "selector": ["matchLabels": JSON(allTexts: workload.labels)]]
            if let replicas = workload.replicas { spec["replicas"] = .integer(replicas) }
        }
        if kind == "ReplicationController", spec["selector"].isNull {
            spec["selector"] = spec["template"]["metadata"]["labels"]
        }
        spec = Defaults.workload(spec, kind)
        let set = WorkloadSet(
            kind: kind, namespace: workload.namespace, name: workload.name, spec: spec, written: written)
        add(
            set,
            pods.map { pod in
                var instance = PodInstance(reference: pod.reference, owner: .null, template: spec["template"])
                instance.take(pod)
                return instance
            })
    }

    /// What makes pods, before its status.
    struct WorkloadSet {
        var kind: String
        var namespace: String
        var name: String
        var spec: JSON
        var written: JSON = .null

        var apiVersion: String { kind == "ReplicationController" ? "v1" : "apps/v1" }
    }

    /// Adds what makes pods, what its controller makes besides, and its pods.
    mutating func add(_ set: WorkloadSet, _ pods: [PodInstance]) {
        let (namespace, name) = (set.namespace, set.name)
        var (owner, labels, base) = (owner(set.apiVersion, set.kind, namespace, name), [String: String](), name)
        let counts = PodCounts(pods.map(object))
        switch set.kind {
        case "Deployment":
            base = PodName.replicaSet(ofDeployment: name, namespace: namespace)
            labels = ["pod-template-hash": String(base.dropFirst(name.count + 1))]
            add(replicaSet(base, of: set, owner, labels, counts))
            owner = self.owner("apps/v1", "ReplicaSet", namespace, base)
        case "DaemonSet", "StatefulSet":
            let hash = revisionHash(set)
            labels = ["controller-revision-hash": set.kind == "DaemonSet" ? hash : "\(name)-\(hash)"]
            if set.kind == "DaemonSet" { labels["pod-template-generation"] = "1" }
            add(revision(hash, of: set, owner))
        default: break
        }
        var annotations: [String: String] = [:]
        if set.kind == "Deployment" { annotations["deployment.kubernetes.io/revision"] = "1" }
        if set.kind == "DaemonSet" { annotations["deprecated.daemonset.template.generation"] = "1" }
        var object = object(
            set.apiVersion, set.kind, namespace: namespace, name,
            labels: set.written.isNull ? set.spec["template"]["metadata"]["labels"].texts : [:],
            annotations: annotations, hasGeneration: true, written: set.written)
        object["spec"] = set.spec
        object["status"] = status(set, counts)
        add(object)
        for (index, pod) in pods.enumerated() {
            var pod = pod
            pod.owner = owner
            pod.labels.merge(labels) { $1 }
            if set.kind == "StatefulSet" {
                pod.labels["statefulset.kubernetes.io/pod-name"] = pod.reference.name
                pod.labels["apps.kubernetes.io/pod-index"] = "\(index)"
                pod.template["spec"].setDefault("hostname", .string(pod.reference.name))
                pod.template["spec"]["subdomain"] = set.spec["serviceName"]
            } else {
                pod.generatedFrom = base + "-"
            }
            add(self.object(pod))
        }
    }

    /// How many of a set's pods are what.
    struct PodCounts {
        var all = 0
        var ready = 0
        /// On a node.
        var scheduled = 0

        init(_ pods: [JSON]) {
            all = pods.count
            for pod in pods {
                if !pod["spec"]["nodeName"].isNull { scheduled += 1 }
                let isReady = pod["status"]["conditions"].items.contains {
                    $0["type"].text == "Ready" && $0["status"].text == "True"
                }
                if isReady { ready += 1 }
            }
        }
    }

    // MARK: Made by controllers

    private func replicaSet(
        _ name: String, of deployment: WorkloadSet, _ owner: JSON, _ labels: [String: String], _ counts: PodCounts
    ) -> JSON {
        var spec = deployment.spec
        for field in ["strategy", "revisionHistoryLimit", "progressDeadlineSeconds", "minReadySeconds", "paused"] {
            spec[field] = .null
        }
        let templateLabels = spec["template"]["metadata"]["labels"].texts.merging(labels) { $1 }
        spec["template"]["metadata"]["labels"] = JSON(texts: templateLabels)
        let selector = spec["selector"]["matchLabels"].texts.merging(labels) { $1 }
        spec["selector"]["matchLabels"] = JSON(texts: selector)
        let replicas = spec["replicas"].integer ?? 1
        var object = object(
            "apps/v1", "ReplicaSet", namespace: deployment.namespace, name, labels: templateLabels,
            annotations: [
                "deployment.kubernetes.io/desired-replicas": "\(replicas)",
                "deployment.kubernetes.io/max-replicas": "\(replicas + (replicas + 3) / 4)",
                "deployment.kubernetes.io/revision": "1",
            ], owner: owner, hasGeneration: true)
        object["spec"] = spec
        object["status"] = replicaStatus(counts)
        return object
    }

    /// The hash of a template that names revisions (`ComputeHash` in pkg/controller/controller_utils.go has Go's text of it;
    /// here it is of its JSON).
    private func revisionHash(_ set: WorkloadSet) -> String {
        String(PodName.templateHash("\(set.kind)/\(set.namespace)/\(set.name)/\(set.spec["template"])"))
    }

    private func revision(_ hash: String, of set: WorkloadSet, _ owner: JSON) -> JSON {
        var object = object(
            "apps/v1", "ControllerRevision", namespace: set.namespace, "\(set.name)-\(hash)",
            labels: set.spec["template"]["metadata"]["labels"].texts.merging(["controller-revision-hash": hash]) { $1 },
            owner: owner)
        var template = set.spec["template"]
        template["$patch"] = "replace"
        object["data"] = ["spec": ["template": template]]
        object["revision"] = 1
        return object
    }

    // MARK: Status

    private func replicaStatus(_ counts: PodCounts) -> JSON {
        var status: JSON = [
            "replicas": .integer(counts.all), "fullyLabeledReplicas": .integer(counts.all), "observedGeneration": 1,
        ]
        if counts.ready > 0 {
            status["readyReplicas"] = .integer(counts.ready)
            status["availableReplicas"] = .integer(counts.ready)
        }
        return status
    }

    private func status(_ set: WorkloadSet, _ counts: PodCounts) -> JSON {
        let unavailable = counts.all - counts.ready
        switch set.kind {
        case "DaemonSet":
            var status: JSON = [
                "currentNumberScheduled": .integer(counts.scheduled), "desiredNumberScheduled": .integer(counts.all),
                "numberMisscheduled": 0, "numberReady": .integer(counts.ready), "observedGeneration": 1,
                "updatedNumberScheduled": .integer(counts.scheduled),
            ]
            if counts.ready > 0 { status["numberAvailable"] = .integer(counts.ready) }
            if unavailable > 0 { status["numberUnavailable"] = .integer(unavailable) }
            return status
        case "Deployment":
            var status = replicaStatus(counts)
            status["fullyLabeledReplicas"] = .null
            status["updatedReplicas"] = .integer(counts.all)
            if unavailable > 0 { status["unavailableReplicas"] = .integer(unavailable) }
            let replicas = set.spec["replicas"].integer ?? 1
            // A quarter may be missing (`maxUnavailable`), rounded down.
            let isAvailable = counts.ready >= replicas - replicas / 4
            let base = PodName.replicaSet(ofDeployment: set.name, namespace: set.namespace)
            status["conditions"] = [
                condition(
                    "Available", isAvailable ? "True" : "False",
                    reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                    message: "Deployment \(isAvailable ? "has" : "does not have") minimum availability."),
                condition(
                    "Progressing", "True", reason: "NewReplicaSetAvailable",
                    message: "ReplicaSet \"\(base)\" has successfully progressed."),
            ]
            return status
        case "StatefulSet":
            var status = replicaStatus(counts)
            status["fullyLabeledReplicas"] = .null
            let revision = JSON.string("\(set.name)-\(revisionHash(set))")
            status.setDefault("availableReplicas", 0)
            (status["currentReplicas"], status["updatedReplicas"]) = (.integer(counts.all), .integer(counts.all))
            (status["currentRevision"], status["updateRevision"]) = (revision, revision)
            status["collisionCount"] = 0
            return status
        default: return replicaStatus(counts)
        }
    }
}

extension PodInstance {
    /// Takes the places and addresses that a pod was given.
    mutating func take(_ pod: Placement.Pod) {
        node = pod.node
        addresses = pod.addresses
        usesHostNetwork = pod.usesHostNetwork
        pendingReason = pod.pendingReason
    }
}

extension Workload {
    /// How many pods it keeps; nil for what has one a node.
    fileprivate var replicas: Int? {
        switch kind {
        case .deployment(let replicas), .statefulSet(let replicas), .replicaSet(let replicas): replicas
        case .daemonSet, .pod: nil
        }
    }
}
