import Addresses
import NetworkObjects
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
    /// The chains that are the same on all nodes.
    private let sharedChains: [RuleTable.Chain]
    private let sharedSets: [RuleTable.NamedSet]

    init(_ family: AddressFamily, _ services: [ClusterService], _ cluster: Cluster) {
        self.family = family
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
        var table = RuleTable(.init(family), KubeProxy.tableName)
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

    private static let portKey = ["inet_proto", "inet_service"]

    private func addressSets(on node: Placement.Node, _ nodeAddress: IPAddress?) -> [RuleTable.NamedSet] {
        var sets: [RuleTable.NamedSet] = []
        func add(
            _ name: String, _ key: [String], flags: Set<RuleTable.NamedSet.Flag> = [], _ elements: [[RuleValue]],
            evenEmpty: Bool = false
        ) {
            if elements.isEmpty, !evenEmpty { return }
            sets.append(RuleTable.NamedSet(name, key: key, flags: flags, elements: elements.map { .init($0) }))
        }
        add(
            "cluster-pods", [family.ruleType], flags: [.interval], pods.map { [.prefix($0)] },
            evenEmpty: ports.contains(where: \.dependsOnNode))
        add("cluster-ips", [family.ruleType], clusterAddresses.map { [.address($0)] })
        add("nodeport-ips", [family.ruleType], nodeAddress.map { [[.address($0)]] } ?? [])
        var hairpins: [[RuleValue]] = []
        var seen: Set<[RuleValue]> = []
        for port in ports {
            for endpoint in port.endpoints where endpoint.node == node.name && endpoint.pod != nil {
                let key: [RuleValue] = [
                    .address(endpoint.address), .transport(port.transport), .number(UInt32(endpoint.port)),
                    .address(endpoint.address),
                ]
                if seen.insert(key).inserted { hairpins.append(key) }
            }
        }
        add("hairpin-connections", [family.ruleType] + Self.portKey + [family.ruleType], hairpins)
        return sets
    }

    private func verdictMaps(
        on node: Placement.Node, _ nodeAddress: IPAddress?, _ refused: [ProxiedPort], _ refusedNodePorts: [ProxiedPort]
    ) -> [RuleTable.NamedSet] {
        var maps: [RuleTable.NamedSet] = []
        func add(_ name: String, _ key: [String], _ elements: [([RuleValue], Rule.Verdict)]) {
            if elements.isEmpty { return }
            maps.append(
                RuleTable.NamedSet(
                    name, key: key, value: "verdict", elements: elements.map { .init($0, .verdict($1)) }))
        }
        let ready = ports.filter(\.isReady)
        let refusal = Rule.Verdict.goto("reject-chain")
        var services: [([RuleValue], Rule.Verdict)] = []
        for port in ready {
            if let address = port.clusterAddress {
                services.append((port.key(address), port.internalVerdict(on: node.name)))
            }
            services += port.externalAddresses.map { (port.key($0), port.externalVerdict) }
        }
        add("service-ips", [family.ruleType] + Self.portKey, services)
        if nodeAddress != nil {
            add(
                "service-nodeports", Self.portKey,
                ready.compactMap { port in port.nodePortKey.map { ($0, port.externalVerdict) } })
        }
        add(
            "no-endpoint-services", [family.ruleType] + Self.portKey,
            refused.flatMap { port in port.externalAddresses.map { (port.key($0), refusal) } })
        add(
            "no-endpoint-nodeports", Self.portKey,
            refusedNodePorts.compactMap { port in port.nodePortKey.map { ($0, refusal) } })
        return maps
    }

    // MARK: Chains

    /// Where a packet is going, as the maps of services have it.
    private var destination: Rule.Expression {
        .concatenation([.destinationAddress(family), .transport, .destinationPort])
    }

    /// The port at which a packet arrives, as the maps of nodes' ports have it.
    private static let nodePort = Rule.Expression.concatenation([.transport, .destinationPort])

    private func natChains(_ nodeAddress: IPAddress?, hasHairpins: Bool) -> [RuleTable.Chain] {
        let ready = ports.filter(\.isReady)
        let (to, from) = (Rule.Expression.destinationAddress(family), Rule.Expression.sourceAddress(family))
        var services: [Rule] = []
        if !clusterAddresses.isEmpty, !pods.isEmpty {
            services.append(
                Rule(
                    [
                        .match(to, .named("cluster-ips")), .mismatch(from, .named("cluster-pods")),
                        .verdict(.jump("mark-for-masquerade")),
                    ], comment: "not from a pod: the answer has to come back this way"))
        }
        if ready.contains(where: { $0.clusterAddress != nil || !$0.externalAddresses.isEmpty }) {
            services.append(Rule([.verdictMap(destination, .named("service-ips"))]))
        }
        if nodeAddress != nil, ready.contains(where: { $0.nodePort != nil }) {
            services.append(
                Rule([
                    .match(to, .named("nodeport-ips")), .verdictMap(Self.nodePort, .named("service-nodeports")),
                ]))
        }
        let mark: UInt32 = 0x4000
        var masquerading = [
            Rule(
                [
                    .match(.and(.mark, mark), .value(.bits(mark))), .set(.mark, to: .and(.mark, ~mark)), .masquerade,
                ], comment: "marked on the way in")
        ]
        if hasHairpins {
            masquerading.append(
                Rule(
                    [
                        .match(
                            .concatenation([to, .transport, .destinationPort, from]), .named("hairpin-connections")),
                        .masquerade,
                    ], comment: "a pod that reaches itself through a service"))
        }
        func hook(_ name: String, _ point: String, _ priority: Int32, _ target: String) -> RuleTable.Chain {
            .init(name, hook: .init("nat", point, priority), [Rule([.verdict(.jump(target))])])
        }
        return [
            .init("services", services),
            .init("mark-for-masquerade", [Rule([.set(.mark, to: .or(.mark, mark))])]),
            .init("masquerading", masquerading),
            hook("nat-prerouting", "prerouting", -100, "services"),
            hook("nat-output", "output", -100, "services"),
            hook("nat-postrouting", "postrouting", 100, "masquerading"),
        ]
    }

    /// What is still for a service after the translation has no endpoint.
    private func filterChains(refusesExternals: Bool, refusesNodePorts: Bool) -> [RuleTable.Chain] {
        let to = Rule.Expression.destinationAddress(family)
        var checks: [Rule] = []
        if !clusterAddresses.isEmpty {
            checks.append(
                Rule(
                    [.match(to, .named("cluster-ips")), .verdict(.goto("reject-chain"))],
                    comment: "a service without such a port or ready endpoints"))
        }
        checks += subnets.map {
            Rule([.match(to, .value(.prefix($0))), .verdict(.drop)], comment: "no service has this address")
        }
        if refusesExternals { checks.append(Rule([.verdictMap(destination, .named("no-endpoint-services"))])) }
        func filter(_ name: String, _ point: String, _ priority: Int32, _ target: String) -> RuleTable.Chain {
            let isNew = Rule.Statement.match(.connectionState, .value(.other("new")))
            return .init(name, hook: .init("filter", point, priority), [Rule([isNew, .verdict(.jump(target))])])
        }
        var chains = [
            RuleTable.Chain("reject-chain", [Rule([.reject])]),
            RuleTable.Chain("cluster-ips-check", checks),
            filter("filter-forward", "forward", -110, "cluster-ips-check"),
            filter("filter-output-post-dnat", "output", -90, "cluster-ips-check"),
        ]
        if refusesNodePorts {
            chains.append(
                .init(
                    "nodeport-endpoints-check",
                    [
                        Rule([
                            .match(to, .named("nodeport-ips")),
                            .verdictMap(Self.nodePort, .named("no-endpoint-nodeports")),
                        ])
                    ]))
            chains.append(filter("filter-input", "input", -110, "nodeport-endpoints-check"))
        }
        return chains
    }
}
