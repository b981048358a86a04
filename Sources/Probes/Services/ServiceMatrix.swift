import Addresses
import Blueprint
import KubeProxy
import Topology

/// The checks of a lab's services: who asks which service at which address, and what has to come back.
///
/// One pod of every node asks, so that each service is reached from the nodes that have its endpoints and from those that
/// have none. Where all pods of a node are on the node's own network, the node asks. At addresses and ports for clients outside of the
/// cluster those ask, too (`OutsideChecks`).
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
        /// What the address is to the service.
        var arrival = Arrival.clusterAddress
        /// The node that sends the packets on, where it is not the one that asks or its pod does.
        var node: String?
        /// The addresses of which a pod sees one as its client's; nil for what a pod is otherwise asked from.
        var clients: Set<IPAddress>?
        /// Whether it stands for finding every endpoint, and is made until all have answered.
        var isBalance = false
    }

    /// What an address is to a service, in the words of a report.
    enum Arrival: String, Hashable, Sendable {
        /// The service's own.
        case clusterAddress = "by address"
        /// One from outside that nodes take packets for (`externalIPs`).
        case externalAddress = "external address"
        /// A load balancer's.
        case loadBalancer = "load balancer"
        /// A node's, at the port that it has for the service.
        case nodePort = "node port"
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
        /// Nothing, because the node drops the packets: it has no endpoint of its own, or the client may not ask.
        case silence(Transport)
    }

    /// The namespaces that ask.
    let sources: [Blueprint.Namespace]
    private(set) var checks: [Check] = []
    private(set) var names: [NameCheck] = []
    /// What is not checked, and why.
    public private(set) var unprobed: [UnprobedService] = []

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
        let pods = blueprint.namespaces.filter { namespace in
            guard namespace.kind == .pod, let node = namespace.node else { return false }
            return from(namespace.name) && nodes.insert(node).inserted
        }
        sources =
            pods + blueprint.namespaces.filter { !$0.hostPods.isEmpty && from($0.name) && !nodes.contains($0.name) }
        let ports = blueprint.containerPorts
        let lab = PortPlan.Lab(
            nodes: blueprint.proxiedNodes, ports: ports, stopped: blueprint.stoppedPods,
            hasProxy: blueprint.hasServiceProxy)
        addOutside(blueprint, lab, from: from, to: to)
        // Who may not ask is no gap in the checks.
        if sources.isEmpty, blueprint.namespaces.contains(where: { !from($0.name) }) { return }
        for service in blueprint.services {
            for address in service.clusterAddresses where to(service.key, address) {
                for index in service.ports.indices { add(PortPlan(service, index, at: address, lab)) }
            }
        }
        let asked = NameCheck.all(blueprint, sources: sources, ports: ports, to: to)
        names = asked.checks
        unprobed += asked.unprobed
    }

    /// Adds the checks at addresses and ports for clients outside of the cluster.
    private mutating func addOutside(
        _ blueprint: Blueprint, _ lab: PortPlan.Lab, from: (String) -> Bool, to: (String, IPAddress?) -> Bool
    ) {
        let services = blueprint.services.filter(\.isExternal)
        if services.isEmpty { return }
        var outside = OutsideChecks(blueprint, lab, pods: sources, from: from)
        for service in services { outside.add(service) { to(service.key, $0) } }
        checks += outside.checks
        unprobed += outside.unprobed
    }

    /// The checks and queries that there are.
    public var count: Int { checks.count * 2 + names.count }

    /// Adds the checks of a port at one address, or why there are none.
    private mutating func add(_ plan: PortPlan) {
        let able = sources.filter { source in source.addresses.contains { $0.family == plan.address.family } }
        var reasons: [UnprobedService.Reason] = able.isEmpty ? [.nobodyAsks(plan.address.family)] : []
        for source in able {
            do {
                checks.append(try plan.check(from: source))
            } catch {
                if !reasons.contains(error) { reasons.append(error) }
            }
        }
        unprobed += reasons.map { plan.unprobed($0) }
        // Balance is the node's doing: one node shows it, and each node has the same rules.
        if let source = able.first, let check = plan.balance(from: source) { checks.append(check) }
    }
}

