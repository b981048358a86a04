import Addresses
import Blueprint
import DNS
import Glibc
import HTTP
import Topology

extension PodServerPlan {
    /// What a lab's pods answer, and what its name servers tell.
    ///
    /// - Parameter silent: the pods that do not answer.
    public init(_ blueprint: Blueprint, silent: Set<PodReference>) {
        self.init(lab: blueprint.lab)
        zone.namespaces = blueprint.kubernetesNamespaces
        let services =
            silent == blueprint.stoppedPods ? blueprint.services : blueprint.services.map { $0.stopping(silent) }
        zone.services = ClusterZone.Service.all(services)
        addHealthChecks(blueprint, services)
        for namespace in blueprint.namespaces {
            for hosted in namespace.hostPods {
                add(
                    hosted.pod, at: hosted.ports, isSilent: silent.contains(hosted.pod),
                    of: blueprint.pin(of: namespace), on: namespace.name, namespace.addresses)
            }
            guard let pod = namespace.pod else { continue }
            add(
                pod, at: namespace.ports, isSilent: silent.contains(pod), of: blueprint.pin(of: namespace),
                on: namespace.node, namespace.addresses)
        }
    }

    /// Adds what nodes answer load balancers: kube-proxy does, for each family that a service has.
    private mutating func addHealthChecks(_ blueprint: Blueprint, _ services: [ClusterService]) {
        guard blueprint.hasServiceProxy else { return }
        let checked = services.compactMap { service in service.healthCheckNodePort.map { (service, $0) } }
        if checked.isEmpty { return }
        for node in blueprint.namespaces where node.kind == .node {
            let listeners = checked.flatMap { service, port in
                Set(service.clusterAddresses.map(\.family)).sorted().map { family in
                    let local = service.endpoints.filter {
                        $0.node == node.name && $0.address.family == family && service.isReady($0)
                    }
                    let health = ServiceHealth(
                        namespace: service.namespace, name: service.name,
                        localEndpoints: Set(local.map(\.address)).count)
                    return Listener(.tcp, port, families: family == .ipv4 ? .ipv4 : .ipv6, answer: .health(health))
                }
            }
            let page = PodPage(name: node.name, namespace: "", node: node.name, addresses: node.addresses)
            pods.append(Pod(pin: blueprint.pin(of: node), page: page, listeners: listeners))
        }
    }

    /// Adds a pod that answers at one of these ports. One that is silent has no listeners, and keeps what it has logged.
    private mutating func add(
        _ pod: PodReference, at ports: [Workload.ContainerPort], isSilent: Bool, of pin: String, on node: String?,
        _ addresses: [IPAddress]
    ) {
        var listeners = ports.compactMap { Listener($0) }
        if listeners.isEmpty { return }
        if isSilent { listeners = [] }
        let page = PodPage(name: pod.name, namespace: pod.namespace, node: node ?? "", addresses: addresses)
        pods.append(Pod(pin: pin, page: page, listeners: listeners))
    }
}

extension PodServerPlan.Listener {
    /// Nil for a port at which nothing answers.
    fileprivate init?(_ port: Workload.ContainerPort) {
        guard port.transport != .sctp else { return nil }
        let answer: PodServerPlan.Answer
        switch port.answer {
        case .http:
            guard port.transport == .tcp else { return nil }
            answer = .http(body: port.body)
        case .echo: answer = .echo
        case .dns: answer = .dns
        case .none: return nil
        }
        self.init(port.transport, port.number, families: port.listen, answer: answer)
    }
}

extension ClusterZone.Service {
    /// Services as the zone has them. What many of them have in common they share.
    fileprivate static func all(_ services: [ClusterService]) -> [Self] {
        var known: [Selection: [(service: ClusterService, endpoints: [ClusterZone.Endpoint])]] = [:]
        return services.map { service in
            var found = Self(service)
            let key = Selection(
                first: service.endpoints.first?.address, count: service.endpoints.count, ports: found.ports)
            let same = known[key]?.first {
                $0.service.endpoints == service.endpoints
                    && $0.service.publishesNotReadyAddresses == service.publishesNotReadyAddresses
            }
            if let same {
                found.endpoints = same.endpoints
            } else {
                found.endpoints = service.endpoints.map { ClusterZone.Endpoint($0, of: service) }
                known[key, default: []].append((service, found.endpoints))
            }
            return found
        }
    }

    /// What is soon told of endpoints.
    private struct Selection: Hashable {
        var first: IPAddress?
        var count: Int
        var ports: [ClusterZone.Port]
    }

    /// A service without its endpoints.
    private init(_ service: ClusterService) {
        self.init(
            name: service.name, namespace: service.namespace, clusterAddresses: service.clusterAddresses,
            isHeadless: service.isHeadless,
            ports: service.ports.map { ClusterZone.Port(name: $0.name, transport: $0.transport, number: $0.number) })
        if case .externalName(let name) = service.kind { externalName = name }
    }
}

extension ClusterZone.Endpoint {
    fileprivate init(_ endpoint: ServiceEndpoint, of service: ClusterService) {
        self.init(
            address: endpoint.address, hostname: endpoint.hostname, isReady: service.isReady(endpoint),
            ports: zip(service.ports, endpoint.ports).compactMap { port, number in
                number.map { ClusterZone.Port(name: port.name, transport: port.transport, number: $0) }
            })
    }
}
