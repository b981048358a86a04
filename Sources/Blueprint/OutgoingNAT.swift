import Addresses
import Topology

extension NftablesTable {
    /// The name of Calico's table in its nftables mode, one in each family.
    static let calicoName = "calico"

    /// The sets of a family: all pools, and those with natOutgoing (felix/rules/rule_defs.go).
    static func calicoSets(_ family: AddressFamily) -> (all: String, masquerade: String) {
        let prefix = family == .ipv4 ? "cali40" : "cali60"
        return (prefix + "all-ipam-pools", prefix + "masq-ipam-pools")
    }

    /// Calico's table for natOutgoing in a family: what comes from a pool with natOutgoing and goes to no pool takes the
    /// node's address. Nil where no pool of the family has it.
    ///
    /// Chains and sets have the names that Felix gives them (felix/nftables/table.go, felix/rules/nat.go). The hook's
    /// priority is Felix's too: ten behind kube-proxy's.
    static func outgoingNAT(_ family: AddressFamily, _ pools: [Pool]) -> NftablesTable? {
        let all = pools.filter { $0.prefix.family == family }
        let masquerade = all.filter(\.natOutgoing)
        guard !masquerade.isEmpty else { return nil }
        let (allName, masqueradeName) = calicoSets(family)
        let ip = family == .ipv4 ? "ip" : "ip6"
        let type = family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
        let elements = { (pools: [Pool]) in pools.map(\.prefix.description).joined(separator: ", ") }
        return NftablesTable(
            family: ip, name: calicoName,
            body: """
                \tset \(allName) {
                \t\ttype \(type)
                \t\tflags interval
                \t\telements = { \(elements(all)) }
                \t}
                \tset \(masqueradeName) {
                \t\ttype \(type)
                \t\tflags interval
                \t\telements = { \(elements(masquerade)) }
                \t}
                \tchain nat-cali-nat-outgoing {
                \t\t\(ip) saddr @\(masqueradeName) \(ip) daddr != @\(allName) counter masquerade fully-random comment \
                "natOutgoing: from a pod to outside all pools, so it takes this node's address"
                \t}
                \tchain nat-cali-POSTROUTING {
                \t\tjump nat-cali-nat-outgoing
                \t}
                \tchain nat-POSTROUTING {
                \t\ttype nat hook postrouting priority srcnat + 10; policy accept;
                \t\tjump nat-cali-POSTROUTING
                \t}

                """)
    }
}
