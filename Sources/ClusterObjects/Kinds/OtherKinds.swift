extension KindTable {
    /// The kinds of the other groups that every cluster has.
    static let others: [ResourceKind] = [
        ResourceKind(
            "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", short: ["crd", "crds"],
            categories: ["api-extensions"], isNamespaced: false, columns: [.createdAt]),
        ResourceKind(
            "coordination.k8s.io", "leases", "Lease",
            columns: [.text("Holder") { $0["spec"]["holderIdentity"].text ?? "" }, .age]),
        ResourceKind("discovery.k8s.io", "endpointslices", "EndpointSlice", columns: EndpointColumns.slice),
        ResourceKind(
            "events.k8s.io", "events", "Event", short: ["ev"], leadsWithName: false,
            columns: eventColumns("regarding", message: "note")),
        ResourceKind(
            "networking.k8s.io", "ingressclasses", "IngressClass", isNamespaced: false,
            columns: [
                .text("Controller") { $0["spec"]["controller"].text ?? "" },
                .text("Parameters") { ingressClass in
                    let parameters = ingressClass["spec"]["parameters"]
                    guard let kind = parameters["kind"].text else { return "<none>" }
                    let group = parameters["apiGroup"].text.map { ".\($0)" } ?? ""
                    return "\(kind)\(group)/\(parameters["name"].text ?? "")"
                }, .age,
            ]),
        ResourceKind(
            "networking.k8s.io", "ingresses", "Ingress", short: ["ing"],
            columns: [
                .text("Class") { $0["spec"]["ingressClassName"].text ?? "<none>" },
                .text("Hosts") { ingress in
                    let hosts = ingress["spec"]["rules"].items.map { $0["host"].text ?? "*" }
                    return hosts.isEmpty
                        ? "*"
                        : hosts.prefix(3).joined(separator: ",")
                            + (hosts.count > 3 ? " + \(hosts.count - 3) more..." : "")
                },
                .text("Address") { ingress in
                    ingress["status"]["loadBalancer"]["ingress"].items.compactMap {
                        $0["ip"].text ?? $0["hostname"].text
                    }.joined(separator: ",")
                },
                .text("Ports") { $0["spec"]["tls"].items.isEmpty ? "80" : "80, 443" }, .age,
            ]),
        ResourceKind(
            "networking.k8s.io", "networkpolicies", "NetworkPolicy", short: ["netpol"],
            columns: [.text("Pod-Selector") { $0["spec"]["podSelector"].selectorText }, .age]),
        ResourceKind(
            "rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", isNamespaced: false,
            columns: bindingColumns),
        ResourceKind(
            "rbac.authorization.k8s.io", "clusterroles", "ClusterRole", isNamespaced: false, columns: [.createdAt]),
        ResourceKind("rbac.authorization.k8s.io", "rolebindings", "RoleBinding", columns: bindingColumns),
        ResourceKind("rbac.authorization.k8s.io", "roles", "Role", columns: [.createdAt]),
        ResourceKind(
            "scheduling.k8s.io", "priorityclasses", "PriorityClass", short: ["pc"], isNamespaced: false,
            columns: [
                .count("Value") { $0["value"].integer ?? 0 },
                Column("Global-Default", type: "boolean") { object, _ in .bool(object["globalDefault"].isTrue) }, .age,
            ]),
        ResourceKind(
            "storage.k8s.io", "storageclasses", "StorageClass", short: ["sc"], isNamespaced: false,
            columns: [
                .text("Provisioner") { $0["provisioner"].text ?? "" },
                .text("ReclaimPolicy") { $0["reclaimPolicy"].text ?? "Delete" },
                .text("VolumeBindingMode") { $0["volumeBindingMode"].text ?? "Immediate" },
                Column("AllowVolumeExpansion", type: "boolean") { object, _ in
                    .bool(object["allowVolumeExpansion"].isTrue)
                }, .age,
            ]),
    ]

    private static let bindingColumns: [ResourceKind.Column] = [
        .text("Role") { "\($0["roleRef"]["kind"].text ?? "")/\($0["roleRef"]["name"].text ?? "")" }, .age,
        .text("Users", isWide: true) { subjects($0, "User") },
        .text("Groups", isWide: true) { subjects($0, "Group") },
        .text("ServiceAccounts", isWide: true) { subjects($0, "ServiceAccount") },
    ]

    private static func subjects(_ binding: JSON, _ kind: String) -> String {
        binding["subjects"].items.filter { $0["kind"].text == kind }.compactMap { subject in
            guard let name = subject["name"].text else { return nil }
            return kind == "ServiceAccount" ? "\(subject["namespace"].text ?? "")/\(name)" : name
        }.joined(separator: ", ")
    }
}
