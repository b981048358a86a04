/// A cluster's objects as Calico's clients see them, in version 3 of its API (libcalico-go/lib/backend/k8s/resources).
public struct CalicoView: Sendable {
    /// The objects of the cluster's API.
    private let all: [JSON]

    public init(_ objects: [JSON]) { all = objects }

    /// What Calico has in storage of a kind.
    public func stored(_ kind: String) -> [JSON] {
        all.filter { $0["kind"].text == kind && $0["apiVersion"].text == "\(KindTable.calicoGroup)/v1" }
    }

    /// Kubernetes' objects of a kind of its core group.
    func core(_ kind: String) -> [JSON] {
        all.filter { $0["kind"].text == kind && $0["apiVersion"].text == "v1" }
    }

    /// The objects of a kind, sorted by name, those of a namespace together.
    public func objects(ofKind kind: String) -> [JSON] {
        let found: [JSON] =
            switch kind {
            case "Node": core("Node").map(node)
            case "WorkloadEndpoint": core("Pod").compactMap(workloadEndpoint)
            case "Profile": profiles
            case "IPAMConfiguration": stored("IPAMConfig").map { Self.version3($0, "IPAMConfiguration") }
            default: stored(kind).map { Self.version3($0, kind) }
            }
        func key(_ object: JSON) -> [String] {
            [object["metadata"]["namespace"].text ?? "", object["metadata"]["name"].text ?? ""]
        }
        return found.sorted { key($0).lexicographicallyPrecedes(key($1)) }
    }

    /// The AS number of nodes that say none (libcalico-go, `DefaultASNumber`).
    public var asNumber: Int {
        stored("BGPConfiguration").first { $0["metadata"]["name"].text == "default" }?["spec"]["asNumber"].integer
            ?? 64512
    }

    private static func version3(_ object: JSON, _ kind: String) -> JSON {
        var result: JSON = ["kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": object["metadata"]]
        result["spec"] = object["spec"]
        result["status"] = object["status"]
        return result
    }

    private static func object(_ kind: String, of source: JSON, _ name: String, _ spec: JSON) -> JSON {
        var metadata: JSON = [
            "name": .string(name), "namespace": source["metadata"]["namespace"],
            "creationTimestamp": source["metadata"]["creationTimestamp"], "uid": source["metadata"]["uid"],
        ]
        metadata["resourceVersion"] = source["metadata"]["resourceVersion"]
        return ["kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": metadata, "spec": spec]
    }

    /// What its objects say in `apiVersion`.
    public static let apiVersion = "\(KindTable.calicoAPIGroup)/v3"

    // MARK: Made of Kubernetes' objects

    /// (resources/node.go)
    private func node(_ node: JSON) -> JSON {
        let name = node["metadata"]["name"].text ?? ""
        func annotation(_ name: String) -> JSON { node["metadata"]["annotations"]["projectcalico.org/\(name)"] }
        var addresses: [JSON] = ["IPv4Address", "IPv6Address"].compactMap { name in
            annotation(name).text.map { ["address": .string($0), "type": "CalicoNodeIP"] }
        }
        addresses += node["status"]["addresses"].items.filter { $0["type"].text == "InternalIP" }
        let bgp: JSON = [
            "asNumber": annotation("ASNumber").text.flatMap { Int($0) }.map(JSON.integer) ?? .null,
            "ipv4Address": annotation("IPv4Address"), "ipv4IPIPTunnelAddr": annotation("IPv4IPIPTunnelAddr"),
            "ipv6Address": annotation("IPv6Address"),
        ]
        var result = Self.object(
            "Node", of: node, name,
            [
                "addresses": .array(addresses), "bgp": bgp, "ipv4VXLANTunnelAddr": annotation("IPv4VXLANTunnelAddr"),
                "ipv6VXLANTunnelAddr": annotation("IPv6VXLANTunnelAddr"),
                "orchRefs": [["nodeName": .string(name), "orchestrator": "k8s"]],
                "vxlanTunnelMACAddr": annotation("VXLANTunnelMACAddr"),
                "vxlanTunnelMACAddrV6": annotation("VXLANTunnelMACAddrV6"),
            ])
        result["metadata"]["labels"] = node["metadata"]["labels"]
        result["status"] = ["podCIDRs": node["spec"]["podCIDRs"]]
        return result
    }

