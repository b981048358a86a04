/// An nf_tables table as a value whose parts can be compared, so that what changes from one to another can be told to
/// the kernel without touching the rest. Its parts are in nft(8)'s language.
public struct RuleTable: Hashable, Sendable {
    /// The table's family: `ip` or `ip6`.
    public var family: String
    /// The table's name, unique in its family.
    public var name: String
    /// The named sets and maps.
    public var sets: [NamedSet] = []
    /// The chains.
    public var chains: [Chain] = []

    /// A named set, or a map from keys to verdicts.
    public struct NamedSet: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Whether it is a map.
        public var isMap = false
        /// The lines that declare it: its type, flags and timeout.
        public var declaration: [String]
        /// Its elements, those that packets add (`flags dynamic`) not among them.
        public var elements: [Element] = []
    }

    /// An element of a set or map.
    public struct Element: Hashable, Sendable {
        /// What is looked up.
        public var key: String
        /// What a map gives for it.
        public var value: String?

        /// The element as nft(8) writes it.
        public var text: String { value.map { "\(key) : \($0)" } ?? key }
    }

    /// A chain.
    public struct Chain: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Where packets enter it (`type nat hook prerouting priority dstnat; policy accept;`); nil if only rules lead to
        /// it.
        public var hook: String?
        /// Its rules, in order.
        public var rules: [String]
    }

    /// The table as the blueprint holds it.
    public var table: NftablesTable {
        var lines: [String] = []
        for set in sets {
            lines.append("\(set.isMap ? "map" : "set") \(set.name) {")
            lines += set.declaration.map { "\t" + $0 }
            if !set.elements.isEmpty { lines.append("\telements = { \(Self.list(set.elements)) }") }
            lines.append("}")
        }
        for chain in chains {
            lines.append("chain \(chain.name) {")
            if let hook = chain.hook { lines.append("\t" + hook) }
            lines += chain.rules.map { "\t" + $0 }
            lines.append("}")
        }
        return NftablesTable(family: family, name: name, body: lines.map { "\t\($0)\n" }.joined())
    }

    /// The commands that make this table into another of its name, as one transaction; empty if nothing changes. What
    /// packets added to dynamic sets stays where the set stays.
    public func commands(to other: RuleTable) -> String {
        let (was, will) = (Parts(self), Parts(other))
        let place = "\(family) \(name)"
        var commands: [String] = []
        // First what others will refer to, last what nothing refers to any more.
        for set in other.sets where was.sets[set.name]?.declaration != set.declaration {
            commands.append(
                "add \(set.isMap ? "map" : "set") \(place) \(set.name) { \(set.declaration.joined(separator: "; ")); }")
        }
        for chain in other.chains where was.chains[chain.name] == nil {
            commands.append("add chain \(place) \(chain.name)" + (chain.hook.map { " { \($0) }" } ?? ""))
        }
        for chain in chains where will.chains[chain.name]?.rules != chain.rules {
            commands.append("flush chain \(place) \(chain.name)")
        }
        for set in sets {
            let kept = Set(will.sets[set.name]?.elements ?? [])
            let gone = set.elements.filter { !kept.contains($0) }.map { Element(key: $0.key) }
            if !gone.isEmpty { commands.append("delete element \(place) \(set.name) { \(Self.list(gone)) }") }
        }
        for set in other.sets {
            let had = Set(was.sets[set.name]?.elements ?? [])
            let new = set.elements.filter { !had.contains($0) }
            if !new.isEmpty { commands.append("add element \(place) \(set.name) { \(Self.list(new)) }") }
        }
        for chain in other.chains where was.chains[chain.name]?.rules != chain.rules {
            commands += chain.rules.map { "add rule \(place) \(chain.name) \($0)" }
        }
        for chain in chains where will.chains[chain.name] == nil {
            commands.append("delete chain \(place) \(chain.name)")
        }
        for set in sets where will.sets[set.name] == nil {
            commands.append("delete \(set.isMap ? "map" : "set") \(place) \(set.name)")
        }
        return commands.map { $0 + "\n" }.joined()
    }

    /// A table's parts by name.
    private struct Parts {
        let sets: [String: NamedSet]
        let chains: [String: Chain]

        init(_ table: RuleTable) {
            sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    private static func list(_ elements: [Element]) -> String { elements.map(\.text).joined(separator: ", ") }
}
