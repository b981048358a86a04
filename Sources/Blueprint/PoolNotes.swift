import Addresses
import Topology

/// What a user should know of how a pool's packets cross, a sentence each.
enum PoolNotes {
    static func notes(
        _ topology: Topology, _ placement: Placement, _ routes: ClusterRoutes, _ features: KernelFeatures
    ) -> [String] {
        guard topology.nodes.count > 1 else { return [] }
        return topology.cluster.pools.filter(\.isOnNodes).compactMap {
            encapsulation(of: $0, placement, routes, features)
        }
            + unreached(topology, placement)
            + placement.nodesWithoutTunnel.map {
                "\($0.node): its \($0.tunnel.deviceTitle) gets no address: \($0.reason)."
            }
    }

    /// Nodes that others cannot route to in a family that pods have.
    private static func unreached(_ topology: Topology, _ placement: Placement) -> [String] {
        let families = AddressFamily.allCases.filter { family in
            topology.cluster.pools.contains { $0.prefix.family == family && $0.isOnNodes }
        }
        return families.flatMap { family in
            placement.nodes.filter { $0.address(family) == nil }.map { node in
                "\(node.name) has no \(family) address, so \(family) of its pods does not leave it."
            }
        }
    }

    private static func encapsulation(
        of pool: Pool, _ placement: Placement, _ routes: ClusterRoutes, _ features: KernelFeatures
    ) -> String? {
        let family = pool.prefix.family
        switch pool.encapsulation {
        case .vxlan: return nil
        case .vxlanCrossSubnet:
            return crossSubnet(pool, placement)
        case .ipip, .ipipCrossSubnet:
            guard features.contains(.ipip) else {
                return
                    "IP pool \(pool.name) is \(pool.encapsulation.rawValue): this kernel has no IPIP (module ipip, "
                    + "CONFIG_NET_IPIP), so it is routed natively, as without encapsulation."
            }
            return pool.encapsulation == .ipip ? nil : crossSubnet(pool, placement)
        case .none:
            let origin =
                "IP pool \(pool.name) has no encapsulation: the routes between nodes, which Calico's BIRD would bring by "
                + "BGP, are there as Felix's (proto 80)"
            return origin + (routes.spansSubnets(family) ? ", and routers have them as BGP's (proto 186)." : ".")
        }
    }

    private static func crossSubnet(_ pool: Pool, _ placement: Placement) -> String {
        let family = pool.prefix.family
        let subnets = placement.nodes.compactMap { $0.address(family)?.address.prefix }
        let name = "IP pool \(pool.name) is \(pool.encapsulation.rawValue)"
        let (tunnel, device) =
            pool.encapsulation == .ipipCrossSubnet ? ("IPIP", "tunl0") : ("VXLAN", "the VXLAN device")
        if let subnet = subnets.first, Set(subnets).count == 1 {
            return
                "\(name) and all nodes share \(subnet), so \(family) between them is routed natively; \(device) is there "
                + "and carries nothing."
        }
        return
            "\(name): \(family) is routed natively between nodes of one subnet and crosses \(tunnel) between subnets."
    }
}
