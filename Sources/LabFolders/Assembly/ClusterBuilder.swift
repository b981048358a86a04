import Addresses
import Topology

/// The pools and other ranges of a folder's cluster.
struct ClusterBuilder {
    /// What comes of it.
    private(set) var cluster = Cluster()
    /// Where each pool was written, by name.
    private(set) var poolPlaces: [String: SourceLine] = [:]

    init(_ kind: KindCluster?, _ calico: CalicoResources, _ diagnostics: inout Diagnostics) {
        cluster.serviceSubnets = kind?.serviceSubnets ?? []
        cluster.podSubnets = kind?.podSubnets ?? []
        cluster.kubeProxyMode = kind?.kubeProxyMode ?? .nftables
        cluster.reservedAddresses = calico.reservations
        cluster.advertisedServices = calico.isBGPDisabled ? [] : calico.advertisedServices
        cluster.loadBalancerAssignment = calico.loadBalancerAssignment
        cluster.vxlanPort = calico.vxlanPort ?? cluster.vxlanPort
        cluster.vxlanVNI = calico.vxlanVNI ?? cluster.vxlanVNI
        for pool in installed(kind, calico, &diagnostics) + calico.pools { add(pool, &diagnostics) }
        // The order in which the Kubernetes API lists them, and Calico tries them.
        cluster.pools.sort { $0.name < $1.name }
        let hasIPIP = cluster.pools.contains { $0.encapsulation.isIPIP }
        let hasVXLAN = cluster.pools.contains { $0.encapsulation != .none && !$0.encapsulation.isIPIP }
        if calico.isBGPDisabled, let pool = cluster.pools.first(where: { $0.encapsulation.isIPIP }),
            let place = poolPlaces[pool.name]
        {
            diagnostics.warn(
                at: place,
                "IP pool \(pool.name) is \(pool.encapsulation.rawValue) and BGP is disabled, which the operator refuses, "
                    + "since the routes are BGP's; they are there all the same")
        }
        cluster.mtu =
            calico.mtu
            ?? [hasIPIP ? calico.ipipMTU : nil, hasVXLAN ? calico.vxlanMTU : nil].compactMap(\.self).min()
    }

    private func installed(
        _ kind: KindCluster?, _ calico: CalicoResources, _ diagnostics: inout Diagnostics
    ) -> [Located<Pool>] {
        if let installation = calico.installation {
            return calico.installedPools
                ?? calico.defaultPools(kind?.podSubnets ?? []).map { Located($0, at: installation) }
        }
        guard let kind else { return [] }
        if !calico.manifestPools.isEmpty {
            return kind.podSubnets.compactMap { subnet in
                calico.manifestPools.first { $0.family == subnet.family }
                    .map { Located($0.pool(subnet), at: kind.place) }
            }
        }
        guard calico.isEmpty else { return [] }
        if kind.hasNoPlugin {
            diagnostics.warn(
                at: kind.place,
                "no network plugin is in the folder; Calico is taken, as its own custom-resources.yaml has it: "
                    + "VXLANCrossSubnet, natOutgoing")
        } else {
            diagnostics.warn(
                at: kind.place,
                "kind's own network plugin is built as Calico without encapsulation, with Calico's blocks and names"
            )
        }
        return kind.podSubnets.map { subnet in
            let name = CalicoResources.defaultName(subnet.family, among: [])
            var pool = Pool(name: name, prefix: subnet, natOutgoing: true)
            if kind.hasNoPlugin {
                pool.encapsulation = .vxlanCrossSubnet
            } else if subnet.family == .ipv4 {
                // kindnet gives each node a /24 (kube-controller-manager's --node-cidr-mask-size).
                pool.blockSize = max(24, subnet.length)
            }
            return Located(pool, at: kind.place)
        }
    }

    /// Takes a pool; of two with one name the later one, and of two that overlap the earlier one.
    private mutating func add(_ pool: Located<Pool>, _ diagnostics: inout Diagnostics) {
        if let same = cluster.pools.firstIndex(where: { $0.name == pool.value.name }) {
            cluster.pools[same] = pool.value
        } else if let other = cluster.pools.first(where: { $0.prefix.overlaps(pool.value.prefix) }) {
            return diagnostics.warn(
                at: pool.place,
                "IP pool \(pool.value.name) overlaps \(other.name), \(other.prefix); Calico refuses it, and it is left out"
            )
        } else {
            cluster.pools.append(pool.value)
        }
        poolPlaces[pool.value.name] = pool.place
    }
}
