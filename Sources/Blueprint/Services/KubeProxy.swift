import Addresses
import Topology

/// What kube-proxy installs on every node in its nftables mode: a table in each family that sends packets for services to
/// their endpoints.
///
/// Names of tables, maps and chains, hooks and priorities are those of Kubernetes' pkg/proxy/nftables/proxier.go. Two
/// things are said more shortly, with the same effect: a service without session affinity picks its endpoint in one rule
/// and not by a chain an endpoint; and pods that reach themselves through a service are found by one set and not by a
/// rule an endpoint.
public struct KubeProxy: Sendable {
    /// The name of its tables.
    public static let tableName = "kube-proxy"

    private let families: [FamilyRules]

    /// The rules for a cluster's services.
    ///
    /// - Parameter services: with the endpoints that are ready now.
    public init(_ services: [ClusterService], _ cluster: Cluster) {
        families = AddressFamily.allCases.map { FamilyRules($0, services, cluster) }.filter(\.isNeeded)
    }

    /// The tables of a node, IPv4's before IPv6's. A family in which no service has an address has no table.
    public func tables(on node: Placement.Node) -> [RuleTable] { families.map { $0.table(on: node) } }
}

/// The rules of one family, which are nearly the same on every node.
private struct FamilyRules {
    private let family: AddressFamily
    private let ports: [ProxiedPort]
    private let isAnyNodePort: Bool
    private let subnets: [Prefix]
    private let pods: [Prefix]
    private let clusterAddresses: [IPAddress]
    /// `ip` or `ip6`.
    private let ip: String
    /// The chains that are the same on all nodes.
    private let sharedChains: [RuleTable.Chain]
    private let sharedSets: [RuleTable.NamedSet]

    init(_ family: AddressFamily, _ services: [ClusterService], _ cluster: Cluster) {
        self.family = family
        ip = family == .ipv4 ? "ip" : "ip6"
        ports = services.flatMap { ProxiedPort.all(of: $0, family) }
        isAnyNodePort = ports.contains { $0.nodePort != nil }
        subnets = cluster.serviceSubnets.filter { $0.family == family }
        pods = cluster.pools.map(\.prefix).filter { $0.family == family }
        clusterAddresses = services.flatMap(\.clusterAddresses).filter { $0.family == family }
        sharedChains = ports.filter { !$0.dependsOnNode }.flatMap { $0.chains(on: nil) }
        sharedSets = ports.flatMap(\.affinitySets)
    }

    var isNeeded: Bool { !clusterAddresses.isEmpty || !ports.isEmpty }

    func table(on node: Placement.Node) -> RuleTable {
        let nodeAddress = isAnyNodePort ? node.address(family)?.address.address : nil
        let local = ports.filter(\.dependsOnNode)
        let refused = ports.filter { $0.isReachable && !$0.isReady }
        let refusedNodePorts = nodeAddress == nil ? [] : refused.filter { $0.nodePort != nil }
        var table = RuleTable(family: ip, name: KubeProxy.tableName)
        table.sets = addressSets(on: node, nodeAddress) + sharedSets
        table.sets += verdictMaps(on: node, nodeAddress, refused, refusedNodePorts)
        table.chains = sharedChains + local.flatMap { $0.chains(on: node.name) }
        table.chains += natChains(nodeAddress, hasHairpins: table.sets.contains { $0.name == "hairpin-connections" })
        table.chains += filterChains(
            refusesExternals: refused.contains { !$0.externalAddresses.isEmpty },
            refusesNodePorts: !refusedNodePorts.isEmpty)
        return table
    }

    // MARK: Sets and maps

    private var addressType: String { family == .ipv4 ? "ipv4_addr" : "ipv6_addr" }

    private func addressSets(on node: Placement.Node, _ nodeAddress: IPAddress?) -> [RuleTable.NamedSet] {
        var sets: [RuleTable.NamedSet] = []
        func add(_ name: String, _ declaration: [String], _ elements: [String], evenEmpty: Bool = false) {
            if elements.isEmpty, !evenEmpty { return }
            sets.append(
                RuleTable.NamedSet(name: name, declaration: declaration, elements: elements.map { .init(key: $0) }))
        }
        add(
            "cluster-pods", ["type \(addressType)", "flags interval"], pods.map(\.description),
            evenEmpty: ports.contains(where: \.dependsOnNode))
        add("cluster-ips", ["type \(addressType)"], clusterAddresses.map(\.description))
        add("nodeport-ips", ["type \(addressType)"], nodeAddress.map { ["\($0)"] } ?? [])
        var hairpins: [String] = []
        var seen: Set<String> = []
        for port in ports {
            for endpoint in port.endpoints where endpoint.node == node.name && endpoint.pod != nil {
                let key = "\(endpoint.address) . \(port.transport) . \(endpoint.port) . \(endpoint.address)"
                if seen.insert(key).inserted { hairpins.append(key) }
            }
        }
        add("hairpin-connections", ["type \(addressType) . inet_proto . inet_service . \(addressType)"], hairpins)
        return sets
    }

