import Addresses
import Calico
import Rtnetlink
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

    init(
        _ node: TopologyNode, _ placed: Placement.Node, _ topology: Topology, _ cabling: Cabling,
        _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        let machine = MachineContent(node.name, node.interfaces, cabling, features, problems: &problems)
        content.sysctls = KernelSettings.node.overridden(by: node.sysctls)
        content.links = [Link("lo", .loopback)] + machine.links
        content.addresses = machine.addresses
        nextHops = machine.nextHops
        notes = machine.notes
        let underlay = machine.underlayMTU ?? Cabling.ethernetMTU
        let vxlanFamilies = Set(
            topology.cluster.pools.filter { Encapsulation($0.encapsulation).needsVXLAN }.map(\.prefix.family))
        podMTU = topology.cluster.mtu ?? MTU.pod(vxlanFamilies: vxlanFamilies, underlay: underlay)
        for tunnel in placed.tunnels {
            guard let address = placed.address(tunnel.family) else { continue }
            addVXLAN(placed.name, tunnel, address, topology.cluster, underlay)
        }
        addStaticRoutes(of: node, hasIPv4Pods: topology.cluster.pools.contains { $0.prefix.family == .ipv4 })
        if !topology.services.isEmpty { addServiceRoutes(topology.cluster.serviceSubnets, placed) }
    }

    /// A packet to a service's address is routed before it is known to be for a service: by a node's own process before
    /// it is translated, and by a pod where nobody answers and the refusal comes from the forward hook. A real node's
    /// default route does for that; a node without one needs this. Nothing is ever sent by it.
    private mutating func addServiceRoutes(_ subnets: [Prefix], _ placed: Placement.Node) {
        for subnet in subnets where nextHops.hop(to: subnet.address) == nil {
            guard let interface = placed.address(subnet.family)?.interface else { continue }
            content.routes.append(
                Route(
                    subnet, device: interface, metric: Route.metric(nil, subnet.family), scope: .onLink(subnet.family)))
        }
    }

    private mutating func addVXLAN(
        _ node: String, _ tunnel: IPAddress, _ address: Placement.NodeAddress, _ cluster: Cluster, _ underlay: UInt32
    ) {
        let family = tunnel.family
        let device = VTEP.device(family)
        let vxlan = VXLAN(
            vni: cluster.vxlanVNI, port: cluster.vxlanPort, local: address.address.address, device: address.interface)
        content.links.append(
            Link(
                device, .vxlan(vxlan), mac: VTEP.mac(of: node, family),
                mtu: cluster.mtu ?? MTU.vxlan(family, underlay: underlay)))
        content.addresses.append(DeviceAddress(device, InterfaceAddress(tunnel, prefixLength: family.bits)))
    }

    private mutating func addStaticRoutes(of node: TopologyNode, hasIPv4Pods: Bool) {
        let taken = nextHops.take(node.routes, of: node.name)
        content.routes += taken.routes
        notes += taken.notes
        // The kernel answers an ARP request by proxy only for an address that it has a route to by another link. A real
        // node's default route does for the pods' next hop; a node without one needs this.
        let gateway = WorkloadInterface.gatewayV4
        if hasIPv4Pods, nextHops.hop(to: gateway) == nil {
            content.routes.append(Route(gateway.hostPrefix, device: "lo", scope: .link))
        }
    }

    /// Adds the drops for what the node's own blocks have not given out (Felix's `blackholeRoutes`). A block of one
    /// address has none: it would take the place of the pod's own route.
    mutating func addBlackholes(_ blocks: [Prefix]) {
        for block in blocks where block.length < block.family.bits {
            content.routes.append(
                Route(block, .blackhole, metric: Route.metric(nil, block.family), origin: .calico))
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
