import Addresses

/// Rules of workloads: each can run somewhere, and the pools suffice for what is known before anything is scheduled.
extension TopologyCheck {
    mutating func workloads() {
        guard !topology.workloads.isEmpty else { return }
        if topology.nodes.isEmpty {
            reportTolerable(
                FieldPath()["workloads"], "there are no nodes for the workloads to run on; add some under nodes")
        }
        if topology.cluster.pools.isEmpty {
            reportTolerable(
                FieldPath()["workloads"], "there are no pools for the pods' addresses; add one under cluster.pools")
        }
        let poolNames = Set(topology.cluster.pools.map(\.name))
        var eligible = EligibleCount(topology)
        for workload in topology.workloads {
            let path = Self.path(of: workload)
            switch workload.kind {
            case .deployment(let replicas), .statefulSet(let replicas), .replicaSet(let replicas):
                if !(0...maximumReplicas).contains(replicas) {
                    report(
                        path["replicas"], "\(replicas) replicas are out of range; nslab takes 0 to \(maximumReplicas)")
                }
            case .daemonSet, .pod: break
            }
            references(of: workload, path)
            if !topology.nodes.isEmpty { node(of: workload, path, eligible.of(workload)) }
            for (index, pool) in workload.pools.enumerated() where !poolNames.contains(pool) {
                reportTolerable(
                    path["pools"][index],
                    "there is no pool \(pool)\(hint(pool, among: topology.cluster.pools.map(\.name)))")
            }
        }
        staticAddresses()
    }

    /// Names that no node, pool or label could have.
    private mutating func references(of workload: Workload, _ path: FieldPath) {
        if let nodeName = workload.nodeName {
            name(nodeName, .subdomain, path["node"], "a node's name", isKubernetes: true)
        }
        // Annotations are not checked by the API server: a cluster finds no such pool, and the pod stays without address.
        for (index, pool) in workload.pools.enumerated() where !topology.allowsPendingPods || pool.contains("{") {
            name(pool, .subdomain, path["pools"][index], "a pool's name")
        }
        let (required, preferred) = (workload.affinity.required, workload.affinity.preferred.map(\.term))
        for requirement in (required + preferred).flatMap(\.labels) { labels([requirement.key: ""], path["affinity"]) }
        for value in required.flatMap(\.labels).flatMap(\.values) where !value.isEmpty && !isLabelWord(value) {
            refuse(path["affinity"], notALabelsValue(value))
        }
        // Of a preference the API server takes any.
        for value in preferred.flatMap(\.labels).flatMap(\.values) where !value.isEmpty && !isLabelWord(value) {
            report(path["affinity"], notALabelsValue(value))
        }
        selectors(of: workload, path)
        let terms = required + preferred
        for value in terms.flatMap(\.names).flatMap(\.values) {
            name(value, .subdomain, path["affinity"], "a node's name", isKubernetes: true)
        }
    }

    /// Selectors of other pods, which the API server checks as it does labels (`ValidateLabelSelector`).
    private mutating func selectors(of workload: Workload, _ path: FieldPath) {
        let affinities = [
            (workload.podAffinity, path["podAffinity"]), (workload.podAntiAffinity, path["podAntiAffinity"]),
        ]
        var selectors: [(LabelSelector?, FieldPath)] = []
        for (affinity, path) in affinities {
            for term in affinity.required + affinity.preferred.map(\.term) {
                selectors.append((term.selector, path))
                labels([term.topologyKey: ""], path)
                for namespace in term.namespaces {
                    name(namespace, .label, path, "a Kubernetes namespace", isKubernetes: true)
                }
            }
        }
        for (index, constraint) in workload.spreadConstraints.enumerated() {
            selectors.append((constraint.selector, path["spread"][index]))
            labels([constraint.topologyKey: ""], path["spread"][index])
        }
        for (selector, path) in selectors {
            labels(selector?.labels ?? [:], path)
            for requirement in selector?.requirements ?? [] {
                labels([requirement.key: ""], path)
                for value in requirement.values where !value.isEmpty && !isLabelWord(value) {
                    refuse(path, notALabelsValue(value))
                }
            }
        }
    }

    private mutating func node(of workload: Workload, _ path: FieldPath, _ eligible: Int) {
        if let name = workload.nodeName {
            guard case .machine(.node(let index))? = devices[name] else {
                reportTolerable(
                    path["node"], "there is no node \(name)\(hint(name, among: topology.nodes.map(\.name)))")
                return
            }
            if !topology.nodes[index].has(workload.nodeSelector) {
                reportTolerable(path["nodeSelector"], "node \(name) does not have the labels that are selected here")
            }
        } else if eligible == 0 {
            if !workload.affinity.required.isEmpty {
                reportTolerable(
                    path,
                    "no node has the labels that its nodeSelector and affinity ask for, or none that it may run on")
            } else if workload.nodeSelector.isEmpty {
                reportTolerable(path, "all nodes are control-plane nodes, where it may not run; add controlPlane: true")
            } else {
                let isTaint = topology.nodes.contains { $0.has(workload.nodeSelector) }
                reportTolerable(
                    path["nodeSelector"],
                    isTaint
                        ? "only control-plane nodes have these labels, and the pods may not run there; add controlPlane: true"
                        : "no node has the labels \(workload.nodeSelector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))"
                )
            }
        }
    }

