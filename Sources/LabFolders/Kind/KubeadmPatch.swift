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
    enum Kind: String, Sendable {
        /// Of the first control-plane node.
        case initialise = "InitConfiguration"
        /// Of all other nodes.
        case join = "JoinConfiguration"
        case cluster = "ClusterConfiguration"
        case proxy = "KubeProxyConfiguration"
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

    /// The patch that a list of JSON Patch operations is (`kubeadmConfigPatchesJSON6902`, RFC 6902): what the operations set, as far as
    /// they name one value each.
    static func all(inOperations field: Field, _ diagnostics: inout Diagnostics) -> [KubeadmPatch] {
        guard let text = field["patch"].text(&diagnostics), let kind = Kind(rawValue: field["kind"].text ?? "") else {
            return []
        }
        let patch = field["patch"]
        var read: [KubeadmPatch] = []
        for document in YAMLDocument.documents(of: Array(text.utf8), firstLine: patch.mark.line + 1) {
            for operation in document.read(of: patch.file, path: patch.path, &diagnostics)?.items ?? [] {
                guard let path = operation["path"].text, operation["op"].text != "remove" else { continue }
                var one = KubeadmPatch(kind: kind)
                switch path {
                case "/networking/podSubnet": one.podSubnets = subnets(operation["value"], &diagnostics)
                case "/networking/serviceSubnet": one.serviceSubnets = subnets(operation["value"], &diagnostics)
                case "/nodeRegistration/kubeletExtraArgs/node-ip": one.readAddresses(operation["value"], &diagnostics)
                case "/nodeRegistration/kubeletExtraArgs/node-labels": one.readLabels(operation["value"], &diagnostics)
                case "/nodeRegistration/taints": one.readTaints(operation["value"], &diagnostics)
                default: continue
                }
                read.append(one)
            }
        }
        return read
    }

    private init(kind: Kind) { self.kind = kind }

    private init?(_ root: Field, _ diagnostics: inout Diagnostics) {
        guard let kind = Kind(rawValue: root["kind"].text ?? "") else { return nil }
        self.init(kind: kind)
        if kind == .cluster {
            podSubnets = Self.subnets(root["networking"]["podSubnet"], &diagnostics)
            serviceSubnets = Self.subnets(root["networking"]["serviceSubnet"], &diagnostics)
            return
        }
        if kind == .proxy {
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
        }
        let registration = root["nodeRegistration"]
        for (name, value) in Self.arguments(registration["kubeletExtraArgs"], &diagnostics) {
            switch name {
            case "node-ip": readAddresses(value, &diagnostics)
            case "node-labels": readLabels(value, &diagnostics)
            default: break
            }
        }
        readTaints(registration["taints"], &diagnostics)
    }

    private mutating func readLabels(_ field: Field, _ diagnostics: inout Diagnostics) {
        for pair in (field.text(&diagnostics) ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels[parts[0].trimmingBlanks] = parts.count == 2 ? parts[1].trimmingBlanks : ""
        }
    }

    /// An empty list is a list without the usual taint.
    private mutating func readTaints(_ field: Field, _ diagnostics: inout Diagnostics) {
        guard case .sequence? = field.value?.content else { return }
        isUntainted = true
        for taint in field.items {
            if taint["key"].text == "node-role.kubernetes.io/control-plane" {
                isUntainted = false
            } else {
                diagnostics.warn(taint, "the control plane's taint alone keeps pods away; this one is not looked at")
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

    /// Ranges with a comma between them; nil where none is said.
    private static func subnets(_ field: Field, _ diagnostics: inout Diagnostics) -> [Prefix]? {
        guard let text = field.text(&diagnostics), !text.trimmingBlanks.isEmpty else { return nil }
        var subnets: [Prefix] = []
        for part in text.split(separator: ",") {
            if let prefix = InterfaceAddress(part.trimmingBlanks)?.prefix {
                subnets.append(prefix)
            } else {
                diagnostics.warn(
                    field, "\"\(part.trimmingBlanks)\" is not a range, such as 10.244.0.0/16; it is left out")
            }
        }
        return subnets.isEmpty ? nil : subnets
    }
}
