import Addresses

/// What nft lists of a namespace's rules, read back into tables whose parts can be compared: the one form in which rules are
/// read from the kernel.
///
/// It is nft's text and not its JSON because text says everything: a statement that this program does not know is kept, shown
/// and compared in nft's words, where JSON has `null` for some (`xt`). Counters are left out of the rules and kept apart, and
/// so is what packets added to dynamic sets: neither is something that anybody asked for.
public struct RuleListing: Hashable, Sendable {
    /// The tables, in the order they are listed.
    public private(set) var tables: [RuleTable] = []
    /// The tables of which a rule has counted a packet, or a dynamic set holds an element.
    public private(set) var touched: Set<RuleTable.ID> = []

    /// A rule set that was read in another way.
    public init(_ tables: [RuleTable], touched: Set<RuleTable.ID>) {
        self.tables = tables
        self.touched = touched
    }

    /// Reads what `nft list ruleset` prints (nft(8)).
    public init(_ text: String) {
        var lines = Lines(text)
        while let line = lines.next() {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "table", words[3] == "{",
                let family = RuleTable.Family(rawValue: String(words[1]))
            else { continue }
            readTable(RuleTable(family, String(words[2])), &lines)
        }
    }

    private mutating func readTable(_ table: RuleTable, _ lines: inout Lines) {
        var table = table
        while let line = lines.next(), line != "}" {
            let words = line.split(separator: " ")
            guard words.count >= 3, words.last == "{" else {
                // A comment or a flag of the table's own.
                if let comment = line.declaredComment {
                    table.comment = comment
                } else if !line.isEmpty {
                    table.others.append(line)
                }
                continue
            }
            var block: [String] = []
            while let inner = lines.next(), inner != "}" { if !inner.isEmpty { block.append(inner) } }
            switch words[0] {
            case "set", "map":
                let set = RuleTable.NamedSet.listed(String(words[1]), block)
                table.sets.append(set.value)
                if set.holdsClients { touched.insert(table.id) }
            case "chain":
                let chain = RuleTable.Chain.listed(String(words[1]), block, in: table.family)
                table.chains.append(chain.value)
                if chain.hasCounted { touched.insert(table.id) }
            default:
                // A flowtable or a stateful object: that it is there is all that is looked at.
                table.others.append(words.dropLast().joined(separator: " "))
            }
        }
        tables.append(table)
    }

    /// The lines of a listing without indentation; one whose braces go on after its end takes the lines up to theirs.
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

extension RuleTable.NamedSet {
    /// Reads a set or map, and whether packets have added something to it.
    fileprivate static func listed(_ name: String, _ block: [String]) -> (value: Self, holdsClients: Bool) {
        var set = Self(name, key: [])
        for line in block {
            if line.hasPrefix("elements = {") {
                set.elements = RuleTable.Element.list(
                    line.dropFirst("elements = {".count).dropLast(), value: set.value)
            } else if !set.declare(line) {
                set.others.append(line)
            }
        }
        let holdsClients = set.flags.contains(.dynamic) && !set.elements.isEmpty
        if set.flags.contains(.dynamic) { set.elements = [] }
        return (set, holdsClients)
    }

    /// Takes a line of the declaration; false for one that no field says.
    private mutating func declare(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        switch words[0] {
        case "type":
            let parts = words.dropFirst().split(separator: ":", maxSplits: 1)
            guard let first = parts.first else { return false }
            key = first.split(separator: ".").map { $0.joined(separator: " ") }
            value = parts.count > 1 ? parts[1].joined(separator: " ") : nil
        case "flags":
            let names = words.dropFirst().joined().split(separator: ",").map { Flag(rawValue: String($0)) }
            guard !names.contains(nil) else { return false }
            flags = Set(names.compactMap(\.self))
        case "size":
            guard words.count == 2, let number = UInt32(words[1]) else { return false }
            size = number
        case "timeout":
            guard words.count == 2, let seconds = Self.seconds(words[1]) else { return false }
            timeout = seconds
        case "comment":
            guard let text = line.declaredComment else { return false }
            comment = text
        default: return false
        }
        return true
    }

    /// The seconds of a time as nft lists it: `2h30m`.
    private static func seconds(_ text: Substring) -> UInt32? {
        let units: [Character: UInt32] = ["d": 86400, "h": 3600, "m": 60, "s": 1]
        var (total, digits): (UInt32, Substring) = (0, "")
        for character in text {
            if let unit = units[character], let number = UInt32(digits) {
                let (seconds, isTooLong) = number.multipliedReportingOverflow(by: unit)
                let (sum, isOver) = total.addingReportingOverflow(seconds)
                if isTooLong || isOver { return nil }
                (total, digits) = (sum, "")
            } else {
                digits += String(character)
            }
        }
        return digits.isEmpty ? total : nil
    }
}

extension RuleTable.Chain {
    /// Reads a chain, and whether one of its rules has counted a packet.
    fileprivate static func listed(
        _ name: String, _ block: [String], in family: RuleTable.Family
    ) -> (value: Self, hasCounted: Bool) {
        var hasCounted = false
        var chain = Self(name, [])
        for line in block {
            if chain.rules.isEmpty, chain.hook == nil, let hook = RuleTable.Hook(listed: line, in: family) {
                chain.hook = hook
            } else if chain.rules.isEmpty, chain.comment == nil, let comment = line.declaredComment {
                chain.comment = comment
            } else {
                chain.rules.append(Rule(listed: line, hasCounted: &hasCounted))
            }
        }
        return (chain, hasCounted)
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
    /// What a line `comment "…"` says; nil for another line.
    fileprivate var declaredComment: String? {
        let head = "comment \""
        guard hasPrefix(head), utf8.count > head.utf8.count, last == "\"" else { return nil }
        return String(dropFirst(head.count).dropLast())
    }

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