    private func verdictMaps(
        on node: Placement.Node, _ nodeAddress: IPAddress?, _ refused: [ProxiedPort], _ refusedNodePorts: [ProxiedPort]
    ) -> [RuleTable.NamedSet] {
        var maps: [RuleTable.NamedSet] = []
        func add(_ name: String, _ type: String, _ elements: [RuleTable.Element]) {
            if elements.isEmpty { return }
            maps.append(
                RuleTable.NamedSet(name: name, isMap: true, declaration: ["type \(type) : verdict"], elements: elements)
            )
        }
        let ready = ports.filter(\.isReady)
        var services: [RuleTable.Element] = []
        for port in ready {
            if let address = port.clusterAddress {
                services.append(.init(key: port.key(address), value: port.internalVerdict(on: node.name)))
            }
            services += port.externalAddresses.map { .init(key: port.key($0), value: port.externalVerdict) }
        }
        add("service-ips", "\(addressType) . inet_proto . inet_service", services)
        if nodeAddress != nil {
            add(
                "service-nodeports", "inet_proto . inet_service",
                ready.compactMap { port in
                    port.nodePort.map { .init(key: "\(port.transport) . \($0)", value: port.externalVerdict) }
                })
        }
        add(
            "no-endpoint-services", "\(addressType) . inet_proto . inet_service",
            refused.flatMap { port in
                port.externalAddresses.map { .init(key: port.key($0), value: "goto reject-chain") }
            })
        add(
            "no-endpoint-nodeports", "inet_proto . inet_service",
            refusedNodePorts.compactMap { port in
                port.nodePort.map { .init(key: "\(port.transport) . \($0)", value: "goto reject-chain") }
            })
        return maps
    }

    // MARK: Chains

    private func natChains(_ nodeAddress: IPAddress?, hasHairpins: Bool) -> [RuleTable.Chain] {
        let ready = ports.filter(\.isReady)
        var services: [String] = []
        if !clusterAddresses.isEmpty, !pods.isEmpty {
            services.append(
                "\(ip) daddr @cluster-ips \(ip) saddr != @cluster-pods jump mark-for-masquerade "
                    + "comment \"not from a pod: the answer has to come back this way\"")
        }
        if ready.contains(where: { $0.clusterAddress != nil || !$0.externalAddresses.isEmpty }) {
            services.append("\(ip) daddr . meta l4proto . th dport vmap @service-ips")
        }
        if nodeAddress != nil, ready.contains(where: { $0.nodePort != nil }) {
            services.append("\(ip) daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports")
        }
        let mark = "0x00004000"
        var masquerading = [
            "meta mark & \(mark) == \(mark) meta mark set meta mark & 0xffffbfff masquerade fully-random "
                + "comment \"marked on the way in\""
        ]
        if hasHairpins {
            masquerading.append(
                "\(ip) daddr . meta l4proto . th dport . \(ip) saddr @hairpin-connections masquerade fully-random "
                    + "comment \"a pod that reaches itself through a service\"")
        }
        return [
            .init(name: "services", hook: nil, rules: services),
            .init(name: "mark-for-masquerade", hook: nil, rules: ["meta mark set meta mark | \(mark)"]),
            .init(name: "masquerading", hook: nil, rules: masquerading),
            .init(
                name: "nat-prerouting", hook: "type nat hook prerouting priority dstnat; policy accept;",
                rules: ["jump services"]),
            .init(
                name: "nat-output", hook: "type nat hook output priority -100; policy accept;",
                rules: ["jump services"]),
            .init(
                name: "nat-postrouting", hook: "type nat hook postrouting priority srcnat; policy accept;",
                rules: ["jump masquerading"]),
        ]
    }

    /// What is still for a service behind the translation has no endpoint.
    private func filterChains(refusesExternals: Bool, refusesNodePorts: Bool) -> [RuleTable.Chain] {
        var checks: [String] = []
        if !clusterAddresses.isEmpty {
            checks.append(
                "\(ip) daddr @cluster-ips goto reject-chain comment \"a service without such a port or ready endpoints\""
            )
        }
        checks += subnets.map { "\(ip) daddr \($0) drop comment \"no service has this address\"" }
        if refusesExternals { checks.append("\(ip) daddr . meta l4proto . th dport vmap @no-endpoint-services") }
        func filter(_ name: String, _ hook: String, _ target: String) -> RuleTable.Chain {
            .init(
                name: name, hook: "type filter hook \(hook); policy accept;", rules: ["ct state new jump \(target)"])
        }
        var chains = [
            RuleTable.Chain(name: "reject-chain", hook: nil, rules: ["reject"]),
            RuleTable.Chain(name: "cluster-ips-check", hook: nil, rules: checks),
            filter("filter-forward", "forward priority -110", "cluster-ips-check"),
            filter("filter-output-post-dnat", "output priority -90", "cluster-ips-check"),
        ]
        if refusesNodePorts {
            chains.append(
                .init(
                    name: "nodeport-endpoints-check", hook: nil,
                    rules: ["\(ip) daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports"]))
            chains.append(filter("filter-input", "input priority -110", "nodeport-endpoints-check"))
        }
        return chains
    }
}
