import ClusterObjects

/// What the API server adds to objects that do not say it (pkg/apis/core/v1/defaults.go, pkg/apis/apps/v1/defaults.go).
enum Defaults {
    /// Of a pod's specification, be it a pod's own or a template's.
    static func podSpecification(_ spec: JSON) -> JSON {
        var spec = spec
        spec["containers"] = .array(spec["containers"].items.map(container))
        if !spec["initContainers"].isNull {
            spec["initContainers"] = .array(spec["initContainers"].items.map(container))
        }
        spec.setDefault("restartPolicy", "Always")
        spec.setDefault("terminationGracePeriodSeconds", 30)
        spec.setDefault("dnsPolicy", "ClusterFirst")
        spec.setDefault("securityContext", [:])
        spec.setDefault("schedulerName", "default-scheduler")
        if let account = spec["serviceAccountName"].text { spec["serviceAccount"] = .string(account) }
        return spec
    }

    private static func container(_ container: JSON) -> JSON {
        var container = container
        let image = container["image"].text ?? ""
        let name = image.split(separator: "/").last ?? ""
        let isLatest = !name.contains("@") && (!name.contains(":") || name.hasSuffix(":latest"))
        let ports = container["ports"].items.map { port in
            var port = port
            port.setDefault("protocol", "TCP")
            return port
        }
        if !ports.isEmpty { container["ports"] = .array(ports) }
        container.setDefault("resources", [:])
        container.setDefault("terminationMessagePath", "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", "File")
        container.setDefault("imagePullPolicy", isLatest ? "Always" : "IfNotPresent")
        return container
    }

    /// Of what makes pods.
    static func workload(_ spec: JSON, _ kind: String) -> JSON {
        var spec = spec
        spec["template"]["spec"] = podSpecification(spec["template"]["spec"])
        spec["template"]["metadata"].setDefault("creationTimestamp", .null)
        if kind != "DaemonSet" { spec.setDefault("replicas", 1) }
        let rolling: JSON = ["maxSurge": "25%", "maxUnavailable": "25%"]
        switch kind {
        case "Deployment":
            spec.setDefault("strategy", ["type": "RollingUpdate", "rollingUpdate": rolling])
            spec.setDefault("revisionHistoryLimit", 10)
            spec.setDefault("progressDeadlineSeconds", 600)
        case "DaemonSet":
            spec.setDefault(
                "updateStrategy",
                ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 0, "maxUnavailable": 1]])
            spec.setDefault("revisionHistoryLimit", 10)
        case "StatefulSet":
            spec.setDefault("podManagementPolicy", "OrderedReady")
            spec.setDefault("updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]])
            spec.setDefault("revisionHistoryLimit", 10)
        default: break
        }
        return spec
    }

    /// How much of a node a pod is promised (pkg/apis/core/helper/qos).
    static func qualityOfService(_ spec: JSON) -> String {
        let containers = spec["containers"].items + spec["initContainers"].items
        let resources = containers.map { $0["resources"] }
        if resources.allSatisfy({ $0["limits"].members.isEmpty && $0["requests"].members.isEmpty }) {
            return "BestEffort"
        }
        let isGuaranteed = resources.allSatisfy { resources in
            ["cpu", "memory"].allSatisfy { name in
                let (limit, request) = (resources["limits"][name], resources["requests"][name])
                return !limit.isNull && (request.isNull || request == limit)
            }
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
