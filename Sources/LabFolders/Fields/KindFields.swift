extension FieldTable {
    /// kind's configuration (pkg/apis/config/v1alpha4/types.go in kind).
    static let kind = FieldTable(
        """
        kind +
        apiVersion +
        metadata -
        name +
        nodes.[].role +
        nodes.[].image -
        nodes.[].labels +
        nodes.[].extraMounts.[].hostPath +
        nodes.[].extraMounts.[].containerPath +
        nodes.[].extraMounts.[].readOnly +
        nodes.[].extraMounts.[].selinuxRelabel -
        nodes.[].extraMounts.[].propagation -
        nodes.[].extraPortMappings.[].containerPort +
        nodes.[].extraPortMappings.[].hostPort +
        nodes.[].extraPortMappings.[].listenAddress +
        nodes.[].extraPortMappings.[].protocol +
        nodes.[].kubeadmConfigPatches +
        nodes.[].kubeadmConfigPatchesJSON6902.[].@patch
        networking +
        networking.ipFamily +
        networking.apiServerPort -
        networking.apiServerAddress -
        networking.podSubnet +
        networking.serviceSubnet +
        networking.disableDefaultCNI +
        networking.kubeProxyMode +
        networking.dnsSearch ! the nodes resolve names as the machine does; these domains are not searched
        featureGates -
        runtimeConfig -
        kubeadmConfigPatches +
        kubeadmConfigPatchesJSON6902.[].@patch
        containerdConfigPatches -
        containerdConfigPatchesJSON6902 -
        """,
        parts: [
            "patch": """
            group -
            version -
            kind +
            name -
            namespace -
            patch +
            """
        ])
}
