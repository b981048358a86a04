import Addresses
import Topology

/// A document that makes pods: a Pod, or a controller with a template of pods.
struct WorkloadReading {
    /// What it makes.
    var workload: Workload
    /// The ports that are known of its containers' images, where no port is declared.
    var usualPorts: [Workload.ContainerPort] = []

    init?(_ root: Field, _ kind: String, _ findings: inout Findings) {
        let metadata = root["metadata"]
        guard let name = metadata["name"].text(&findings) ?? Self.generated(metadata["generateName"]) else {
            findings.error(root, "a \(kind) needs a name: metadata: { name: … }")
            return nil
        }
        let replicas: Int = root["spec"]["replicas"].number(&findings, "a number of pods", 0...maximumReplicas) ?? 1
        let controller: Workload.Kind
        switch kind {
        case "Pod": controller = .pod
        case "DaemonSet": controller = .daemonSet
        case "Deployment": controller = .deployment(replicas: replicas)
        case "StatefulSet": controller = .statefulSet(replicas: replicas)
        default: controller = .replicaSet(replicas: replicas)
        }
        workload = Workload(name: name, namespace: metadata["namespace"].text(&findings) ?? "default", kind: controller)
        let pod = controller == .pod ? root : root["spec"]["template"]
        if !pod["spec"].isPresent {
            findings.error(root, "a \(kind) needs the specification of its pods")
            return nil
        }
        workload.labels = pod["metadata"]["labels"].texts(&findings)
        let annotations = CalicoAnnotations(pod["metadata"]["annotations"], &findings)
        workload.addresses = annotations.addresses
        workload.pools = annotations.pools
        workload.hardwareAddress = annotations.hardwareAddress
        readSpecification(pod["spec"], &findings)
        if controller != .pod, !selects(root["spec"]["selector"], workload.labels, &findings) { return nil }
        if case .statefulSet = controller {
            // A StatefulSet's pods have names of their own under the service that governs it.
            workload.subdomain = root["spec"]["serviceName"].text(&findings) ?? workload.subdomain
        }
    }

    private static func generated(_ field: Field) -> String? {
        field.text.map { $0.hasSuffix("-") ? String($0.dropLast()) : $0 }
    }

    /// Whether a controller selects the pods that it makes; the API server refuses one that does not.
    private func selects(_ selector: Field, _ labels: [String: String], _ findings: inout Findings) -> Bool {
        let wanted =
            selector["matchLabels"].isPresent || selector["matchExpressions"].isPresent
            ? selector["matchLabels"].texts(&findings) : [:]
        if let wrong = wanted.filter({ labels[$0.key] != $0.value }).min(by: { $0.key < $1.key }) {
            findings.warn(
                selector,
                "the selector asks for \(wrong.key)=\(wrong.value), which the template's labels do not have; the API "
                    + "server refuses \(workload.name), and it is left out")
            return false
        }
        return true
    }

    private mutating func readSpecification(_ spec: Field, _ findings: inout Findings) {
        workload.nodeName = spec["nodeName"].text(&findings)
        workload.nodeSelector = spec["nodeSelector"].texts(&findings)
        workload.toleratesControlPlane = spec["tolerations"].list(&findings).contains(where: Self.tolerates)
        workload.affinity = NodeAffinity(spec["affinity"]["nodeAffinity"], &findings)
        for key in ["podAffinity", "podAntiAffinity"] where spec["affinity"][key].isPresent {
            findings.warn(spec["affinity"][key], "pods are spread evenly in any case; this is not looked at")
        }
        for constraint in spec["topologySpreadConstraints"].list(&findings)
        where constraint["topologyKey"].text.map({ $0 != "kubernetes.io/hostname" }) ?? false {
            findings.warn(constraint["topologyKey"], "pods are spread evenly over nodes; this is not looked at")
        }
        workload.usesHostNetwork = spec["hostNetwork"].boolean(&findings) ?? false
        workload.hostname = spec["hostname"].text(&findings)
        workload.subdomain = spec["subdomain"].text(&findings)
        // A DaemonSet's pods tolerate what others do not, but not the control plane's taint.
        var images = ContainerImages()
        for container in spec["containers"].list(&findings) {
            for field in container["ports"].list(&findings) {
                guard let port = Self.port(field, &findings) else { continue }
                let isThere = workload.ports.contains { $0.number == port.number && $0.transport == port.transport }
                if !isThere { workload.ports.append(port) }
            }
            images.add(container, &findings)
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

    private static func port(_ field: Field, _ findings: inout Findings) -> Workload.ContainerPort? {
        guard let number: UInt16 = field["containerPort"].number(&findings, "a port", 1...65535) else { return nil }
        let transport = Service.transport(field["protocol"], &findings) ?? .tcp
        if field["hostPort"].isPresent { findings.warn(field["hostPort"], "ports of the host are not taken over") }
        return Workload.ContainerPort(name: field["name"].text(&findings), number, transport)
    }
}

extension NodeAffinity {
    fileprivate init(_ field: Field, _ findings: inout Findings) {
        self.init()
        let required = field["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        self.required = required.list(&findings).map { Term($0, &findings) }
        for item in field["preferredDuringSchedulingIgnoredDuringExecution"].list(&findings) {
            guard let weight: Int = item["weight"].number(&findings, "a weight", 1...100) else { continue }
            preferred.append(Preference(weight: weight, Term(item["preference"], &findings)))
        }
    }
}

extension NodeAffinity.Term {
    fileprivate init(_ field: Field, _ findings: inout Findings) {
        self.init()
        labels = field["matchExpressions"].list(&findings).compactMap { NodeAffinity.Requirement($0, &findings) }
        names = field["matchFields"].list(&findings).compactMap { NodeAffinity.Requirement($0, &findings) }
    }
}

extension NodeAffinity.Requirement {
    fileprivate init?(_ field: Field, _ findings: inout Findings) {
        guard let key = field["key"].text(&findings) else {
            findings.error(field, "a requirement needs the key of a label")
            return nil
        }
        let text = field["operator"].text(&findings) ?? ""
        guard let relation = NodeAffinity.Relation(rawValue: text) else {
            let names = NodeAffinity.Relation.allCases.map(\.rawValue)
            findings.error(field["operator"], "\"\(text)\" is not an operator: \(names.joined(separator: ", "))")
            return nil
        }
        self.init(key, relation, field["values"].list(&findings).compactMap { $0.text(&findings) })
    }
}
