import Addresses
import Topology

/// Who can answer for services.
struct EndpointCandidates {
    private let placement: Placement
    private let controlPlane: [Placement.Node]
    /// The running pods that share a Kubernetes namespace and labels, by position: those of one workload do.
    private let groups: [(namespace: String, labels: [String: String], pods: [Int])]
    /// By each label that a group has in its Kubernetes namespace, the groups' positions.
    private let groupsByLabel: [Label: [Int]]
    /// The running pods on the cluster's network, by address.
    private let podsByAddress: [IPAddress: PodReference]
    private let zones: [String: String]
    /// The services that pods name as their subdomain: their pods have names of their own.
    private let subdomains: Set<String>
    /// What has been found: services that select in the same way have the same endpoints.
    private var known: [Selection: [ServiceEndpoint]] = [:]

    /// What says which pods answer for a service, and how.
    private struct Selection: Hashable {
        var namespace: String
        var selector: [String: String]
        var families: [AddressFamily]
        var ports: [Port]
        var distribution: Service.TrafficDistribution?
        /// Its name, where pods name it.
        var name: String?

        struct Port: Hashable {
            var target: Service.Target
            var transport: Transport
        }
    }

    private struct Label: Hashable {
        var namespace: String
        var key: String
        var value: String
    }

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
        var byLabel: [Label: [Int]] = [:]
        for (index, group) in groups.enumerated() {
            for (key, value) in group.labels {
                byLabel[Label(namespace: group.namespace, key: key, value: value), default: []].append(index)
            }
        }
        groupsByLabel = byLabel
        podsByAddress = Dictionary(
            placement.pods.filter { $0.pendingReason == nil && !$0.usesHostNetwork }.flatMap { pod in
                pod.addresses.map { ($0, pod.reference) }
            }, uniquingKeysWith: { first, _ in first })
        zones = topology.zones
        subdomains = Set(placement.pods.compactMap(\.subdomain))
    }

    mutating func endpoints(of service: Service, _ families: [AddressFamily]) -> [ServiceEndpoint] {
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
        let selection = Selection(
            namespace: service.namespace, selector: service.selector, families: families,
            ports: service.ports.map { Selection.Port(target: $0.target, transport: $0.transport) },
            distribution: service.trafficDistribution, name: subdomains.contains(service.name) ? service.name : nil)
        let selected = known[selection] ?? pods(of: service, families)
        known[selection] = selected
        if service.endpointSlices.isEmpty { return selected }
        return selected
            + service.endpointSlices.filter { families.contains($0.family) }.flatMap { written($0, service) }
    }

    /// The endpoints that a service's selector finds.
    private func pods(of service: Service, _ families: [AddressFamily]) -> [ServiceEndpoint] {
        selected(by: service).flatMap(\.pods).flatMap { index -> [ServiceEndpoint] in
            let pod = placement.pods[index]
            let ports = service.ports.map { $0.number(on: pod) }
            return pod.addresses.filter { families.contains($0.family) }.map { address in
                var endpoint = ServiceEndpoint(
                    address: address, pod: pod.reference,
                    hostname: pod.subdomain == service.name ? pod.hostname : nil, node: pod.node ?? "", isReady: true,
                    ports: ports)
                // As the endpoint slices' controller has them (staging/src/k8s.io/endpointslice/trafficdist).
                if service.trafficDistribution != nil, let zone = zones[endpoint.node] { endpoint.zoneHints = [zone] }
                if service.trafficDistribution == .preferSameNode { endpoint.nodeHints = [endpoint.node] }
                return endpoint
            }
        }
    }

    /// The pods with a service's labels, in the order of their creation.
    private func selected(
        by service: Service
    ) -> [(namespace: String, labels: [String: String], pods: [Int])] {
        let candidates = service.selector.map {
            groupsByLabel[Label(namespace: service.namespace, key: $0.key, value: $0.value)] ?? []
        }
        return (candidates.min { $0.count < $1.count } ?? []).map { groups[$0] }.filter { group in
            service.selector.allSatisfy { group.labels[$0.key] == $0.value }
        }
    }

    /// Endpoints that somebody has written.
    private func written(_ slice: EndpointSlice, _ service: Service) -> [ServiceEndpoint] {
        let ports = service.ports.map { port in
            slice.ports.first { $0.name == port.name && $0.transport == port.transport }?.number
        }
        return slice.endpoints.map { written in
            var endpoint = ServiceEndpoint(
                address: written.address, pod: podsByAddress[written.address], hostname: written.hostname,
                node: written.node ?? "", isReady: written.isReady, ports: ports)
            endpoint.isServing = written.isServing
            endpoint.isTerminating = written.isTerminating
            endpoint.zoneHints = Set(written.zoneHints)
            endpoint.nodeHints = Set(written.nodeHints)
            endpoint.isByHand = true
            return endpoint
        }
    }
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
