import Addresses
import Calico
import Topology

extension Placement {
    /// Places a topology's workloads and gives out addresses: first every node's tunnels, then the pods in creation
    /// order.
    ///
    /// Pods that fit nowhere are pending; whether that is an error is for the caller to say.
    ///
    /// - Throws: `BlueprintError` for pools that cannot be divided, node interfaces that cannot be named, and nodes
    ///   whose tunnel gets no address.
    public init(_ topology: Topology) throws(BlueprintError) {
        var problems: [BlueprintError.Problem] = []
        let pools = ClusterPools(topology.cluster, problems: &problems)
        var ipam = IPAM(
            pools: pools.all, reservations: topology.cluster.reservedAddresses,
            requested: topology.workloads.flatMap(\.addresses))
        for node in topology.nodes {
            nodes.append(place(node, pools, &ipam, isTolerant: topology.allowsPendingPods, problems: &problems))
        }
        var names = PodNames(
            taken: topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
                + topology.hosts.map(\.name))
        var scheduling = Scheduling(topology.nodes)
        for workload in topology.workloads {
            for (replica, index) in scheduling.nodes(for: workload).enumerated() {
                let node = index.map { topology.nodes[$0] }
                var pod = names.pod(of: workload, replica: replica, node: node?.name)
                if workload.usesHostNetwork, let index {
                    pod.addresses = nodes[index].addresses.map(\.address.address)
                } else if pod.pendingReason == nil {
                    pools.address(&pod, of: workload, on: node, from: &ipam, in: topology)
                }
                pods.append(pod)
            }
        }
        if !problems.isEmpty { throw BlueprintError(problems) }
        blocks = ipam.blocks
        borrowed = ipam.assignments.filter(\.isBorrowed)
    }

    private mutating func place(
        _ node: TopologyNode, _ pools: ClusterPools, _ ipam: inout IPAM, isTolerant: Bool,
        problems: inout [BlueprintError.Problem]
    ) -> Placement.Node {
        var placed = Node(name: node.name)
        for family in AddressFamily.allCases {
            guard let (address, interface) = node.nodeAddress(family) else { continue }
            guard let name = InterfaceName(interface.name) else {
                problems.append(.interfaceName(Endpoint(node.name, interface.name)))
                continue
            }
            placed.addresses.append(NodeAddress(address: address, interface: name))
            for tunnel in Tunnel.allCases {
                let tunnelPools = pools.tunnelPools(tunnel, family, for: node)
                // Without a tunnelled pool for it a node has no end of the tunnel (determineEnabledPoolCIDRs in
                // node/pkg/allocateip), and without a node address no place for one.
                if tunnelPools.isEmpty { continue }
                do throws(IPAMError) {
                    let owner = IPAM.Owner.tunnel(tunnel, node: node.name)
                    let address = try ipam.assign(to: owner, on: node.name, from: tunnelPools)
                    placed.tunnels.append(TunnelEnd(tunnel: tunnel, address: address))
                } catch {
                    if isTolerant {
                        nodesWithoutTunnel.append(NodeWithoutTunnel(node: node.name, tunnel: tunnel, reason: error))
                    } else {
                        problems.append(.tunnelAddress(node: node.name, tunnel, error))
                    }
                }
            }
        }
        return placed
    }
}

/// A node as the user wrote it, where `Node` means `Placement.Node`.
typealias TopologyNode = Node

/// The cluster's pools, as the address book knows them and as nodes and pods choose among them.
struct ClusterPools {
    let all: [IPPool]
    private let asWritten: [Pool]
    private let families: [AddressFamily]

    init(_ cluster: Cluster, problems: inout [BlueprintError.Problem]) {
        var all: [IPPool] = []
        var asWritten: [Pool] = []
        for pool in cluster.pools {
            do throws(IPAMError) {
                let encapsulation = Encapsulation(pool.encapsulation)
                all.append(
                    try IPPool(
                        name: pool.name, prefix: pool.prefix, blockSize: pool.blockSize, encapsulation: encapsulation))
                asWritten.append(pool)
            } catch {
                problems.append(.pool(error))
            }
        }
        (self.all, self.asWritten) = (all, asWritten)
        // What only those get who ask for it is no family of every pod.
        let usual = asWritten.filter { $0.isForEveryone }
        families = AddressFamily.allCases.filter { family in usual.contains { $0.prefix.family == family } }
    }

    /// The pools that the address of a node's end of a tunnel may come from.
    func tunnelPools(_ tunnel: Tunnel, _ family: AddressFamily, for node: TopologyNode) -> [IPPool] {
        pools(family, for: node) { $0.allowedUses.contains(.tunnel) }.filter { $0.encapsulation.tunnel == tunnel }
    }

    /// Gives a pod its addresses, or the reason why it has none.
    func address(
        _ pod: inout Placement.Pod, of workload: Workload, on node: TopologyNode?, from ipam: inout IPAM,
        in topology: Topology
    ) {
        guard let node else {
            let missing = workload.nodeName.flatMap { name in topology.nodes.contains { $0.name == name } ? nil : name }
            pod.pendingReason = missing.map { .noSuchNode($0) } ?? .noFittingNode
            return
        }
        if let unknown = workload.pools.first(where: { name in
            !asWritten.contains { $0.name == name && $0.allowedUses.contains(.workload) }
        }) {
            pod.pendingReason = .noSuchPool(unknown)
            return
        }
        let owner = IPAM.Owner.pod(namespace: pod.namespace, name: pod.name)
        let before = ipam.assignments.count
        do throws(IPAMError) {
            // As with Calico's ipAddrs annotation, a pod that asks for addresses gets these and no others.
            for address in workload.addresses.sorted() {
                try ipam.assign(address, to: owner, on: node.name)
                pod.addresses.append(address)
            }
            if workload.addresses.isEmpty {
                let named = all.filter { workload.pools.contains($0.name) }
                let wanted = AddressFamily.allCases.filter { family in
                    families.contains(family) || named.contains { $0.family == family }
                }
                if wanted.isEmpty { throw .noPool(node: node.name) }
                for family in wanted {
                    let asked = named.filter { $0.family == family }
                    let candidates =
                        asked.isEmpty ? pools(family, for: node) { $0.isForEveryone } : asked
                    pod.addresses.append(try ipam.assign(to: owner, on: node.name, from: candidates))
                }
            }
        } catch {
            ipam.releaseAssignments(after: before)
            pod.addresses = []
            pod.pendingReason = .noAddress(error)
        }
    }

    private func pools(
        _ family: AddressFamily, for node: TopologyNode, where isRight: (Pool) -> Bool
    ) -> [IPPool] {
        zip(all, asWritten).compactMap { $0.family == family && $1.serves(node) && isRight($1) ? $0 : nil }
    }
}

extension Pool {
    /// Whether pods get addresses of it without asking for it by name, on the nodes that it selects.
    fileprivate var isForEveryone: Bool {
        assignsAutomatically && allowedUses.contains(.workload) && nodeSelector != .nobody
    }
}

extension Encapsulation {
    /// A pool's encapsulation as the topology names it.
    init(_ encapsulation: Pool.Encapsulation) {
        switch encapsulation {
        case .none: self = .none
        case .ipip: self = .ipip
        case .ipipCrossSubnet: self = .ipipCrossSubnet
        case .vxlan: self = .vxlan
        case .vxlanCrossSubnet: self = .vxlanCrossSubnet
        }
    }
}
