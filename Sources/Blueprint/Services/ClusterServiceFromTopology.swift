import Addresses
import Topology

extension ClusterService {
    /// The services of a topology whose pods are placed, all of them ready.
    ///
    /// - Parameter kept: what the running lab's services have been given.
    /// - Throws: `BlueprintError` with every service that gets no address or no port of the nodes.
    public static func all(
        of topology: Topology, _ placement: Placement, keeping kept: Allocations = .empty
    ) throws(BlueprintError) -> [ClusterService] {
        var problems: [BlueprintError.Problem] = []
        let addresses = ServiceAddresses(topology, kept, problems: &problems)
        let nodePorts = ServiceNodePorts(topology, kept, problems: &problems)
        let candidates = EndpointCandidates(topology, placement)
        let services = topology.services.indices.map { index in
            let service = topology.services[index]
            let families = service.families(on: topology.cluster)
            return ClusterService(
                name: service.name, namespace: service.namespace, kind: service.kind, families: families,
                clusterAddresses: addresses.byService[index], externalAddresses: service.externalAddresses,
                ports: service.ports.indices.map { port in
                    ServicePort(
                        name: service.ports[port].name, transport: service.ports[port].transport,
                        number: service.ports[port].port, target: service.ports[port].target,
                        nodePort: nodePorts.byService[index][port])
                },
                endpoints: candidates.endpoints(of: service, families), sessionAffinity: service.sessionAffinity,
                publishesNotReadyAddresses: service.publishesNotReadyAddresses,
                isInternallyLocal: service.isInternallyLocal, isExternallyLocal: service.isExternallyLocal)
        }
        if !problems.isEmpty { throw BlueprintError(problems) }
        return services
    }
}

/// The services' own addresses: those that they have, then those that were asked for, then the two that are always the same, then the others.
private struct ServiceAddresses {
    /// By service, in the topology's order.
    private(set) var byService: [[IPAddress]]
    private var numbers: [(subnet: Prefix, numbers: ServiceNumbers)]

    init(_ topology: Topology, _ kept: Allocations, problems: inout [BlueprintError.Problem]) {
        byService = Array(repeating: [], count: topology.services.count)
        numbers = topology.cluster.serviceSubnets.map { ($0, ServiceNumbers(positionsIn: $0)) }
        let addressed = topology.services.indices.filter { topology.services[$0].hasClusterAddresses }
        var wanted = topology.services.map { $0.families(on: topology.cluster) }
        for index in addressed {
            let service = topology.services[index]
            for address in kept.services[service.key]?.clusterIPs ?? []
            where wanted[index].contains(address.family)
                && (service.clusterAddresses.contains(address)
                    || !service.clusterAddresses.contains { $0.family == address.family })
                && take(address)
            {
                byService[index].append(address)
                wanted[index].removeAll { $0 == address.family }
            }
        }
        for index in addressed {
            let service = topology.services[index]
            for address in service.clusterAddresses where !byService[index].contains(address) {
                if !take(address) {
                    problems.append(.service(service.namespace, service.name, .clusterAddress(address)))
                }
                byService[index].append(address)
                wanted[index].removeAll { $0 == address.family }
            }
        }
        for index in addressed {
            // kubeadm's places for them: the first address of the range, and the tenth.
            let key = topology.services[index].key
            guard let position: UInt128 = key == "default/kubernetes" ? 1 : key == "kube-system/kube-dns" ? 10 : nil
            else { continue }
            wanted[index].removeAll { family in
                guard let subnet = numbers.first(where: { $0.subnet.family == family })?.subnet,
                    let address = subnet.address(at: position), take(address)
                else { return false }
                byService[index].append(address)
                return true
            }
        }
        for index in addressed {
            let service = topology.services[index]
            for family in wanted[index] {
                guard let address = choose(family, for: service.key) else {
                    problems.append(.service(service.namespace, service.name, .noClusterAddress(family)))
                    continue
                }
                byService[index].append(address)
            }
            let families = service.families(on: topology.cluster)
            byService[index].sort {
                families.firstIndex(of: $0.family) ?? .max < families.firstIndex(of: $1.family) ?? .max
            }
        }
    }

    private mutating func take(_ address: IPAddress) -> Bool {
        guard let index = numbers.firstIndex(where: { $0.subnet.contains(address) }) else { return false }
        return numbers[index].numbers.take(Int(clamping: address.value - numbers[index].subnet.address.value))
    }

    private mutating func choose(_ family: AddressFamily, for seed: String) -> IPAddress? {
        guard let index = numbers.firstIndex(where: { $0.subnet.family == family }),
            let number = numbers[index].numbers.choose(for: seed)
        else { return nil }
        return numbers[index].subnet.address(at: UInt128(number))
    }
}

