import Addresses
import NetworkObjects
import Topology

/// A port of a service in one family, as kube-proxy sees it: where packets for it arrive, and where they may go.
struct ProxiedPort {
    let family: AddressFamily
    /// `default/multitool/tcp/80`.
    let name: String
    let transport: Transport
    let number: UInt16
    let clusterAddress: IPAddress?
    let externalAddresses: [IPAddress]
    let nodePort: UInt16?
    /// Those that are ready.
    let endpoints: [ServiceBackend]
    private let sessionAffinity: UInt32?
    private let isInternallyLocal: Bool
    private let isExternallyLocal: Bool

    /// The ports of a service in a family; none where it has no address in it.
    static func all(of service: ClusterService, _ family: AddressFamily) -> [ProxiedPort] {
        guard service.families.contains(family), !service.isHeadless else { return [] }
        return service.ports.indices.map { ProxiedPort(service, family, $0) }
    }

    private init(_ service: ClusterService, _ family: AddressFamily, _ index: Int) {
        let port = service.ports[index]
        self.family = family
        transport = port.transport
        number = port.number
        name = "\(service.key)/\(transport)/\(port.number)"
        clusterAddress = service.clusterAddresses.first { $0.family == family }
        externalAddresses = service.externalAddresses.filter { $0.family == family }
        nodePort = port.nodePort
        endpoints = service.backends(ofPort: index, family)
        sessionAffinity = service.sessionAffinity
        isInternallyLocal = service.isInternallyLocal
        isExternallyLocal = service.isExternallyLocal
    }

    /// Whether packets for it can arrive.
    var isReachable: Bool { clusterAddress != nil || isExternal }

    /// Whether anything answers for it.
    var isReady: Bool { !endpoints.isEmpty }

    /// Whether packets from outside can arrive.
    private var isExternal: Bool { nodePort != nil || !externalAddresses.isEmpty }

    /// Whether its rules are not the same on all nodes.
    var dependsOnNode: Bool { isInternallyLocal || isExternal && isExternallyLocal }

    /// Its key in the map of services.
    func key(_ address: IPAddress) -> [RuleValue] {
        [.address(address), .transport(transport), .number(UInt32(number))]
    }

    /// Its key in the map of nodes' ports; nil where it has none.
    var nodePortKey: [RuleValue]? { nodePort.map { [.transport(transport), .number(UInt32($0))] } }

    /// What happens to packets for its own address. Where only the node's own endpoints may answer and there are none,
    /// kube-proxy drops.
    func internalVerdict(on node: String) -> Rule.Verdict {
        if !isInternallyLocal { return .goto("service-\(name)") }
        return endpoints.contains { $0.node == node } ? .goto("local-\(name)") : .drop
    }

    /// What happens to packets from outside.
    var externalVerdict: Rule.Verdict { .goto("external-\(name)") }

    // MARK: Chains

    /// Its chains on a node; any node where they do not depend on it.
    func chains(on node: String?) -> [RuleTable.Chain] {
        guard isReady, isReachable else { return [] }
        let local = endpoints.filter { $0.node == node }
        let usesCluster = !isInternallyLocal || isExternal
        let usesLocal = !local.isEmpty && (isInternallyLocal || isExternal && isExternallyLocal)
        var chains: [RuleTable.Chain] = []
        if usesCluster { chains.append(.init("service-\(name)", choice(of: endpoints))) }
        if usesLocal { chains.append(.init("local-\(name)", choice(of: local))) }
        if isExternal { chains.append(.init("external-\(name)", externalRules(hasLocal: !local.isEmpty))) }
        chains += endpoints.map(endpointChain)
        return chains
    }

    /// The rules that pick one of these endpoints.
    private func choice(of endpoints: [ServiceBackend]) -> [Rule] {
        let remembering = sessionAffinity == nil ? [] : endpoints
        let known = remembering.map {
            Rule([
                .match(.sourceAddress(family), .named("affinity-\(id(of: $0))")),
                .verdict(.goto("endpoint-\(id(of: $0))")),
            ])
        }
        let map = endpoints.enumerated().map {
            RuleTable.Element([.number(UInt32($0))], .verdict(.goto("endpoint-\(id(of: $1))")))
        }
        return known + [Rule([.verdictMap(.random(below: endpoints.count), .elements(map))])]
    }

    /// Packets from outside have their answers come back this way, unless only endpoints of this node may answer: then
    /// they keep their source. Pods and the node itself are not outside.
    private func externalRules(hasLocal: Bool) -> [Rule] {
        let (mark, all) = (Rule.Statement.verdict(.jump("mark-for-masquerade")), "service-\(name)")
        guard isExternallyLocal else { return [Rule([mark]), Rule([.verdict(.goto(all))])] }
        let isNode = Rule.Statement.match(.sourceAddressType, .value(.other("local")))
        return [
            Rule(
                [.match(.sourceAddress(family), .named("cluster-pods")), .verdict(.goto(all))],
                comment: "a pod is not outside"),
            Rule([isNode, mark]), Rule([isNode, .verdict(.goto(all))], comment: "nor is the node itself"),
            hasLocal
                ? Rule([.verdict(.goto("local-\(name)"))])
                : Rule([.verdict(.drop)], comment: "externalTrafficPolicy: Local, and no endpoint is here"),
        ]
    }

    // MARK: Session affinity

    /// The sets that remember each endpoint's clients.
    var affinitySets: [RuleTable.NamedSet] {
        guard let sessionAffinity, isReachable else { return [] }
        return endpoints.map {
            .init(
                "affinity-\(id(of: $0))", key: [family.ruleType], flags: [.dynamic, .timeout], size: 65535,
                timeout: sessionAffinity)
        }
    }

    private func endpointChain(_ endpoint: ServiceBackend) -> RuleTable.Chain {
        .init(
            "endpoint-\(id(of: endpoint))",
            (sessionAffinity == nil
                ? [] : [Rule([.update(set: "affinity-\(id(of: endpoint))", .sourceAddress(family))])])
                + [
                    Rule([
                        .match(.transport, .value(.transport(transport))),
                        .translation(to: .init(endpoint.address, endpoint.port)),
                    ])
                ])
    }

    /// What an endpoint's chain and set are called by; a name in nf_tables has no colons.
    private func id(of endpoint: ServiceBackend) -> String {
        let address = "\(endpoint.address)".map { $0 == ":" ? "." : $0 }
        return "\(name)__\(String(address))/\(endpoint.port)"
    }
}

extension AddressFamily {
    /// The type of its addresses in sets, by nft's name.
    var ruleType: String { self == .ipv4 ? "ipv4_addr" : "ipv6_addr" }
}
