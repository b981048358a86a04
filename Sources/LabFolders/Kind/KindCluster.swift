import Addresses
import Topology

/// What a cluster configuration of kind says (kind.sigs.k8s.io, "Configuration", v1alpha4).
struct KindCluster: Sendable {
    /// The cluster's name, if the file has it.
    var name: Located<String>?
    /// The nodes, in the order they are written; one control-plane node where none are.
    var nodes: [Node] = []
    /// The ranges of the pods, at most one a family, the first one first.
    var podSubnets: [Prefix] = []
    /// The ranges of the services, at most one a family, the first one first.
    var serviceSubnets: [Prefix] = []
    /// How nodes send packets for services on (`kubeProxyMode`).
    var kubeProxyMode = KubeProxyMode.nftables
    /// Whether kind installs no network plugin of its own (`disableDefaultCNI`).
    var hasNoPlugin = false
    /// The image of its first node that names one.
    var image: String?
    /// Its place in the file.
    var place: SourceLine

    struct Node: Sendable {
        var isControlPlane: Bool
        /// The addresses that its kubelet is to be known by (`node-ip`).
        var addresses: [IPAddress] = []
        /// `labels`, and those that its kubelet gives it (`node-labels`).
        var labels: [String: String] = [:]
        /// The files of the machine's that it is to see (`extraMounts`).
        var mounts: [Mount] = []
        /// Whether a patch takes the control plane's taint away.
        var isUntainted = false
        var place: SourceLine
    }

    /// A file or directory of the machine's that a node sees.
    struct Mount: Sendable {
        /// Its path on the machine: absolute, or from the folder of the configuration on.
        var source: String
        var target: String
        var isReadOnly: Bool
        var place: SourceLine
    }

    /// The names of the nodes of a cluster of this name (`MakeNodeNamer` in kind's pkg/cluster/internal/providers/common):
    /// the role, and from the second one of a role on a number.
    func nodeNames(cluster: String) -> [String] {
        var counts: [Bool: Int] = [:]
        return nodes.map { node in
            let count = counts[node.isControlPlane, default: 0] + 1
            counts[node.isControlPlane] = count
            return "\(cluster)-\(node.isControlPlane ? "control-plane" : "worker")" + (count > 1 ? "\(count)" : "")
        }
    }
}
