import Addresses
import Topology

/// The routes that BGP and OSPF would have brought to routers and nodes, worked out of what they are told to tell each
/// other: each prefix takes the shortest way over neighbours on a shared network.
struct LearnedRoutes {
    /// Who speaks, and what it tells of itself.
    private struct Speaker {
        var name: String
        var isRouter: Bool
        var addresses: [InterfaceAddress]
        var told: Set<Prefix> = []
        /// The speakers that it hears, with their address on the network that both are on, and the distance of routes.
        var hears: [(speaker: Int, address: IPAddress, distance: UInt32)] = []
    }

    private var speakers: [Speaker] = []
    /// The routers that nodes of the cluster tell their blocks to, or that hear of them from such a router.
    private(set) var routersWithBlocks: Set<String> = []

    /// The most routes that are worked out: enough for any lab.
    private static let limit = 20_000

    init(_ topology: Topology, _ configurations: [String: EOSConfiguration], _ calico: CalicoResources) {
        for router in topology.routers {
            var speaker = Speaker(name: router.name, isRouter: true, addresses: router.interfaceAddresses)
            for one in configurations[router.name]?.protocols ?? [] {
                speaker.told.formUnion(Self.told(one, router, configurations))
            }
            speakers.append(speaker)
        }
        let routerCount = speakers.count
        for node in topology.nodes where !calico.isBGPDisabled {
            speakers.append(
                Speaker(
                    name: node.name, isRouter: false,
                    addresses: node.interfaces.filter { !$0.isShutdown }.flatMap(\.addresses)))
        }
        for first in 0..<routerCount {
            for second in 0..<routerCount where second != first {
                connect(first, second, configurations)
            }
        }
        connectNodes(topology, routerCount, configurations, calico)
    }

    // MARK: Who hears whom

    /// What a protocol of a router tells: its networks as far as they are there, and what it redistributes.
    private static func told(
        _ one: EOSConfiguration.RoutingProtocol, _ router: Router, _ configurations: [String: EOSConfiguration]
    ) -> Set<Prefix> {
        let connected = Set(router.interfaceAddresses.map(\.prefix))
        let written = Set(router.routes.map(\.destination))
        var told: Set<Prefix> = []
        switch one.kind {
        case .bgp: told = Set(one.networks).intersection(connected.union(written))
        case .ospf:
            told = Set(ospfAddresses(of: router, one, configurations[router.name]).map(\.prefix))
        }
        if one.redistributesConnected { told.formUnion(connected) }
        if one.redistributesStatic { told.formUnion(written) }
        if one.originatesDefault { told.insert(.all(.ipv4)) }
        return told
    }

    /// The addresses of the interfaces that OSPF runs on.
    private static func ospfAddresses(
        of router: Router, _ ospf: EOSConfiguration.RoutingProtocol, _ configuration: EOSConfiguration?
    ) -> [InterfaceAddress] {
        let own = Set(configuration?.interfaces.filter(\.runsOSPF).flatMap(\.allAddresses) ?? [])
        return router.interfaceAddresses.filter { address in
            address.family == .ipv4
                && (own.contains(address) || ospf.networks.contains { $0.contains(address.address) })
        }
    }

    /// The addresses of two speakers on one network, if there is one.
    private func shared(_ first: Int, _ second: Int) -> [(own: IPAddress, other: IPAddress)] {
        speakers[first].addresses.flatMap { own in
            speakers[second].addresses.filter {
                $0.prefix == own.prefix && $0.prefixLength < $0.family.bits && $0.address != own.address
            }.map { (own.address, $0.address) }
        }
    }

    private mutating func connect(_ first: Int, _ second: Int, _ configurations: [String: EOSConfiguration]) {
        let (mine, theirs) = (configurations[speakers[first].name], configurations[speakers[second].name])
        guard let mine, let theirs else { return }
        for (own, other) in shared(first, second) {
            let isBGP =
                mine.protocols.contains { $0.speaks(with: other) } && theirs.protocols.contains { $0.speaks(with: own) }
            let isOSPF = mine.runsOSPF(at: own) && theirs.runsOSPF(at: other)
            guard isBGP || isOSPF else { continue }
            // EOS's administrative distances: OSPF 110, BGP 200.
            speakers[first].hears.append((second, other, isOSPF ? 110 : 200))
        }
    }

