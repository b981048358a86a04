import Addresses
import Topology

/// A document that makes pods: a Pod, or a controller with a template of pods.
struct WorkloadManifest {
    var workload: Workload
    /// The ports that are known of its containers' images, where no port is declared.
    var usualPorts: [Workload.ContainerPort] = []

    init?(_ root: Field, _ kind: String, _ diagnostics: inout Diagnostics) {
        let metadata = root["metadata"]
        guard let name = metadata["name"].text(&diagnostics) ?? Self.generated(metadata["generateName"]) else {
            diagnostics.error(root, "a \(kind) needs a name: metadata: { name: … }")
            return nil
        }
        let replicas: Int = root["spec"]["replicas"].number(&diagnostics, "a number of pods", 0...maximumReplicas) ?? 1
        let controller: Workload.Kind
        switch kind {
        case "Pod": controller = .pod
        case "DaemonSet": controller = .daemonSet
        case "Deployment": controller = .deployment(replicas: replicas)
        case "StatefulSet": controller = .statefulSet(replicas: replicas)
        default: controller = .replicaSet(replicas: replicas)
        }
        workload = Workload(
            name: name, namespace: metadata["namespace"].text(&diagnostics) ?? "default", kind: controller)
        let pod = controller == .pod ? root : root["spec"]["template"]
        if !pod["spec"].isPresent {
            diagnostics.error(root, "a \(kind) needs the specification of its pods")
            return nil
        }
        workload.labels = pod["metadata"]["labels"].texts(&diagnostics)
        let annotations = CalicoAnnotations(pod["metadata"]["annotations"], &diagnostics)
        workload.addresses = annotations.addresses
        workload.pools = annotations.pools
        workload.hardwareAddress = annotations.hardwareAddress
        readSpecification(pod["spec"], &diagnostics)
        let selector = root["spec"]["selector"]
        if controller != .pod,
            !selects(
                kind == "ReplicationController"
                    ? LabelSelector(selector.texts(&diagnostics)) : LabelSelector(selector, &diagnostics), selector,
                workload.labels, &diagnostics)
        {
            return nil
        }
        if case .statefulSet = controller {
            // A StatefulSet's pods have names of their own under the service that governs it.
            workload.subdomain = root["spec"]["serviceName"].text(&diagnostics) ?? workload.subdomain
        }
    }

    private static func generated(_ field: Field) -> String? {
        field.text.map { $0.hasSuffix("-") ? String($0.dropLast()) : $0 }
    }

    /// Whether a controller selects the pods that it makes; the API server refuses one that does not.
    private func selects(
        _ read: LabelSelector, _ selector: Field, _ labels: [String: String], _ diagnostics: inout Diagnostics
    ) -> Bool {
        let wanted = read.labels
        if wanted.allSatisfy({ labels[$0.key] == $0.value }), !read.selects(labels) {
            diagnostics.warn(
                selector["matchExpressions"],
                "the template's labels do not fit this; the API server refuses \(workload.name), and it is left out")
            return false
        }
        if let wrong = wanted.filter({ labels[$0.key] != $0.value }).min(by: { $0.key < $1.key }) {
            diagnostics.warn(
                selector,
                "the selector asks for \(wrong.key)=\(wrong.value), which the template's labels do not have; the API "
                    + "server refuses \(workload.name), and it is left out")
            return false
        }
        return true
    }

