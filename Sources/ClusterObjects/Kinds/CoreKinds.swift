extension KindTable {
    /// The kinds of the core group, with the columns of pkg/printers/internalversion of Kubernetes 1.28.
    static let core: [ResourceKind] = [
        ResourceKind(
            "", "configmaps", "ConfigMap", short: ["cm"],
            columns: [
                Column("Data") { object, _ in
                    .string("\(object["data"].members.count + object["binaryData"].members.count)")
                }, .age,
            ]),
        ResourceKind(
            "", "endpoints", "Endpoints", short: ["ep"],
            columns: [.text("Endpoints", EndpointColumns.endpoints), .age]),
        ResourceKind(
            "", "events", "Event", short: ["ev"],
            selectable: [
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                "reportingComponent", "source", "type",
            ], leadsWithName: false, columns: eventColumns("involvedObject", message: "message")),
        ResourceKind("", "limitranges", "LimitRange", short: ["limits"], columns: [.createdAt]),
        ResourceKind(
            "", "namespaces", "Namespace", short: ["ns"], isNamespaced: false, selectable: ["status.phase"],
            columns: [.text("Status") { $0["status"]["phase"].text ?? "" }, .age]),
        ResourceKind(
            "", "nodes", "Node", short: ["no"], isNamespaced: false, selectable: ["spec.unschedulable"],
            columns: nodeColumns),
        ResourceKind(
            "", "persistentvolumeclaims", "PersistentVolumeClaim", short: ["pvc"],
            columns: [
                .text("Status") { $0["status"]["phase"].text ?? "Pending" },
                .text("Volume") { $0["spec"]["volumeName"].text ?? "" },
                .text("Capacity") { $0["status"]["capacity"]["storage"].text ?? "" },
                .text("Access Modes") { accessModes($0["status"]["accessModes"]) },
                .text("StorageClass") { $0["spec"]["storageClassName"].text ?? "" },
                .age, .text("VolumeMode", isWide: true) { $0["spec"]["volumeMode"].text ?? "<unset>" },
            ]),
        ResourceKind(
            "", "persistentvolumes", "PersistentVolume", short: ["pv"], isNamespaced: false,
            columns: [
                .text("Capacity") { $0["spec"]["capacity"]["storage"].text ?? "" },
                .text("Access Modes") { accessModes($0["spec"]["accessModes"]) },
                .text("Reclaim Policy") { $0["spec"]["persistentVolumeReclaimPolicy"].text ?? "Retain" },
                .text("Status") { $0["status"]["phase"].text ?? "Available" },
                .text("Claim") { volume in
                    let claim = volume["spec"]["claimRef"]
                    return claim["name"].text.map { "\(claim["namespace"].text ?? "")/\($0)" } ?? ""
                },
                .text("StorageClass") { $0["spec"]["storageClassName"].text ?? "" },
                .text("Reason") { $0["status"]["reason"].text ?? "" },
                .age, .text("VolumeMode", isWide: true) { $0["spec"]["volumeMode"].text ?? "<unset>" },
            ]),
        ResourceKind(
            "", "pods", "Pod", short: ["po"], categories: ["all"],
            selectable: [
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
            ], columns: PodColumns.all),
        ResourceKind(
            "", "replicationcontrollers", "ReplicationController", short: ["rc"], categories: ["all"],
            columns: replicaColumns(selector: { $0["spec"]["selector"].labelText })),
        ResourceKind("", "resourcequotas", "ResourceQuota", short: ["quota"]),
        ResourceKind(
            "", "secrets", "Secret", selectable: ["type"],
            columns: [
                .text("Type") { $0["type"].text ?? "Opaque" },
                Column("Data") { object, _ in
                    .string("\(object["data"].members.count + object["stringData"].members.count)")
                },
                .age,
            ]),
        ResourceKind(
            "", "serviceaccounts", "ServiceAccount", short: ["sa"],
            columns: [Column("Secrets") { object, _ in .string("\(object["secrets"].items.count)") }, .age]),
        ResourceKind("", "services", "Service", short: ["svc"], categories: ["all"], columns: ServiceColumns.all),
    ]

    private static let nodeColumns: [ResourceKind.Column] = [
        .text("Status") { node in
            let ready = node["status"]["conditions"].items.first { $0["type"].text == "Ready" }
            let word = ready.map { $0["status"].text == "True" ? "Ready" : "NotReady" } ?? "Unknown"
            return word + (node["spec"]["unschedulable"].isTrue ? ",SchedulingDisabled" : "")
        },
        .text("Roles") { node in
            let prefix = "node-role.kubernetes.io/"
            var roles = node["metadata"]["labels"].members.filter { $0.name.hasPrefix(prefix) }
                .map { String($0.name.dropFirst(prefix.count)) }
            if let role = node["metadata"]["labels"]["kubernetes.io/role"].text, !role.isEmpty { roles.append(role) }
            return roles.sorted().listed
        },
        .age,
        .text("Version") { $0["status"]["nodeInfo"]["kubeletVersion"].text ?? "" },
        .text("Internal-IP", isWide: true) { address($0, "InternalIP") },
        .text("External-IP", isWide: true) { address($0, "ExternalIP") },
        .text("OS-Image", isWide: true) { $0["status"]["nodeInfo"]["osImage"].text ?? "<unknown>" },
        .text("Kernel-Version", isWide: true) { $0["status"]["nodeInfo"]["kernelVersion"].text ?? "<unknown>" },
        .text("Container-Runtime", isWide: true) {
            $0["status"]["nodeInfo"]["containerRuntimeVersion"].text ?? "<unknown>"
        },
    ]

    private static func address(_ node: JSON, _ type: String) -> String {
        node["status"]["addresses"].items.first { $0["type"].text == type }?["address"].text ?? "<none>"
    }

    private static func accessModes(_ modes: JSON) -> String {
        let short = [
            "ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP",
        ]
        return modes.items.compactMap { $0.text.flatMap { short[$0] } }.joined(separator: ",")
    }

    /// The columns of events: of the core group's, whose object is `involvedObject`, and of `events.k8s.io`.
    static func eventColumns(_ object: String, message: String) -> [ResourceKind.Column] {
        [
            Column("Last Seen") { event, now in
                let last = [event["series"]["lastObservedTime"], event["lastTimestamp"], event["eventTime"]]
                return .string((last.first { !$0.isNull } ?? event["deprecatedLastTimestamp"]).age(at: now))
            },
            .text("Type") { $0["type"].text ?? "" },
            .text("Reason") { $0["reason"].text ?? "" },
            .text("Object") { event in
                "\((event[object]["kind"].text ?? "").lowercased())/\(event[object]["name"].text ?? "")"
            },
            .text("Subobject", isWide: true) { $0[object]["fieldPath"].text ?? "" },
            .text("Source", isWide: true) { event in
                let source = event["source"]
                let component = source["component"].text ?? event["reportingComponent"].text ?? ""
                return component + (source["host"].text.map { ", \($0)" } ?? "")
            },
            .text("Message") { ($0[message].text ?? "").trimmingBlanks },
            Column("First Seen", isWide: true) { event, now in
                let first = event["firstTimestamp"]
                return .string((first.isNull ? event["eventTime"] : first).age(at: now))
            },
            Column("Count", type: "string", isWide: true) { event, _ in
                .string("\(event["series"]["count"].integer ?? event["count"].integer ?? 1)")
            },
        ]
    }

    typealias Column = ResourceKind.Column
}

extension String {
    /// The text without blanks at both ends.
    fileprivate var trimmingBlanks: String {
        let start = drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }
}
