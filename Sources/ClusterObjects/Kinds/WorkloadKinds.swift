extension KindTable {
    /// The kinds that make pods or bound them.
    static let workloads: [ResourceKind] = [
        ResourceKind(
            "apps", "controllerrevisions", "ControllerRevision",
            columns: [
                .text("Controller") { revision in
                    let owner = revision["metadata"]["ownerReferences"].items.first { $0["controller"].isTrue }
                    guard let owner, let kind = owner["kind"].text else { return "<none>" }
                    let group = owner["apiVersion"].text?.split(separator: "/").first.map { ".\($0)" } ?? ""
                    return "\(kind.lowercased())\(group)/\(owner["name"].text ?? "")"
                },
                .count("Revision") { $0["revision"].integer ?? 0 }, .age,
            ]),
        ResourceKind(
            "apps", "daemonsets", "DaemonSet", short: ["ds"], categories: ["all"],
            columns: [
                .count("Desired") { $0["status"]["desiredNumberScheduled"].integer ?? 0 },
                .count("Current") { $0["status"]["currentNumberScheduled"].integer ?? 0 },
                .count("Ready") { $0["status"]["numberReady"].integer ?? 0 },
                .count("Up-to-date") { $0["status"]["updatedNumberScheduled"].integer ?? 0 },
                .count("Available") { $0["status"]["numberAvailable"].integer ?? 0 },
                .text("Node Selector") { $0["spec"]["template"]["spec"]["nodeSelector"].labelText },
                .age,
            ] + templateColumns(selector: { $0["spec"]["selector"].selectorText })),
        ResourceKind(
            "apps", "deployments", "Deployment", short: ["deploy"], categories: ["all"],
            columns: [
                .text("Ready") {
                    "\($0["status"]["readyReplicas"].integer ?? 0)/\($0["spec"]["replicas"].integer ?? 1)"
                },
                .count("Up-to-date") { $0["status"]["updatedReplicas"].integer ?? 0 },
                .count("Available") { $0["status"]["availableReplicas"].integer ?? 0 },
                .age,
            ] + templateColumns(selector: { $0["spec"]["selector"].selectorText })),
        ResourceKind(
            "apps", "replicasets", "ReplicaSet", short: ["rs"], categories: ["all"],
            columns: replicaColumns(selector: { $0["spec"]["selector"].selectorText })),
        ResourceKind(
            "apps", "statefulsets", "StatefulSet", short: ["sts"], categories: ["all"],
            columns: [
                .text("Ready") {
                    "\($0["status"]["readyReplicas"].integer ?? 0)/\($0["spec"]["replicas"].integer ?? 1)"
                },
                .age,
            ] + templateColumns(selector: nil)),
        ResourceKind(
            "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", version: "v2", short: ["hpa"],
            categories: ["all"],
            columns: [
                .text("Reference") {
                    let target = $0["spec"]["scaleTargetRef"]
                    return "\(target["kind"].text ?? "")/\(target["name"].text ?? "")"
                },
                .text("MinPods") { $0["spec"]["minReplicas"].integer.map(String.init) ?? "<unset>" },
                .count("MaxPods") { $0["spec"]["maxReplicas"].integer ?? 0 },
                .count("Replicas") { $0["status"]["currentReplicas"].integer ?? 0 }, .age,
            ]),
        ResourceKind(
            "batch", "cronjobs", "CronJob", short: ["cj"], categories: ["all"],
            columns: [
                .text("Schedule") { $0["spec"]["schedule"].text ?? "" },
                .text("Timezone") { $0["spec"]["timeZone"].text ?? "<none>" },
                .text("Suspend") { $0["spec"]["suspend"].isTrue ? "True" : "False" },
                .count("Active") { $0["status"]["active"].items.count },
                Column("Last Schedule") { object, now in
                    let last = object["status"]["lastScheduleTime"]
                    return .string(last.isNull ? "<none>" : last.age(at: now))
                },
                .age,
            ]),
        ResourceKind(
            "batch", "jobs", "Job", categories: ["all"], selectable: ["status.successful"],
            columns: [
                .text("Completions") {
                    "\($0["status"]["succeeded"].integer ?? 0)/\($0["spec"]["completions"].integer ?? 1)"
                },
                .text("Duration") { _ in "" }, .age,
            ] + templateColumns(selector: { $0["spec"]["selector"].selectorText })),
        ResourceKind(
            "policy", "poddisruptionbudgets", "PodDisruptionBudget", short: ["pdb"],
            columns: [
                .text("Min Available") { number($0["spec"]["minAvailable"]) },
                .text("Max Unavailable") { number($0["spec"]["maxUnavailable"]) },
                .count("Allowed Disruptions") { $0["status"]["disruptionsAllowed"].integer ?? 0 }, .age,
            ]),
    ]

    private static func number(_ value: JSON) -> String { value.text ?? value.integer.map(String.init) ?? "N/A" }

    /// The columns of what keeps a number of pods.
    static func replicaColumns(selector: @escaping @Sendable (JSON) -> String) -> [ResourceKind.Column] {
        [
            .count("Desired") { $0["spec"]["replicas"].integer ?? 1 },
            .count("Current") { $0["status"]["replicas"].integer ?? 0 },
            .count("Ready") { $0["status"]["readyReplicas"].integer ?? 0 }, .age,
        ] + templateColumns(selector: selector)
    }

    /// The wide columns of what has a template of pods.
    private static func templateColumns(selector: (@Sendable (JSON) -> String)?) -> [ResourceKind.Column] {
        [
            .text("Containers", isWide: true) { object in
                object["spec"]["template"]["spec"]["containers"].items.compactMap { $0["name"].text }
                    .joined(separator: ",")
            },
            .text("Images", isWide: true) { object in
                object["spec"]["template"]["spec"]["containers"].items.compactMap { $0["image"].text }
                    .joined(separator: ",")
            },
        ] + (selector.map { [.text("Selector", isWide: true, $0)] } ?? [])
    }
}
