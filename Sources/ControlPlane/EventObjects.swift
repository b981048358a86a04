import Calico
import ClusterObjects

extension ClusterState {
    /// What scheduler and kubelets would have told of the pods, in the two forms that the API has it in.
    mutating func addEvents() {
        for pod in objects where pod["kind"].text == "Pod" {
            let birth = pod["metadata"]["creationTimestamp"].text.flatMap(Timestamp.init) ?? lab.created
            if pod["metadata"]["ownerReferences"][0]["kind"].text == "Node" { continue }
            let status = pod["status"]
            guard let node = pod["spec"]["nodeName"].text else {
                let reason = status["conditions"][0]["message"].text ?? ""
                addEvent(
                    of: pod, "Warning", "FailedScheduling", reason, from: "default-scheduler", on: nil, at: birth)
                continue
            }
            let name = pod["metadata"]["name"].text ?? ""
            let namespace = pod["metadata"]["namespace"].text ?? ""
            addEvent(
                of: pod, "Normal", "Scheduled", "Successfully assigned \(namespace)/\(name) to \(node)",
                from: "default-scheduler", on: nil, at: birth)
            if status["phase"].text == "Pending" {
                let reason = status["conditions"].items.first { $0["type"].text == "Ready" }?["message"].text ?? ""
                addEvent(
                    of: pod, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: \(reason)",
                    from: "kubelet", on: node, at: birth)
                continue
            }
            for container in pod["spec"]["containers"].items {
                let (title, image) = (container["name"].text ?? "", container["image"].text ?? "")
                for (reason, message) in [
                    ("Pulled", "Container image \"\(image)\" already present on machine"),
                    ("Created", "Created container \(title)"), ("Started", "Started container \(title)"),
                ] {
                    addEvent(
                        of: pod, "Normal", reason, message, from: "kubelet", on: node, at: birth,
                        path: "spec.containers{\(title)}")
                }
            }
            addFault(of: pod, on: node)
        }
        for node in objects where node["kind"].text == "Node" { addFault(of: node) }
    }

    private mutating func addFault(of pod: JSON, on node: String) {
        let ready = pod["status"]["conditions"].items.first { $0["type"].text == "Ready" } ?? .null
        guard ready["status"].text == "False", let message = ready["message"].text else { return }
        addEvent(
            of: pod, "Warning", "Unhealthy", "Readiness probe failed: \(message)", from: "kubelet", on: node,
            at: ready["lastTransitionTime"].text.flatMap(Timestamp.init) ?? lab.created)
    }

    private mutating func addFault(of node: JSON) {
        let ready = node["status"]["conditions"].items.first { $0["type"].text == "Ready" } ?? .null
        guard ready["status"].text != "True", let name = node["metadata"]["name"].text else { return }
        addEvent(
            of: node, "Normal", "NodeNotReady", "Node \(name) status is now: NodeNotReady", from: "node-controller",
            on: nil, at: ready["lastTransitionTime"].text.flatMap(Timestamp.init) ?? lab.created)
    }

    private mutating func addEvent(
        of object: JSON, _ type: String, _ reason: String, _ message: String, from source: String, on host: String?,
        at time: Timestamp, path: String? = nil
    ) {
        let metadata = object["metadata"]
        let namespace = metadata["namespace"].text ?? "default"
        let reference: JSON = [
            "kind": object["kind"], "namespace": metadata["namespace"], "name": metadata["name"],
            "uid": metadata["uid"], "apiVersion": object["apiVersion"], "fieldPath": JSON(path),
        ]
        // Go's nanoseconds in hexadecimal digits, as recorders name their events.
        let name =
            "\(metadata["name"].text ?? "").\(SHA1.hexDigest("\(metadata["uid"])/\(reason)/\(path ?? "")").prefix(16))"
        let stamp = JSON.string(time.description)
        var event = self.object("v1", "Event", namespace: namespace, name, created: time)
        for (field, value) in [
            ("involvedObject", reference), ("reason", .string(reason)), ("message", .string(message)),
            ("source", ["component": .string(source), "host": JSON(host)]), ("firstTimestamp", stamp),
            ("lastTimestamp", stamp), ("count", 1), ("type", .string(type)), ("reportingComponent", .string(source)),
            ("reportingInstance", .string(host ?? "")),
        ] as [(String, JSON)] { event[field] = value }
        add(event)
        var other = self.object("events.k8s.io/v1", "Event", namespace: namespace, name, created: time)
        for (field, value) in [
            ("regarding", reference), ("reason", .string(reason)), ("note", .string(message)), ("type", .string(type)),
            ("reportingController", .string(source)), ("reportingInstance", .string(host ?? "")),
            ("deprecatedFirstTimestamp", stamp), ("deprecatedLastTimestamp", stamp), ("deprecatedCount", 1),
            ("deprecatedSource", ["component": .string(source), "host": JSON(host)]),
        ] as [(String, JSON)] { other[field] = value }
        add(other)
    }
}
