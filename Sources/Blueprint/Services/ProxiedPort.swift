import Addresses
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
    func key(_ address: IPAddress) -> String { "\(address) . \(transport) . \(number)" }

    /// What happens to packets for its own address. Where only the node's own endpoints may answer and there are none,
    /// kube-proxy drops.
    func internalVerdict(on node: String) -> String {
        if !isInternallyLocal { return "goto service-\(name)" }
        return endpoints.contains { $0.node == node } ? "goto local-\(name)" : "drop"
    }

    /// What happens to packets from outside.
    var externalVerdict: String { "goto external-\(name)" }

    // MARK: Chains

    /// Its chains on a node; any node where they do not depend on it.
    func chains(on node: String?) -> [RuleTable.Chain] {
        guard isReady, isReachable else { return [] }
        let local = endpoints.filter { $0.node == node }
        let usesCluster = !isInternallyLocal || isExternal
        let usesLocal = !local.isEmpty && (isInternallyLocal || isExternal && isExternallyLocal)
        var chains: [RuleTable.Chain] = []
        if usesCluster { chains.append(.init(name: "service-\(name)", hook: nil, rules: choice(of: endpoints))) }
        if usesLocal { chains.append(.init(name: "local-\(name)", hook: nil, rules: choice(of: local))) }
        if isExternal {
            chains.append(.init(name: "external-\(name)", hook: nil, rules: externalRules(hasLocal: !local.isEmpty)))
        }
        if sessionAffinity != nil { chains += endpoints.map(endpointChain) }
        return chains
    }

    /// The rules that pick one of these endpoints.
    private func choice(of endpoints: [ServiceBackend]) -> [String] {
        if sessionAffinity == nil {
            if endpoints.count == 1 { return [translation(to: endpoints[0])] }
            let map = endpoints.enumerated().map { "\($0) : \($1.address) . \($1.port)" }.joined(separator: ", ")
            return ["meta l4proto \(transport) dnat \(ip) to numgen random mod \(endpoints.count) map { \(map) }"]
        }
        let known = endpoints.map { "\(ip) saddr @affinity-\(id(of: $0)) goto endpoint-\(id(of: $0))" }
        let map = endpoints.enumerated().map { "\($0) : goto endpoint-\(id(of: $1))" }.joined(separator: ", ")
        return known + ["numgen random mod \(endpoints.count) vmap { \(map) }"]
    }

    private func translation(to endpoint: ServiceBackend) -> String {
        let place = family == .ipv4 ? "\(endpoint.address)" : "[\(endpoint.address)]"
        return "meta l4proto \(transport) dnat to \(place):\(endpoint.port)"
    }

    /// Packets from outside have their answers come back this way, unless only endpoints of this node may answer: then
    /// they keep their source. Pods and the node itself are not outside.
    private func externalRules(hasLocal: Bool) -> [String] {
        guard isExternallyLocal else { return ["jump mark-for-masquerade", "goto service-\(name)"] }
        return [
            "\(ip) saddr @cluster-pods goto service-\(name) comment \"a pod is not outside\"",
            "fib saddr type local jump mark-for-masquerade",
            "fib saddr type local goto service-\(name) comment \"nor is the node itself\"",
            hasLocal ? "goto local-\(name)" : "drop comment \"externalTrafficPolicy: Local, and no endpoint is here\"",
        ]
    }

    // MARK: Session affinity

    /// The sets that remember each endpoint's clients.
    var affinitySets: [RuleTable.NamedSet] {
        guard let sessionAffinity, isReachable else { return [] }
        let type = family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
        return endpoints.map {
            .init(
                name: "affinity-\(id(of: $0))",
                declaration: ["type \(type)", "size 65535", "flags dynamic,timeout", "timeout \(sessionAffinity)s"])
        }
    }

    private func endpointChain(_ endpoint: ServiceBackend) -> RuleTable.Chain {
        .init(
            name: "endpoint-\(id(of: endpoint))", hook: nil,
            rules: ["update @affinity-\(id(of: endpoint)) { \(ip) saddr }", translation(to: endpoint)])
    }

    /// What an endpoint's chain and set are called by; a name in nf_tables has no colons.
    private func id(of endpoint: ServiceBackend) -> String {
        let address = "\(endpoint.address)".map { $0 == ":" ? "." : $0 }
        return "\(name)__\(String(address))/\(endpoint.port)"
    }

    private var ip: String { family == .ipv4 ? "ip" : "ip6" }
}
