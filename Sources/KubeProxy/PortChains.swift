import Addresses
import NetworkObjects

/// The chains of one port of a service on a node.
struct PortChains {
    private let port: ProxiedPort
    private let reach: ReachableEndpoints
    private let node: ProxiedNode
    private let clusterPrefixes: [Prefix]

    init(_ port: ProxiedPort, _ reach: ReachableEndpoints, on node: ProxiedNode, clusterPrefixes: [Prefix]) {
        self.port = port
        self.reach = reach
        self.node = node
        self.clusterPrefixes = clusterPrefixes
    }

    /// Of all that the chains are worked out of.
    var digest: RuleDigest {
        var digest = RuleDigest()
        port.add(to: &digest)
        if port.dependsOnNode { node.add(to: &digest) }
        digest.add(clusterPrefixes) { $0.add($1) }
        return digest
    }

    /// The chains: the port's own, then its endpoints'.
    var all: [RuleTable.Chain] {
        let name = port.endpointChainName
        let named = reach.all.map { (endpoint: $0, name: name($0)) }
        var chains: [RuleTable.Chain] = []
        let hasInternalEndpoints = reach.hasInternal(port)
        let first = hasInternalEndpoints ? offCluster : []
        if port.usesClusterEndpoints, !reach.cluster.isEmpty {
            let rules = port.isInternallyLocal ? [] : first
            chains.append(.init(port.clusterChain, rules + choice(of: reach.cluster, named)))
        }
        if port.usesLocalEndpoints, !reach.local.isEmpty {
            let rules = port.isInternallyLocal ? first : []
            chains.append(.init(port.localChain, rules + choice(of: reach.local, named)))
        }
        if reach.isAnywhere, port.isExternal { chains.append(.init(port.externalChain, externalRules)) }
        if port.hasFirewall { chains.append(.init(port.firewallChain, [firewall])) }
        return chains + named.map { chain(of: $0.endpoint, $0.name) }
    }

    private static let mark = Rule.Statement.verdict(.jump(MarkChain.name))

    private var family: AddressFamily { port.family }

    /// The rule for packets that are not from a pod: their answers have to come back this way.
    private var offCluster: [Rule] {
        let to = Rule.Expression.destinationAddress(family)
        guard let others = fromCluster(not: true) else { return [] }
        return [Rule([.match(to, .value(.address(port.clusterAddress))), others, Self.mark])]
    }

    /// That a packet is, or is not, from a pod; nil where that is not known.
    private func fromCluster(not isNegated: Bool = false) -> Rule.Statement? {
        guard let first = clusterPrefixes.first else { return nil }
        let from = Rule.Expression.sourceAddress(family)
        let prefixes: Rule.Expression =
            clusterPrefixes.count == 1
            ? .value(.prefix(first)) : .elements(clusterPrefixes.map { .init([.prefix($0)]) })
        return isNegated ? .mismatch(from, prefixes) : .match(from, prefixes)
    }

    /// The rules that send a packet to one of these endpoints: its client's, or any.
    ///
    /// - Parameter named: all endpoints, in their order, with what their chains are called by.
    private func choice(
        of endpoints: [ProxiedEndpoint], _ named: [(endpoint: ProxiedEndpoint, name: String)]
    ) -> [Rule] {
        var names = named.map(\.name)
        if endpoints.count < named.count {
            let chosen = Set(endpoints)
            names = named.filter { chosen.contains($0.endpoint) }.map(\.name)
        }
        let map = names.enumerated().map {
            RuleTable.Element([.number(UInt32($0))], .verdict(.goto("endpoint-" + $1)))
        }
        let known = port.sessionAffinity == nil ? [] : names
        return known.map {
            Rule([
                .match(.sourceAddress(family), .named("affinity-" + $0)), .verdict(.goto("endpoint-" + $0)),
            ])
        } + [Rule([.verdictMap(.random(below: names.count), .elements(map))])]
    }

