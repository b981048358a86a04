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
    /// By node, labels that a script gives it (`kubectl label node`).
    var scriptLabels: [String: [String: String]] = [:]
    /// The nodes that a script takes the control plane's taint from; `*` for all.
    var untaintedNodes: Set<String> = []
}
