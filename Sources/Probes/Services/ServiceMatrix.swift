import Addresses
import Blueprint
import Topology

/// The checks of a lab's services: who asks which service at which address, and what has to come back.
///
/// One pod of every node asks, so that each service is reached from the nodes that have its endpoints and from those that
/// have none.
public struct ServiceMatrix: Sendable {
    /// A service's port, asked at one of its addresses.
    struct Check: Hashable, Sendable {
        /// The namespace that asks.
        var from: String
        /// The service, as `NAMESPACE/NAME`.
        var service: String
        var address: IPAddress
        var port: UInt16
        var expectation: Expectation
        /// Whether it stands for finding every endpoint, and is made until all have answered.
        var isBalance = false
    }

    /// What has to come back.
    enum Expectation: Hashable, Sendable {
        /// The page of one of these pods, which has seen this client.
        case page(pods: Set<PodReference>)
        /// One of these bodies: pages that are always the same.
        case body(Set<String>)
        /// What was sent.
        case echo(Transport)
        /// An answer to a DNS query.
        case names(Transport)
        /// A refusal at once, because no endpoint is there.
        case refusal(Transport)
    }

    /// Who asks: one pod of every node.
    let sources: [Blueprint.Namespace]
    private(set) var checks: [Check] = []
    private(set) var names: [NameCheck] = []

    /// The most endpoints of which every single one must be seen to answer. Of more than these, chance has too long a tail.
    static let countedEndpoints = 64

    /// The checks of a lab's services; none for a lab without.
    ///
    /// - Parameters:
    ///   - from: keeps those asked from namespaces that it is true of.
    ///   - to: keeps those of services, by `NAMESPACE/NAME`, and addresses that it is true of.
    public init(
        _ blueprint: Blueprint, from: (String) -> Bool = { _ in true },
        to: (String, IPAddress?) -> Bool = { _, _ in true }
    ) {
        var nodes: Set<String> = []
        sources = blueprint.namespaces.filter { namespace in
            guard namespace.kind == .pod, let node = namespace.node else { return false }
            return from(namespace.name) && nodes.insert(node).inserted
        }
        var ports: [PodReference: [Workload.ContainerPort]] = [:]
        for namespace in blueprint.namespaces {
            if let pod = namespace.pod { ports[pod] = namespace.ports }
        }
        for service in blueprint.services {
            let plans = Self.plans(service, ports).filter { to(service.key, $0.address) }
            for source in sources {
                for plan in plans where source.addresses.contains(where: { $0.family == plan.address.family }) {
                    if let check = plan.check(from: source) { checks.append(check) }
                }
            }
            // Balance is the node's doing: one node shows it, and each node has the same rules.
            if let source = sources.first {
                for plan in plans where source.addresses.contains(where: { $0.family == plan.address.family }) {
                    if let check = plan.balance(from: source) { checks.append(check) }
                }
            }
        }
        names = NameCheck.all(blueprint, sources: sources, ports: ports, to: to)
    }

    /// The checks and queries that there are.
    public var count: Int { checks.count * 2 + names.count }

    private static func plans(
        _ service: ClusterService, _ ports: [PodReference: [Workload.ContainerPort]]
    ) -> [PortPlan] {
        service.clusterAddresses.flatMap { address in
            service.ports.indices.compactMap { PortPlan(service, $0, at: address, ports) }
        }
    }
}

/// A service's port at one address, and what stands behind it.
private struct PortPlan {
    let service: ClusterService
    let address: IPAddress
    let port: UInt16
    let transport: Transport
    /// The endpoints that packets may go to, with what answers there; nil for one of which nobody knows.
    let endpoints: [(endpoint: ClusterService.Endpoint, answer: Workload.ContainerPort?)]

    /// Nil for a transport that is not probed.
    init?(
        _ service: ClusterService, _ index: Int, at address: IPAddress,
        _ ports: [PodReference: [Workload.ContainerPort]]
    ) {
        let port = service.ports[index]
        guard port.transport != .sctp else { return nil }
        transport = port.transport
        self.service = service
        self.address = address
        self.port = port.number
        endpoints = service.readyEndpoints(address.family).compactMap { endpoint in
            guard let number = endpoint.ports[index] else { return nil }
            let container = endpoint.pod.flatMap { ports[$0] }?.first {
                $0.number == number && $0.transport == port.transport && $0.listen.has(address.family)
            }
            return (endpoint, container)
        }
    }

    func check(from source: Blueprint.Namespace) -> ServiceMatrix.Check? {
        guard let expectation = expectation(from: source) else { return nil }
        return ServiceMatrix.Check(
            from: source.name, service: service.key, address: address, port: port, expectation: expectation)
    }

    /// The check that every endpoint answers; with session affinity, that always the same one does.
    func balance(from source: Blueprint.Namespace) -> ServiceMatrix.Check? {
        guard endpoints.count > 1, !service.isInternallyLocal, var check = check(from: source),
            case .page = check.expectation
        else { return nil }
        check.isBalance = true
        return check
    }

    private func expectation(from source: Blueprint.Namespace) -> ServiceMatrix.Expectation? {
        if endpoints.isEmpty { return .refusal(transport) }
        let near =
            service.isInternallyLocal ? endpoints.filter { $0.endpoint.node == source.node } : endpoints
        // Without an endpoint on its own node a packet is dropped, which takes a long time to see.
        guard !near.isEmpty else { return nil }
        let answers = near.compactMap(\.answer)
        guard answers.count == near.count, let answer = answers.first?.answer,
            answers.allSatisfy({ $0.answer == answer })
        else { return nil }
        switch answer {
        case .http:
            let bodies = answers.compactMap(\.body)
            if bodies.count == answers.count { return .body(Set(bodies)) }
            return bodies.isEmpty ? .page(pods: Set(near.compactMap(\.endpoint.pod))) : nil
        case .echo: return .echo(transport)
        case .dns: return .names(transport)
        case .none: return nil
        }
    }
}

extension Workload.ContainerPort.Listen {
    fileprivate func has(_ family: AddressFamily) -> Bool {
        switch self {
        case .dual: true
        case .ipv4: family == .ipv4
        case .ipv6: family == .ipv6
        }
    }
}
