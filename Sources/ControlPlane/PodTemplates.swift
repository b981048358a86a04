import Blueprint
import ClusterObjects
import Topology

extension ClusterState {
    /// A template of a workload that no manifest says word by word.
    func template(of workload: Workload) -> JSON {
        var container: JSON = ["name": .string(workload.name), "image": .string(image(of: workload))]
        container["ports"] = JSON(nonEmpty: workload.ports.map(Self.port))
        var spec: JSON = ["containers": [container]]
        if !workload.nodeSelector.isEmpty { spec["nodeSelector"] = JSON(texts: workload.nodeSelector) }
        if let node = workload.nodeName, case .pod = workload.kind { spec["nodeName"] = .string(node) }
        if workload.usesHostNetwork { spec["hostNetwork"] = true }
        spec["hostname"] = JSON(workload.hostname)
        spec["subdomain"] = JSON(workload.subdomain)
        if workload.toleratesControlPlane {
            spec["tolerations"] = [
                ["key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"]
            ]
        }
        var affinity: JSON = [:]
        if workload.affinity != NodeAffinity() { affinity["nodeAffinity"] = Self.affinity(workload.affinity) }
        if !affinity.members.isEmpty { spec["affinity"] = affinity }
        let aliases = workload.hostAliases.map { alias -> JSON in
            ["ip": .string(alias.address.description), "hostnames": JSON(alias.names)]
        }
        spec["hostAliases"] = JSON(nonEmpty: aliases)
        var annotations: [String: String] = [:]
        if !workload.addresses.isEmpty {
            annotations["cni.projectcalico.org/ipAddrs"] = JSON(workload.addresses.map(\.description)).description
        }
        if let address = workload.hardwareAddress {
            annotations["cni.projectcalico.org/hwAddr"] = address.description
        }
        return [
            "metadata": ["labels": JSON(texts: workload.labels), "annotations": JSON(texts: annotations)], "spec": spec,
        ]
    }

    /// No image is needed: it is told what the lab's own answers would be called.
    private func image(of workload: Workload) -> String {
        workload.namespace == "kube-system" && workload.name == "coredns"
            ? "registry.k8s.io/coredns/coredns:v1.10.1" : "nslab/\(workload.name):latest"
    }

    private static func port(_ port: Workload.ContainerPort) -> JSON {
        [
            "containerPort": .integer(Int(port.number)), "name": JSON(port.name),
            "protocol": .string(port.transport.rawValue), "hostPort": port.hostPort.map { .integer(Int($0)) } ?? .null,
            "hostIP": JSON(port.hostAddress?.description),
        ]
    }

    private static func affinity(_ affinity: NodeAffinity) -> JSON {
        var result: JSON = [:]
        if !affinity.required.isEmpty {
            result["requiredDuringSchedulingIgnoredDuringExecution"] = [
                "nodeSelectorTerms": .array(affinity.required.map(term))
            ]
        }
        let preferred = affinity.preferred.map { preference -> JSON in
            ["weight": .integer(preference.weight), "preference": term(preference.term)]
        }
        result["preferredDuringSchedulingIgnoredDuringExecution"] = JSON(nonEmpty: preferred)
        return result
    }

    private static func term(_ term: NodeAffinity.Term) -> JSON {
        func requirement(_ requirement: NodeAffinity.Requirement) -> JSON {
            [
                "key": .string(requirement.key), "operator": .string(requirement.relation.rawValue),
                "values": JSON(nonEmpty: requirement.values.map(JSON.string)),
            ]
        }
        return [
            "matchExpressions": JSON(nonEmpty: term.labels.map(requirement)),
            "matchFields": JSON(nonEmpty: term.names.map(requirement)),
        ]
    }
}
