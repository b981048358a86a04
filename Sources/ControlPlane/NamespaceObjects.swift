import ClusterObjects

extension ClusterState {
    /// The Kubernetes namespaces, each with its own service account.
    mutating func addNamespaces() {
        var names = lab.blueprint.kubernetesNamespaces
        names += lab.documents.objects.filter { $0["kind"].text == "Namespace" }.compactMap {
            $0["metadata"]["name"].text
        }
        if lab.hasCalico { names.append(lab.calicoNamespace) }
        if hasOperator { names.append("tigera-operator") }
        names += lab.documents.objects.compactMap { $0["metadata"]["namespace"].text }
        var seen: Set<String> = []
        for name in names where !name.isEmpty && seen.insert(name).inserted {
            var namespace = object(
                "v1", "Namespace", name, labels: ["kubernetes.io/metadata.name": name],
                written: written("Namespace", "default", name))
            namespace["spec"] = ["finalizers": ["kubernetes"]]
            namespace["status"] = ["phase": "Active"]
            add(namespace)
            add(object("v1", "ServiceAccount", namespace: name, "default"))
        }
    }

    /// Whether Calico was installed by its operator.
    var hasOperator: Bool {
        lab.hasCalico && lab.calicoNamespace == "calico-system"
    }

    /// All that files say and that nothing was made of: objects of whatever kind.
    mutating func addWritten() {
        for document in lab.documents.objects {
            guard let apiVersion = document["apiVersion"].text, let kind = document["kind"].text,
                let name = document["metadata"]["name"].text, !name.isEmpty,
                !Self.made.contains(kind)
            else { continue }
            let isNamespaced =
                KindTable.clusterWithCalicoAPI.kind(of: document)?.isNamespaced
                ?? !isClusterScoped(kind, apiVersion)
            let namespace = isNamespaced ? document["metadata"]["namespace"].text ?? "default" : nil
            // Calico's own group is kept in the group of its definitions.
            var apiVersionKept = apiVersion
            if apiVersion == "projectcalico.org/v3" { apiVersionKept = "\(KindTable.calicoGroup)/v1" }
            add(
                object(
                    apiVersionKept, kind, namespace: namespace, name, hasGeneration: !document["spec"].isNull,
                    written: document))
        }
    }

    /// The kinds that other parts make objects of, or leave out because the API server would refuse them.
    private static let made: Set<String> = [
        "Pod", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Service", "Namespace",
        "Node", "Endpoints", "EndpointSlice", "Cluster",
    ]

    /// Whether a definition in the files says that a kind has no namespaces.
    private func isClusterScoped(_ kind: String, _ apiVersion: String) -> Bool {
        let group = apiVersion.split(separator: "/").first.map(String.init) ?? ""
        return lab.documents.objects.contains { definition in
            definition["kind"].text == "CustomResourceDefinition" && definition["spec"]["group"].text == group
                && definition["spec"]["names"]["kind"].text == kind && definition["spec"]["scope"].text == "Cluster"
        }
    }
}
