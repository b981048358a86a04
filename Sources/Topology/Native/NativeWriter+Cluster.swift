import Addresses
import YAML

/// The cluster and its workloads.
extension NativeWriter {
    mutating func cluster(_ cluster: Cluster) {
        let defaults = Cluster()
        if cluster == defaults { return }
        line(0, "cluster")
        if !cluster.pools.isEmpty { line(1, "pools") }
        for pool in cluster.pools {
            var fields = [("cidr", YAMLWriter.scalar(pool.prefix.description))]
            let plain = Pool(name: pool.name, prefix: pool.prefix)
            if pool.blockSize != plain.blockSize { fields.append(("blockSize", "\(pool.blockSize)")) }
            if pool.encapsulation != plain.encapsulation {
                fields.append(("encapsulation", pool.encapsulation.rawValue))
            }
            if pool.natOutgoing { fields.append(("natOutgoing", "true")) }
            switch pool.nodeSelector {
            case .all: break
            case .nobody: fields.append(("nodeSelector", YAMLWriter.scalar("!all()")))
            case .labels(let labels): fields.append(("nodeSelector", self.labels(labels)))
            case .expression(let expression): fields.append(("nodeSelector", YAMLWriter.scalar(expression.description)))
            }
            if pool.allowedUses != plain.allowedUses {
                fields.append(("allowedUses", YAMLWriter.list(pool.allowedUses.map(\.rawValue).sorted())))
            }
            if !pool.assignsAutomatically { fields.append(("assignmentMode", "Manual")) }
            if pool.disablesBGPExport { fields.append(("disableBGPExport", "true")) }
            line(2, YAMLWriter.scalar(pool.name), YAMLWriter.flow(fields))
        }
        if !cluster.serviceSubnets.isEmpty { line(1, "serviceSubnets", YAMLWriter.list(cluster.serviceSubnets)) }
        if !cluster.podSubnets.isEmpty { line(1, "podSubnets", YAMLWriter.list(cluster.podSubnets)) }
        if cluster.kubeProxyMode != .nftables { line(1, "kubeProxyMode", cluster.kubeProxyMode.rawValue) }
        if cluster.loadBalancerAssignment != .allServices {
            line(1, "assignLoadBalancerIPs", cluster.loadBalancerAssignment.rawValue)
        }
        if !cluster.namespaces.isEmpty { line(1, "namespaces", YAMLWriter.list(cluster.namespaces)) }
        if !cluster.reservedAddresses.isEmpty {
            line(1, "reservedAddresses", YAMLWriter.list(cluster.reservedAddresses))
        }
        if !cluster.advertisedServices.isEmpty {
            line(1, "advertisedServices", YAMLWriter.list(cluster.advertisedServices))
        }
        if cluster.vxlanPort != defaults.vxlanPort { line(1, "vxlanPort", "\(cluster.vxlanPort)") }
        if cluster.vxlanVNI != defaults.vxlanVNI { line(1, "vxlanVNI", "\(cluster.vxlanVNI)") }
        if let mtu = cluster.mtu { line(1, "mtu", "\(mtu)") }
    }

    mutating func workload(_ workload: Workload, _ key: String) {
        var fields: [(String, String)] = []
        switch workload.kind {
        case .daemonSet: fields.append(("kind", "DaemonSet"))
        case .deployment(let replicas): fields += [("kind", "Deployment"), ("replicas", "\(replicas)")]
        case .replicaSet(let replicas): fields += [("kind", "ReplicaSet"), ("replicas", "\(replicas)")]
        case .statefulSet(let replicas): fields += [("kind", "StatefulSet"), ("replicas", "\(replicas)")]
        case .pod: fields.append(("kind", "Pod"))
        }
        if !workload.labels.isEmpty { fields.append(("labels", labels(workload.labels))) }
        if let node = workload.nodeName { fields.append(("node", YAMLWriter.scalar(node))) }
        if !workload.nodeSelector.isEmpty { fields.append(("nodeSelector", labels(workload.nodeSelector))) }
        if workload.affinity != NodeAffinity() { fields.append(("affinity", Self.text(workload.affinity))) }
        if workload.toleratesControlPlane { fields.append(("controlPlane", "true")) }
        if !workload.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(workload.addresses))) }
        if !workload.pools.isEmpty {
            fields.append(("pools", YAMLWriter.list(workload.pools)))
        }
        if workload.usesHostNetwork { fields.append(("hostNetwork", "true")) }
        if let hostname = workload.hostname { fields.append(("hostname", YAMLWriter.scalar(hostname))) }
        if let subdomain = workload.subdomain { fields.append(("subdomain", YAMLWriter.scalar(subdomain))) }
        if !workload.ports.isEmpty {
            fields.append(("ports", "[\(workload.ports.map(Self.text).joined(separator: ", "))]"))
        }
        if let address = workload.hardwareAddress { fields.append(("mac", YAMLWriter.scalar(address.description))) }
        fields += Self.fields(ofPods: workload)
        if key != workload.key { fields.append(("name", YAMLWriter.scalar(workload.name))) }
        line(1, YAMLWriter.scalar(key), YAMLWriter.flow(fields))
    }
}
