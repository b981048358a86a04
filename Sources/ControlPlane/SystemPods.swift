import Blueprint
import Calico
import ClusterObjects
import Topology

/// The cluster's own pods, which live on their nodes' networks. Nothing of them runs in a lab, whose kernel holds what they would have
/// made; a cluster without them would be none to who looks at it.
extension ClusterState {
    mutating func addSystemPods() {
        let version = lab.kubernetesVersion
        for node in lab.placement.nodes where controlPlane.contains(node.name) {
            for (component, image) in [
                ("etcd", "etcd:3.5.9-0"), ("kube-apiserver", "kube-apiserver:\(version)"),
                ("kube-controller-manager", "kube-controller-manager:\(version)"),
                ("kube-scheduler", "kube-scheduler:\(version)"),
            ] { addStaticPod(component, "registry.k8s.io/\(image)", on: node) }
        }
        if lab.blueprint.hasServiceProxy {
            addDaemonSet(
                "kube-proxy", "kube-system", image: "registry.k8s.io/kube-proxy:\(version)",
                selector: ["k8s-app": "kube-proxy"])
        }
        guard lab.hasCalico else { return }
        addDaemonSet(
            "calico-node", lab.calicoNamespace, image: "docker.io/calico/node:\(ClusterLab.calicoVersion)",
            selector: ["k8s-app": "calico-node"])
        if hasOperator { addOperator() }
    }

    private var controlPlane: Set<String> {
        Set(lab.topology.nodes.filter { $0.role == .controlPlane }.map(\.name))
    }

    /// A pod that its node's kubelet has of a file (static pods), as kubeadm writes them.
    private mutating func addStaticPod(_ component: String, _ image: String, on node: Placement.Node) {
        let container: JSON = ["name": .string(component), "image": .string(image)]
        let tolerations: JSON = [["effect": "NoExecute", "operator": "Exists"]]
        let hash = String(SHA1.hexDigest("\(component)/\(node.name)").prefix(32))
        let template: JSON = [
            "metadata": [
                "labels": ["component": .string(component), "tier": "control-plane"],
                "annotations": [
                    "kubernetes.io/config.hash": .string(hash), "kubernetes.io/config.mirror": .string(hash),
                    "kubernetes.io/config.source": "file",
                ],
            ],
            "spec": [
                "containers": [container], "hostNetwork": true, "priorityClassName": "system-node-critical",
                "priority": 2_000_001_000, "tolerations": tolerations,
            ],
        ]
        let reference = PodReference(namespace: "kube-system", name: "\(component)-\(node.name)")
        var owner = owner("v1", "Node", "", node.name)
        owner["controller"] = true
        add(object(instance(reference, template, owner, on: node)))
    }

    /// A set with a pod on every node.
    private mutating func addDaemonSet(
        _ name: String, _ namespace: String, image: String, selector: [String: String]
    ) {
        let isThere = lab.topology.workloads.contains { $0.namespace == namespace && $0.name == name }
        guard !isThere else { return }
        let container: JSON = ["name": .string(name), "image": .string(image)]
        let tolerations: JSON = [
            ["effect": "NoSchedule", "operator": "Exists"], ["effect": "NoExecute", "operator": "Exists"],
        ]
        let template: JSON = [
            "metadata": ["labels": JSON(texts: selector)],
            "spec": [
                "containers": [container], "hostNetwork": true, "nodeSelector": ["kubernetes.io/os": "linux"],
                "priorityClassName": "system-node-critical", "priority": 2_000_001_000,
                "serviceAccountName": .string(name), "tolerations": tolerations,
            ],
        ]
        let spec: JSON = ["selector": ["matchLabels": JSON(texts: selector)], "template": template]
        let set = WorkloadSet(
            kind: "DaemonSet", namespace: namespace, name: name, spec: Defaults.workload(spec, "DaemonSet"))
        add(object("v1", "ServiceAccount", namespace: namespace, name))
        add(
            set,
            lab.placement.nodes.map { node in
                let pod = PodName.daemonSet(name, namespace: namespace, node: node.name)
                return instance(
                    PodReference(namespace: namespace, name: pod), set.spec["template"], .null, on: node)
            })
    }

    /// The operator, which is on one node.
    private mutating func addOperator() {
        guard let node = lab.placement.nodes.first else { return }
        let container: JSON = ["name": "tigera-operator", "image": "quay.io/tigera/operator:v1.38.0"]
        let template: JSON = [
            "metadata": ["labels": ["k8s-app": "tigera-operator", "name": "tigera-operator"]],
            "spec": [
                "containers": [container], "hostNetwork": true, "serviceAccountName": "tigera-operator",
                "tolerations": [
                    ["effect": "NoExecute", "operator": "Exists"], ["effect": "NoSchedule", "operator": "Exists"],
                ],
            ],
        ]
        let spec: JSON = [
            "replicas": 1, "selector": ["matchLabels": ["name": "tigera-operator"]], "template": template,
        ]
        let set = WorkloadSet(
            kind: "Deployment", namespace: "tigera-operator", name: "tigera-operator",
            spec: Defaults.workload(spec, "Deployment"))
        let name = PodName.deployment("tigera-operator", namespace: "tigera-operator", replica: 0)
        let reference = PodReference(namespace: "tigera-operator", name: name)
        add(set, [instance(reference, set.spec["template"], .null, on: node)])
    }

    private func instance(
        _ reference: PodReference, _ template: JSON, _ owner: JSON, on node: Placement.Node
    ) -> PodInstance {
        var pod = PodInstance(reference: reference, owner: owner, template: template)
        pod.node = node.name
        pod.addresses = node.addresses.map(\.address.address)
        pod.usesHostNetwork = true
        return pod
    }
}
