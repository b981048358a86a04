extension KindTable {
    /// The kinds that Calico brings: its own storage (libcalico-go/config/crd), and those of its operator.
    static let calico: [ResourceKind] =
        [
            ("bgpconfigurations", "BGPConfiguration"), ("bgpfilters", "BGPFilter"), ("bgppeers", "BGPPeer"),
            ("blockaffinities", "BlockAffinity"), ("caliconodestatuses", "CalicoNodeStatus"),
            ("clusterinformations", "ClusterInformation"), ("felixconfigurations", "FelixConfiguration"),
            ("globalnetworkpolicies", "GlobalNetworkPolicy"), ("globalnetworksets", "GlobalNetworkSet"),
            ("hostendpoints", "HostEndpoint"), ("ipamblocks", "IPAMBlock"), ("ipamconfigs", "IPAMConfig"),
            ("ipamhandles", "IPAMHandle"), ("ippools", "IPPool"), ("ipreservations", "IPReservation"),
            ("kubecontrollersconfigurations", "KubeControllersConfiguration"), ("tiers", "Tier"),
        ].map { ResourceKind(calicoGroup, $0.0, $0.1, isNamespaced: false) }
        + [
            ResourceKind(calicoGroup, "networkpolicies", "NetworkPolicy"),
            ResourceKind(calicoGroup, "networksets", "NetworkSet"),
            ResourceKind(operatorGroup, "apiservers", "APIServer", isNamespaced: false),
            ResourceKind(operatorGroup, "imagesets", "ImageSet", isNamespaced: false),
            ResourceKind(operatorGroup, "installations", "Installation", isNamespaced: false),
            ResourceKind(
                operatorGroup, "tigerastatuses", "TigeraStatus", isNamespaced: false,
                columns: ["Available", "Progressing", "Degraded"].map { type in
                    .text(type) { condition($0, type)["status"].text ?? "" }
                } + [
                    Column("Since") { object, now in
                        .string(condition(object, "Available")["lastTransitionTime"].age(at: now))
                    }
                ]),
        ]

    /// The kinds that Calico's API server answers for (projectcalico.org/v3), with its plain tables.
    public static let calicoAPI: [ResourceKind] =
        [
            ("bgpconfigurations", "BGPConfiguration", ["bgpconfig", "bgpconfigs"]), ("bgpfilters", "BGPFilter", []),
            ("bgppeers", "BGPPeer", []), ("blockaffinities", "BlockAffinity", ["affinity", "affinities"]),
            ("caliconodestatuses", "CalicoNodeStatus", []),
            ("clusterinformations", "ClusterInformation", ["clusterinfo"]),
            ("felixconfigurations", "FelixConfiguration", ["felixconfig", "felixconfigs"]),
            ("globalnetworkpolicies", "GlobalNetworkPolicy", ["gnp", "cgnp", "calicoglobalnetworkpolicies"]),
            ("globalnetworksets", "GlobalNetworkSet", []), ("hostendpoints", "HostEndpoint", ["hep", "heps"]),
            ("ipamconfigurations", "IPAMConfiguration", ["ipamconfig"]), ("ippools", "IPPool", []),
            ("ipreservations", "IPReservation", []),
            ("kubecontrollersconfigurations", "KubeControllersConfiguration", []), ("profiles", "Profile", []),
            ("tiers", "Tier", []),
        ].map {
            ResourceKind(
                calicoAPIGroup, $0.0, $0.1, version: "v3", short: $0.2, isNamespaced: false, columns: [.createdAt])
        }
        + [
            ("networkpolicies", "NetworkPolicy", ["cnp", "caliconetworkpolicy", "caliconetworkpolicies"]),
            ("networksets", "NetworkSet", ["netsets"]),
        ].map { ResourceKind(calicoAPIGroup, $0.0, $0.1, version: "v3", short: $0.2, columns: [.createdAt]) }

    /// The group of Calico's definitions, which is its storage.
    public static let calicoGroup = "crd.projectcalico.org"
    /// The group of Calico's API server.
    public static let calicoAPIGroup = "projectcalico.org"
    public static let operatorGroup = "operator.tigera.io"

    private static func condition(_ object: JSON, _ type: String) -> JSON {
        object["status"]["conditions"].items.first { $0["type"].text == type } ?? .null
    }
}
