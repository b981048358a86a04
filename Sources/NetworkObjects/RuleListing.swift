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
                // A flag or a comment of the table's own.
                if !line.isEmpty { table.others.append(line) }
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
                let chain = RuleTable.Chain.listed(String(words[1]), block)
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

extension RuleTable.Element {
    /// Reads what is between the braces of a set or map.
    ///
    /// - Parameter type: the type of a map's values; nil for a set.
    fileprivate static func list(_ text: Substring, value type: String?) -> [Self] {
        text.splitOutsideQuotes(",").compactMap { part in
            let words = part.split(separator: " ")[...]
            if words.isEmpty { return nil }
            // An IPv6 address has colons too, but none by itself.
            guard let colon = words.firstIndex(of: ":") else { return Self(values(words)) }
            let rest = words[(colon + 1)...]
            return Self(
                values(words[..<colon]),
                type == "verdict"
                    ? .verdict(Rule.Verdict(reading: rest.joined(separator: " ")[...])) : .data(values(rest)))
        }
    }

    private static func values(_ words: ArraySlice<Substring>) -> [RuleValue] {
        if words.count == 1, let word = words.first { return [RuleValue(reading: word)] }
        return words.split(separator: ".").map { part in
            part.count == 1 ? RuleValue(reading: part[part.startIndex]) : .other(part.joined(separator: " "))
        }
    }
}

extension RuleTable.Chain {
    /// Reads a chain, and whether one of its rules has counted a packet.
    fileprivate static func listed(_ name: String, _ block: [String]) -> (value: Self, hasCounted: Bool) {
        var hasCounted = false
        var chain = Self(name, [])
        for (index, line) in block.enumerated() {
            if index == 0, let hook = RuleTable.Hook(listed: line) {
                chain.hook = hook
            } else {
                chain.rules.append(Rule(listed: line, hasCounted: &hasCounted))
            }
        }
        return (chain, hasCounted)
    }
}

extension RuleTable.Hook {
    /// Reads `type nat hook postrouting priority srcnat + 10; policy accept;`; nil for anything else.
    fileprivate init?(listed line: String) {
        let parts = line.split(separator: ";").map { $0.split(separator: " ") }
        guard parts.count == 2, let first = parts.first, first.count >= 6, first[0] == "type", first[2] == "hook",
            let priority = first.firstIndex(of: "priority"), priority > 3, parts[1].count == 2, parts[1][0] == "policy"
        else { return nil }
        self.init(
            String(first[1]), first[3..<priority].joined(separator: " "),
            first[(priority + 1)...].joined(separator: " "), policy: String(parts[1][1]))
    }
}

extension Rule {
    /// Reads a rule as nft lists it. What no statement's case says is kept in nft's words, in its place.
    ///
    /// - Parameter hasCounted: becomes true if a counter of it has counted a packet.
    fileprivate init(listed line: String, hasCounted: inout Bool) {
        var words = line[...].wordsAndBlocks[...]
        var unknown: [Substring] = []
        var statements: [Statement] = []
        var comment: String?
        func flush() {
            if !unknown.isEmpty { statements.append(.other(unknown.joined(separator: " "))) }
            unknown = []
        }
        while let word = words.popFirst() {
            let next = words.first
            switch word {
            case "counter" where next != "name":
                flush()
                if words.count >= 4, next == "packets" {
                    hasCounted = hasCounted || words[words.startIndex + 1] != "0"
                    words = words.dropFirst(4)
                }
                statements.append(.counter)
            case "accept", "drop":
                flush()
                statements.append(.verdict(Verdict(reading: word)))
            case "jump", "goto":
                guard let chain = words.popFirst() else {
                    unknown.append(word)
                    continue
                }
                flush()
                statements.append(.verdict(word == "jump" ? .jump(String(chain)) : .goto(String(chain))))
            case "vmap" where next != nil && !unknown.isEmpty:
                let map = words.removeFirst()
                let key = Expression.other(unknown.joined(separator: " "))
                unknown = []
                if map.first == "@" {
                    statements.append(.verdictMap(key, .named(String(map.dropFirst()))))
                } else {
                    statements.append(
                        .verdictMap(
                            key, .elements(RuleTable.Element.list(map.dropFirst().dropLast(), value: "verdict"))))
                }
            case "dnat":
                guard let destinations = Self.destinations(&words) else {
                    unknown.append(word)
                    continue
                }
                flush()
                statements.append(.translation(to: destinations))
            case "masquerade" where next == "fully-random":
                words.removeFirst()
                flush()
                statements.append(.masquerade)
            case "reject" where next == nil || next == "comment":
                flush()
                statements.append(.reject)
            case "comment" where words.count == 1 && next?.first == "\"":
                comment = String(words.removeFirst().dropFirst().dropLast())
            default: unknown.append(word)
            }
        }
        flush()
        self.init(statements, comment: comment)
    }

    /// Takes what comes after `dnat`, if it is a list of destinations of which one is drawn.
    private static func destinations(_ words: inout ArraySlice<Substring>) -> [Destination]? {
        var rest = words
        if let family = rest.first, family == "ip" || family == "ip6" { rest.removeFirst() }
        guard rest.popFirst() == "to", let first = rest.popFirst() else { return nil }
        var found: [Destination] = []
        if first == "numgen" {
            guard rest.count >= 5, rest.popFirst() == "random", rest.popFirst() == "mod",
                let count = rest.popFirst().flatMap({ Int($0) }), rest.popFirst() == "map", let map = rest.popFirst()
            else { return nil }
            for element in RuleTable.Element.list(map.dropFirst().dropLast(), value: "data") {
                guard element.key == [.number(UInt32(found.count))], case .data(let values) = element.value,
                    values.count == 2, case .address(let address) = values[0], case .number(let number) = values[1],
                    let port = UInt16(exactly: number)
                else { return nil }
                found.append(Destination(address, port))
            }
            guard found.count == count else { return nil }
        } else {
            guard let colon = first.lastIndex(of: ":"), let port = UInt16(first[first.index(after: colon)...]),
                let address = IPAddress(first[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
            else { return nil }
            found.append(Destination(address, port))
        }
        words = rest
        return found
    }
}

extension Substring {
    /// Its parts between separators that are not in quotes.
    fileprivate func splitOutsideQuotes(_ separator: Character) -> [Substring] {
        if !utf8.contains(UInt8(ascii: "\"")) { return split(separator: separator) }
        var isQuoted = false
        return split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
    }

    /// Its words; what is in quotes or in braces is one word.
    fileprivate var wordsAndBlocks: [Substring] {
        if !utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "{") }) {
            return split(separator: " ")
        }
        var (isQuoted, depth) = (false, 0)
        return split { character in
            switch character {
            case "\"": isQuoted.toggle()
            case "{" where !isQuoted: depth += 1
            case "}" where !isQuoted: depth -= 1
            default: break
            }
            return character == " " && !isQuoted && depth == 0
        }
    }

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
