import Addresses

/// What a node's natOutgoing rule decides by: the sets of Calico's table, read from its text, which may be a blueprint's
/// or `nft list`'s.
struct PoolSets {
    private let all: [Prefix]
    private let masquerade: [Prefix]

    /// Reads a family's table; nil where there is none that masquerades.
    init?(_ family: AddressFamily, _ tables: [NftablesTable]) {
        let wanted = family == .ipv4 ? "ip" : "ip6"
        guard let table = tables.first(where: { $0.family == wanted && $0.name == NftablesTable.calicoName }) else {
            return nil
        }
        let words = table.body.split { $0.isWhitespace || $0 == "," || $0 == "=" || $0 == ";" }
        guard words.contains("masquerade") else { return nil }
        let names = NftablesTable.calicoSets(family)
        all = Self.elements(of: names.all, words)
        masquerade = Self.elements(of: names.masquerade, words)
    }

    /// Whether a packet's source address is changed.
    func changesSource(_ source: IPAddress, to destination: IPAddress) -> Bool {
        masquerade.contains { $0.contains(source) } && !all.contains { $0.contains(destination) }
    }

    /// The prefixes between `set NAME { … elements { ` and the closing brace; a prefix of one address has no length.
    private static func elements(of name: String, _ words: [Substring]) -> [Prefix] {
        guard
            let set = words.indices.first(where: { words[$0] == "set" && $0 + 1 < words.count && words[$0 + 1] == name }
            ),
            let start = words[set...].firstIndex(of: "elements")
        else { return [] }
        return words[start...].dropFirst(2).prefix { $0 != "}" }.compactMap { word in
            Prefix(word) ?? IPAddress(word)?.hostPrefix
        }
    }
}