    /// Addresses that pods ask for.
    private mutating func staticAddresses() {
        var owners: [IPAddress: FieldPath] = [:]
        for workload in topology.workloads where !workload.addresses.isEmpty {
            let path = Self.path(of: workload)
            let pods = workload.podCount(eligibleNodes: 2)
            if pods > 1 {
                reportTolerable(
                    path["addresses"], "\(workload.name) makes several pods, and an address is one pod's; make it a Pod"
                )
            }
            for (index, address) in workload.addresses.enumerated() {
                let path = path["addresses"][index]
                if workload.addresses[..<index].contains(where: { $0.family == address.family }) {
                    reportTolerable(path, "a pod asks for one \(address.family) address at most")
                }
                if let other = owners.updateValue(path, forKey: address) {
                    reportTolerable(path, "\(address) is also requested by another pod (\(other))")
                }
                if !topology.cluster.pools.isEmpty,
                    !topology.cluster.pools.contains(where: { $0.prefix.contains(address) })
                {
                    reportTolerable(
                        path,
                        "\(address) is in no pool; the pools are "
                            + topology.cluster.pools.prefix(4).map(\.prefix.description).joined(separator: ", "))
                }
                if let position = topology.cluster.reservedAddresses.firstIndex(where: { $0.contains(address) }) {
                    reportTolerable(path, "\(address) is reserved (cluster.reservedAddresses[\(position)])")
                }
            }
        }
    }

    // MARK: Sizes

    /// Blocks against nodes, and addresses against pods, where it is clear before scheduling which pool they come from.
    mutating func poolSizes() {
        if topology.cluster.pools.isEmpty || topology.nodes.isEmpty { return }
        for family in AddressFamily.allCases { poolSizes(family) }
    }

    private mutating func poolSizes(_ family: AddressFamily) {
        let pools = topology.cluster.pools.filter { $0.prefix.family == family }
        // Which pool comes first, and which takes what others lack, is Calico's choice; so look where there is but one.
        guard let pool = pools.first, pools.count == 1, pool.blockSize >= pool.prefix.length else { return }
        let path = Self.cluster["pools"][pool.name]
        var eligible = EligibleCount(topology)
        let served = topology.nodes.count { pool.serves($0) }
        // A tunnel takes an address, and with it a block, on each node.
        let tunnels = pool.encapsulation == .none ? 0 : served
        var needBlocks = tunnels
        var pods = 0
        for workload in topology.workloads {
            let nodes = eligible.of(workload)
            if nodes == 0 || pool.nodeSelector != .all && !workload.pools.contains(pool.name) { continue }
            pods += workload.podCount(eligibleNodes: nodes)
            if workload.kind == .daemonSet { needBlocks = max(needBlocks, nodes) }
        }
        if pool.blockCount < UInt128(needBlocks) {
            reportTolerable(
                path["blockSize"],
                "\(pool.prefix) has \(pool.blockCount) \(pool.blockCount == 1 ? "block" : "blocks") of /\(pool.blockSize) for "
                    + "\(needBlocks) nodes that need one each; make the pool wider or the blocks smaller")
        }
        let bits = family.bits - pool.prefix.length
        let size: UInt128 = bits >= 128 ? .max : 1 << UInt128(bits)
        let reserved = reservedCount(in: pool.prefix)
        let usable = size - min(size, reserved)
        if usable < UInt128(tunnels + pods) {
            reportTolerable(
                path["cidr"],
                "\(pool.prefix) has \(usable) addresses to give for \(pods) pods"
                    + (tunnels == 0 ? "" : " and \(tunnels) tunnels"))
        }
    }

    private func reservedCount(in pool: Prefix) -> UInt128 {
        var count: UInt128 = 0
        var last: Prefix?
        for reserved in topology.cluster.reservedAddresses.sorted() where reserved.overlaps(pool) {
            if reserved.contains(pool) { return .max }
            // Sorted, what a reservation holds comes right after it.
            if let last, last.contains(reserved) { continue }
            last = reserved
            count += 1 << UInt128(pool.family.bits - reserved.length)
        }
        return count
    }
}

/// Counts the nodes that a workload's pods may run on. Many workloads ask for the same.
private struct EligibleCount {
    private let nodes: EligibleNodes
    private var known: [Question: Int] = [:]

    private struct Question: Hashable {
        var nodeName: String?
        var labels: [String: String]
        var affinity: NodeAffinity
        var toleratesControlPlane: Bool
    }

    init(_ topology: Topology) { nodes = EligibleNodes(topology.nodes) }

    mutating func of(_ workload: Workload) -> Int {
        let question = Question(
            nodeName: workload.nodeName, labels: workload.nodeSelector, affinity: workload.affinity,
            toleratesControlPlane: workload.toleratesControlPlane)
        if let count = known[question] { return count }
        let count = nodes.indices(for: workload).count
        known[question] = count
        return count
    }
}
