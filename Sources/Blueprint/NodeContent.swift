import Addresses
import Calico
import NetworkObjects
import Topology

/// What a node's namespace holds but for the routes to other nodes' blocks.
struct NodeContent {
    /// What the kernel must hold.
    var content = NamespaceContent()
    /// What a user should know.
    var notes: [String] = []
    /// Its ways out.
    private(set) var nextHops = NextHops()
    /// The MTU of its pods in bytes.
    let podMTU: UInt32
    private let features: KernelFeatures

    init(
        _ node: TopologyNode, _ placed: Placement.Node, _ topology: Topology, _ cabling: Cabling,
        _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        self.features = features
        let machine = HostContent(node.name, node.interfaces, cabling, features, problems: &problems)
        content.sysctls = KernelSettings.node.overridden(by: node.sysctls)
        content.links = [Link("lo", .loopback)] + machine.links
        content.addresses = machine.addresses
        nextHops = machine.nextHops
        notes = machine.notes
        let underlay = machine.underlayMTU ?? Cabling.ethernetMTU
        let tunnels = topology.cluster.pools.compactMap { pool in
            Encapsulation(pool.encapsulation).tunnel.map { ($0, pool.prefix.family) }
        }
        podMTU = topology.cluster.mtu ?? MTU.pod(tunnels: tunnels, underlay: underlay)
        for end in placed.tunnels where end.tunnel != .ipip || features.contains(.ipip) {
            guard let address = placed.address(end.address.family) else { continue }
            add(end, of: placed.name, at: address, topology.cluster, underlay)
        }
        addStaticRoutes(of: node, hasIPv4Pods: topology.cluster.pools.contains { $0.prefix.family == .ipv4 })
        if !topology.services.isEmpty { addServiceRoutes(topology.cluster.serviceSubnets, placed) }
    }

    /// A packet to a service's address is routed before it is known to be for a service: by a node's own process before
    /// it is translated, and by a pod that does not answer and the refusal comes from the forward hook. A real node's
    /// default route does for that; a node without one needs this. Nothing is ever sent by it.
    private mutating func addServiceRoutes(_ subnets: [Prefix], _ placed: Placement.Node) {
        for subnet in subnets where nextHops.hop(to: subnet.address) == nil {
            guard let interface = placed.address(subnet.family)?.interface else { continue }
            content.routes.append(
                Route(
                    subnet, device: interface, metric: Route.metric(nil, subnet.family), scope: .onLink(subnet.family)))
        }
    }

    private mutating func add(
        _ end: Placement.TunnelEnd, of node: String, at address: Placement.NodeAddress, _ cluster: Cluster,
        _ underlay: UInt32
    ) {
        let family = end.address.family
        let device = end.tunnel.device(family)
        let mtu = cluster.mtu ?? MTU.device(end.tunnel, family, underlay: underlay)
        switch end.tunnel {
        case .vxlan:
            let vxlan = VXLAN(
                vni: cluster.vxlanVNI, port: cluster.vxlanPort, local: address.address.address,
                device: address.interface)
            content.links.append(Link(device, .vxlan(vxlan), mac: VTEP.mac(of: node, family), mtu: mtu))
        case .ipip:
            content.links.append(Link(device, .ipip(IPIP()), mtu: mtu))
            content.sysctls += KernelSettings.fallbackTunnel(device)
        }
        content.addresses.append(DeviceAddress(device, InterfaceAddress(end.address, prefixLength: family.bits)))
    }

    private mutating func addStaticRoutes(of node: TopologyNode, hasIPv4Pods: Bool) {
        var taken = nextHops.take(node.routes, of: node.name)
        // What BGP brings to a node is Calico's BIRD's.
        for index in taken.routes.indices where taken.routes[index].origin == .bgp {
            taken.routes[index].origin = .bird
        }
        content.routes += taken.routes
        notes += taken.notes
        // The kernel answers an ARP request by proxy only for an address that it has a route to by another link. A real
        // node's default route does for the pods' next hop; a node without one needs this.
        let gateway = WorkloadInterface.gatewayV4
        if hasIPv4Pods, nextHops.hop(to: gateway) == nil {
            content.routes.append(Route(gateway.hostPrefix, device: "lo", scope: .link))
        }
    }

    /// Adds the drops for what the node's own blocks have not given out (Felix's `blackholeRoutes`, BIRD's
    /// `calico_blackholes` where BIRD has the routes). A block of one
    /// address has none: it would take the place of the pod's own route.
    mutating func addBlackholes(_ blocks: [IPAM.Block]) {
        for block in blocks where block.prefix.length < block.prefix.family.bits {
            let origin: Route.Origin = features.encapsulation(block.encapsulation).tunnel == .ipip ? .bird : .calico
            content.routes.append(
                Route(block.prefix, .blackhole, metric: Route.metric(nil, block.prefix.family), origin: origin))
        }
    }

    /// Adds the node's end of a pod's cable, and the routes to it.
    mutating func add(_ pod: Placement.Pod) {
        let device = pod.hostInterface
        let peer = VethPeer(namespace: pod.networkNamespace, name: WorkloadInterface.podInterface)
        content.links.append(Link(device, .veth(peer: peer), mac: WorkloadInterface.hostMAC, mtu: podMTU))
        content.sysctls += KernelSettings.workload(device)
        for address in pod.addresses {
            let family = address.family
            content.routes.append(
                Route(
                    address.hostPrefix, device: device, metric: Route.metric(nil, family), scope: .onLink(family)))
        }
    }
}
