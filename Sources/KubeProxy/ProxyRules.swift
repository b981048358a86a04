import Addresses
import NetworkObjects

/// What kube-proxy installs on every node in its nftables mode: a table in each family that sends packets for services to
/// their endpoints, refuses those for services that have none, and drops those that may not come in.
///
/// Tables, chains, sets, maps, their names, comments and hooks, and the rules and their order are those of Kubernetes 1.34,
/// pkg/proxy/nftables/proxier.go, with `--nodeport-addresses=primary`, which is its default in this mode.
public struct ProxyRules: Sendable {
    /// The name of its tables.
    public static let tableName = "kube-proxy"

    private let families: [FamilyRules]

    /// The rules for the ports of a cluster's services.
    ///
    /// - Parameters:
    ///   - serviceSubnets: the ranges of the services' own addresses.
    ///   - clusterPrefixes: where packets of pods come from (`clusterCIDR`).
    ///   - known: rules that were worked out before: those of a port that has not changed are taken from there.
    public init(
        _ ports: [ProxiedPort], serviceSubnets: [Prefix], clusterPrefixes: [Prefix], known: ProxyRules? = nil
    ) {
        families = AddressFamily.allCases.enumerated().map { index, family in
            FamilyRules(
                family, ports.filter { $0.family == family },
                serviceSubnets: serviceSubnets.filter { $0.family == family },
                clusterPrefixes: clusterPrefixes.filter { $0.family == family }, known: known?.families[index])
        }
    }

    /// The tables of a node, IPv4's before IPv6's. There are both on every node, whichever families the cluster has.
    public func tables(on node: ProxiedNode) -> [RuleTable] { families.map { $0.table(on: node) } }
}

/// The rules of one family, which are nearly the same on every node.
private struct FamilyRules {
    private let frame: TableFrame
    private let clusterPrefixes: [Prefix]
    private let ports: [ProxiedPort]
    /// By port, its rules where they are the same on all nodes.
    private let shared: [PortRules?]
    /// What all ports come to where it is the same on all nodes.
    private let whole: Ports?

    init(
        _ family: AddressFamily, _ ports: [ProxiedPort], serviceSubnets: [Prefix], clusterPrefixes: [Prefix],
        known: FamilyRules?
    ) {
        frame = TableFrame(family, serviceSubnets, ports.map(\.clusterAddress))
        self.clusterPrefixes = clusterPrefixes
        self.ports = ports
        let before = known?.rulesByPort(clusterPrefixes) ?? [:]
        let anywhere = ProxiedNode("", addresses: [])
        shared = ports.map { port in
            if port.dependsOnNode { return nil }
            if let (same, rules) = before[port.chainName], same == port { return rules }
            return PortRules(port, on: anywhere, clusterPrefixes: clusterPrefixes)
        }
        let rules = shared.compactMap(\.self)
        whole = rules.count == shared.count ? Ports(rules) : nil
    }

    /// By name, the ports whose rules are the same on all nodes, with those.
    private func rulesByPort(_ prefixes: [Prefix]) -> [String: (ProxiedPort, PortRules)] {
        if prefixes != clusterPrefixes { return [:] }
        let pairs = zip(ports, shared).compactMap { port, rules in rules.map { (port.chainName, (port, $0)) } }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    func table(on node: ProxiedNode) -> RuleTable {
        let all =
            whole
            ?? Ports(
                zip(ports, shared).map { port, rules in
                    rules ?? PortRules(port, on: node, clusterPrefixes: clusterPrefixes)
                })
        var table = frame.table(on: node, all.elements)
        table.sets += all.sets
        table.add(all.chains)
        return table
    }

    /// What the ports of all services come to on a node.
    private struct Ports {
        private(set) var elements: [PortRules.MapName: [RuleTable.Element]] = [:]
        private(set) var sets: [RuleTable.NamedSet] = []
        private(set) var chains: [RuleTable.ChainGroup] = []

        init(_ ports: [PortRules]) {
            var keys: [PortRules.MapName: Set<[RuleValue]>] = [:]
            for rules in ports {
                sets += rules.affinitySets
                chains.append(rules.chains)
                for (name, new) in rules.elements {
                    // Of two services that ask for one address and port from outside, the first one has it.
                    elements[name, default: []] += new.filter { keys[name, default: []].insert($0.key).inserted }
                }
            }
        }
    }
}
