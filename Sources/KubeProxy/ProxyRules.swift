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
    public init(_ ports: [ProxiedPort], serviceSubnets: [Prefix], clusterPrefixes: [Prefix]) {
        families = AddressFamily.allCases.map { family in
            FamilyRules(
                family, ports.filter { $0.family == family },
                serviceSubnets: serviceSubnets.filter { $0.family == family },
                clusterPrefixes: clusterPrefixes.filter { $0.family == family })
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

    init(_ family: AddressFamily, _ ports: [ProxiedPort], serviceSubnets: [Prefix], clusterPrefixes: [Prefix]) {
        frame = TableFrame(family, serviceSubnets)
        self.clusterPrefixes = clusterPrefixes
        self.ports = ports
        let anywhere = ProxiedNode("", addresses: [])
        shared = ports.map {
            $0.dependsOnNode ? nil : PortRules($0, on: anywhere, clusterPrefixes: clusterPrefixes)
        }
    }

    func table(on node: ProxiedNode) -> RuleTable {
        var elements: [PortRules.MapName: [RuleTable.Element]] = [:]
        var keys: [PortRules.MapName: Set<[RuleValue]>] = [:]
        var (sets, chains): ([RuleTable.NamedSet], [RuleTable.Chain]) = ([], [])
        for (port, rules) in zip(ports, shared) {
            let rules = rules ?? PortRules(port, on: node, clusterPrefixes: clusterPrefixes)
            sets += rules.affinitySets
            chains += rules.chains
            for (name, new) in rules.elements {
                // Of two services that ask for one address and port from outside, the first one has it.
                elements[name, default: []] += new.filter { keys[name, default: []].insert($0.key).inserted }
            }
        }
        var table = frame.table(on: node, clusterAddresses: ports.map(\.clusterAddress), elements)
        table.sets += sets
        table.chains += chains
        return table
    }
}
