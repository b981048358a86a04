import Addresses
import NetworkObjects

/// What one port of a service comes to on a node: chains and sets of its own, and elements of the maps that all share
/// (`syncProxyRules` in Kubernetes' pkg/proxy/nftables/proxier.go).
struct PortRules {
    /// The sets that remember each endpoint's clients.
    private(set) var affinitySets: [RuleTable.NamedSet] = []
    private(set) var chains: [RuleTable.Chain] = []
    /// What goes into the map of each name.
    private(set) var elements: [MapName: [RuleTable.Element]] = [:]

    private let port: ProxiedPort
    private let clusterPrefixes: [Prefix]
    private let reach: ReachableEndpoints

    /// - Parameter clusterPrefixes: where packets of pods come from; empty where that is not known.
    init(_ port: ProxiedPort, on node: ProxiedNode, clusterPrefixes: [Prefix]) {
        self.port = port
        self.clusterPrefixes = clusterPrefixes
        reach = ReachableEndpoints(port, on: node)
        addElements()
        addServiceChains(node)
        for endpoint in reach.all { addChain(of: endpoint) }
    }

    /// The shared maps.
    enum MapName: String, CaseIterable {
        case serviceAddresses = "service-ips"
        case serviceNodePorts = "service-nodeports"
        case noEndpointServices = "no-endpoint-services"
        case noEndpointNodePorts = "no-endpoint-nodeports"
        case firewallAddresses = "firewall-ips"
    }

    // MARK: Names

    private var family: AddressFamily { port.family }
    private var clusterChain: String { "service-" + port.chainName }
    private var localChain: String { "local-" + port.chainName }
    private var externalChain: String { "external-" + port.chainName }
    private var firewallChain: String { "firewall-" + port.chainName }

    /// The chain of packets for the service's own address.
    private var internalChain: String { port.isInternallyLocal ? localChain : clusterChain }

    private var hasInternalEndpoints: Bool {
        reach.isAnywhere && !(port.isInternallyLocal && reach.local.isEmpty)
    }

    private var hasExternalEndpoints: Bool {
        reach.isAnywhere && !(port.isExternallyLocal && reach.local.isEmpty)
    }

    private var usesExternalChain: Bool { reach.isAnywhere && port.isExternal }

    // MARK: Elements

    private mutating func add(_ name: MapName, _ key: [RuleValue], _ verdict: Rule.Verdict, comment: String? = nil) {
        elements[name, default: []].append(.init(key, .verdict(verdict), comment: comment))
    }

    private func key(_ address: IPAddress) -> [RuleValue] {
        [.address(address), .transport(port.transport), .number(UInt32(port.number))]
    }

    private mutating func addElements() {
        // Refused where nothing answers anywhere, dropped where what answers is on another node.
        let refusal: Rule.Verdict = reach.isAnywhere ? .drop : .goto(RejectChain.name)
        if hasInternalEndpoints {
            add(.serviceAddresses, key(port.clusterAddress), .goto(internalChain))
        } else {
            add(.noEndpointServices, key(port.clusterAddress), refusal, comment: port.title)
        }
        for address in port.externalAddresses + port.loadBalancerAddresses {
            if reach.isAnywhere { add(.serviceAddresses, key(address), .goto(externalChain)) }
            if !hasExternalEndpoints { add(.noEndpointServices, key(address), refusal, comment: port.title) }
        }
        if port.hasFirewall {
            for address in port.loadBalancerAddresses {
                add(.firewallAddresses, key(address), .goto(firewallChain))
            }
        }
        if let nodePort = port.nodePort {
            let key: [RuleValue] = [.transport(port.transport), .number(UInt32(nodePort))]
            if reach.isAnywhere { add(.serviceNodePorts, key, .goto(externalChain)) }
            if !hasExternalEndpoints { add(.noEndpointNodePorts, key, refusal, comment: port.title) }
        }
    }

    // MARK: Chains

    private static let mark = Rule.Statement.verdict(.jump(MarkChain.name))

    private mutating func addServiceChains(_ node: ProxiedNode) {
        let first = hasInternalEndpoints ? offCluster : []
        if port.usesClusterEndpoints, !reach.cluster.isEmpty {
            let rules = port.isInternallyLocal ? [] : first
            chains.append(.init(clusterChain, rules + choice(of: reach.cluster)))
        }
        if port.usesLocalEndpoints, !reach.local.isEmpty {
            let rules = port.isInternallyLocal ? first : []
            chains.append(.init(localChain, rules + choice(of: reach.local)))
        }
        if usesExternalChain { chains.append(.init(externalChain, externalRules)) }
        if port.hasFirewall { chains.append(.init(firewallChain, [firewall(node)])) }
    }

