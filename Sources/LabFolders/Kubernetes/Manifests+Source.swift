import Addresses
import Topology

extension Manifests {
    /// Takes one document, of a kind that is read.
    mutating func add(_ root: Field, _ kind: String, _ diagnostics: inout Diagnostics) {
        switch kind {
        case "Namespace": addNamespace(root, &diagnostics)
        case "Node":
            if let name = root["metadata"]["name"].text {
                nodeLabels[name, default: [:]].merge(root["metadata"]["labels"].texts(&diagnostics)) { $1 }
            }
        case "Service":
            if let service = Service(root, &diagnostics) { add(service, at: root, &diagnostics) }
        case "EndpointSlice":
            if let read = EndpointManifest(slice: root, &diagnostics) { add(read, at: root, &diagnostics) }
        case "Endpoints":
            if let read = EndpointManifest(endpoints: root, &diagnostics) { add(read, at: root, &diagnostics) }
        default:
            guard let read = WorkloadManifest(root, kind, &diagnostics) else { return }
            add(read, kind, at: root, &diagnostics)
        }
    }

    /// Two documents of one object are one object, as the later one says (`kubectl apply`).
    private mutating func add(_ service: Service, at root: Field, _ diagnostics: inout Diagnostics) {
        let located = Located(service, at: root.place)
        let key = "\(service.namespace)/\(service.name)"
        guard let same = servicePositions[key] else {
            servicePositions[key] = services.count
            return services.append(located)
        }
        diagnostics.warn(
            root,
            "Service \(service.namespace)/\(service.name) is also in \(services[same].place); the later one counts"
        )
        services[same] = located
    }

    private mutating func add(_ read: EndpointManifest, at root: Field, _ diagnostics: inout Diagnostics) {
        let located = Located(read, at: root.place)
        let same = endpoints.firstIndex {
            $0.value.name == read.name && $0.value.namespace == read.namespace
                && $0.value.isMirrored == read.isMirrored
        }
        guard let same else { return endpoints.append(located) }
        diagnostics.warn(
            root,
            "\(root["kind"].text ?? "") \(read.namespace)/\(read.name) is also in \(endpoints[same].place); the later one "
                + "counts")
        endpoints[same] = located
    }

    private mutating func add(
        _ read: WorkloadManifest, _ kind: String, at root: Field, _ diagnostics: inout Diagnostics
    ) {
        let workload = read.workload
        let located = Located(workload, at: root.place)
        let same = workloads.firstIndex {
            $0.value.name == workload.name && $0.value.namespace == workload.namespace
                && $0.value.kind.isLike(workload.kind)
        }
        usualPorts["\(workload.namespace)/\(workload.name)"] = read.usualPorts
        guard let same else { return workloads.append(located) }
        diagnostics.warn(
            root,
            "\(kind) \(workload.namespace)/\(workload.name) is also in \(workloads[same].place); the "
                + "later one counts")
        workloads[same] = located
    }

    private mutating func addNamespace(_ root: Field, _ diagnostics: inout Diagnostics) {
        guard let name = root["metadata"]["name"].text(&diagnostics) else { return }
        guard NameForm.label.matches(name) else {
            return diagnostics.warn(
                root["metadata"]["name"],
                "\"\(name)\" cannot be a namespace's name: lower-case letters, digits and hyphens, a letter or digit first "
                    + "and last, at most 63; the API server refuses it, and it is left out")
        }
        if !namespaces.contains(name) { namespaces.append(name) }
        let pools = CalicoAnnotations(root["metadata"]["annotations"], &diagnostics).pools
        if !pools.isEmpty { namespacePools[name] = pools }
    }
}

extension Workload.Kind {
    /// Whether it is the same kind, however many replicas there are.
    func isLike(_ other: Self) -> Bool {
        switch (self, other) {
        case (.daemonSet, .daemonSet), (.deployment, .deployment), (.statefulSet, .statefulSet),
            (.replicaSet, .replicaSet), (.pod, .pod):
            true
        default: false
        }
    }
}
