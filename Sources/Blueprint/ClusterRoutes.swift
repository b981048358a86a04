import Addresses
import Calico
import NetworkObjects
import Topology

/// How each node reaches the others' blocks and borrowed addresses, and the neighbours and forwarding entries of its
/// VXLAN devices (felix/dataplane/linux/vxlan_mgr.go).
struct ClusterRoutes {
    /// What a node owns that others need a route to.
    private struct Destination {
        let prefix: Prefix
        let encapsulation: Encapsulation
        /// Whether it is announced to routers.
        let isAnnounced: Bool
    }

    private let nodes: [Placement.Node]
    /// By node, in the order of `nodes`: its blocks, then the addresses it has of other nodes' blocks.
    private let destinations: [[Destination]]
    /// By node, the MAC addresses of its tunnel ends: IPv4's, then IPv6's.
    private let macs: [[MACAddress]]

    /// - Parameter hidden: the pools whose blocks are not announced to routers (`disableBGPExport`).
    init(_ placement: Placement, _ features: KernelFeatures, hidden: Set<String> = []) {
        nodes = placement.nodes
        macs = nodes.map { node in AddressFamily.allCases.map { VTEP.mac(of: node.name, $0) } }
        let index = Dictionary(nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var destinations = [[Destination]](repeating: [], count: nodes.count)
        for block in placement.blocks {
            guard let node = block.node, let at = index[node] else { continue }
            destinations[at].append(
                Destination(
                    prefix: block.prefix, encapsulation: features.encapsulation(block.encapsulation),
                    isAnnounced: !hidden.contains(block.pool)))
        }
        for assignment in placement.borrowed {
            guard let at = index[assignment.node] else { continue }
            destinations[at].append(
                Destination(
                    prefix: assignment.address.hostPrefix,
                    encapsulation: features.encapsulation(assignment.encapsulation), isAnnounced: true))
        }
        self.destinations = destinations
    }

    /// What a node has for the others.
    private struct Entries {
        var routes: [Route] = []
        var neighbours: [Neighbour] = []
        var forwarding: [ForwardingEntry] = []
    }

    /// Adds all of it to a node's content, remote node by remote node.
    func add(to content: inout NamespaceContent, of local: Int, _ nextHops: NextHops, notes: inout [String]) {
        var entries = Entries()
        for remote in nodes.indices where remote != local {
            for family in AddressFamily.allCases {
                guard let ours = nodes[local].address(family), let theirs = nodes[remote].address(family) else {
                    continue
                }
                addTunnelEnd(to: &entries, local, remote, family, at: theirs.address.address)
                addRoutes(to: &entries, local, remote, family, ours, theirs.address.address, nextHops, notes: &notes)
            }
        }
        content.routes += entries.routes
        content.neighbours += entries.neighbours
        content.forwarding += entries.forwarding
    }

    /// Every remote node's tunnel end is known, whether a route leads there or not.
    private func addTunnelEnd(
        to entries: inout Entries, _ local: Int, _ remote: Int, _ family: AddressFamily,
        at remoteAddress: IPAddress
    ) {
        guard nodes[local].address(of: .vxlan, family) != nil,
            let tunnel = nodes[remote].address(of: .vxlan, family)
        else { return }
        let device = VTEP.device(family)
        let mac = macs[remote][family == .ipv4 ? 0 : 1]
        entries.neighbours.append(Neighbour(device, tunnel, mac: mac))
        entries.forwarding.append(ForwardingEntry(device, mac, destination: remoteAddress))
    }

    private func addRoutes(
        to entries: inout Entries, _ local: Int, _ remote: Int, _ family: AddressFamily,
        _ ours: Placement.NodeAddress, _ remoteAddress: IPAddress, _ nextHops: NextHops, notes: inout [String]
    ) {
        let metric = Route.metric(nil, family)
        let isNear = ours.address.prefix.contains(remoteAddress)
        var hasVXLANRoute = false
        var isWithoutHop = false
        for destination in destinations[remote] where destination.prefix.family == family {
            // The origin that `ip route` shows on a real cluster: VXLAN's routes are Felix's, those of IPIP are BIRD's.
            let tunnel = destination.encapsulation.tunnel
            if let tunnel, destination.encapsulation.tunnels(to: remoteAddress, from: ours.address) {
                guard nodes[local].address(of: tunnel, family) != nil,
                    let end = nodes[remote].address(of: tunnel, family)
                else { continue }
                let device = tunnel.device(family)
                if tunnel == .ipip {
                    entries.routes.append(
                        Route(
                            destination.prefix, via: remoteAddress, device: device, metric: metric, origin: .bird,
                            onlink: true))
                    continue
                }
                // The gateway has to be on link before a route can lead through it.
                if !hasVXLANRoute {
                    entries.routes.append(
                        Route(end.hostPrefix, device: device, metric: metric, scope: .onLink(family)))
                    hasVXLANRoute = true
                }
                // A block of one address may be the tunnel's own: it is reached already.
                if destination.prefix == end.hostPrefix { continue }
                entries.routes.append(
                    Route(destination.prefix, via: end, device: device, metric: metric, onlink: true))
            } else if isNear, tunnel == .ipip {
                entries.routes.append(
                    Route(
                        destination.prefix, via: remoteAddress, device: ours.interface, metric: metric, origin: .bird))
            } else if isNear {
                entries.routes.append(
                    Route(
                        destination.prefix, via: remoteAddress, device: ours.interface, metric: metric,
                        origin: .calico, onlink: true))
            } else if let hop = nextHops.hop(to: remoteAddress) {
                // No encapsulation, another subnet: the route that BGP would bring leads through the next hop on the
                // way to the node.
                entries.routes.append(
                    Route(destination.prefix, via: hop.gateway, device: hop.device, metric: metric, origin: .calico))
            } else {
                isWithoutHop = true
            }
        }
        if isWithoutHop {
            notes.append(
                "\(nodes[local].name) has no route to \(nodes[remote].name) at \(remoteAddress), so it has none to its "
                    + "\(family) blocks either.")
        }
    }

    /// The routes that a router would learn of the nodes by BGP: those to all blocks where it speaks with nodes (BIRD tells
    /// its peers of tunnelled ones too, `calico_export_to_bgp_peers`); else those to blocks of pools without encapsulation,
    /// where the nodes are not all in one subnet and rely on routers to know the way.
    func announced(to router: Router, _ nextHops: NextHops) -> [Route] {
        var routes: [Route] = []
        let speaksBGP = router.learnsBlocks
        for family in AddressFamily.allCases where speaksBGP || spansSubnets(family) {
            for (index, node) in nodes.enumerated() {
                // What a peer tells of is behind the peer; what it is known by in the cluster may be on its loopback.
                let peer = router.learnedNodes.first { $0.node == node.name && $0.gateway.family == family }?.gateway
                guard let address = peer ?? node.address(family)?.address.address, let hop = nextHops.hop(to: address)
                else { continue }
                for destination in destinations[index]
                where destination.prefix.family == family && destination.isAnnounced
                    && (speaksBGP || destination.encapsulation == .none)
                {
                    routes.append(
                        Route(
                            destination.prefix, via: hop.gateway, device: hop.device,
                            metric: Route.metric(nil, family), origin: .bgp))
                }
            }
        }
        return routes
    }

    /// Whether some node's address is outside another's subnet.
    func spansSubnets(_ family: AddressFamily) -> Bool {
        let subnets = Set(nodes.compactMap { $0.address(family)?.address.prefix })
        return subnets.count > 1
    }
}
