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

    public static let calicoGroup = "crd.projectcalico.org"
    public static let operatorGroup = "operator.tigera.io"

    private static func condition(_ object: JSON, _ type: String) -> JSON {
        object["status"]["conditions"].items.first { $0["type"].text == type } ?? .null
    }
}
