import Addresses
import Blueprint
import KubeProxy
import NetworkObjects

/// The checks of services at addresses and ports for clients outside of the cluster: `externalIPs`, load balancers' addresses and ports
/// of the nodes.
///
/// Who asks is where clients are: routers, hosts and networks that have a way there; and pods and nodes, whose packets kube-proxy treats
/// in other ways. A port of a node is asked for from outside, from another node and from a pod.
struct OutsideChecks {
    private(set) var checks: [ServiceMatrix.Check] = []
    private(set) var unprobed: [UnprobedService] = []
    private var told: Set<UnprobedService> = []
    private var silent = 0

    private let lab: PortPlan.Lab
    private let simulator: PacketSimulator
    private let byName: [String: Blueprint.Namespace]
    /// The namespaces that may be gateways, by their addresses.
    private let owners: [IPAddress: [String]]
    private let clusterPrefixes: [Prefix]
    /// One for each node that has some.
    private let pods: [Blueprint.Namespace]
    private let nodes: [Blueprint.Namespace]
    private let outside: [Blueprint.Namespace]
    /// The namespaces that may ask.
    private let asking: Set<String>

    /// The most clients outside that ask at an address, and the most nodes that ask, or are asked, there.
    private static let mostAsking = 16
    /// The most checks that nothing comes back: each is waited for.
    private static let mostSilent = 128

