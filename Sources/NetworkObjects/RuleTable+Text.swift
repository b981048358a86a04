// MARK: In nft's words

extension RuleTable {
    /// The table as nft(8) declares it.
    public var declaration: String {
        var lines: [String] = []
        if let comment { lines.append("comment \"\(comment)\"") }
        for set in sets {
            lines.append("\(set.title) {")
            lines += set.declaration.map { "\t" + $0 }
            if !set.elements.isEmpty { lines.append("\telements = { \(Self.list(set.elements)) }") }
            lines.append("}")
        }
        for chain in chains {
            lines.append("chain \(chain.name) {")
            lines += chain.declaration(in: family).map { "\t" + $0 }
            lines += chain.rules.map { "\t\($0)" }
            lines.append("}")
        }
        return "table \(id) {\n" + lines.map { "\t\($0)\n" }.joined() + "}\n"
    }

    /// The commands that put the table in the place of whatever has its name, in one transaction.
    public var replacement: String {
        // Adding first makes the deletion succeed where there is none.
        "add table \(id)\ndelete table \(id)\n" + declaration
    }

    /// The commands that make this table into another of its name, as one transaction; empty if nothing changes. What
    /// packets added to dynamic sets stays where the set stays.
    public func commands(to other: RuleTable) -> String {
        let (was, will) = (Parts(self), Parts(other))
        var commands: [String] = []
        // First what others will refer to, last what nothing refers to any more.
        for set in other.sets where was.sets[set.name]?.declaration != set.declaration {
            commands.append(
                "add \(set.kind) \(id) \(set.name) { \(set.declaration.joined(separator: "; ")); }")
        }
        for chain in other.chains where was.chains[chain.name] == nil {
            commands.append("add chain \(id) \(chain.name)" + chain.block(in: family))
        }
        for chain in chains where will.chains[chain.name]?.rules != chain.rules {
            commands.append("flush chain \(id) \(chain.name)")
        }
        for set in sets {
            let kept = Set(will.sets[set.name]?.elements ?? [])
            let gone = set.elements.filter { !kept.contains($0) }.map { Element($0.key) }
            if !gone.isEmpty { commands.append("delete element \(id) \(set.name) { \(Self.list(gone)) }") }
        }
        for set in other.sets {
            let had = Set(was.sets[set.name]?.elements ?? [])
            let new = set.elements.filter { !had.contains($0) }
            if !new.isEmpty { commands.append("add element \(id) \(set.name) { \(Self.list(new)) }") }
        }
        for chain in other.chains where was.chains[chain.name]?.rules != chain.rules {
            commands += chain.rules.map { "add rule \(id) \(chain.name) \($0)" }
        }
        for chain in chains where will.chains[chain.name] == nil {
            commands.append("delete chain \(id) \(chain.name)")
        }
        for set in sets where will.sets[set.name] == nil {
            commands.append("delete \(set.kind) \(id) \(set.name)")
        }
        return commands.map { $0 + "\n" }.joined()
    }

    /// The commands that make a table, as nft lists it, into this one, in one transaction; nil where parts of it would have to
    /// be something else under the same name.
    public func commands(from seen: RuleTable) -> String? {
        let parts = Parts(seen)
        let areSets = sets.allSatisfy { set in
            parts.sets[set.name].map { $0.declaration == set.declaration } ?? true
        }
        let areChains = chains.allSatisfy { chain in
            parts.chains[chain.name].map { $0.hook == chain.hook && $0.comment == chain.comment } ?? true
        }
        return areSets && areChains && comment == seen.comment && others == seen.others ? seen.commands(to: self) : nil
    }

    private static func list(_ elements: [Element]) -> String {
        elements.map(\.description).joined(separator: ", ")
    }

    /// A table's parts by name.
    struct Parts {
        let sets: [String: NamedSet]
        let chains: [String: Chain]

        init(_ table: RuleTable) {
            sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension RuleTable.NamedSet {
    fileprivate var kind: String { value == nil ? "set" : "map" }

    var title: String { "\(kind) \(name)" }

    /// The lines that declare it.
    var declaration: [String] {
        let names = Flag.allCases.filter(flags.contains).map(\.rawValue).sorted()
        var lines: [String] = []
        if !key.isEmpty { lines.append("type " + key.joined(separator: " . ") + (value.map { " : \($0)" } ?? "")) }
        if let size { lines.append("size \(size)") }
        if !names.isEmpty { lines.append("flags " + names.joined(separator: ",")) }
        if let timeout { lines.append("timeout \(timeout)s") }
        if let comment { lines.append("comment \"\(comment)\"") }
        return lines + others
    }
}

extension RuleTable.Element: CustomStringConvertible {
    public var description: String {
        let parts = key.map(\.description).joined(separator: " . ")
        let key = comment.map { "\(parts) comment \"\($0)\"" } ?? parts
        return switch value {
        case nil: key
        case .verdict(let verdict): "\(key) : \(verdict)"
        case .data(let values): "\(key) : " + values.map(\.description).joined(separator: " . ")
        }
    }
}

extension RuleTable.Chain {
    /// The lines that declare it, its rules apart.
    func declaration(in family: RuleTable.Family) -> [String] {
        [hook?.declaration(in: family), comment.map { "comment \"\($0)\"" }].compactMap(\.self)
    }

    /// The declaration behind its name in a command.
    fileprivate func block(in family: RuleTable.Family) -> String {
        let parts = [hook?.declaration(in: family), comment.map { "comment \"\($0)\";" }].compactMap(\.self)
        return parts.isEmpty ? "" : " { \(parts.joined(separator: " ")) }"
    }
}
