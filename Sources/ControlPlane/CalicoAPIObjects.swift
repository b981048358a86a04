import ClusterObjects

extension ClusterLab {
    /// Whether Calico's API server runs: with the operator, unless the files have an Installation and no APIServer.
    public var hasCalicoAPI: Bool {
        func isWritten(_ kind: String) -> Bool { documents.objects.contains { $0["kind"].text == kind } }
        return hasCalico && calicoNamespace == "calico-system" && (isWritten("APIServer") || !isWritten("Installation"))
    }
}

extension ClusterState {
    /// The objects of Calico's storage as its API server has them.
    mutating func addCalicoAPI() {
        let view = CalicoView(objects)
        for kind in KindTable.calicoAPI {
            for object in view.objects(ofKind: kind.kind) {
                var object = object
                let namespace = object["metadata"]["namespace"].text ?? ""
                object["metadata"]["uid"] = .string(
                    uid(kind.apiVersion, kind.kind, namespace, object["metadata"]["name"].text ?? ""))
                object["metadata"].setDefault("creationTimestamp", .string(lab.created.description))
                add(object)
            }
        }
    }

    /// The tiers that every Calico has (libcalico-go/lib/clientv3/client.go, `EnsureInitialized`).
    mutating func addTiers() {
        for (name, order, action) in [
            ("adminnetworkpolicy", 1000, "Pass"), ("baselineadminnetworkpolicy", 10_000_000, "Pass"),
            ("default", 1_000_000, "Deny"),
        ] {
            var tier = object("\(KindTable.calicoGroup)/v1", "Tier", name, hasGeneration: true)
            tier["spec"] = ["defaultAction": .string(action), "order": .integer(order)]
            add(tier)
        }
    }
}
