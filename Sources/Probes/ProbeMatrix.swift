import Addresses
import Blueprint

/// The probes that prove a lab: which namespace pings which address, and what has to come back.
public struct ProbeMatrix: Sendable {
    /// One check: an echo request, and the TTL that its answer must have.
    public struct Probe: Hashable, Sendable {
        /// The namespace it is sent from.
        public var from: String
        /// The namespace that has the address.
        public var to: String
        public var address: IPAddress
        /// What kind of check it is.
        public var kind: Kind
        /// The way that the packet takes.
        public var path: PathKind
        /// The TTL or hop limit of the answer; nil where the blueprint itself has no way there and back.
        public var expectedTTL: Int?
    }

    /// Kinds of checks.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case podToPod = "pod → pod"
        case podToHostPod = "pod → host-network pod"
        case hostPodToPod = "host-network pod → pod"
        case podToLoopback = "pod → loopback"
        case nodeToGateway = "node → gateway"
        case nodeToTunnel = "node → tunnel"
        case nodeToNode = "node → node"
        case podToHost = "pod → host"
        case hostToHost = "host → host"
        case hostToLoopback = "host → loopback"
        case hostToGateway = "host → gateway"
        case routerToRouter = "router → router"
    }

    /// Kinds of paths that packets take.
    public enum PathKind: String, Hashable, Sendable, CaseIterable {
        case sameNode = "same node"
        /// From node to node on one link.
        case native
        /// From node to node by way of a router.
        case routed
        case vxlan = "VXLAN"
        case ipip = "IPIP"
        /// Out of the cluster.
        case external
        /// To a neighbour on the own link.
        case link
    }

    /// The checks, pods first.
    public private(set) var probes: [Probe] = []
    /// What is not checked because the lab's own files lead no way there, a sentence for each address: between nodes, and else only
    /// where a lab may be so (`Blueprint.allowsUnreachable`).
    public private(set) var unreachable: [String] = []
    /// How many checks there would be if none was left out.
    public private(set) var complete = 0

    /// The most checks that are made one by one. A lab with more gets a cover: every pair of nodes by one pair of pods,
    /// every pod to and from another one, every pod to every loopback.
    public static let limit = 100_000

    private let simulator: PacketSimulator
    private let byName: [String: Blueprint.Namespace]

    /// The checks of a lab.
    ///
    /// - Parameters:
    ///   - from: keeps those sent from namespaces that it is true of.
    ///   - to: keeps those to namespaces and addresses that it is true of.
    public init(
        _ blueprint: Blueprint, from: (String) -> Bool = { _ in true },
        to: (String, IPAddress) -> Bool = { _, _ in true }
    ) {
        simulator = PacketSimulator(blueprint)
        byName = Dictionary(uniqueKeysWithValues: blueprint.namespaces.map { ($0.name, $0) })
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        let nodes = blueprint.namespaces.filter { $0.kind == .node }
        let hosts = blueprint.namespaces.filter { $0.kind == .host }
        let gateways = blueprint.namespaces.filter { $0.kind == .router || $0.kind == .network }
        var unreachableTargets: [UnreachableTarget: Int] = [:]

        func add(_ source: Blueprint.Namespace, _ target: Blueprint.Namespace, _ address: IPAddress, _ kind: Kind) {
            complete += 1
            guard from(source.name), to(target.name, address) else { return }
            let trip = simulator.roundTrip(from: source.name, to: address)
            // Nodes between which there is no way are a lab as others; that all is well is not said of it.
            if trip.expectedReplyTTL == nil, blueprint.allowsUnreachable || kind == .nodeToNode {
                unreachableTargets[UnreachableTarget(kind: kind, to: target.name, address: address), default: 0] += 1
                complete -= 1
                return
            }
            probes.append(
                Probe(
                    from: source.name, to: target.name, address: address, kind: kind,
                    path: pathKind(of: trip, from: source, to: target, kind), expectedTTL: trip.expectedReplyTTL))
        }

        func addPods(_ source: Blueprint.Namespace, _ target: Blueprint.Namespace) {
            for address in target.addresses where source.has(address.family) { add(source, target, address, .podToPod) }
        }
        let pairs = pods.count * max(0, pods.count - 1)
        if pairs * 2 <= Self.limit {
            for source in pods { for target in pods where target.name != source.name { addPods(source, target) } }
        } else {
            for (source, target) in Self.cover(pods) { addPods(source, target) }
            complete += pairs * 2 - complete
        }
        let shared = nodes.filter { !$0.hostPods.isEmpty }
        for node in shared where pods.count * shared.count <= Self.limit {
            for pod in pods {
                for address in node.addresses where pod.has(address.family) { add(pod, node, address, .podToHostPod) }
                for address in pod.addresses where node.has(address.family) { add(node, pod, address, .hostPodToPod) }
            }
        }
        for source in pods {
            for gateway in gateways {
                for address in gateway.content.loopbackAddresses where source.has(address.family) {
                    add(source, gateway, address, .podToLoopback)
                }
            }
        }
        func addNeighbours(of source: Blueprint.Namespace, among targets: [Blueprint.Namespace], _ kind: Kind) {
            let prefixes = source.content.addresses.filter { $0.device != "lo" }.map(\.address.prefix)
                .filter { $0.length < $0.family.bits }
            for target in targets where target.name != source.name {
                for address in target.content.addresses
                where address.device != "lo" && prefixes.contains(address.address.prefix)
                    && !target.managementAddresses.contains(address.address.address)
                {
                    add(source, target, address.address.address, kind)
                }
            }
        }
        for node in nodes { addNeighbours(of: node, among: gateways, .nodeToGateway) }
        let busy = Set(pods.compactMap(\.node))
        for source in nodes {
            for target in nodes
            where target.name != source.name && !(busy.contains(source.name) && busy.contains(target.name)) {
                for address in target.content.tunnelAddresses { add(source, target, address, .nodeToTunnel) }
            }
        }
        addNodes(nodes, busy, add)
        for source in hosts {
            addNeighbours(of: source, among: gateways, .hostToGateway)
            for gateway in gateways {
                for address in gateway.content.loopbackAddresses where source.has(address.family) {
                    add(source, gateway, address, .hostToLoopback)
                }
            }
            for target in hosts where target.name != source.name && hosts.count <= Self.mostHosts {
                for address in target.ownAddresses where source.has(address.family) {
                    add(source, target, address, .hostToHost)
                }
            }
        }
        for source in pods where pods.count * hosts.count <= Self.limit {
            for target in hosts {
                for address in target.ownAddresses where source.has(address.family) {
                    add(source, target, address, .podToHost)
                }
            }
        }
        for source in gateways where source.kind == .router {
            addNeighbours(of: source, among: gateways.filter { $0.kind == .router }, .routerToRouter)
        }
        if blueprint.allowsUnreachable {
            unreachable = hosts.filter { $0.isMute && to($0.name, .v4(IPv4Address(0))) }.map {
                "\($0.name): it has links and no address that others could ask for"
            }
        }
        unreachable += unreachableTargets.sorted { $0.key < $1.key }.map { key, count in
            "\(key.to) (\(key.address)): no way there and back by the lab's own files for \(count) of the checks "
                + "\(key.kind.rawValue), which are left out"
        }
    }

    /// The checks between nodes, by the addresses that the cluster knows them by: where no pods' do for them, and where an address is
    /// on no link. Of many nodes, each asks the next.
    private func addNodes(
        _ nodes: [Blueprint.Namespace], _ busy: Set<String>,
        _ add: (Blueprint.Namespace, Blueprint.Namespace, IPAddress, Kind) -> Void
    ) {
        for (index, source) in nodes.enumerated() {
            let targets = nodes.count <= Self.mostHosts ? nodes : [nodes[(index + 1) % nodes.count]]
            for target in targets where target.name != source.name {
                let isCovered = (busy.contains(source.name) || !source.hostPods.isEmpty) && busy.contains(target.name)
                for address in target.addresses
                where source.has(address.family)
                    && (!isCovered
                        || target.content.addresses.contains { $0.device == "lo" && $0.address.address == address })
                {
                    add(source, target, address, .nodeToNode)
                }
            }
        }
    }

    /// The most hosts that are checked each with each.
    private static let mostHosts = 100

    /// What is left out, by what it would have been sent to.
    private struct UnreachableTarget: Hashable, Comparable {
        var kind: Kind
        var to: String
        var address: IPAddress

        static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.to, lhs.address, lhs.kind.rawValue) < (rhs.to, rhs.address, rhs.kind.rawValue)
        }
    }

    /// Pairs of pods that leave no pair of nodes and no pod out.
    private static func cover(_ pods: [Blueprint.Namespace]) -> [(Blueprint.Namespace, Blueprint.Namespace)] {
        let byNode = Dictionary(grouping: pods) { $0.node ?? "" }.sorted { $0.key < $1.key }.map(\.value)
        var pairs: [(Blueprint.Namespace, Blueprint.Namespace)] = []
        for (first, own) in byNode.enumerated() {
            for (index, pod) in own.enumerated() where own.count > 1 {
                pairs.append((pod, own[(index + 1) % own.count]))
            }
            for (second, others) in byNode.enumerated() where second != first {
                pairs.append((own[second % own.count], others[first % others.count]))
            }
        }
        return pairs
    }

    private func pathKind(
        of trip: RoundTrip, from source: Blueprint.Namespace, to target: Blueprint.Namespace, _ kind: Kind
    ) -> PathKind {
        switch kind {
        case .podToLoopback, .podToHost, .hostToLoopback: return .external
        case .nodeToGateway, .hostToGateway, .routerToRouter: return .link
        case .hostToHost:
            return trip.request.hops.contains { byName[$0.namespace]?.kind == .router } ? .routed : .link
        case .podToPod where source.node == target.node: return .sameNode
        case .podToHostPod where source.node == target.name: return .sameNode
        case .hostPodToPod where source.name == target.node: return .sameNode
        case .podToPod, .podToHostPod, .hostPodToPod, .nodeToTunnel, .nodeToNode:
            switch trip.request.tunnel?.kind {
            case .vxlan: return .vxlan
            case .ipip: return .ipip
            case nil: break
            }
            return trip.request.hops.contains { byName[$0.namespace]?.kind == .router } ? .routed : .native
        }
    }
}

extension Blueprint.Namespace {
    /// The addresses that a lab is about.
    fileprivate var ownAddresses: [IPAddress] { addresses.filter { !managementAddresses.contains($0) } }

    /// Whether it has links to others and no address but on a management network, and is no bridge between them.
    fileprivate var isMute: Bool {
        let managed = Set(content.addresses.filter { managementAddresses.contains($0.address.address) }.map(\.device))
        let ends = content.links.filter { link in
            if case .veth = link.kind { !managed.contains(link.name) } else { false }
        }
        return ownAddresses.isEmpty && !ends.isEmpty && ends.allSatisfy { $0.master == nil }
    }

    fileprivate func has(_ family: AddressFamily) -> Bool { ownAddresses.contains { $0.family == family } }
}

extension NamespaceContent {
    /// The addresses that a router gives its loopbacks.
    fileprivate var loopbackAddresses: [IPAddress] {
        addresses.filter { $0.device == "lo" && $0.scope == .universe }.map(\.address.address)
    }

    /// The addresses of the tunnels' devices.
    fileprivate var tunnelAddresses: [IPAddress] {
        let tunnels = Set(links.filter(\.isTunnel).map(\.name))
        return addresses.filter { tunnels.contains($0.device) }.map(\.address.address)
    }
}
