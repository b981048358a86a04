import Addresses
import Blueprint
import DNS
import Glibc
import Topology

extension ResponderPlan {
    /// What a lab's pods answer, and what its name servers tell.
    ///
    /// - Parameter silent: the pods that do not answer.
    public init(_ blueprint: Blueprint, silent: Set<PodReference>) {
        self.init(lab: blueprint.lab)
        zone.namespaces = blueprint.kubernetesNamespaces
        zone.services = blueprint.services.map { ClusterZone.Service($0.stopping(silent)) }
        zone.serial = UInt32(truncatingIfNeeded: time(nil))
        for namespace in blueprint.namespaces {
            for hosted in namespace.hostPods {
                guard !silent.contains(hosted.pod) else { continue }
                let listeners = hosted.ports.compactMap { Listener($0) }
                if listeners.isEmpty { continue }
                pods.append(
                    Pod(
                        pin: blueprint.pin(of: namespace), name: hosted.pod.name, namespace: hosted.pod.namespace,
                        node: namespace.name,
                        addresses: namespace.addresses, listeners: listeners))
            }
            guard let pod = namespace.pod, !silent.contains(pod) else { continue }
            let listeners = namespace.ports.compactMap { Listener($0) }
            guard !listeners.isEmpty else { continue }
            pods.append(
                Pod(
                    pin: blueprint.pin(of: namespace), name: pod.name, namespace: pod.namespace,
                    node: namespace.node ?? "",
                    addresses: namespace.addresses, listeners: listeners))
        }
    }
}

extension ResponderPlan.Listener {
    /// Nil for a port at which nothing answers.
    fileprivate init?(_ port: Workload.ContainerPort) {
        guard port.transport != .sctp else { return nil }
        let families: ResponderPlan.Families =
            switch port.listen {
            case .dual: .dual
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            }
        switch port.answer {
        case .http:
            guard port.transport == .tcp else { return nil }
            self.init(port.transport, port.number, families: families, answer: .http(body: port.body))
        case .echo: self.init(port.transport, port.number, families: families, answer: .echo)
        case .dns: self.init(port.transport, port.number, families: families, answer: .dns)
        case .none: return nil
        }
    }
}

extension ClusterZone.Service {
    fileprivate init(_ service: ClusterService) {
        self.init(
            name: service.name, namespace: service.namespace, clusterAddresses: service.clusterAddresses,
            isHeadless: service.isHeadless,
            ports: service.ports.map { ClusterZone.Port(name: $0.name, transport: $0.transport, number: $0.number) })
        if case .externalName(let name) = service.kind { externalName = name }
        endpoints = service.endpoints.map { endpoint in
            ClusterZone.Endpoint(
                address: endpoint.address, hostname: endpoint.hostname,
                isReady: service.isReady(endpoint),
                ports: zip(service.ports, endpoint.ports).compactMap { port, number in
                    number.map { ClusterZone.Port(name: port.name, transport: port.transport, number: $0) }
                })
        }
    }
}
