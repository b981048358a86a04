/// What nft lists of a namespace's rules, read back into tables whose parts can be compared.
///
/// Counters are left out of the rules and kept apart, and so is what packets added to dynamic sets: neither is something that
/// anybody asked for.
public struct RuleListing: Hashable, Sendable {
    /// The tables, in the order they are listed.
    public private(set) var tables: [RuleTable] = []
    /// The tables of which a rule has counted a packet, or a dynamic set holds an element.
    public private(set) var touched: Set<TableName> = []

    /// What a table is known by.
    public struct TableName: Hashable, Sendable {
        /// The table's family.
        public var family: String
        /// The table's name in its family.
        public var name: String

        /// The name of a table.
        public init(family: String, name: String) {
            self.family = family
            self.name = name
        }
    }

    /// Reads what `nft list ruleset` prints (nft(8)).
    public init(_ text: String) {
        var lines = Lines(text)
        while let line = lines.next() {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "table", words[3] == "{" else { continue }
            readTable(RuleTable(family: String(words[1]), name: String(words[2])), &lines)
        }
    }

    private mutating func readTable(_ table: RuleTable, _ lines: inout Lines) {
        var table = table
        let name = TableName(family: table.family, name: table.name)
        while let line = lines.next(), line != "}" {
            let words = line.split(separator: " ")
            guard words.count >= 3, words.last == "{" else {
                // A flag or a comment of the table's own.
                if !line.isEmpty { table.chains.append(.init(name: line, hook: nil, rules: [])) }
                continue
            }
            var block: [String] = []
            while let inner = lines.next(), inner != "}" { if !inner.isEmpty { block.append(inner) } }
            switch words[0] {
            case "set", "map":
                let set = Self.set(String(words[1]), isMap: words[0] == "map", block)
                table.sets.append(set.value)
                if set.isTouched { touched.insert(name) }
            case "chain":
                let counted = block.map(Self.withoutCounter)
                if counted.contains(where: \.hasCounted) { touched.insert(name) }
                table.chains.append(Self.chain(String(words[1]), counted.map(\.rule)))
            default:
                // A stateful object of another sort: that it is there is all that is looked at.
                table.chains.append(.init(name: words.dropLast().joined(separator: " "), hook: nil, rules: []))
            }
        }
        tables.append(table)
    }

    private static func chain(_ name: String, _ rules: [String]) -> RuleTable.Chain {
        guard let first = rules.first, first.hasPrefix("type ") else {
            return .init(name: name, hook: nil, rules: rules)
        }
        return .init(name: name, hook: first, rules: Array(rules.dropFirst()))
    }

    private static func set(
        _ name: String, isMap: Bool, _ block: [String]
    ) -> (value: RuleTable.NamedSet, isTouched: Bool) {
        var set = RuleTable.NamedSet(name: name, isMap: isMap, declaration: [])
        for line in block {
            guard line.hasPrefix("elements = {") else {
                set.declaration.append(line)
                continue
            }
            set.elements = elements(line.dropFirst("elements = {".count).dropLast())
        }
        let isDynamic = set.declaration.contains { $0.hasPrefix("flags ") && $0.contains("dynamic") }
        let isTouched = isDynamic && !set.elements.isEmpty
        if isDynamic { set.elements = [] }
        return (set, isTouched)
    }

    private static func elements(_ text: Substring) -> [RuleTable.Element] {
        text.split(separator: ",").map { part in
            let words = part.split(separator: " ")
            // An IPv6 address has colons too, but none by itself.
            guard let colon = words.firstIndex(of: ":") else {
                return .init(key: words.joined(separator: " "))
            }
            return .init(
                key: words[..<colon].joined(separator: " "), value: words[(colon + 1)...].joined(separator: " "))
        }
    }

    /// A rule without what its counters have counted.
    private static func withoutCounter(_ rule: String) -> (rule: String, hasCounted: Bool) {
        let words = rule.split(separator: " ", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        var hasCounted = false
        var index = 0
        while index < words.count {
            kept.append(words[index])
            if words[index] == "counter", index + 4 < words.count, words[index + 1] == "packets",
                words[index + 3] == "bytes"
            {
                hasCounted = hasCounted || words[index + 2] != "0"
                index += 4
            }
            index += 1
        }
        return (kept.joined(separator: " "), hasCounted)
    }

    /// The lines of a listing without indentation; one whose braces go on behind its end takes the lines up to theirs.
    private struct Lines {
        private var rest: [Substring].SubSequence

        init(_ text: String) { rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...] }

        mutating func next() -> String? {
            guard let first = rest.popFirst()?.trimmed else { return nil }
            // What opens a block ends with its brace.
            if first.hasSuffix("{"), !first.hasPrefix("elements") { return first }
            var (line, depth) = (first, first.depth)
            while depth > 0, let more = rest.popFirst()?.trimmed {
                line += " " + more
                depth += more.depth
            }
            return line
        }
    }
}

extension Substring {
    /// The text without blanks at its ends.
    fileprivate var trimmed: String {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
        let bytes = utf8.drop(while: isBlank)
        guard let last = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(self[bytes.startIndex...last])
    }
}

extension String {
    /// How many braces are open at its end, those in quotes left out.
    fileprivate var depth: Int {
        var depth = 0
        var isQuoted = false
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "{") where !isQuoted: depth += 1
            case UInt8(ascii: "}") where !isQuoted: depth -= 1
            default: break
            }
        }
        return depth
    }
}
