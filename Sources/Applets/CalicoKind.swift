import ClusterObjects

/// A kind of Calico's as calicoctl prints it (calicoctl/calicoctl/resourcemgr).
struct CalicoKind: Sendable {
    typealias Cell = @Sendable (JSON, CalicoView) -> String

    /// `IPPool`
    let kind: String
    /// The names that it is asked for by, the singular first.
    let names: [String]
    let isNamespaced: Bool
    let columns: [String]
    let wideColumns: [String]
    let cells: [String: Cell]

    init(
        _ kind: String, _ names: [String], isNamespaced: Bool = false, _ columns: [String], wide: [String]? = nil,
        _ cells: [String: Cell] = [:]
    ) {
        self.kind = kind
        self.names = names
        self.isNamespaced = isNamespaced
        self.columns = columns
        wideColumns = wide ?? columns
        self.cells = cells.merging([
            "NAME": { object, _ in object["metadata"]["name"].text ?? "" },
            "NAMESPACE": { object, _ in object["metadata"]["namespace"].text ?? "" },
        ]) { own, _ in own }
    }

    static func named(_ name: String) -> CalicoKind? { all.first { $0.names.contains(name.lowercased()) } }

    /// A member of `spec` as Go prints it; text for what is not there.
    private static func spec(_ name: String, or none: String = "") -> Cell {
        { object, _ in
            switch object["spec"][name] {
            case .string(let text): text.isEmpty ? none : text
            case .integer(let number): "\(number)"
            case .bool(let value): "\(value)"
            case .number(let text): text
            default: none
            }
        }
    }

    /// A list in `spec`, with commas.
    private static func list(_ name: String) -> Cell {
        { object, _ in object["spec"][name].items.compactMap(\.text).joined(separator: ",") }
    }