    /// - Parameters:
    ///   - pods: those that ask for services.
    ///   - from: keeps the checks from namespaces that it is true of.
    init(
        _ blueprint: Blueprint, _ lab: PortPlan.Lab, pods: [Blueprint.Namespace], from: (String) -> Bool
    ) {
        self.lab = lab
        self.pods = pods.filter { $0.kind == .pod }
        asking = Set(blueprint.namespaces.map(\.name).filter(from))
        simulator = PacketSimulator(blueprint)
        byName = Dictionary(
            blueprint.namespaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let gateways = blueprint.namespaces.lazy.filter { $0.kind != .pod }.flatMap { namespace in
            namespace.content.addresses.map { ($0.address.address, [namespace.name]) }
        }
        owners = Dictionary(gateways, uniquingKeysWith: +)
        clusterPrefixes = blueprint.clusterPrefixes
        nodes = blueprint.namespaces.filter { $0.kind == .node }
        outside = Array(
            blueprint.namespaces.filter {
                [.router, .host, .network].contains($0.kind) && from($0.name)
            }.prefix(Self.mostAsking))
    }

    /// Adds a service's checks.
    ///
    /// - Parameter isMeant: keeps those at addresses that it is true of.
    mutating func add(_ service: ClusterService, _ isMeant: (IPAddress) -> Bool) {
        for index in service.ports.indices {
            for address in service.externalAddresses where isMeant(address) {
                add(service, index, at: address, .externalAddress)
            }
            for ingress in service.ingress where isMeant(ingress.address) {
                if ingress.isProxied {
                    unprobed.append(
                        PortPlan(service, index, at: ingress.address, lab).unprobed(.balancedElsewhere))
                } else {
                    add(service, index, at: ingress.address, .loadBalancer)
                }
            }
            guard let port = service.ports[index].nodePort else { continue }
            for own in service.clusterAddresses {
                addNodePort(port, PortPlan(service, index, at: own, lab), isMeant)
            }
        }
    }

    // MARK: Who asks whom

    /// Adds the checks at an address from outside.
    private mutating func add(
        _ service: ClusterService, _ index: Int, at address: IPAddress, _ arrival: ServiceMatrix.Arrival
    ) {
        guard let own = service.clusterAddresses.first(where: { $0.family == address.family }) else {
            unprobed.append(PortPlan(service, index, at: address, lab).unprobed(.otherFamily(address.family)))
            return
        }
        let plan = PortPlan(service, index, at: own, lab)
        let sources = outside + pods + nodes.filter { asking.contains($0.name) }.prefix(Self.mostAsking)
        for source in sources {
            let entries = entries(from: source, to: address)
            if !entries.isEmpty { add(plan, from: source, at: address, service.ports[index].number, arrival, entries) }
        }
    }

    /// Adds the checks at a port of the nodes.
    private mutating func addNodePort(_ port: UInt16, _ plan: PortPlan, _ isMeant: (IPAddress) -> Bool) {
        let family = plan.address.family
        // Of very many nodes, some that are far from each other.
        let step = max(1, nodes.count / Self.mostAsking)
        for (number, node) in nodes.enumerated() where number % step == 0 {
            guard let address = lab.nodes[node.name]?.addresses.first(where: { $0.family == family }), isMeant(address)
            else { continue }
            let others = pods.filter { $0.node != node.name }
            let candidates: [Blueprint.Namespace?] = [
                outside.first { entry(from: $0, toNode: node.name, address) != nil },
                nodes.count > 1 ? nodes[(number + 1) % nodes.count] : nil,
                others.isEmpty ? pods.first : others[number % others.count],
            ]
            for source in candidates.compactMap(\.self) where asking.contains(source.name) {
                guard let entry = entry(from: source, toNode: node.name, address) else { continue }
                add(plan, from: source, at: address, port, .nodePort, [entry])
            }
        }
    }

    /// Adds one check, or why there is none.
    private mutating func add(
        _ plan: PortPlan, from source: Blueprint.Namespace, at address: IPAddress, _ port: UInt16,
        _ arrival: ServiceMatrix.Arrival, _ entries: [Entry]
    ) {
        do throws(UnprobedService.Reason) {
            let expected = try expectation(plan, arrival, entries, of: source)
            if case .silence = expected.what {
                if silent == Self.mostSilent { throw .manyDropped }
                silent += 1
            }
            checks.append(
                ServiceMatrix.Check(
                    from: source.name, service: plan.service.key, address: address, port: port,
                    expectation: expected.what, arrival: arrival, node: entries.count == 1 ? entries[0].node : nil,
                    clients: expected.clients))
        } catch {
            var reason = plan.unprobed(error)
            reason.address = "\(address)"
            if arrival == .nodePort { reason.port = "\(port)/\(plan.port.transport.rawValue)" }
            if told.insert(reason).inserted { unprobed.append(reason) }
        }
    }

    // MARK: Ways

    /// A node that packets come to, and the source that they have there.
    private struct Entry {
        var node: String
        var source: IPAddress
    }

    /// The nodes that take what a namespace sends to an address of no namespace; none where no way leads to one, or none back.
    private func entries(from source: Blueprint.Namespace, to address: IPAddress) -> [Entry] {
        if source.kind == .pod {
            guard let node = source.node, let own = source.addresses.first(where: { $0.family == address.family })
            else { return [] }
            return [Entry(node: node, source: own)]
        }
        let path = simulator.path(from: source.name, to: address)
        guard let own = path.source, path.hops.contains(where: { byName[$0.namespace]?.kind == .node }) else {
            return []
        }
        if source.kind == .node { return [Entry(node: source.name, source: own)] }
        return nodesReached(from: source.name, to: address)
            .filter { simulator.path(from: $0, to: own).deliveredTo == source.name }
            .map { Entry(node: $0, source: own) }
    }

    /// The first nodes on all ways to an address that routes of equal cost lead.
    private func nodesReached(from name: String, to address: IPAddress) -> [String] {
        var (reached, seen, rest): ([String], Set<String>, [String]) = ([], [name], [name])
        while let here = rest.popLast() {
            let hops = simulator.path(from: here, to: address).hops
            guard hops.count > 1, let route = hops[0].route else { continue }
            let ways = byName[here]?.content.routes.first {
                $0.destination == route.destination && $0.table == route.table
            }?.ways
            let next = (ways ?? []).compactMap(\.gateway).flatMap { owners[$0] ?? [] } + [hops[1].namespace]
            for name in next where seen.insert(name).inserted {
                if byName[name]?.kind == .node { reached.append(name) } else { rest.append(name) }
            }
        }
        return reached
    }

    /// How what a namespace sends to a node's address comes there; nil where it does not, or nothing comes back.
    private func entry(from source: Blueprint.Namespace, toNode node: String, _ address: IPAddress) -> Entry? {
        let trip = simulator.roundTrip(from: source.name, to: address)
        guard trip.request.deliveredTo == node, let own = trip.request.source, trip.expectedReplyTTL != nil else {
            return nil
        }
        return Entry(node: node, source: own)
    }

    // MARK: Expectations

    /// What has to come back, whichever of these nodes the packets come to.
    private func expectation(
        _ plan: PortPlan, _ arrival: ServiceMatrix.Arrival, _ entries: [Entry], of source: Blueprint.Namespace
    ) throws(UnprobedService.Reason) -> (what: ServiceMatrix.Expectation, clients: Set<IPAddress>?) {
        try plan.checkThatItIsServed()
        var near: [ServiceBackend] = []
        var clients: Set<IPAddress> = []
        var others: Set<ServiceMatrix.Expectation> = []
        for entry in entries {
            switch answer(plan, arrival, entry, of: source) {
            case .answered(let backends, let sources):
                near += backends
                clients.formUnion(sources)
            case .refused: others.insert(.refusal(plan.port.transport))
            case .dropped: others.insert(.silence(plan.port.transport))
            }
        }
        guard others.isEmpty || near.isEmpty && others.count == 1 else { throw .differentWays }
        if let only = others.first { return (only, nil) }
        return (try plan.expectation(of: near), clients)
    }

    /// What kube-proxy on a node makes of packets.
    private enum Answer {
        /// They go to one of these, which sees one of these clients.
        case answered([ServiceBackend], Set<IPAddress>)
        case refused
        case dropped
    }

    private func answer(
        _ plan: PortPlan, _ arrival: ServiceMatrix.Arrival, _ entry: Entry, of source: Blueprint.Namespace
    ) -> Answer {
        let service = plan.service
        let node = lab.nodes[entry.node] ?? ProxiedNode(entry.node, addresses: [])
        let family = plan.address.family
        if arrival == .loadBalancer {
            let ranges = service.sourceRanges.filter { $0.family == family }
            func isInRange(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
            let isOwn =
                service.loadBalancerAddresses.contains(entry.source) && node.addresses.contains(where: isInRange)
            if !ranges.isEmpty, !isInRange(entry.source), !isOwn { return .dropped }
        }
        let backends = service.backends(ofPort: plan.index, at: plan.address, from: node)
        if !backends.isAnywhere { return .refused }
        let own = Set(
            (byName[entry.node]?.content.addresses ?? []).map(\.address.address).filter { $0.family == family })
        // Answers come back by way of the node, but where only its own endpoints may answer those who are outside.
        if !service.isExternallyLocal { return .answered(backends.cluster, own) }
        let isPod = clusterPrefixes.contains { $0.contains(entry.source) }
        if !isPod, own.contains(entry.source) { return .answered(backends.cluster, own) }
        let near = isPod ? backends.cluster : backends.local
        if near.isEmpty { return .dropped }
        // A pod that reaches itself has the node's address, and so has one that reaches another node's network.
        let isTranslated = near.contains {
            $0.pod == source.pod || byName[$0.node]?.addresses.contains($0.address) ?? false
        }
        return .answered(near, isPod && isTranslated ? own.union([entry.source]) : [entry.source])
    }
}

extension ClusterService {
    /// Whether there are addresses or ports for clients outside of the cluster.
    var isExternal: Bool {
        !externalAddresses.isEmpty || !ingress.isEmpty || ports.contains { $0.nodePort != nil }
    }
}
