import Addresses
import Calico
import Topology

extension Placement {
    /// Places a topology's workloads and gives out addresses: first every node's tunnels, then the pods in creation
    /// order.
    ///
    /// Pods that fit nowhere are pending; whether that is an error is for the caller to say.
    ///
    /// - Parameter kept: what the nodes and pods of the running lab have.
    /// - Throws: `BlueprintError` for pools that cannot be divided, node interfaces that cannot be named, and nodes
    ///   whose tunnel gets no address.
    public init(_ topology: Topology, keeping kept: Allocations = .empty) throws(BlueprintError) {
        var problems: [BlueprintError.Problem] = []
        let pools = ClusterPools(topology.cluster, problems: &problems)
        let slots = PodSlot.all(of: topology, keeping: kept)
        var ipam = pools.addressBook(topology, slots, keeping: kept)
        for node in topology.nodes {
            nodes.append(place(node, pools, &ipam, isTolerant: topology.allowsPendingPods, problems: &problems))
        }
        var names = PodNames(
            taken: topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
                + topology.hosts.map(\.name),
            kept: slots.compactMap { slot in
                slot.kept.map { (topology.workloads[slot.workload].namespace, $0) }
            })
        for slot in slots {
            let workload = topology.workloads[slot.workload]
            let node = slot.node.map { topology.nodes[$0] }
            var pod = names.pod(of: workload, replica: slot.replica, node: node?.name, keeping: slot.kept)
            (pod.nameResolution, pod.hostAliases) = (workload.nameResolution, workload.hostAliases)
            pod.workloadKind = workload.kind
            if workload.usesHostNetwork, let index = slot.node {
                pod.addresses = nodes[index].addresses.map(\.address.address)
            } else if let obstacle = slot.obstacle {
                pod.pendingReason = pod.pendingReason ?? .unschedulable(obstacle)
            } else if pod.pendingReason == nil {
                pools.address(&pod, of: workload, on: node, from: &ipam, in: topology)
            }
            pods.append(pod)
            guard let node, pod.pendingReason != .nameTaken else { continue }
            allocations.pods[slot.key] = Allocations.Pod(
                name: pod.name, node: node.name, networkNamespace: pod.networkNamespace,
                pools: workload.pools.isEmpty ? nil : workload.pools)
        }
        if !problems.isEmpty { throw BlueprintError(problems) }
        blocks = ipam.blocks
        borrowed = ipam.assignments.filter(\.isBorrowed)
        allocations.blocks = ipam.kept
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
                    let held = ipam.addresses(of: owner).first { $0.family == family }
                    let address: IPAddress
                    if let held {
                        address = held
                    } else {
                        address = try ipam.assign(to: owner, on: node.name, from: tunnelPools)
                    }
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

    /// The cluster's address book, in which nodes and pods go on having what they have.
    func addressBook(_ topology: Topology, _ slots: [PodSlot], keeping kept: Allocations) -> IPAM {
        let (reserved, requested) = (topology.cluster.reservedAddresses, topology.workloads.flatMap(\.addresses))
        if kept.blocks.isEmpty { return IPAM(pools: all, reservations: reserved, requested: requested) }
        let nodes = Dictionary(topology.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var holders: [IPAM.Owner: (slot: PodSlot, workload: Workload)] = [:]
        for slot in slots {
            guard let pod = slot.kept, slot.node.map({ topology.nodes[$0].name }) == pod.node else { continue }
            let workload = topology.workloads[slot.workload]
            if workload.usesHostNetwork { continue }
            holders[.pod(namespace: workload.namespace, name: pod.name)] = (slot, workload)
        }
        return IPAM(
            pools: all, reservations: reserved, requested: requested, continuing: kept.blocks,
            nodes: Set(nodes.keys),
            serves: { pool, name in
                nodes[name].map { node in zip(all, asWritten).contains { $0 == pool && $1.serves(node) } } ?? false
            },
            holder: { owner, address, pool in
                switch owner {
                case .tunnel(let tunnel, let name):
                    guard let node = nodes[name], node.nodeAddress(address.family) != nil,
                        tunnelPools(tunnel, address.family, for: node).contains(pool)
                    else { return nil }
                    return name
                case .pod:
                    guard let (slot, workload) = holders[owner], let pod = slot.kept, let node = nodes[pod.node],
                        isHeld(address, of: pool, by: workload, asking: pod.pools ?? [], on: node)
                    else { return nil }
                    return node.name
                }
            })
    }

    /// Whether a pod goes on having an address. As long as it asks for the same, it does: a pool that gives out no more takes
    /// nothing back.
    private func isHeld(
        _ address: IPAddress, of pool: IPPool, by workload: Workload, asking pools: [String], on node: TopologyNode
    ) -> Bool {
        if !workload.addresses.isEmpty { return workload.addresses.contains(address) }
        if workload.pools == pools { return true }
        let asked = all.filter { workload.pools.contains($0.name) && $0.family == address.family }
        return (asked.isEmpty ? self.pools(address.family, for: node) { $0.isForEveryone } : asked).contains(pool)
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
            pod.addresses = ipam.addresses(of: owner)
            for address in workload.addresses.sorted() where !pod.addresses.contains(address) {
                try ipam.assign(address, to: owner, on: node.name)
                pod.addresses.append(address)
            }
            if workload.addresses.isEmpty {
                let named = all.filter { workload.pools.contains($0.name) }
                let wanted = AddressFamily.allCases.filter { family in
                    families.contains(family) || named.contains { $0.family == family }
                }
                if wanted.isEmpty, pod.addresses.isEmpty { throw .noPool(node: node.name) }
                for family in wanted where !pod.addresses.contains(where: { $0.family == family }) {
                    let asked = named.filter { $0.family == family }
                    let candidates =
                        asked.isEmpty ? pools(family, for: node) { $0.isForEveryone } : asked
                    pod.addresses.append(try ipam.assign(to: owner, on: node.name, from: candidates))
                }
            }
            pod.addresses.sort()
        } catch {
            ipam.releaseAssignments(after: before)
            ipam.release(owner)
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