    static let all: [CalicoKind] = [
        CalicoKind(
            "IPPool", ["ippool", "ippools", "ipp", "ipps", "pool", "pools"], ["NAME", "CIDR", "SELECTOR"],
            wide: ["NAME", "CIDR", "NAT", "IPIPMODE", "VXLANMODE", "DISABLED", "DISABLEBGPEXPORT", "SELECTOR"],
            [
                "CIDR": spec("cidr"), "SELECTOR": spec("nodeSelector"), "NAT": spec("natOutgoing", or: "false"),
                "IPIPMODE": spec("ipipMode", or: "Never"), "VXLANMODE": spec("vxlanMode", or: "Never"),
                "DISABLED": spec("disabled", or: "false"), "DISABLEBGPEXPORT": spec("disableBGPExport", or: "false"),
            ]),
        CalicoKind(
            "WorkloadEndpoint", ["workloadendpoint", "workloadendpoints", "wep", "weps"], isNamespaced: true,
            ["WORKLOAD", "NODE", "NETWORKS", "INTERFACE"],
            wide: ["NAME", "WORKLOAD", "NODE", "NETWORKS", "INTERFACE", "PROFILES", "NATS"],
            [
                "WORKLOAD": spec("pod"), "NODE": spec("node"), "NETWORKS": list("ipNetworks"),
                "INTERFACE": spec("interfaceName"), "PROFILES": list("profiles"), "NATS": { _, _ in "" },
                "ORCHESTRATOR": spec("orchestrator"),
            ]),
        CalicoKind(
            "Node", ["node", "nodes", "no", "nos"], ["NAME"], wide: ["NAME", "ASN", "IPV4", "IPV6"],
            [
                "ASN": { object, store in
                    object["spec"]["bgp"]["asNumber"].integer.map { "\($0)" } ?? "(\(store.asNumber))"
                },
                "IPV4": { object, _ in object["spec"]["bgp"]["ipv4Address"].text ?? "" },
                "IPV6": { object, _ in object["spec"]["bgp"]["ipv6Address"].text ?? "" },
            ]),
        CalicoKind(
            "IPReservation", ["ipreservation", "ipreservations", "reservation", "reservations"], ["NAME"],
            wide: ["NAME", "CIDRS"],
            [
                "CIDRS": { object, _ in
                    let text = object["spec"]["reservedCIDRs"].items.compactMap(\.text).joined(separator: ",")
                    return text.count > 80 ? "\(text.prefix(77))..." : text
                }
            ]),
        CalicoKind(
            "BGPPeer", ["bgppeer", "bgppeers", "bgpp", "bgpps", "bp", "bps"], ["NAME", "PEERIP", "NODE", "ASN"],
            wide: nil,
            [
                "PEERIP": spec("peerIP"), "ASN": spec("asNumber", or: "0"),
                "NODE": { object, _ in
                    object["spec"]["node"].text ?? object["spec"]["nodeSelector"].text ?? "(global)"
                },
            ]),
        CalicoKind(
            "BGPConfiguration", ["bgpconfiguration", "bgpconfigurations", "bgpconfig", "bgpconfigs"],
            ["NAME", "LOGSEVERITY", "MESHENABLED", "ASNUMBER"], wide: nil,
            [
                "LOGSEVERITY": spec("logSeverityScreen"), "MESHENABLED": spec("nodeToNodeMeshEnabled", or: "-"),
                "ASNUMBER": spec("asNumber", or: "-"),
            ]),
        CalicoKind("BGPFilter", ["bgpfilter", "bgpfilters"], ["NAME"]),
        CalicoKind(
            "FelixConfiguration", ["felixconfiguration", "felixconfigurations", "felixconfig", "felixconfigs"],
            ["NAME"]),
        CalicoKind(
            "ClusterInformation", ["clusterinformation", "clusterinformations", "clusterinfo", "clusterinfos"],
            ["NAME", "CLUSTERGUID", "CLUSTERTYPE", "CALICOVERSION", "DATASTOREREADY"], wide: nil,
            [
                "CLUSTERGUID": spec("clusterGUID"), "CLUSTERTYPE": spec("clusterType"),
                "CALICOVERSION": spec("calicoVersion"), "DATASTOREREADY": spec("datastoreReady"),
            ]),
        CalicoKind(
            "KubeControllersConfiguration",
            [
                "kubecontrollersconfiguration", "kubecontrollersconfigurations", "kubecontrollersconfig",
                "kubecontrollersconfigs", "kcconfig", "kcconfigs",
            ], ["NAME"]),
        CalicoKind(
            "IPAMConfiguration", ["ipamconfiguration", "ipamconfigurations", "ipamconfig", "ipamconfigs"], ["NAME"]),
        CalicoKind(
            "NetworkPolicy", ["networkpolicy", "networkpolicies", "policy", "np", "policies", "pol", "pols"],
            isNamespaced: true, ["NAME", "TIER"], wide: ["NAME", "TIER", "ORDER", "SELECTOR"],
            ["TIER": spec("tier", or: "default"), "ORDER": spec("order", or: "<nil>"), "SELECTOR": spec("selector")]),
        CalicoKind(
            "GlobalNetworkPolicy", ["globalnetworkpolicy", "globalnetworkpolicies", "gnp", "gnps"], ["NAME"],
            wide: ["NAME", "ORDER", "SELECTOR"],
            ["ORDER": spec("order", or: "<nil>"), "SELECTOR": spec("selector")]),
        CalicoKind("NetworkSet", ["networkset", "networksets", "netset", "netsets"], isNamespaced: true, ["NAME"]),
        CalicoKind("GlobalNetworkSet", ["globalnetworkset", "globalnetworksets"], ["NAME"]),
        CalicoKind(
            "HostEndpoint", ["hostendpoint", "hostendpoints", "hep", "heps"], ["NAME", "NODE"],
            wide: ["NAME", "NODE", "INTERFACE", "IPS", "PROFILES"],
            [
                "NODE": spec("node"), "INTERFACE": spec("interfaceName"), "IPS": list("expectedIPs"),
                "PROFILES": list("profiles"),
            ]),
        CalicoKind(
            "Profile", ["profile", "profiles", "pro", "pros"], ["NAME"], wide: ["NAME", "LABELS"],
            [
                "LABELS": { object, _ in
                    object["spec"]["labelsToApply"].texts.sorted { $0.key < $1.key }
                        .map { "\($0.key)=\($0.value)" }.joined(separator: ",")
                }
            ]),
        CalicoKind("Tier", ["tier", "tiers"], ["NAME", "ORDER"], wide: nil, ["ORDER": spec("order", or: "<nil>")]),
    ]
}
