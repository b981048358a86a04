import Topology

/// The documents of a folder, each read for itself.
struct FolderDocuments: Sendable {
    var containerlab: ContainerlabTopology?
    var kind: KindCluster?
    /// The cluster's name: the configuration's, else that of the containerlab node that starts it, else kind's own.
    var clusterName = "kind"
    /// By containerlab node, its startup configuration.
    var configurations: [String: EOSConfiguration] = [:]
    /// The networks that the tools bring.
    var networks = ToolNetworks.none
    /// By containerlab node, what it sees of the machine's files.
    var binds: [String: [Bind]] = [:]
    /// Calico's documents.
    var calico = CalicoResources()
    /// Kubernetes' documents.
    var manifests = Manifests()
    /// All of the cluster's documents word by word, of whatever kind, a YAML stream.
    var cluster: [UInt8] = []
    /// Kubernetes' version, as the image of kind's nodes says it (`kindest/node:v1.28.0@sha256:…`): that of the configuration
    /// before that of the containerlab node that starts the cluster, as kind has it.
    var kubernetesVersion: String? {
        let starter = containerlab?.nodes.first { $0.kind == "k8s-kind" }?.image
        return [kind?.image, starter].compactMap(\.self).compactMap(Self.version(of:)).first
    }

    private static func version(of image: String) -> String? {
        let name = image.prefix { $0 != "@" }.split(separator: "/").last ?? ""
        guard let tag = name.split(separator: ":").dropFirst().last, tag.first == "v" else { return nil }
        let parts = tag.dropFirst().split(separator: ".")
        guard parts.count == 3, parts[0].allSatisfy(\.isNumber), parts[1].allSatisfy(\.isNumber) else { return nil }
        return String(tag)
    }

    /// By node, labels that a script gives it (`kubectl label node`).
    var scriptLabels: [String: [String: String]] = [:]
    /// The nodes that a script takes the control plane's taint from; `*` for all.
    var untaintedNodes: Set<String> = []
}
