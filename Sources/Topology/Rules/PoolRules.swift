import Addresses

/// Rules of pools and of the other ranges of the cluster.
extension TopologyCheck {
    mutating func pools() {
        let cluster = topology.cluster
        for pool in cluster.pools {
            let path = Self.cluster["pools"][pool.name]
            // Calico's limits (validateIPPoolSpec in libcalico-go's validator).
            let limits = pool.prefix.family == .ipv4 ? 20...32 : 116...128
            if !limits.contains(pool.blockSize) {
                report(
                    path["blockSize"],
                    "Calico's \(pool.prefix.family) blocks are /\(limits.lowerBound) to /\(limits.upperBound); "
                        + "/\(pool.blockSize) is none of them")
            } else if pool.blockSize < pool.prefix.length {
                report(
                    path["blockSize"],
                    "a block of /\(pool.blockSize) does not fit in \(pool.prefix); write a block size from "
                        + "\(max(pool.prefix.length, limits.lowerBound)) to \(limits.upperBound)")
            }
            if pool.prefix.overlaps(.linkLocal(pool.prefix.family)) {
                report(
                    path["cidr"], "\(pool.prefix) overlaps the link-local addresses, which Calico refuses for a pool")
            }
        }
        var families: Set<AddressFamily> = []
        for (index, subnet) in cluster.serviceSubnets.enumerated() {
            if !families.insert(subnet.family).inserted {
                report(
                    Self.cluster["serviceSubnets"][index],
                    "there is another \(subnet.family) range of services; a cluster has one a family")
            }
        }
        if cluster.vxlanPort == 0 { report(Self.cluster["vxlanPort"], "a UDP port is a number from 1 to 65535") }
        if !(1...0xff_ffff).contains(cluster.vxlanVNI) {
            report(
                Self.cluster["vxlanVNI"],
                "\(cluster.vxlanVNI) is not a VXLAN network identifier; it has 24 bits, 1 to 16777215")
        }
        poolFamilies()
    }

    /// Blocks are reached by way of their nodes' addresses, so each node needs one of each pool's family.
    private mutating func poolFamilies() {
        for family in AddressFamily.allCases {
            let pools = topology.cluster.pools.filter {
                $0.prefix.family == family && $0.nodeSelector != .nobody && $0.isOnNodes
            }
            guard let pool = pools.first(where: { $0.encapsulation != .none }) ?? pools.first else { continue }
            if pool.encapsulation == .none && topology.nodes.count < 2 { continue }
            for node in topology.nodes where node.nodeAddress(family) == nil {
                reportTolerable(
                    Self.nodes[node.name],
                    "\(node.name) has no \(family) address, and the pool \(pool.name) "
                        + (pool.encapsulation == .none ? "is routed by way of" : "is tunnelled between")
                        + " the nodes' \(family) addresses")
            }
        }
    }

    /// The ranges of pools, services and subnets against each other.
    mutating func prefixes() {
        var ranges: [Range] = []
        let cluster = topology.cluster
        for (index, pool) in cluster.pools.enumerated() {
            ranges.append(Range(prefix: pool.prefix, owner: .pool(index)))
        }
        for (index, subnet) in cluster.serviceSubnets.enumerated() {
            ranges.append(Range(prefix: subnet, owner: .services(index)))
        }
        if ranges.isEmpty { return }
        var seen: Set<Prefix> = []
        for (number, interface) in interfaces.enumerated() {
            for (index, address) in interface.addresses.enumerated() where seen.insert(address.prefix).inserted {
                ranges.append(Range(prefix: address.prefix, owner: .subnet(interface: number, address: index)))
            }
        }
        for (inner, outer) in overlaps(ranges.map(\.prefix), conflict: { conflict(ranges[$0], ranges[$1]) }) {
            // The pool or service range is what people change, and of two of them the later one.
            let (late, early) = inner < outer ? (ranges[outer], ranges[inner]) : (ranges[inner], ranges[outer])
            let (wrong, other) = late.isSubnet ? (early, late) : (late, early)
            reportTolerable(
                path(of: wrong),
                "\(wrong.prefix) overlaps \(other.prefix) of \(title(of: other)) (\(path(of: other))); choose another range"
            )
        }
    }

    private struct Range {
        enum Owner {
            case pool(Int)
            case services(Int)
            case subnet(interface: Int, address: Int)
        }
        var prefix: Prefix
        var owner: Owner

        var isSubnet: Bool { if case .subnet = owner { true } else { false } }
    }

    private func conflict(_ a: Range, _ b: Range) -> Bool { !(a.isSubnet && b.isSubnet) }

    private func path(of range: Range) -> FieldPath {
        switch range.owner {
        case .pool(let index): Self.cluster["pools"][topology.cluster.pools[index].name]["cidr"]
        case .services(let index): Self.cluster["serviceSubnets"][index]
        case .subnet(let interface, let address): topology.path(of: interfaces[interface].place, address: address)
        }
    }

    private func title(of range: Range) -> String {
        switch range.owner {
        case .pool(let index): "pool \(topology.cluster.pools[index].name)"
        case .services: "the services"
        case .subnet(let interface, _): topology.title(of: interfaces[interface].place)
        }
    }
}