/// The nodes' ports of services that have them.
private struct ServiceNodePorts {
    /// By service and port, in the topology's order.
    private(set) var byService: [[UInt16?]]

    init(_ topology: Topology, _ kept: Allocations, problems: inout [BlueprintError.Problem]) {
        byService = topology.services.map { service in
            service.hasNodePorts ? service.ports.map(\.nodePort) : service.ports.map { _ in nil }
        }
        var numbers = ServiceNumbers.nodePorts
        // One number may stand for TCP and for UDP of one service.
        var own = topology.services.map { _ in Set<UInt16>() }
        for (index, service) in topology.services.enumerated() where service.hasNodePorts {
            let had = kept.services[service.key]?.nodePorts ?? [:]
            for (place, port) in service.ports.enumerated() {
                guard let number = had[Allocations.Service.key(port.port, port.transport)],
                    byService[index][place] ?? number == number,
                    own[index].contains(number) || numbers.take(Int(number))
                else { continue }
                own[index].insert(number)
                byService[index][place] = number
            }
        }
        for (index, service) in topology.services.enumerated() where service.hasNodePorts {
            for nodePort in Set(byService[index].compactMap(\.self)).subtracting(own[index]).sorted()
            where !numbers.take(Int(nodePort)) {
                problems.append(.service(service.namespace, service.name, .nodePort(nodePort)))
            }
        }
        for (index, service) in topology.services.enumerated() where service.hasNodePorts {
            for (place, port) in service.ports.enumerated() where byService[index][place] == nil {
                let same = service.ports.indices.first {
                    service.ports[$0].port == port.port && service.ports[$0].transport != port.transport
                        && byService[index][$0] != nil
                }
                if let same {
                    byService[index][place] = byService[index][same]
                } else if let number = numbers.choose(for: "\(service.key):\(port.port)") {
                    byService[index][place] = UInt16(number)
                } else {
                    problems.append(.service(service.namespace, service.name, .noNodePort))
                }
            }
        }
    }
}

/// Who can answer for services.
private struct EndpointCandidates {
    private let placement: Placement
    private let controlPlane: [Placement.Node]
    /// The running pods that share a Kubernetes namespace and labels, by position: those of one workload do.
    private let groups: [(namespace: String, labels: [String: String], pods: [Int])]

    init(_ topology: Topology, _ placement: Placement) {
        self.placement = placement
        controlPlane = zip(topology.nodes, placement.nodes).compactMap { $0.role == .controlPlane ? $1 : nil }
        var groups: [(namespace: String, labels: [String: String], pods: [Int])] = []
        for (index, pod) in placement.pods.enumerated() where pod.pendingReason == nil {
            if let last = groups.last, last.namespace == pod.namespace, last.labels == pod.labels {
                groups[groups.count - 1].pods.append(index)
            } else {
                groups.append((pod.namespace, pod.labels, [index]))
            }
        }
        self.groups = groups
    }

    func endpoints(of service: Service, _ families: [AddressFamily]) -> [ServiceEndpoint] {
        // The API server writes its own address into its service's endpoints; no selector does.
        if service.isAPIServer {
            return controlPlane.flatMap { node in
                families.sorted().compactMap { node.address($0)?.address.address }.map { address in
                    ServiceEndpoint(
                        address: address, node: node.name, isReady: true,
                        ports: service.ports.map { if case .number(let number) = $0.target { number } else { nil } })
                }
            }
        }
        if service.selector.isEmpty { return [] }
        let selected = groups.filter { group in
            group.namespace == service.namespace && service.selector.allSatisfy { group.labels[$0.key] == $0.value }
        }
        return selected.flatMap(\.pods).flatMap { index -> [ServiceEndpoint] in
            let pod = placement.pods[index]
            let ports = service.ports.map { $0.number(on: pod) }
            return pod.addresses.filter { families.contains($0.family) }.map { address in
                ServiceEndpoint(
                    address: address, pod: pod.reference,
                    hostname: pod.subdomain == service.name ? pod.hostname : nil, node: pod.node ?? "", isReady: true,
                    ports: ports)
            }
        }
    }
}

extension Service {
    fileprivate var key: String { "\(namespace)/\(name)" }

    fileprivate var hasClusterAddresses: Bool {
        switch kind {
        case .clusterIP, .nodePort, .loadBalancer: true
        case .headless, .externalName: false
        }
    }

    fileprivate var hasNodePorts: Bool { kind == .nodePort || kind == .loadBalancer }
}

extension Service.Port {
    /// The port that this one stands for on a pod; nil if it names none that the pod has.
    fileprivate func number(on pod: Placement.Pod) -> UInt16? {
        switch target {
        case .number(let number): number
        case .name(let name): pod.ports.first { $0.name == name && $0.transport == transport }?.number
        }
    }
}
