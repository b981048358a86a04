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

    static func list(_ elements: [Element]) -> String {
        elements.map(\.description).joined(separator: ", ")
    }
}

extension RuleTable.NamedSet {
    var kind: String { value == nil ? "set" : "map" }

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
    func block(in family: RuleTable.Family) -> String {
        let parts = [hook?.declaration(in: family), comment.map { "comment \"\($0)\";" }].compactMap(\.self)
        return parts.isEmpty ? "" : " { \(parts.joined(separator: " ")) }"
    }
}
