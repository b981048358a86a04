import Addresses

extension Rule {
    /// Reads a rule as nft lists it. What no statement's case says is kept in nft's words, in its place.
    ///
    /// - Parameter hasCounted: becomes true if a counter of it has counted a packet.
    init(listed line: String, hasCounted: inout Bool) {
        var reader = RuleReader(line)
        reader.read()
        hasCounted = hasCounted || reader.hasCounted
        self.init(reader.statements, comment: reader.comment)
    }
}

/// Reads one rule, word by word. A statement is taken for what it says only where that is written with the same words: so what
/// is read says no less than the listing.
private struct RuleReader {
    private(set) var statements: [Rule.Statement] = []
    private(set) var comment: String?
    private(set) var hasCounted = false
    private var words: ArraySlice<Substring>
    /// Words before the next one that no case says.
    private var unknown: [Substring] = []

    init(_ line: String) { words = line[...].wordsAndBlocks[...] }

    mutating func read() {
        while !words.isEmpty {
            let rest = words
            if let statement = statement(), statement.isWritten(rest.prefix(rest.count - words.count)) {
                flush()
                statements.append(statement)
            } else {
                words = rest
                readOther()
            }
        }
        flush()
    }

    private mutating func flush() {
        if !unknown.isEmpty { statements.append(.other(unknown.joined(separator: " "))) }
        unknown = []
    }

    /// Takes words that are not written as the value that they become: counters, comments, and maps with keys of any kind.
    private mutating func readOther() {
        let word = words.removeFirst()
        switch word {
        case "counter" where words.first != "name":
            flush()
            if words.count >= 4, words.first == "packets" {
                hasCounted = hasCounted || words[words.startIndex + 1] != "0"
                words = words.dropFirst(4)
            }
            statements.append(.counter)
        case "vmap" where !unknown.isEmpty && !words.isEmpty:
            guard let map = operand(value: "verdict") else { return unknown.append(word) }
            statements.append(.verdictMap(.other(unknown.joined(separator: " ")), map))
            unknown = []
        case "comment" where words.count == 1 && words.first?.first == "\"":
            comment = String(words.removeFirst().dropFirst().dropLast())
        default: unknown.append(word)
        }
    }

    // MARK: Statements

    /// Takes a statement; nil, with words taken, where the next ones are none.
    private mutating func statement() -> Rule.Statement? {
        switch words.first {
        case "accept", "drop", "return": return .verdict(Rule.Verdict(reading: words.removeFirst()))
        case "jump", "goto":
            let word = words.removeFirst()
            guard let chain = words.popFirst().map(String.init) else { return nil }
            return .verdict(word == "jump" ? .jump(chain) : .goto(chain))
        case "dnat":
            words.removeFirst()
            guard words.popFirst() == "to", let destination = words.popFirst() else { return nil }
            return Rule.Destination(reading: destination).map { .translation(to: $0) }
        case "update":
            words.removeFirst()
            guard let set = words.popFirst(), set.first == "@", let block = words.popFirst() else { return nil }
            return Rule.Expression(reading: block.dropFirst().dropLast()).map {
                .update(set: String(set.dropFirst()), $0)
            }
        case "masquerade":
            words.removeFirst()
            return words.popFirst() == "fully-random" ? .masquerade : nil
        case "reject":
            words.removeFirst()
            return words.isEmpty || words.first == "comment" ? .reject : nil
        default:
            guard let left = expression(), let word = words.first else { return nil }
            switch word {
            case "vmap":
                words.removeFirst()
                return operand(value: "verdict").map { .verdictMap(left, $0) }
            case "set":
                words.removeFirst()
                return (expression() ?? operand()).map { .set(left, to: $0) }
            case "!=":
                words.removeFirst()
                return operand().map { .mismatch(left, $0) }
            case "==":
                words.removeFirst()
                return operand().map { .match(left, $0) }
            default: return operand().map { .match(left, $0) }
            }
        }
    }

    private static let operators: Set<Substring> = [
        "==", "!=", "<", ">", "<=", ">=", "&", "|", "^", ".", "vmap", "map",
    ]

    /// Takes what something is compared with, or looked up in.
    ///
    /// - Parameter type: the type of a map's values; nil for a set.
    private mutating func operand(value type: String? = nil) -> Rule.Expression? {
        guard let word = words.popFirst(), !Self.operators.contains(word) else { return nil }
        switch word.first {
        case "@": return .named(String(word.dropFirst()))
        case "{": return .elements(RuleTable.Element.list(word.dropFirst().dropLast(), value: type))
        default: return .value(RuleValue(reading: word))
        }
    }

    private mutating func expression() -> Rule.Expression? {
        var rest = words
        guard let found = Rule.Expression(taking: &rest) else { return nil }
        words = rest
        return found
    }
}

extension Rule.Statement {
    /// Whether these words write it.
    fileprivate func isWritten(_ words: ArraySlice<Substring>) -> Bool { description == words.joined(separator: " ") }
}

extension Rule.Destination {
    /// Reads `10.0.0.1:80` or `[fd00::1]:80`.
    fileprivate init?(reading text: Substring) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            let address = IPAddress(text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
        else { return nil }
        self.init(address, port)
    }
}

extension Rule.Expression {
    /// Reads an expression that is all of a text.
    fileprivate init?(reading text: Substring) {
        var words = text.wordsAndBlocks[...]
        self.init(taking: &words)
        if !words.isEmpty { return nil }
    }

    /// Takes an expression from the front of words.
    fileprivate init?(taking words: inout ArraySlice<Substring>) {
        var parts: [Self] = []
        repeat {
            if !parts.isEmpty { words.removeFirst() }
            guard let part = Self(single: &words) else { return nil }
            parts.append(part)
        } while words.first == "."
        self = parts.count == 1 ? parts[0] : .concatenation(parts)
        guard words.count > 1, let sign = words.first,
            case .bits(let bits) = RuleValue(reading: words[words.startIndex + 1])
        else { return }
        switch sign {
        case "&": self = .and(self, bits)
        case "|": self = .or(self, bits)
        case "^": self = .xor(self, bits)
        default: return
        }
        words = words.dropFirst(2)
    }

    /// Takes an expression that is no concatenation.
    private init?(single words: inout ArraySlice<Substring>) {
        let found: (Self, length: Int)? =
            switch (words.first, words.dropFirst().first) {
            case ("ip", "saddr"): (.sourceAddress(.ipv4), 2)
            case ("ip6", "saddr"): (.sourceAddress(.ipv6), 2)
            case ("ip", "daddr"): (.destinationAddress(.ipv4), 2)
            case ("ip6", "daddr"): (.destinationAddress(.ipv6), 2)
            case ("th", "dport"): (.destinationPort, 2)
            case ("meta", "l4proto"): (.transport, 2)
            case ("meta", "mark"): (.mark, 2)
            case ("ct", "state"): (.connectionState, 2)
            case ("fib", "saddr") where words.dropFirst(2).first == "type": (.sourceAddressType, 3)
            case ("fib", "daddr") where words.dropFirst(2).first == "type": (.destinationAddressType, 3)
            case ("numgen", "random") where words.dropFirst(2).first == "mod":
                words.dropFirst(3).first.flatMap { Int($0) }.map { (.random(below: $0), 4) }
            default: nil
            }
        guard let found else { return nil }
        words = words.dropFirst(found.length)
        self = found.0
    }
}
