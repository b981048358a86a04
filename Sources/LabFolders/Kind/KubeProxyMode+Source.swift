import Topology

extension KubeProxyMode {
    /// Reads a mode of kube-proxy, which kind and kubeadm name alike; nil where none is written, or none that there is.
    init?(written field: Field, _ diagnostics: inout Diagnostics) {
        switch field.text(&diagnostics) {
        case nil, "": return nil
        case "nftables": self = .nftables
        case "none": self = .none
        case let mode? where mode == "iptables" || mode == "ipvs":
            diagnostics.warn(
                field, "packets for services go the ways that they go in mode \(mode), by the rules of mode nftables")
            self = .nftables
        case let other?:
            diagnostics.error(field, "\"\(other)\" is not a mode of kube-proxy: iptables, ipvs, nftables or none")
            return nil
        }
    }
}
