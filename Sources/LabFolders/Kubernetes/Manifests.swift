import Addresses
import Topology

/// What Kubernetes' documents say about pods and services, in the order in which they were found.
struct Manifests: Sendable {
    /// Whatever makes pods.
    var workloads: [Located<Workload>] = []
    var services: [Located<Service>] = []
    /// By `NAMESPACE/NAME`, the services' places in the list.
    var servicePositions: [String: Int] = [:]
    /// Endpoints that are written by hand.
    var endpoints: [Located<EndpointManifest>] = []
    /// The Kubernetes namespaces, each once.
    var namespaces: [String] = []
    /// By Kubernetes namespace, the pools that its pods get addresses from unless they say otherwise
    /// (annotations of the `Namespace`).
    var namespacePools: [String: [String]] = [:]
    /// By node, labels that its own document gives it.
    var nodeLabels: [String: [String: String]] = [:]
    /// By workload (`namespace/name`), the ports that are known of its containers though none declares them.
    var usualPorts: [String: [Workload.ContainerPort]] = [:]

    /// What is done about a kind of document.
    enum Treatment: Equatable {
        /// It is read.
        case read
        /// It means nothing for a network.
        case irrelevant
        /// It means something, and is not done: the sentence says what.
        case unsupported(String)
        /// nslab does not know it.
        case unknown
    }

    /// What is done about a kind.
    static func treatment(apiVersion: String, kind: String) -> Treatment {
        switch kind {
        case "Pod", "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Service",
            "Endpoints", "EndpointSlice", "Namespace", "Node":
            .read
        case "NetworkPolicy", "GlobalNetworkPolicy", "StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "Tier",
            "NetworkSet", "GlobalNetworkSet", "HostEndpoint", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy":
            .unsupported("policies are not enforced: every packet passes")
        case "Ingress", "IngressClass", "Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute",
            "TLSRoute", "ReferenceGrant":
            .unsupported("there is no controller that would serve it")
        case "Job", "CronJob": .unsupported("jobs are not run")
        case "IPAMConfig", "IPAMConfiguration": .unsupported("blocks are given out by Calico's defaults")
        case "BGPFilter", "CalicoNodeStatus": .unsupported("BGP is not run: nslab installs the routes itself")
        case "IPAddressPool", "L2Advertisement", "BGPAdvertisement":
            .unsupported("there is no load balancer that would announce addresses")
        case _ where irrelevant.contains(kind): .irrelevant
        default: .unknown
        }
    }

    private static let irrelevant: Set<String> = [
        "APIServer", "APIService", "CalicoAPIConfig", "ClusterRole", "ClusterRoleBinding", "ConfigMap",
        "ControllerRevision",
        "CustomResourceDefinition", "Goldmane", "HorizontalPodAutoscaler", "ImageSet", "Kustomization", "Lease",
        "LimitRange", "LogCollector", "Monitor", "MutatingWebhookConfiguration", "PersistentVolume",
        "PersistentVolumeClaim", "PodDisruptionBudget", "PodSecurityPolicy", "PriorityClass", "ResourceQuota", "Role",
        "RoleBinding", "RuntimeClass", "Secret", "ServiceAccount", "StorageClass", "TigeraStatus",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VerticalPodAutoscaler", "VolumeAttachment", "CSIDriver", "CSINode", "Whisker", "FlowSchema",
        "PriorityLevelConfiguration", "ClusterInformation", "ServiceMonitor",
        "PodMonitor", "Event", "CertificateSigningRequest", "Component", "Profile", "KubeProxyConfiguration",
        "KubeletConfiguration", "ClusterConfiguration", "InitConfiguration", "JoinConfiguration", "GatewayAPI",
        "ManagementClusterConnection",
    ]
}
