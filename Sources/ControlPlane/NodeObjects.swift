import Addresses
import Blueprint
import Calico
import ClusterObjects
import Topology

extension ClusterState {
    /// The nodes, as kubelet, kubeadm, the node controllers and calico-node make them, and their leases.
    mutating func addNodes() {
        for (index, (node, placed)) in zip(lab.topology.nodes, lab.placement.nodes).enumerated() {
            var object = object(
                "v1", "Node", node.name, labels: labels(node), annotations: annotations(node, placed),
                written: written("Node", "default", node.name))
            var spec = object["spec"]
            let ranges = podRanges(index)
            spec["podCIDR"] = JSON(ranges.first)
            spec["podCIDRs"] = JSON(nonEmpty: ranges.map(JSON.string))
            spec["providerID"] = .string("kind://docker/\(lab.topology.name)/\(node.name)")
            if node.isTainted {
                spec["taints"] = [["key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"]]
            }
            object["spec"] = spec
            object["status"] = status(node, placed)
            add(object)
            var lease = self.object(
                "coordination.k8s.io/v1", "Lease", namespace: "kube-node-lease", node.name,
                owner: owner("v1", "Node", "", node.name))
            lease["spec"] = ["holderIdentity": .string(node.name), "leaseDurationSeconds": 40]
            add(lease)
        }
    }

    private func labels(_ node: Node) -> [String: String] {
        var labels = node.allLabels
        labels["beta.kubernetes.io/arch"] = labels["kubernetes.io/arch"]
        labels["beta.kubernetes.io/os"] = "linux"
        if node.role == .controlPlane { labels["node.kubernetes.io/exclude-from-external-load-balancers"] = "" }
        return labels
    }

    /// With what calico-node tells of its addresses (libcalico-go/lib/backend/k8s/resources/node.go).
    private func annotations(_ node: Node, _ placed: Placement.Node) -> [String: String] {
        var annotations = [
            "node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        ]
        guard lab.hasCalico else { return annotations }
        // It looks for addresses of the families that there are pools of alone (the operator's IP and IP6).
        let families = Set(lab.topology.cluster.pools.map(\.prefix.family))
        for address in placed.addresses where families.contains(address.address.family) {
            let family = address.address.family == .ipv4 ? "IPv4" : "IPv6"
            annotations["projectcalico.org/\(family)Address"] = address.address.description
        }
        for end in placed.tunnels {
            let isIPv4 = end.address.family == .ipv4
            switch end.tunnel {
            case .ipip: annotations["projectcalico.org/IPv4IPIPTunnelAddr"] = end.address.description
            case .vxlan:
                annotations["projectcalico.org/\(isIPv4 ? "IPv4" : "IPv6")VXLANTunnelAddr"] = end.address.description
                annotations["projectcalico.org/VXLANTunnelMACAddr\(isIPv4 ? "" : "V6")"] =
                    VTEP.mac(of: node.name, end.address.family).description
            }
        }
        return annotations
    }

    /// The ranges that kube-controller-manager gives a node of the cluster's pods (`--node-cidr-mask-size`, 24 and 64); Calico
    /// takes no addresses of them.
    private func podRanges(_ index: Int) -> [String] {
        lab.topology.cluster.podSubnets.compactMap { subnet in
            let length = max(subnet.length, subnet.family == .ipv4 ? 24 : 64)
            let shift = UInt128(subnet.family.bits - length)
            guard length - subnet.length >= 64 || index < 1 << (length - subnet.length) else { return nil }
            return subnet.address(at: UInt128(index) << shift).map { "\($0)/\(length)" }
        }
    }

    private func status(_ node: Node, _ placed: Placement.Node) -> JSON {
        let machine = lab.machine
        let state = observed.nodes[node.name]
        let resources: JSON = [
            "cpu": .string("\(machine.processors)"), "memory": .string("\(machine.memory / 1024)Ki"), "pods": "110",
        ]
        var addresses = placed.addresses.map { address -> JSON in
            ["type": "InternalIP", "address": .string(address.address.address.description)]
        }
        addresses.append(["type": "Hostname", "address": .string(node.name)])
        let information: JSON = [
            "machineID": .string(machine.machineID), "systemUUID": .string(machine.machineID),
            "bootID": .string(machine.bootID), "kernelVersion": .string(machine.kernelVersion),
            "osImage": .string(machine.osImage), "containerRuntimeVersion": "nslab://0.1.0",
            "kubeletVersion": .string(lab.kubernetesVersion), "kubeProxyVersion": .string(lab.kubernetesVersion),
            "operatingSystem": "linux", "architecture": .string(node.allLabels["kubernetes.io/arch"] ?? ""),
        ]
        return [
            "capacity": resources, "allocatable": resources, "conditions": .array(conditions(state)),
            "addresses": .array(addresses), "daemonEndpoints": ["kubeletEndpoint": ["Port": 10250]],
            "nodeInfo": information,
        ]
    }

    /// As kubelet says them, and, of a node that nothing is heard of, the node lifecycle controller.
    private func conditions(_ state: ClusterObservation.Node?) -> [JSON] {
        var conditions: [JSON] = []
        if lab.hasCalico {
            conditions.append(
                condition(
                    "NetworkUnavailable", "False", reason: "CalicoIsUp", message: "Calico is running on this node",
                    hasHeartbeat: true))
        }
        if let fault = state?.fault {
            return conditions
                + ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map {
                    condition(
                        $0, "Unknown", reason: "NodeStatusUnknown",
                        message: "Kubelet stopped posting node status: \(fault)", since: state?.since,
                        hasHeartbeat: true)
                }
        }
        for (type, reason, message) in [
            ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ] {
            conditions.append(
                condition(type, "False", reason: reason, message: message, since: state?.since, hasHeartbeat: true))
        }
        conditions.append(
            condition(
                "Ready", "True", reason: "KubeletReady", message: "kubelet is posting ready status",
                since: state?.since, hasHeartbeat: true))
        return conditions
    }
}
