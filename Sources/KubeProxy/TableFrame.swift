import Addresses
import NetworkObjects

/// What is in a table of kube-proxy's whatever services there are (`setupNFTables` in Kubernetes'
/// pkg/proxy/nftables/proxier.go): the chains with hooks, those that they lead to, and the sets and maps.
struct TableFrame {
    private let family: AddressFamily
    /// The ranges of the services' own addresses.
    private let serviceSubnets: [Prefix]
    /// The services' own addresses, each once.
    private let clusterAddresses: RuleTable.NamedSet

    /// - Parameter clusterAddresses: the services' own, in any number of times.
    init(_ family: AddressFamily, _ serviceSubnets: [Prefix], _ clusterAddresses: [IPAddress]) {
        self.family = family
        self.serviceSubnets = serviceSubnets
        var seen: Set<IPAddress> = []
        let addresses = clusterAddresses.filter { seen.insert($0).inserted }
        self.clusterAddresses = .init(
            "cluster-ips", key: [family.ruleType], comment: "Active ClusterIPs",
            elements: addresses.map { .init([.address($0)]) })
    }

    /// The table of a node.
    ///
    /// - Parameter elements: what is in the maps.
    func table(on node: ProxiedNode, _ elements: [PortRules.MapName: [RuleTable.Element]]) -> RuleTable {
        let nodePorts = NodePorts(family, node.address(family))
        var table = RuleTable(.init(family), ProxyRules.tableName)
        table.comment = "rules for kube-proxy"
        table.sets = [clusterAddresses] + nodePorts.sets
        table.sets += Self.maps.map { name, comment in
            let hasAddress = name != .noEndpointNodePorts && name != .serviceNodePorts
            return .init(
                name.rawValue, key: (hasAddress ? [family.ruleType] : []) + ["inet_proto", "inet_service"],
                value: "verdict", comment: comment, elements: elements[name] ?? [])
        }
        table.chains = Self.hooks + ordinaryChains(nodePorts)
        return table
    }

    // MARK: Sets and maps

    /// The maps in the order in which they are made.
    private static let maps: [(PortRules.MapName, comment: String)] = [
        (.noEndpointServices, "vmap to drop or reject packets to services with no endpoints"),
        (.noEndpointNodePorts, "vmap to drop or reject packets to service nodeports with no endpoints"),
        (.firewallAddresses, "destinations that are subject to LoadBalancerSourceRanges"),
        (.serviceAddresses, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
        (.serviceNodePorts, "NodePort traffic"),
    ]

    // MARK: Chains

    private static let hooks: [RuleTable.Chain] = {
        func filter(_ name: String, _ point: String, _ priority: Int32, _ targets: String...) -> RuleTable.Chain {
            let isNew = Rule.Statement.match(.connectionState, .value(.other("new")))
            return .init(
                name, hook: .init("filter", point, priority), targets.map { Rule([isNew, .verdict(.jump($0))]) })
        }
        func nat(_ name: String, _ point: String, _ priority: Int32, _ target: String) -> RuleTable.Chain {
            .init(name, hook: .init("nat", point, priority), [Rule([.verdict(.jump(target))])])
        }
        let (noEndpoint, firewall, clusterAddress) = ("service-endpoints-check", "firewall-check", "cluster-ips-check")
        return [
            filter("filter-prerouting-pre-dnat", "prerouting", -110, firewall),
            filter("filter-output-pre-dnat", "output", -110, firewall),
            filter("filter-input", "input", 0, "nodeport-endpoints-check", noEndpoint),
            filter("filter-forward", "forward", 0, noEndpoint, clusterAddress),
            filter("filter-output", "output", 0, noEndpoint, clusterAddress),
            nat("nat-prerouting", "prerouting", -100, "services"),
            nat("nat-output", "output", -100, "services"),
            nat("nat-postrouting", "postrouting", 100, "masquerading"),
        ]
    }()

    private func ordinaryChains(_ nodePorts: NodePorts) -> [RuleTable.Chain] {
        let to = Rule.Expression.destinationAddress(family)
        func lookUp(_ map: PortRules.MapName) -> Rule {
            Rule([.verdictMap(.concatenation([to, .transport, .destinationPort]), .named(map.rawValue))])
        }
        let unused = serviceSubnets.map {
            Rule([.match(to, .value(.prefix($0))), .verdict(.drop)], comment: "Drop traffic to unallocated ClusterIPs")
        }
        let noSuchPort = Rule(
            [.match(to, .named("cluster-ips")), .reject], comment: "Reject traffic to invalid ports of ClusterIPs")
        return [
            .init("nodeport-endpoints-check", [nodePorts.lookUp(.noEndpointNodePorts, isLocal: true)]),
            .init("service-endpoints-check", [lookUp(.noEndpointServices)]),
            .init("firewall-check", [lookUp(.firewallAddresses)]),
            .init("services", [lookUp(.serviceAddresses), nodePorts.lookUp(.serviceNodePorts, isLocal: false)]),
            MarkChain.masquerading,
            .init("cluster-ips-check", [noSuchPort] + unused),
            MarkChain.chain,
            RejectChain.chain,
        ]
    }
}

/// How packets for nodes' ports are told: by the address that the node is known by, or where it has none in the family, by
/// any of its own.
private struct NodePorts {
    private let family: AddressFamily
    private let address: IPAddress?

    init(_ family: AddressFamily, _ address: IPAddress?) {
        self.family = family
        self.address = address
    }

    private static let set = "nodeport-ips"

    var sets: [RuleTable.NamedSet] {
        guard let address else { return [] }
        return [
            .init(
                Self.set, key: [family.ruleType], comment: "IPs that accept NodePort traffic",
                elements: [.init([.address(address)])])
        ]
    }

    /// The rule that looks up a packet for a node's port.
    ///
    /// - Parameter isLocal: whether the packets are the node's own in any case.
    func lookUp(_ map: PortRules.MapName, isLocal: Bool) -> Rule {
        let to = Rule.Expression.destinationAddress(family)
        let arrival = Rule.Statement.verdictMap(
            .concatenation([.transport, .destinationPort]), .named(map.rawValue))
        if address != nil { return Rule([.match(to, .named(Self.set)), arrival]) }
        let isOwn = Rule.Statement.match(.destinationAddressType, .value(.other("local")))
        let loopback: RuleValue? =
            family == .ipv4 ? Prefix("127.0.0.0/8").map { .prefix($0) } : IPAddress("::1").map { .address($0) }
        let isOutside = loopback.map { Rule.Statement.mismatch(to, .value($0)) }
        return Rule((isLocal ? [] : [isOwn]) + (isOutside.map { [$0] } ?? []) + [arrival])
    }
}

/// The chain that refuses.
enum RejectChain {
    static let name = "reject-chain"
    static let chain = RuleTable.Chain(
        name, comment: "helper for @no-endpoint-services / @no-endpoint-nodeports", [Rule([.reject])])
}

/// The chain that marks packets which are to leave with the node's address, and the one that sees to it.
enum MarkChain {
    static let name = "mark-for-masquerade"
    /// kube-proxy's `--iptables-masquerade-bit`, 14.
    private static let mark: UInt32 = 1 << 14
    static let chain = RuleTable.Chain(name, [Rule([.set(.mark, to: .or(.mark, mark))])])
    static let masquerading = RuleTable.Chain(
        "masquerading",
        [
            Rule([.match(.and(.mark, mark), .value(.bits(0))), .verdict(.return)]),
            Rule([.set(.mark, to: .xor(.mark, mark))]),
            Rule([.masquerade]),
        ])
}