/// A service's port at one address, and what answers there.
struct PortPlan {
    let service: ClusterService
    let index: Int
    let address: IPAddress
    let lab: Lab

    /// What is the same for all services.
    struct Lab {
        /// The nodes, by name.
        var nodes: [String: ProxiedNode]
        var ports: [PodReference: [Workload.ContainerPort]]
        /// The pods that do not answer.
        var stopped: Set<PodReference>
        /// Whether nodes send packets for services on.
        var hasProxy: Bool
    }

    init(_ service: ClusterService, _ index: Int, at address: IPAddress, _ lab: Lab) {
        self.service = service
        self.index = index
        self.address = address
        self.lab = lab
    }

    var port: ServicePort { service.ports[index] }

    func unprobed(_ reason: UnprobedService.Reason) -> UnprobedService {
        UnprobedService(
            service: service.key, port: "\(port.number)/\(port.transport.rawValue)", address: address, reason)
    }

    func check(from source: Blueprint.Namespace) throws(UnprobedService.Reason) -> ServiceMatrix.Check {
        ServiceMatrix.Check(
            from: source.name, service: service.key, address: address, port: port.number,
            expectation: try expectation(from: source))
    }

    /// The check that every endpoint answers; with session affinity, that always the same one does.
    func balance(from source: Blueprint.Namespace) -> ServiceMatrix.Check? {
        let places = Set(backends(from: source).reachable.map { [$0.address.description, "\($0.port)"] })
        guard places.count > 1, !service.isInternallyLocal,
            var check = try? check(from: source), case .page = check.expectation
        else { return nil }
        check.isBalance = true
        return check
    }

    private func backends(from source: Blueprint.Namespace) -> ClusterService.Backends {
        let name = source.nodeName ?? ""
        return service.backends(
            ofPort: index, at: address, from: lab.nodes[name] ?? ProxiedNode(name, addresses: []))
    }

    private func expectation(
        from source: Blueprint.Namespace
    ) throws(UnprobedService.Reason) -> ServiceMatrix.Expectation {
        try checkThatItIsServed()
        let backends = backends(from: source)
        if !backends.isAnywhere { return .refusal(port.transport) }
        // Without an endpoint on its own node a packet is dropped, which takes a long time to see.
        guard !backends.reachable.isEmpty else { throw .dropped(node: source.nodeName ?? "") }
        return try expectation(of: backends.reachable)
    }

    /// Throws why nothing can be said of the port, whoever asks.
    func checkThatItIsServed() throws(UnprobedService.Reason) {
        guard port.transport != .sctp else { throw .transport(port.transport) }
        guard lab.hasProxy else { throw .noProxy }
    }

    /// What comes back where packets go to one of these.
    func expectation(of near: [ServiceBackend]) throws(UnprobedService.Reason) -> ServiceMatrix.Expectation {
        guard near.allSatisfy({ $0.pod != nil }) else { throw .noPod }
        // Those that follow their pods are no endpoints while these do not answer.
        guard near.allSatisfy({ $0.pod.map { !lab.stopped.contains($0) } ?? true }) else { throw .stoppedByHand }
        let answers = near.compactMap(answer)
        guard answers.count == near.count, let answer = answers.first?.answer, answer != .none else {
            throw .nothingAnswers
        }
        guard answers.allSatisfy({ $0.answer == answer }) else { throw .differentAnswers }
        switch answer {
        case .http:
            let bodies = answers.compactMap(\.body)
            if bodies.count == answers.count { return .body(Set(bodies)) }
            if bodies.isEmpty { return .page(pods: Set(near.compactMap(\.pod))) }
            throw .differentAnswers
        case .echo: return .echo(port.transport)
        case .dns: return .names(port.transport)
        case .none: throw .nothingAnswers
        }
    }

    /// The container's port that answers for a backend; nil where none says so.
    private func answer(for backend: ServiceBackend) -> Workload.ContainerPort? {
        backend.pod.flatMap { lab.ports[$0] }?.first {
            $0.number == backend.port && $0.transport == port.transport && $0.listen.has(address.family)
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
