import Addresses
import Blueprint
import ClusterObjects
import Topology

/// The configuration that kubeadm leaves in a cluster, as ConfigMaps (cmd/kubeadm/app/phases of Kubernetes). What the lab has decides,
/// not kubeadm's defaults: kube-proxy's mode is the one whose rules nodes have.
extension ClusterState {
    mutating func addConfiguration() {
        if has("apps/v1", "Deployment", "kube-system", "coredns") {
            addConfiguration("coredns", ["Corefile": Self.corefile])
        }
        if lab.blueprint.hasServiceProxy {
            addConfiguration("kube-proxy", ["config.conf": proxyConfiguration], labels: ["app": "kube-proxy"])
        }
        if let node = lab.topology.nodes.first(where: { $0.role == .controlPlane }) {
            addConfiguration("kubeadm-config", ["ClusterConfiguration": clusterConfiguration(endpoint: node.name)])
        }
    }

    private mutating func addConfiguration(_ name: String, _ data: [String: String], labels: [String: String] = [:]) {
        var map = object("v1", "ConfigMap", namespace: "kube-system", name, labels: labels)
        map["data"] = JSON(texts: data)
        add(map)
    }

    /// The zone of the cluster as kubeadm has CoreDNS serve it (addons/dns/manifests.go).
    private static let corefile = """
        .:53 {
            errors
            health {
               lameduck 5s
            }
            ready
            kubernetes cluster.local in-addr.arpa ip6.arpa {
               pods insecure
               fallthrough in-addr.arpa ip6.arpa
               ttl 30
            }
            prometheus :9153
            forward . /etc/resolv.conf {
               max_concurrent 1000
            }
            cache 30
            loop
            reload
            loadbalance
        }

        """

    private var proxyConfiguration: String {
        let isIPv6 = podSubnets.first.map { $0.family == .ipv6 } ?? false
        return """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            bindAddress: \(isIPv6 ? "'::'" : "0.0.0.0")
            clientConnection:
              kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
            clusterCIDR: \(Self.list(podSubnets))
            kind: KubeProxyConfiguration
            mode: \(lab.topology.cluster.kubeProxyMode.rawValue)

            """
    }

    private func clusterConfiguration(endpoint node: String) -> String {
        """
        apiVersion: kubeadm.k8s.io/v1beta3
        clusterName: \(lab.topology.name)
        controlPlaneEndpoint: \(node):6443
        kind: ClusterConfiguration
        kubernetesVersion: \(lab.kubernetesVersion)
        networking:
          dnsDomain: cluster.local
          podSubnet: \(Self.list(podSubnets))
          serviceSubnet: \(Self.list(lab.topology.cluster.serviceSubnets))

        """
    }

    private var podSubnets: [Prefix] { lab.topology.cluster.clusterPrefixes }

    /// Subnets as kubeadm's files have several: with commas between.
    private static func list(_ subnets: [Prefix]) -> String {
        subnets.isEmpty ? "\"\"" : subnets.map(\.description).joined(separator: ",")
    }
}
