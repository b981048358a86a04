import Addresses
import Blueprint
import Calico
import ClusterObjects
import Topology

/// A pod that a cluster has: of the lab's workloads, or of the cluster's own parts, which have no processes here.
struct PodInstance {
    var reference: PodReference
    /// What made it; null for a pod of its own.
    var owner: JSON
    /// The template's labels, annotations and specification.
    var template: JSON
    /// The labels that its controller adds.
    var labels: [String: String] = [:]
    /// The node that it is scheduled to; nil if none.
    var node: String?
    var addresses: [IPAddress] = []
    var usesHostNetwork = false
    /// Why it does not run; nil if it runs.
    var pendingReason: Placement.PendingReason?
    /// What a manifest says of a pod of its own.
    var written: JSON = .null
    /// Whether its name was made of its controller's.
    var generatedFrom: String?
}

extension ClusterState {
    /// The object of a pod, as scheduler, kubelet and Calico's CNI plugin leave it.
    func object(_ pod: PodInstance) -> JSON {
        let (namespace, name) = (pod.reference.namespace, pod.reference.name)
        let templateMetadata = pod.template["metadata"]
        var annotations = templateMetadata["annotations"].texts
        if lab.hasCalico, !pod.usesHostNetwork, !pod.addresses.isEmpty, pod.pendingReason == nil {
            let own = pod.addresses.map { $0.hostPrefix.description }
            annotations["cni.projectcalico.org/containerID"] = containerID(pod.reference)
            annotations["cni.projectcalico.org/podIP"] = own[0]
            annotations["cni.projectcalico.org/podIPs"] = own.joined(separator: ",")
        }
        var object = object(
            "v1", "Pod", namespace: namespace, name,
            labels: templateMetadata["labels"].texts.merging(pod.labels) { $1 }, annotations: annotations,
            owner: pod.owner, created: lab.birth(pod.reference), written: pod.written)
        object["metadata"]["generateName"] = JSON(pod.generatedFrom)
        var spec = Defaults.podSpecification(pod.template["spec"])
        spec["nodeName"] = JSON(pod.node)
        if pod.usesHostNetwork { spec["hostNetwork"] = true }
        spec.setDefault("serviceAccountName", "default")
        spec.setDefault("serviceAccount", spec["serviceAccountName"])
        spec.setDefault("enableServiceLinks", true)
        spec.setDefault("preemptionPolicy", "PreemptLowerPriority")
        spec.setDefault("priority", 0)
        spec["tolerations"] = .array(spec["tolerations"].items + Self.tolerations(beside: spec["tolerations"].items))
        object["spec"] = spec
        object["status"] = status(pod, spec)
        return object
    }

    /// The name of what would be the pod's sandbox, always the same for one pod.
    func containerID(_ pod: PodReference) -> String {
        let seed = "\(lab.topology.name)/\(pod)"
        return SHA1.hexDigest(seed) + String(SHA1.hexDigest(seed + "/sandbox").prefix(24))
    }

