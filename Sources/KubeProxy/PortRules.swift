import Addresses
import NetworkObjects

/// What one port of a service comes to on a node: chains and sets of its own, and elements of the maps that all share
/// (`syncProxyRules` in Kubernetes' pkg/proxy/nftables/proxier.go).
struct PortRules {
    /// The sets that remember each endpoint's clients.
    private(set) var affinitySets: [RuleTable.NamedSet] = []
    /// Its chains, which are worked out once somebody asks for them.
    let chains: RuleTable.ChainGroup
    /// What goes into the map of each name.
    private(set) var elements: [MapName: [RuleTable.Element]] = [:]

    private let port: ProxiedPort
    private let reach: ReachableEndpoints

    /// - Parameter clusterPrefixes: where packets of pods come from; empty where that is not known.
    init(_ port: ProxiedPort, on node: ProxiedNode, clusterPrefixes: [Prefix]) {
        self.port = port
        reach = ReachableEndpoints(port, on: node)
        let chains = PortChains(port, reach, on: node, clusterPrefixes: clusterPrefixes)
        self.chains = RuleTable.ChainGroup(chains.digest) { chains.all }
        addElements()
        guard let timeout = port.sessionAffinity else { return }
        let name = port.endpointChainName
        affinitySets = reach.all.map { endpoint in
            .init(
                "affinity-" + name(endpoint), key: [port.family.ruleType], flags: [.dynamic, .timeout], size: 65535,
                timeout: timeout)
        }
    }

    /// The shared maps.
    enum MapName: String, CaseIterable {
        case serviceAddresses = "service-ips"
        case serviceNodePorts = "service-nodeports"
        case noEndpointServices = "no-endpoint-services"
        case noEndpointNodePorts = "no-endpoint-nodeports"
        case firewallAddresses = "firewall-ips"
    }

    private mutating func add(_ name: MapName, _ key: [RuleValue], _ verdict: Rule.Verdict, comment: String? = nil) {
        elements[name, default: []].append(.init(key, .verdict(verdict), comment: comment))
    }

    private func key(_ address: IPAddress) -> [RuleValue] {
        [.address(address), .transport(port.transport), .number(UInt32(port.number))]
    }

    private mutating func addElements() {
        let hasExternalEndpoints = reach.hasExternal(port)
        // Refused where nothing answers anywhere, dropped where what answers is on another node.
        let refusal: Rule.Verdict = reach.isAnywhere ? .drop : .goto(RejectChain.name)
        if reach.hasInternal(port) {
            add(.serviceAddresses, key(port.clusterAddress), .goto(port.internalChain))
        } else {
            add(.noEndpointServices, key(port.clusterAddress), refusal, comment: port.title)
        }
        for address in port.externalAddresses + port.loadBalancerAddresses {
            if reach.isAnywhere { add(.serviceAddresses, key(address), .goto(port.externalChain)) }
            if !hasExternalEndpoints { add(.noEndpointServices, key(address), refusal, comment: port.title) }
        }
        if port.hasFirewall {
            for address in port.loadBalancerAddresses {
                add(.firewallAddresses, key(address), .goto(port.firewallChain))
            }
        }
        if let nodePort = port.nodePort {
            let key: [RuleValue] = [.transport(port.transport), .number(UInt32(nodePort))]
            if reach.isAnywhere { add(.serviceNodePorts, key, .goto(port.externalChain)) }
            if !hasExternalEndpoints { add(.noEndpointNodePorts, key, refusal, comment: port.title) }
        }
    }
}

// MARK: Names

extension ProxiedPort {
    var clusterChain: String { "service-" + chainName }
    var localChain: String { "local-" + chainName }
    var externalChain: String { "external-" + chainName }
    var firewallChain: String { "firewall-" + chainName }

    /// The chain of packets for the service's own address.
    var internalChain: String { isInternallyLocal ? localChain : clusterChain }

    /// What the chain of one of its endpoints is called by: `5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80`.
    var endpointChainName: (ProxiedEndpoint) -> String {
        let name = ChainName.endpoints(namespace, service, transport, name)
        return { name("\($0.address)", $0.port) }
    }
}

extension ReachableEndpoints {
    /// Whether packets for the service's own address have somewhere to go.
    func hasInternal(_ port: ProxiedPort) -> Bool { isAnywhere && !(port.isInternallyLocal && local.isEmpty) }

    /// Whether packets from outside have somewhere to go.
    func hasExternal(_ port: ProxiedPort) -> Bool { isAnywhere && !(port.isExternallyLocal && local.isEmpty) }
}
