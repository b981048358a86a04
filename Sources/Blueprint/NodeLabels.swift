import Topology

extension Node {
    /// The node's labels with those that kubelet and kubeadm give to every node.
    public var allLabels: [String: String] {
        #if arch(arm64)
            let architecture = "arm64"
        #else
            let architecture = "amd64"
        #endif
        var all = [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture,
        ]
        if role == .controlPlane { all["node-role.kubernetes.io/control-plane"] = "" }
        all.merge(labels) { _, own in own }
        return all
    }
}

extension [String: String] {
    /// Whether all labels of a selector are among these.
    func match(_ selector: [String: String]) -> Bool { selector.allSatisfy { self[$0.key] == $0.value } }
}
