import Addresses
import Topology

/// The routes that BGP and OSPF would have brought to routers and nodes, worked out of what they are to announce to each
/// other: each prefix takes the shortest way over neighbours on a shared network.
struct LearnedRoutes {
    /// Who speaks, and what it announces of itself.
    private struct Speaker {
        var name: String
        var isRouter: Bool
        var addresses: [InterfaceAddress]
        var told: Set<Prefix> = []
        /// The speakers that hear it, with its own address on the network that both are on, the distance of routes, and by
        /// what they hear it.
        var heardBy: [(listener: Int, address: IPAddress, distance: UInt32, by: StaticRoute.Source)] = []
    }

    private var speakers: [Speaker] = []
    /// The routers that nodes of the cluster tell their blocks to, or that hear of them from such a router.
    private(set) var routersWithBlocks: Set<String> = []

    /// Calico's autonomous system where nobody chose one (`DefaultASNumber`).
    private static let calicoAutonomousSystem = "64512"

    /// The most pairs of neighbours, and steps from one to the next, that are looked at: enough for any lab.
    private static let limit = 500_000

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
        for (first, own, second, other) in neighbours() {
            if first < routerCount, second < routerCount {
                connect(first, own, second, other, configurations)
            } else if first >= routerCount, second < routerCount {
                connect(topology.nodes[first - routerCount], first, own, second, other, configurations, calico)
            }
        }
        spreadBlocks()
    }

    /// The pairs of speakers on one network, in both directions, with the addresses that they have there.
    private func neighbours() -> [(first: Int, own: IPAddress, second: Int, other: IPAddress)] {
        var byPrefix: [Prefix: [(speaker: Int, address: IPAddress)]] = [:]
        for (index, speaker) in speakers.enumerated() {
            for address in speaker.addresses where address.prefixLength < address.family.bits {
                byPrefix[address.prefix, default: []].append((index, address.address))
            }
        }
        var pairs: [(first: Int, own: IPAddress, second: Int, other: IPAddress)] = []
        for (_, members) in byPrefix.sorted(by: { $0.key < $1.key }) {
            for (first, own) in members {
                for (second, other) in members where second != first && other != own {
                    guard pairs.count < Self.limit else { return pairs }
                    pairs.append((first, own, second, other))
                }
            }
        }
        return pairs
    }

    // MARK: Who hears whom

    /// What a protocol of a router announces: its networks as far as they are there, and what it redistributes.
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

    private mutating func connect(
        _ first: Int, _ own: IPAddress, _ second: Int, _ other: IPAddress,
        _ configurations: [String: EOSConfiguration]
    ) {
        guard let mine = configurations[speakers[first].name], let theirs = configurations[speakers[second].name] else {
            return
        }
        let isBGP =
            mine.protocols.contains { $0.speaks(with: other) } && theirs.protocols.contains { $0.speaks(with: own) }
        let isOSPF = mine.runsOSPF(at: own) && theirs.runsOSPF(at: other)
        guard isBGP || isOSPF else { return }
        // EOS's administrative distances: OSPF 110, BGP 200.
        let isInternal = Self.autonomousSystem(mine) == Self.autonomousSystem(theirs)
        speakers[second].heardBy.append(
            (first, other, isOSPF ? 110 : 200, isOSPF ? .ospf(cost: 0) : isInternal ? .internalBGP : .externalBGP))
    }

    private static func autonomousSystem(_ configuration: EOSConfiguration) -> String? {
        configuration.protocols.first { $0.kind == .bgp }?.autonomousSystem
    }

    /// A node and a router that may be its peer.
    private mutating func connect(
        _ node: Node, _ index: Int, _ own: IPAddress, _ router: Int, _ other: IPAddress,
        _ configurations: [String: EOSConfiguration], _ calico: CalicoResources
    ) {
        let isNamed = calico.peers.contains { peer in
            (peer.address == nil || peer.address == other) && (peer.node == nil || peer.node == node.name)
                && (peer.nodes?.selects(node.allLabels) ?? true)
        }
        let protocols = configurations[speakers[router].name]?.protocols ?? []
        guard protocols.contains(where: { $0.speaks(with: own) }), isNamed || calico.peers.isEmpty else { return }
        let number = configurations[speakers[router].name].flatMap(Self.autonomousSystem)
        let source: StaticRoute.Source = number == Self.calicoAutonomousSystem ? .internalBGP : .externalBGP
        speakers[router].heardBy.append((index, other, 200, source))
        speakers[index].heardBy.append((router, own, 200, source))
        routersWithBlocks.insert(speakers[router].name)
        // Whoever hears of the node's blocks has to find the node.
        if !speakers[router].told.contains(where: { $0.contains(own) }) { speakers[router].told.insert(own.hostPrefix) }
    }

    /// What one router hears of nodes, it passes on.
    private mutating func spreadBlocks() {
        var open = speakers.indices.filter { routersWithBlocks.contains(speakers[$0].name) }
        while let index = open.popLast() {
            for (listener, _, _, _) in speakers[index].heardBy
            where speakers[listener].isRouter && routersWithBlocks.insert(speakers[listener].name).inserted {
                open.append(listener)
            }
        }
    }

    // MARK: What they hear

    /// By router, how it hears of the cluster's nodes.
    func learnedNodes() -> [String: [Router.LearnedNode]] {
        var learned: [String: [Router.LearnedNode]] = [:]
        var steps = 0
        for node in speakers.indices where !speakers[node].isRouter {
            for family in AddressFamily.allCases {
                var open = [node], reached: Set = [node], distance = 0
                while !open.isEmpty, steps < Self.limit {
                    distance += 1
                    var best: [Int: IPAddress] = [:]
                    for teller in open {
                        for (listener, address, _, _) in speakers[teller].heardBy
                        where address.family == family && speakers[listener].isRouter && !reached.contains(listener) {
                            steps += 1
                            if best[listener].map({ $0 <= address }) != true { best[listener] = address }
                        }
                    }
                    for (listener, address) in best.sorted(by: { $0.key < $1.key }) {
                        learned[speakers[listener].name, default: []].append(
                            Router.LearnedNode(speakers[node].name, via: address, steps: distance))
                    }
                    open = best.keys.sorted()
                    reached.formUnion(open)
                }
            }
        }
        return learned
    }

    /// The routes of each speaker, by its name.
    func byName() -> [String: [StaticRoute]] {
        var routes: [String: [StaticRoute]] = [:]
        var steps = 0
        for prefix in Set(speakers.flatMap(\.told)).sorted() {
            var open = speakers.indices.filter { speakers[$0].told.contains(prefix) }
            var reached = Set(open)
            // EOS' cost of an interface of 1 Gbit/s, that of the prefix itself among them.
            var cost: UInt32 = 10
            while !open.isEmpty, steps < Self.limit {
                cost += 10
                // Of several neighbours that are as near, the one of the least distance, and then address.
                var best: [Int: (address: IPAddress, distance: UInt32, source: StaticRoute.Source)] = [:]
                // Nodes tell of themselves alone, and pass nothing on.
                for teller in open where speakers[teller].isRouter || speakers[teller].told.contains(prefix) {
                    for (listener, address, distance, source) in speakers[teller].heardBy
                    where address.family == prefix.family && !reached.contains(listener) {
                        steps += 1
                        if let known = best[listener], (known.distance, known.address) <= (distance, address) {
                            continue
                        }
                        best[listener] = (address, distance, source)
                    }
                }
                for (listener, way) in best.sorted(by: { $0.key < $1.key }) {
                    let target = StaticRoute.Target.gateway(way.address, interface: nil)
                    var route = StaticRoute(prefix, target, metric: way.distance)
                    route.source = way.source
                    if case .ospf = way.source { route.source = .ospf(cost: cost) }
                    routes[speakers[listener].name, default: []].append(route)
                }
                open = best.keys.sorted()
                reached.formUnion(open)
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