    private mutating func connectNodes(
        _ topology: Topology, _ routerCount: Int, _ configurations: [String: EOSConfiguration],
        _ calico: CalicoResources
    ) {
        for (index, node) in topology.nodes.enumerated() where routerCount + index < speakers.count {
            for router in 0..<routerCount {
                guard let protocols = configurations[speakers[router].name]?.protocols else { continue }
                for (own, other) in shared(routerCount + index, router) {
                    let isNamed = calico.peers.contains { peer in
                        (peer.address == nil || peer.address == other) && (peer.node == nil || peer.node == node.name)
                            && (peer.nodes?.selects(node.allLabels) ?? true)
                    }
                    guard protocols.contains(where: { $0.speaks(with: own) }), isNamed || calico.peers.isEmpty else {
                        continue
                    }
                    speakers[routerCount + index].hears.append((router, other, 200))
                    routersWithBlocks.insert(speakers[router].name)
                    // Whoever hears of the node's blocks has to find the node.
                    if !speakers[router].told.contains(where: { $0.contains(own) }) {
                        speakers[router].told.insert(own.hostPrefix)
                    }
                }
            }
        }
        // What one router hears of nodes, it tells on.
        var isGrowing = !routersWithBlocks.isEmpty
        while isGrowing {
            isGrowing = false
            for speaker in speakers where speaker.isRouter && !routersWithBlocks.contains(speaker.name) {
                guard speaker.hears.contains(where: { routersWithBlocks.contains(speakers[$0.speaker].name) }) else {
                    continue
                }
                routersWithBlocks.insert(speaker.name)
                isGrowing = true
            }
        }
    }

    // MARK: What they hear

    /// The routes of each speaker, by its name.
    func byName() -> [String: [StaticRoute]] {
        var routes: [String: [StaticRoute]] = [:]
        var count = 0
        let prefixes = Set(speakers.flatMap(\.told))
        for prefix in prefixes.sorted() {
            var distance: [Int?] = speakers.map { $0.told.contains(prefix) ? 0 : nil }
            var step = 0
            while count < Self.limit {
                var found: [(speaker: Int, route: StaticRoute)] = []
                for (index, speaker) in speakers.enumerated() where distance[index] == nil {
                    // Nodes tell nothing but their blocks.
                    let best = speaker.hears.filter {
                        $0.address.family == prefix.family && distance[$0.speaker] == step
                            && speakers[$0.speaker].isRouter
                    }.min { ($0.distance, $0.address) < ($1.distance, $1.address) }
                    guard let best else { continue }
                    found.append(
                        (index, StaticRoute(prefix, .gateway(best.address, interface: nil), metric: best.distance)))
                }
                if found.isEmpty { break }
                for (index, route) in found {
                    distance[index] = step + 1
                    count += 1
                    routes[speakers[index].name, default: []].append(route)
                }
                step += 1
            }
        }
        return routes
    }
}

extension EOSConfiguration.RoutingProtocol {
    /// Whether it takes this address for a neighbour's.
    fileprivate func speaks(with address: IPAddress) -> Bool {
        kind == .bgp && (neighbors.contains(address) || listenRanges.contains { $0.contains(address) })
    }
}

extension EOSConfiguration {
    /// Whether OSPF runs on the interface of an address.
    fileprivate func runsOSPF(at address: IPAddress) -> Bool {
        let ospf = protocols.filter { $0.kind == .ospf }
        guard !ospf.isEmpty else { return false }
        return ospf.contains { $0.networks.contains { $0.contains(address) } }
            || interfaces.contains { interface in
                interface.runsOSPF && interface.addresses.contains { $0.address == address }
            }
    }
}

extension Router {
    /// The addresses of its interfaces that are up.
    var interfaceAddresses: [InterfaceAddress] {
        let ports = ports.filter { !$0.isShutdown }.flatMap { port -> [InterfaceAddress] in
            guard case .routed(let addresses, let subinterfaces) = port.mode else { return [] }
            return addresses + subinterfaces.flatMap(\.addresses)
        }
        return vlans.filter { !$0.isShutdown }.flatMap(\.addresses) + ports + loopbacks.flatMap(\.addresses)
    }
}