    private mutating func readSpecification(_ spec: Field, _ diagnostics: inout Diagnostics) {
        workload.nodeName = spec["nodeName"].text(&diagnostics)
        workload.nodeSelector = spec["nodeSelector"].texts(&diagnostics)
        for toleration in spec["tolerations"].list(&diagnostics) {
            _ = toleration["operator"].word(&diagnostics, ["Exists", "Equal", "Lt", "Gt"])
            _ = toleration["effect"].word(&diagnostics, ["NoSchedule", "PreferNoSchedule", "NoExecute", ""])
            if Self.tolerates(toleration) { workload.toleratesControlPlane = true }
        }
        workload.affinity = NodeAffinity(spec["affinity"]["nodeAffinity"], &diagnostics)
        workload.podAffinity = PodAffinity(spec["affinity"]["podAffinity"], workload.labels, &diagnostics)
        workload.podAntiAffinity = PodAffinity(spec["affinity"]["podAntiAffinity"], workload.labels, &diagnostics)
        workload.spreadConstraints = spec["topologySpreadConstraints"].list(&diagnostics).compactMap {
            SpreadConstraint($0, workload.labels, &diagnostics)
        }
        workload.readNames(spec, &diagnostics)
        workload.usesHostNetwork = spec["hostNetwork"].boolean(&diagnostics) ?? false
        workload.hostname = spec["hostname"].text(&diagnostics)
        workload.subdomain = spec["subdomain"].text(&diagnostics)
        // A DaemonSet's pods tolerate what others do not, but not the control plane's taint.
        var images = ContainerImages()
        // A container that is begun before the others and goes on runs beside them.
        let sidecars = spec["initContainers"].list(&diagnostics).filter { $0["restartPolicy"].text == "Always" }
        for container in spec["containers"].list(&diagnostics) + sidecars {
            for field in container["ports"].list(&diagnostics) {
                guard var port = Self.port(field, &diagnostics) else { continue }
                // In its node's namespace a pod's port is the node's (`SetDefaults_PodSpec`).
                if workload.usesHostNetwork { port.hostPort = port.hostPort ?? port.number }
                let isThere = workload.ports.contains { $0.number == port.number && $0.transport == port.transport }
                if !isThere { workload.ports.append(port) }
            }
            images.add(container, &diagnostics)
        }
        usualPorts = images.ports
        for index in workload.ports.indices {
            guard let known = images.ports.first(where: { $0.number == workload.ports[index].number }) else { continue }
            workload.ports[index].body = known.body
            workload.ports[index].listen = known.listen
        }
    }

    private static func tolerates(_ toleration: Field) -> Bool {
        let key = toleration["key"].text ?? ""
        let isExists = toleration["operator"].text == "Exists"
        let effect = toleration["effect"].text ?? ""
        guard effect.isEmpty || effect == "NoSchedule" else { return false }
        if key.isEmpty { return isExists }
        return key == "node-role.kubernetes.io/control-plane" && (isExists || (toleration["value"].text ?? "").isEmpty)
    }

    private static func port(_ field: Field, _ diagnostics: inout Diagnostics) -> Workload.ContainerPort? {
        guard let number: UInt16 = field["containerPort"].number(&diagnostics, "a port", 1...65535) else { return nil }
        let transport = Service.transport(field["protocol"], &diagnostics) ?? .tcp
        var port = Workload.ContainerPort(name: field["name"].text(&diagnostics), number, transport)
        port.hostPort = field["hostPort"].number(&diagnostics, "a port", 0...65535).flatMap { $0 == 0 ? nil : $0 }
        port.hostAddress = field["hostIP"].text == "" ? nil : field["hostIP"].address(&diagnostics)
        return port
    }
}

extension NodeAffinity {
    fileprivate init(_ field: Field, _ diagnostics: inout Diagnostics) {
        self.init()
        let required = field["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        self.required = required.list(&diagnostics).map { Term($0, &diagnostics) }
        for item in field["preferredDuringSchedulingIgnoredDuringExecution"].list(&diagnostics) {
            guard let weight: Int = item["weight"].number(&diagnostics, "a weight", 1...100) else { continue }
            preferred.append(Preference(weight: weight, Term(item["preference"], &diagnostics)))
        }
    }
}

extension NodeAffinity.Term {
    fileprivate init(_ field: Field, _ diagnostics: inout Diagnostics) {
        self.init()
        labels = field["matchExpressions"].list(&diagnostics).compactMap { NodeAffinity.Requirement($0, &diagnostics) }
        names = field["matchFields"].list(&diagnostics).compactMap { NodeAffinity.Requirement($0, &diagnostics) }
    }
}

extension NodeAffinity.Requirement {
    init?(_ field: Field, _ diagnostics: inout Diagnostics) {
        guard let key = field["key"].text(&diagnostics) else {
            diagnostics.error(field, "a requirement needs the key of a label")
            return nil
        }
        let text = field["operator"].text(&diagnostics) ?? ""
        guard let relation = NodeAffinity.Relation(rawValue: text) else {
            let names = NodeAffinity.Relation.allCases.map(\.rawValue)
            diagnostics.error(field["operator"], "\"\(text)\" is not an operator: \(names.joined(separator: ", "))")
            return nil
        }
        self.init(key, relation, field["values"].list(&diagnostics).compactMap { $0.text(&diagnostics) })
    }
}