    /// The rules for packets to addresses and ports from outside: their answers come back this way, unless only endpoints of
    /// this node may answer. Then they keep their source; and what a pod or the node itself sends there may go anywhere.
    private var externalRules: [Rule] {
        let target = port.isExternallyLocal ? port.localChain : port.clusterChain
        let last = reach.hasExternal(port) ? [Rule([.verdict(.goto(target))])] : []
        guard port.isExternallyLocal else { return [Rule([Self.mark])] + last }
        let isNode = Rule.Statement.match(.sourceAddressType, .value(.other("local")))
        let isPod = fromCluster().map {
            Rule([$0, .verdict(.goto(port.clusterChain))], comment: "short-circuit pod traffic")
        }
        return (isPod.map { [$0] } ?? []) + [
            Rule([isNode, Self.mark], comment: "masquerade local traffic"),
            Rule([isNode, .verdict(.goto(port.clusterChain))], comment: "short-circuit local traffic"),
        ] + last
    }

    /// The rule that keeps away clients that are in no source range. Where the node itself is in one, so are the load
    /// balancers' addresses: what it sends to one of them may come back from it.
    private var firewall: Rule {
        var sources = port.sourceRanges
        if let address = node.address(family), sources.contains(where: { $0.contains(address) }) {
            sources += port.loadBalancerAddresses.map(\.hostPrefix)
        }
        let elements = sources.withoutOverlaps.map { RuleTable.Element([$0.ruleValue]) }
        let from = Rule.Expression.sourceAddress(family)
        // As nft lists a set of one.
        let others: Rule.Expression = elements.count == 1 ? .value(elements[0].key[0]) : .elements(elements)
        return Rule([.mismatch(from, others), .verdict(.drop)])
    }

    private func chain(of endpoint: ProxiedEndpoint, _ name: String) -> RuleTable.Chain {
        let from = Rule.Expression.sourceAddress(family)
        // What reaches itself.
        var rules = [Rule([.match(from, .value(.address(endpoint.address))), Self.mark])]
        if port.sessionAffinity != nil { rules.append(Rule([.update(set: "affinity-" + name, from)])) }
        rules.append(
            Rule([
                .match(.transport, .value(.transport(port.transport))),
                .translation(to: .init(endpoint.address, endpoint.port)),
            ]))
        return .init("endpoint-" + name, rules)
    }
}

extension [Prefix] {
    /// Those that lie in no other, in the order of their addresses.
    fileprivate var withoutOverlaps: [Prefix] {
        var found: [Prefix] = []
        for prefix in sorted(by: { ($0.address, $0.length) < ($1.address, $1.length) })
        where found.last.map({ !$0.overlaps(prefix) }) ?? true {
            found.append(prefix)
        }
        return found
    }
}

extension Prefix {
    /// As nft lists it: one address without its length.
    fileprivate var ruleValue: RuleValue { length == family.bits ? .address(address) : .prefix(self) }
}

// MARK: Digests

extension ProxiedPort {
    /// Adds all of it.
    fileprivate func add(to digest: inout RuleDigest) {
        digest.add(namespace)
        digest.add(service)
        digest.add(name)
        digest.add(transport.rawValue)
        digest.add(UInt64(number) << 32 | (nodePort.map { UInt64($0) | 1 << 16 } ?? 0))
        digest.add(clusterAddress)
        digest.add(externalAddresses) { $0.add($1) }
        digest.add(loadBalancerAddresses) { $0.add($1) }
        digest.add(sourceRanges) { $0.add($1) }
        digest.add(sessionAffinity.map { UInt64($0) | 1 << 32 } ?? 0)
        digest.add((isInternallyLocal ? 1 : 0) | (isExternallyLocal ? 2 : 0))
        digest.add(endpoints) { $1.add(to: &$0) }
    }
}

extension ProxiedEndpoint {
    fileprivate func add(to digest: inout RuleDigest) {
        let flags: UInt64 = (isReady ? 1 : 0) | (isServing ? 2 : 0) | (isTerminating ? 4 : 0)
        digest.add(address)
        digest.add(UInt64(port) << 8 | flags)
        digest.add(node)
        if !hasHints { return digest.add(0) }
        digest.add(1)
        digest.add(zones.sorted()) { $0.add($1) }
        digest.add(nodes.sorted()) { $0.add($1) }
    }
}

extension ProxiedNode {
    fileprivate func add(to digest: inout RuleDigest) {
        digest.add(name)
        digest.add(addresses) { $0.add($1) }
        digest.add(zone)
    }
}

extension RuleDigest {
    fileprivate mutating func add(_ prefix: Prefix) {
        add(prefix.address)
        add(UInt64(prefix.length))
    }
}