    /// The rule for packets that are not from a pod: their answers have to come back this way.
    private var offCluster: [Rule] {
        let to = Rule.Expression.destinationAddress(family)
        guard let others = fromCluster(not: true) else { return [] }
        return [Rule([.match(to, .value(.address(port.clusterAddress))), others, Self.mark])]
    }

    /// That a packet is, or is not, from a pod; nil where that is not known.
    private func fromCluster(not isNegated: Bool = false) -> Rule.Statement? {
        guard let first = clusterPrefixes.first else { return nil }
        let from = Rule.Expression.sourceAddress(family)
        let prefixes: Rule.Expression =
            clusterPrefixes.count == 1
            ? .value(.prefix(first)) : .elements(clusterPrefixes.map { .init([.prefix($0)]) })
        return isNegated ? .mismatch(from, prefixes) : .match(from, prefixes)
    }

    /// The rules that send a packet to one of these endpoints: its client's, or any.
    private func choice(of endpoints: [ProxiedEndpoint]) -> [Rule] {
        let known = port.sessionAffinity == nil ? [] : endpoints
        let map = endpoints.enumerated().map {
            RuleTable.Element([.number(UInt32($0))], .verdict(.goto("endpoint-" + $1.chainName)))
        }
        return known.map {
            Rule([
                .match(.sourceAddress(family), .named("affinity-" + $0.chainName)),
                .verdict(.goto("endpoint-" + $0.chainName)),
            ])
        } + [Rule([.verdictMap(.random(below: endpoints.count), .elements(map))])]
    }

    /// The rules for packets to addresses and ports from outside: their answers come back this way, unless only endpoints of
    /// this node may answer. Then they keep their source; and what a pod or the node itself sends there may go anywhere.
    private var externalRules: [Rule] {
        let last =
            hasExternalEndpoints ? [Rule([.verdict(.goto(port.isExternallyLocal ? localChain : clusterChain))])] : []
        guard port.isExternallyLocal else { return [Rule([Self.mark])] + last }
        let isNode = Rule.Statement.match(.sourceAddressType, .value(.other("local")))
        let isPod = fromCluster().map {
            Rule([$0, .verdict(.goto(clusterChain))], comment: "short-circuit pod traffic")
        }
        return (isPod.map { [$0] } ?? []) + [
            Rule([isNode, Self.mark], comment: "masquerade local traffic"),
            Rule([isNode, .verdict(.goto(clusterChain))], comment: "short-circuit local traffic"),
        ] + last
    }

    /// The rule that keeps away clients that are in no source range. Where the node itself is in one, so are the load
    /// balancers' addresses: what it sends to one of them may come back from it.
    private func firewall(_ node: ProxiedNode) -> Rule {
        var sources = port.sourceRanges
        if let address = node.address(family), sources.contains(where: { $0.contains(address) }) {
            sources += port.loadBalancerAddresses.map(\.hostPrefix)
        }
        let elements = sources.withoutOverlaps.map { RuleTable.Element([$0.ruleValue]) }
        let from = Rule.Expression.sourceAddress(family)
        // As nft lists a set of one.
        let others: Rule.Expression = elements.count == 1 ? .value(elements[0].key[0]) : .elements(elements)
        return Rule([.mismatch(from, others), .verdict(.drop)])
    }

    private mutating func addChain(of endpoint: ProxiedEndpoint) {
        let from = Rule.Expression.sourceAddress(family)
        // What reaches itself.
        var rules = [Rule([.match(from, .value(.address(endpoint.address))), Self.mark])]
        if let timeout = port.sessionAffinity {
            let name = "affinity-" + endpoint.chainName
            affinitySets.append(
                .init(name, key: [family.ruleType], flags: [.dynamic, .timeout], size: 65535, timeout: timeout))
            rules.append(Rule([.update(set: name, from)]))
        }
        rules.append(
            Rule([
                .match(.transport, .value(.transport(port.transport))),
                .translation(to: .init(endpoint.address, endpoint.port)),
            ]))
        chains.append(.init("endpoint-" + endpoint.chainName, rules))
    }
}

extension [Prefix] {
    /// Those that lie in no other, in the order of their addresses.
    fileprivate var withoutOverlaps: [Prefix] {
        var found: [Prefix] = []
        for prefix in sorted(by: { ($0.address, $0.length) < ($1.address, $1.length) })
        where found.last.map({ !$0.overlaps(prefix) }) ?? true {
            found.append(prefix)
        }
        return found
    }
}

extension Prefix {
    /// As nft lists it: one address without its length.
    fileprivate var ruleValue: RuleValue { length == family.bits ? .address(address) : .prefix(self) }
}