    /// What a pod is to Calico (lib/backend/k8s/conversion/workload_endpoint_default.go); nil for one that it does not connect.
    private func workloadEndpoint(_ pod: JSON) -> JSON? {
        let metadata = pod["metadata"]
        guard !pod["spec"]["hostNetwork"].isTrue, let name = metadata["name"].text,
            let namespace = metadata["namespace"].text, let node = pod["spec"]["nodeName"].text,
            !pod["status"]["podIPs"].items.isEmpty
        else { return nil }
        let account = pod["spec"]["serviceAccountName"].text ?? "default"
        var labels = metadata["labels"].texts
        labels["projectcalico.org/namespace"] = namespace
        labels["projectcalico.org/orchestrator"] = "k8s"
        labels["projectcalico.org/serviceaccount"] = account
        let networks = pod["status"]["podIPs"].items.compactMap { $0["ip"].text }.map {
            "\($0)/\($0.contains(":") ? 128 : 32)"
        }
        let ports = pod["spec"]["containers"].items.flatMap { $0["ports"].items }.map { port -> JSON in
            [
                "name": port["name"], "port": port["containerPort"],
                "protocol": .string(port["protocol"].text ?? "TCP"),
            ]
        }
        var result = Self.object(
            "WorkloadEndpoint", of: pod, Self.endpointName(node: node, pod: name),
            [
                "containerID": metadata["annotations"]["cni.projectcalico.org/containerID"], "endpoint": "eth0",
                "interfaceName": metadata["annotations"][Self.interfaceAnnotation], "ipNetworks": JSON(networks),
                "node": .string(node), "orchestrator": "k8s", "pod": .string(name),
                "ports": JSON(nonEmpty: ports),
                "profiles": [.string("kns.\(namespace)"), .string("ksa.\(namespace).\(account)")],
            ])
        result["metadata"]["labels"] = JSON(texts: labels)
        return result
    }

    /// The annotation of a pod by which whoever has looked says which interface its node has for it.
    public static let interfaceAnnotation = "nslab/interface"

    /// A workload endpoint's name: dashes within its parts are doubled (libcalico-go/lib/names/workloadendpoint.go).
    static func endpointName(node: String, pod: String) -> String {
        [node, "k8s", pod, "eth0"].map { $0.replacing("-", with: "--") }.joined(separator: "-")
    }

    /// One for each namespace and service account (resources/profile.go), and the one that allows all.
    private var profiles: [JSON] {
        let allowing: (JSON) -> JSON = { labels in
            ["egress": [["action": "Allow"]], "ingress": [["action": "Allow"]], "labelsToApply": labels]
        }
        var profiles = [Self.object("Profile", of: .null, "projectcalico-default-allow", allowing(.null))]
        for namespace in core("Namespace") {
            guard let name = namespace["metadata"]["name"].text else { continue }
            let labels = namespace["metadata"]["labels"].texts
                .reduce(into: ["pcns.projectcalico.org/name": name]) { $0["pcns.\($1.key)"] = $1.value }
            profiles.append(Self.object("Profile", of: namespace, "kns.\(name)", allowing(JSON(texts: labels))))
        }
        for account in core("ServiceAccount") {
            guard let name = account["metadata"]["name"].text, let namespace = account["metadata"]["namespace"].text
            else {
                continue
            }
            var profile = Self.object(
                "Profile", of: account, "ksa.\(namespace).\(name)",
                ["labelsToApply": ["pcsa.projectcalico.org/name": .string(name)]])
            profile["metadata"]["namespace"] = .null
            profiles.append(profile)
        }
        return profiles
    }
}
