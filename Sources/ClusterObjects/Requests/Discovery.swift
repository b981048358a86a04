/// What the API tells of its kinds, in the old form (metav1.APIGroupList, APIResourceList) and the aggregated one
/// (apidiscovery.k8s.io/v2).
extension KindTable {
    /// The answer to `/api`.
    public func coreVersions(server: String) -> JSON {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(server)]],
        ]
    }

    /// The answer to `/apis`.
    public var groupList: JSON {
        ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(allGroups.map { group($0.name, $0.versions) })]
    }

    /// The answer to `/apis/GROUP`; nil for a group that is not there.
    public func group(_ name: String) -> JSON? {
        guard let found = allGroups.first(where: { $0.name == name }) else { return nil }
        var answer = group(found.name, found.versions)
        answer["kind"] = "APIGroup"
        answer["apiVersion"] = "v1"
        return answer
    }

    /// The groups with that of questions about one's own rights, which has no objects.
    private var allGroups: [(name: String, versions: [String])] { groups + [(Self.reviewGroup, ["v1"])] }

    /// The group of questions about one's own rights.
    public static let reviewGroup = "authorization.k8s.io"

    private func group(_ name: String, _ versions: [String]) -> JSON {
        let versions = versions.map { ["groupVersion": .string("\(name)/\($0)"), "version": .string($0)] as JSON }
        return ["name": .string(name), "versions": .array(versions), "preferredVersion": versions[0]]
    }

    /// The answer to `/api/v1` and `/apis/GROUP/VERSION`; nil for a version that is not there.
    public func resourceList(group: String, version: String) -> JSON? {
        let served = kinds.filter { $0.group == group && $0.version == version }
        let reviews = group == Self.reviewGroup && version == "v1" ? Self.reviews : []
        if served.isEmpty, reviews.isEmpty { return nil }
        var resources: [JSON] = served.map { kind in
            [
                "name": .string(kind.plural), "singularName": .string(kind.singular),
                "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind), "verbs": JSON(ResourceKind.verbs),
                "shortNames": JSON(nonEmpty: kind.shortNames.map(JSON.string)),
                "categories": JSON(nonEmpty: kind.categories.map(JSON.string)),
            ]
        }
        if group.isEmpty {
            resources.append([
                "name": "pods/exec", "singularName": "", "namespaced": true, "kind": "PodExecOptions",
                "verbs": JSON(Self.execVerbs),
            ])
        }
        resources += reviews.map { review in
            [
                "name": .string(review.plural), "singularName": .string(review.kind.lowercased()), "namespaced": false,
                "kind": .string(review.kind), "verbs": ["create"],
            ]
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(resources),
        ]
    }

    /// What may be done with the part of a pod that has commands run in it.
    static let execVerbs = ["create", "get"]

    /// The questions about one's own rights that are answered.
    static let reviews = [
        (plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview"),
        (plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview"),
    ]

    /// The whole of it in one document: of the core group, or of all others.
    ///
    /// - Parameter version: that of `apidiscovery.k8s.io` which the client asked for.
    public func aggregated(isCore: Bool, version: String) -> JSON {
        let groups = isCore ? [(name: "", versions: ["v1"])] : allGroups
        let items: [JSON] = groups.map { group in
            let versions: [JSON] = group.versions.map { version in
                let served = kinds.filter { $0.group == group.name && $0.version == version }
                var resources = served.map(Self.aggregated)
                if group.name == Self.reviewGroup {
                    resources += Self.reviews.map { review in
                        [
                            "resource": .string(review.plural),
                            "responseKind": Self.responseKind(group.name, version, review.kind),
                            "scope": "Cluster", "singularResource": .string(review.kind.lowercased()),
                            "verbs": ["create"],
                        ]
                    }
                }
                return ["version": .string(version), "resources": .array(resources), "freshness": "Current"]
            }
            return [
                "metadata": group.name.isEmpty ? ["creationTimestamp": .null] : ["name": .string(group.name)],
                "versions": .array(versions),
            ]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version)"), "metadata": [:],
            "items": .array(items),
        ]
    }

    private static func aggregated(_ kind: ResourceKind) -> JSON {
        [
            "resource": .string(kind.plural), "responseKind": responseKind(kind.group, kind.version, kind.kind),
            "scope": kind.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(kind.singular),
            "verbs": JSON(ResourceKind.verbs), "shortNames": JSON(nonEmpty: kind.shortNames.map(JSON.string)),
            "categories": JSON(nonEmpty: kind.categories.map(JSON.string)),
            "subresources": kind.kind == "Pod"
                ? [
                    [
                        "subresource": "exec", "responseKind": responseKind("", "v1", "PodExecOptions"),
                        "verbs": JSON(execVerbs),
                    ]
                ] : .null,
        ]
    }

    private static func responseKind(_ group: String, _ version: String, _ kind: String) -> JSON {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }
}
