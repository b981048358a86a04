extension Node {
    /// Its labels, with those that kubelet and kubeadm put on every node (`kubernetes.io/hostname`, `kubernetes.io/os`,
    /// `kubernetes.io/arch`, `node-role.kubernetes.io/control-plane`). What was written wins.
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
        return all.merging(labels) { $1 }
    }

    public func has(_ selector: [String: String]) -> Bool { selector.isEmpty || allLabels.match(selector) }
}

extension [String: String] {
    /// Whether all labels of a selector are among these.
    func match(_ selector: [String: String]) -> Bool { selector.allSatisfy { self[$0.key] == $0.value } }
}
