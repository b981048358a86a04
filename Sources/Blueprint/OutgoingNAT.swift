import Addresses
import NetworkObjects
import Topology

/// Which packets leave a node with the node's own address in one family (Calico's natOutgoing): those that come from a pool
/// with natOutgoing and go to no pool.
public struct OutgoingNAT: Hashable, Sendable {
    public var family: AddressFamily
    /// All pools' prefixes.
    public var pools: [Prefix]
    /// Those of pools with natOutgoing.
    public var masqueraded: [Prefix]

    /// Nil where no pool of the family has natOutgoing.
    public init?(_ family: AddressFamily, _ pools: [Pool]) {
        let all = pools.filter { $0.prefix.family == family }
        self.family = family
        self.pools = all.map(\.prefix)
        masqueraded = all.filter(\.natOutgoing).map(\.prefix)
        if masqueraded.isEmpty { return nil }
    }

    /// Whether a packet's source address is changed.
    func changesSource(_ source: IPAddress, to destination: IPAddress) -> Bool {
        masqueraded.contains { $0.contains(source) } && !pools.contains { $0.contains(destination) }
    }

    /// The name of Calico's table in its nftables mode, one in each family.
    static let tableName = "calico"

    /// Calico's table for it.
    ///
    /// Chains and sets have the names that Felix gives them (felix/nftables/table.go, felix/rules/nat.go, rule_defs.go). The
    /// hook's priority is Felix's too: ten after kube-proxy's.
    var table: RuleTable {
        let prefix = family == .ipv4 ? "cali40" : "cali60"
        let (all, masquerade) = (prefix + "all-ipam-pools", prefix + "masq-ipam-pools")
        func set(_ name: String, _ prefixes: [Prefix]) -> RuleTable.NamedSet {
            .init(
                name, key: [family.ruleType], flags: [.interval], elements: prefixes.map { .init([.prefix($0)]) })
        }
        var table = RuleTable(.init(family), Self.tableName)
        table.sets = [set(all, pools), set(masquerade, masqueraded)]
        table.chains = [
            .init(
                "nat-cali-nat-outgoing",
                [
                    Rule(
                        [
                            .match(.sourceAddress(family), .named(masquerade)),
                            .mismatch(.destinationAddress(family), .named(all)), .counter, .masquerade,
                        ], comment: "natOutgoing: from a pod to outside all pools, so it takes this node's address")
                ]),
            .init("nat-cali-POSTROUTING", [Rule([.verdict(.jump("nat-cali-nat-outgoing"))])]),
            .init(
                "nat-POSTROUTING", hook: .init("nat", "postrouting", 110),
                [Rule([.verdict(.jump("nat-cali-POSTROUTING"))])]),
        ]
        return table
    }
}
