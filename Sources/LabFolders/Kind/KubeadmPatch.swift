import Addresses
import Topology
import YAML

/// What a patch of kubeadm's configuration means for the network (kubernetes.io, "kubeadm Configuration").
struct KubeadmPatch: Sendable {
    var kind: Kind
    /// `node-ip`, at most one address a family.
    var addresses: [IPAddress] = []
    /// `node-labels`.
    var labels: [String: String] = [:]
    /// Whether `taints` is there and names no taint of the control plane.
    var isUntainted = false
    /// `networking.podSubnet` of a `ClusterConfiguration`.
    var podSubnets: [Prefix]?
    /// `networking.serviceSubnet` of a `ClusterConfiguration`.
    var serviceSubnets: [Prefix]?
    /// `mode` of a `KubeProxyConfiguration`.
    var kubeProxyMode: KubeProxyMode?

    /// Which of kubeadm's configurations it is a patch of.
    enum Kind: Sendable {
        /// `InitConfiguration`: of the first control-plane node.
        case initialise
        /// `JoinConfiguration`: of all other nodes.
        case join
        /// `ClusterConfiguration`.
        case cluster
        /// `KubeProxyConfiguration`.
        case proxy
    }

    /// The patches in a field: YAML inside of YAML.
    static func all(in field: Field, _ diagnostics: inout Diagnostics) -> [KubeadmPatch] {
        guard let text = field.text(&diagnostics) else { return [] }
        // The text of a block begins in the line after its mark.
        let documents = YAMLDocument.documents(of: Array(text.utf8), firstLine: field.mark.line + 1)
        return documents.compactMap { document in
            document.read(of: field.file, path: field.path, &diagnostics).flatMap { KubeadmPatch($0, &diagnostics) }
        }
    }

    private init?(_ root: Field, _ diagnostics: inout Diagnostics) {
        switch root["kind"].text {
        case "InitConfiguration": kind = .initialise
        case "JoinConfiguration": kind = .join
        case "ClusterConfiguration":
            kind = .cluster
            podSubnets = Self.subnets(root["networking"]["podSubnet"], &diagnostics)
            serviceSubnets = Self.subnets(root["networking"]["serviceSubnet"], &diagnostics)
            return
        case "KubeProxyConfiguration":
            kind = .proxy
            kubeProxyMode = KubeProxyMode(written: root["mode"], &diagnostics)
            for key in ["clusterCIDR", "detectLocalMode", "nodePortAddresses"] where root[key].isPresent {
                diagnostics.warn(
                    root[key],
                    "this is not taken over: pods are told by the cluster's podSubnet, and nodes' ports are at the nodes' own "
                        + "addresses")
            }
            for key in ["iptables", "nftables", "ipvs"] where root[key]["masqueradeAll"].text == "true" {
                diagnostics.warn(root[key]["masqueradeAll"], "this is not taken over: pods keep their addresses")
            }
            return
        default: return nil
        }
        let registration = root["nodeRegistration"]
        for (name, value) in Self.arguments(registration["kubeletExtraArgs"], &diagnostics) {
            switch name {
            case "node-ip": readAddresses(value, &diagnostics)
            case "node-labels":
                for pair in (value.text(&diagnostics) ?? "").split(separator: ",") {
                    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    labels[parts[0].trimmingBlanks] = parts.count == 2 ? parts[1].trimmingBlanks : ""
                }
            default: break
            }
        }
        // An empty list is a list without the usual taint.
        if case .sequence(let taints)? = registration["taints"].value?.content {
            isUntainted = !taints.indices.contains { index in
                registration["taints"].items[index]["key"].text == "node-role.kubernetes.io/control-plane"
            }
        }
    }

    /// `{ node-ip: … }`, or from v1beta4 on `[{ name: node-ip, value: … }]`.
    private static func arguments(_ field: Field, _ diagnostics: inout Diagnostics) -> [(String, Field)] {
        if case .sequence? = field.value?.content {
            return field.items.compactMap { item in item["name"].text.map { ($0, item["value"]) } }
        }
        return field.map(&diagnostics).map { ($0.key, $0.field) }
    }

    private mutating func readAddresses(_ field: Field, _ diagnostics: inout Diagnostics) {
        for part in (field.text(&diagnostics) ?? "").split(separator: ",") {
            guard let address = IPAddress(part.trimmingBlanks) else {
                diagnostics.error(field, "\"\(part.trimmingBlanks)\" is not an address of a node")
                continue
            }
            // `0.0.0.0` and `::` leave the choice to kubelet.
            if address.value != 0, !addresses.contains(where: { $0.family == address.family }) {
                addresses.append(address)
            }
        }
    }

    private static func subnets(_ field: Field, _ diagnostics: inout Diagnostics) -> [Prefix]? {
        guard let text = field.text(&diagnostics) else { return nil }
        return text.split(separator: ",").compactMap { InterfaceAddress($0.trimmingBlanks)?.prefix }
    }
}
