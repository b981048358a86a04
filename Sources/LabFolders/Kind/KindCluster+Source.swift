import Addresses
import Topology

extension KindCluster {
    /// Reads a cluster configuration's document.
    init(_ root: Field, _ diagnostics: inout Diagnostics) {
        place = root.place
        name = root["name"].text(&diagnostics).map { Located($0, at: root["name"].place) }
        let networking = root["networking"]
        let family = Self.family(networking["ipFamily"], &diagnostics)
        hasNoPlugin = networking["disableDefaultCNI"].boolean(&diagnostics) ?? false
        podSubnets = Self.subnets(
            networking["podSubnet"], family, ipv4: "10.244.0.0/16", ipv6: "fd00:10:244::/56", &diagnostics)
        serviceSubnets = Self.subnets(
            networking["serviceSubnet"], family, ipv4: "10.96.0.0/16", ipv6: "fd00:10:96::/112", &diagnostics)
        if let mode = KubeProxyMode(written: networking["kubeProxyMode"], &diagnostics) { kubeProxyMode = mode }
        let written = root["nodes"].list(&diagnostics)
        guard written.count <= Self.maximumNodes else {
            diagnostics.error(root["nodes"], "the cluster has more than \(Self.maximumNodes) nodes")
            return
        }
        var clusterPatches: [(isControlPlane: Bool, patches: [KubeadmPatch])] = []
        for field in written {
            var patches: [KubeadmPatch] = []
            nodes.append(Node(field, &patches, &diagnostics))
            clusterPatches.append((nodes[nodes.count - 1].isControlPlane, patches))
        }
        image = written.compactMap { $0["image"].text }.first
        if nodes.isEmpty { nodes = [Node(isControlPlane: true, place: root.place)] }
        if !nodes.contains(where: \.isControlPlane) {
            diagnostics.error(root["nodes"], "a cluster needs a node of role control-plane")
        }
        for field in root["kubeadmConfigPatches"].list(&diagnostics) {
            apply(KubeadmPatch.all(in: field, &diagnostics))
        }
        for field in root["kubeadmConfigPatchesJSON6902"].list(&diagnostics) {
            apply(KubeadmPatch.all(inOperations: field, &diagnostics))
        }
        // The cluster's own configuration is that of the node that is initialised: the first of the control plane.
        let first = clusterPatches.first(where: \.isControlPlane)?.patches ?? []
        apply(first)
    }

    /// A lab's size, not kind's limit.
    static let maximumNodes = 1000

    /// The families that the cluster has, the first one first; nil where it is not said.
    private static func family(_ field: Field, _ diagnostics: inout Diagnostics) -> [AddressFamily]? {
        switch field.text(&diagnostics) {
        case nil: return nil
        case "ipv4": return [.ipv4]
        case "ipv6": return [.ipv6]
        case "dual": return [.ipv4, .ipv6]
        case let other?:
            diagnostics.error(field, "\"\(other)\" is not an ipFamily; it is ipv4, ipv6 or dual")
            return nil
        }
    }

    /// The ranges that are written, with a comma between them; or kind's own of these families
    /// (`SetDefaultsCluster` in kind's pkg/internal/apis/config).
    private static func subnets(
        _ field: Field, _ families: [AddressFamily]?, ipv4: String, ipv6: String, _ diagnostics: inout Diagnostics
    ) -> [Prefix] {
        guard let text = field.text(&diagnostics) else {
            return (families ?? [.ipv4]).compactMap { Field.prefix($0 == .ipv4 ? ipv4 : ipv6) }
        }
        var subnets: [Prefix] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let prefix = InterfaceAddress(part.trimmingBlanks)?.prefix else {
                diagnostics.error(field, "\"\(part.trimmingBlanks)\" is not a prefix, such as 10.244.0.0/16")
                continue
            }
            if subnets.contains(where: { $0.family == prefix.family }) {
                diagnostics.error(field, "there are two \(prefix.family) ranges; a cluster has one a family")
                continue
            }
            subnets.append(prefix)
        }
        return subnets
    }

    /// Patches of the whole cluster: the first control-plane node is initialised, all others join.
    private mutating func apply(_ patches: [KubeadmPatch]) {
        let first = nodes.firstIndex(where: \.isControlPlane)
        for patch in patches {
            switch patch.kind {
            case .initialise: if let first { nodes[first].apply(patch) }
            case .join: for index in nodes.indices where index != first { nodes[index].apply(patch) }
            case .cluster:
                if let subnet = patch.podSubnets { podSubnets = subnet }
                if let subnet = patch.serviceSubnets { serviceSubnets = subnet }
            case .proxy: if let mode = patch.kubeProxyMode, kubeProxyMode != .none { kubeProxyMode = mode }
            }
        }
    }
}

extension KindCluster.Node {
    /// - Parameter patches: gets those that are of the whole cluster.
    fileprivate init(_ field: Field, _ patches: inout [KubeadmPatch], _ diagnostics: inout Diagnostics) {
        place = field.place
        let role = field["role"].text(&diagnostics) ?? "control-plane"
        isControlPlane = role != "worker"
        if role != "control-plane", role != "worker" {
            diagnostics.error(field["role"], "\"\(role)\" is not a role; a node is control-plane or worker")
        }
        labels = field["labels"].texts(&diagnostics)
        for mount in field["extraMounts"].list(&diagnostics) {
            guard let source = mount["hostPath"].text(&diagnostics),
                let target = mount["containerPath"].text(&diagnostics)
            else {
                diagnostics.warn(mount, "a mount has a hostPath and a containerPath; this one is left out")
                continue
            }
            let isReadOnly = mount["readOnly"].boolean(&diagnostics) ?? false
            mounts.append(
                KindCluster.Mount(source: source, target: target, isReadOnly: isReadOnly, place: mount.place))
        }
        for mapping in field["extraPortMappings"].list(&diagnostics) {
            let inside = mapping["containerPort"].text ?? "?",
                outside = mapping["hostPort"].text ?? "of Docker's choice"
            diagnostics.warn(
                mapping,
                "the machine's port \(outside) is not opened, since nslab leaves the machine as it is; in the lab the node has port \(inside)"
            )
        }
        let all =
            field["kubeadmConfigPatches"].list(&diagnostics).flatMap { KubeadmPatch.all(in: $0, &diagnostics) }
            + field["kubeadmConfigPatchesJSON6902"].list(&diagnostics).flatMap {
                KubeadmPatch.all(inOperations: $0, &diagnostics)
            }
        for patch in all {
            if patch.kind == .cluster || patch.kind == .proxy { patches.append(patch) } else { apply(patch) }
        }
    }

    fileprivate mutating func apply(_ patch: KubeadmPatch) {
        if !patch.addresses.isEmpty { addresses = patch.addresses }
        labels.merge(patch.labels) { $1 }
        if patch.isUntainted { isUntainted = true }
    }
}

extension KindCluster {
    /// What kind makes without a configuration.
    static func usual(at place: SourceLine) -> KindCluster {
        KindCluster(
            nodes: [Node(isControlPlane: true, place: place)],
            podSubnets: [Field.prefix("10.244.0.0/16")].compactMap(\.self),
            serviceSubnets: [Field.prefix("10.96.0.0/16")].compactMap(\.self), place: place)
    }
}