    /// Those that admission adds where a pod does not say (plugin/pkg/admission/defaulttolerationseconds).
    private static func tolerations(beside own: [JSON]) -> [JSON] {
        ["not-ready", "unreachable"].map { "node.kubernetes.io/\($0)" }.compactMap { key in
            let isThere = own.contains { toleration in
                let isOfKey = toleration["key"].text == key || toleration["key"].isNull
                return isOfKey && (toleration["effect"].isNull || toleration["effect"].text == "NoExecute")
            }
            if isThere { return nil }
            return ["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]
        }
    }

    // MARK: Status

    private func status(_ pod: PodInstance, _ spec: JSON) -> JSON {
        let quality = JSON.string(Defaults.qualityOfService(spec))
        let birth = lab.birth(pod.reference)
        if let reason = pod.pendingReason { return pendingStatus(pod, reason, quality, spec, birth) }
        let state = observed.pods[pod.reference]
        let fault = fault(of: pod, state)
        let since =
            fault == nil ? state?.since ?? birth : state?.since ?? observed.nodes[pod.node ?? ""]?.since ?? birth
        let containers = spec["containers"].items
        let (isReady, isGone) = (fault == nil, state?.condition == .gone)
        let statuses = containers.map { container -> JSON in
            containerStatus(container, pod.reference, isReady: isReady, isGone: isGone, since, birth)
        }
        let unready = containers.compactMap { $0["name"].text }.joined(separator: " ")
        let readiness = { (type: String) -> JSON in
            condition(
                type, isReady ? "True" : "False", reason: isReady ? nil : "ContainersNotReady",
                message: fault.map { "containers with unready status: [\(unready)]: \($0)" }, since: since)
        }
        let addresses = isGone ? [] : pod.addresses
        var status: JSON = [
            "phase": "Running",
            "conditions": [
                condition("Initialized", "True", since: birth), readiness("Ready"), readiness("ContainersReady"),
                condition("PodScheduled", "True", since: birth),
            ],
            "startTime": .string(birth.description), "containerStatuses": .array(statuses), "qosClass": quality,
        ]
        let hosts = pod.node.flatMap { lab.addressesByNode[$0] } ?? []
        status["hostIP"] = JSON(hosts.first)
        status["hostIPs"] = JSON(nonEmpty: hosts.map { ["ip": .string($0)] })
        status["podIP"] = JSON(addresses.first?.description)
        status["podIPs"] = JSON(nonEmpty: addresses.map { ["ip": .string($0.description)] })
        return status
    }

    /// Why a pod is not ready; nil if it is.
    private func fault(of pod: PodInstance, _ state: ClusterObservation.Pod?) -> String? {
        switch state?.condition {
        case .notReady(let reason)?: return reason
        case .gone?: return "its network namespace is gone; `nslab up` brings it back"
        case .ready?, nil: break
        }
        // On a node's network a pod has its node's fate.
        return pod.usesHostNetwork ? observed.nodes[pod.node ?? ""]?.fault : nil
    }

    private func containerStatus(
        _ container: JSON, _ pod: PodReference, isReady: Bool, isGone: Bool, _ since: Timestamp, _ birth: Timestamp
    ) -> JSON {
        let name = container["name"].text ?? ""
        let identity = "nslab://\(containerID(pod).prefix(40))\(SHA1.hexDigest(name).prefix(24))"
        let ended: JSON = [
            "exitCode": 137, "reason": "Error", "startedAt": .string(birth.description),
            "finishedAt": .string(since.description), "containerID": .string(identity),
        ]
        return [
            "name": .string(name),
            "state": isGone ? ["terminated": ended] : ["running": ["startedAt": .string(birth.description)]],
            "lastState": [:], "ready": .bool(isReady), "restartCount": 0, "image": container["image"],
            "imageID": container["image"], "containerID": .string(identity), "started": .bool(!isGone),
        ]
    }

    private func pendingStatus(
        _ pod: PodInstance, _ reason: Placement.PendingReason, _ quality: JSON, _ spec: JSON, _ birth: Timestamp
    ) -> JSON {
        guard pod.node != nil else {
            return [
                "phase": "Pending",
                "conditions": [
                    condition(
                        "PodScheduled", "False", reason: "Unschedulable", message: reason.description, since: birth)
                ], "qosClass": quality,
            ]
        }
        let statuses = spec["containers"].items.map { container -> JSON in
            [
                "name": container["name"], "state": ["waiting": ["reason": "ContainerCreating"]], "lastState": [:],
                "ready": false, "restartCount": 0, "image": container["image"], "imageID": "", "started": false,
            ]
        }
        return [
            "phase": "Pending",
            "conditions": [
                condition("Initialized", "True", since: birth),
                condition(
                    "Ready", "False", reason: "ContainersNotReady", message: reason.description, since: birth),
                condition("PodScheduled", "True", since: birth),
            ], "startTime": .string(birth.description), "containerStatuses": .array(statuses), "qosClass": quality,
        ]
    }
}
