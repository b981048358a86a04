import Addresses

extension RuleTable.Element {
    /// Reads what is between the braces of a set or map.
    ///
    /// - Parameter type: the type of a map's values; nil for a set.
    static func list(_ text: Substring, value type: String?) -> [Self] {
        text.splitOutsideQuotes(",").compactMap { part in
            let words = part.wordsAndBlocks[...]
            if words.isEmpty { return nil }
            // An IPv6 address has colons too, but none by itself.
            guard let colon = words.firstIndex(of: ":") else { return Self(commented: words) }
            let rest = words[(colon + 1)...]
            return Self(
                commented: words[..<colon],
                type == "verdict"
                    ? .verdict(Rule.Verdict(reading: rest.joined(separator: " ")[...])) : .data(values(rest)))
        }
    }

    /// An element whose key has a comment behind it, or none.
    private init(commented words: ArraySlice<Substring>, _ value: Value? = nil) {
        guard words.count > 2, words[words.endIndex - 2] == "comment", let last = words.last, last.first == "\"" else {
            self.init(Self.values(words), value)
            return
        }
        self.init(Self.values(words.dropLast(2)), value, comment: String(last.dropFirst().dropLast()))
    }

    private static func values(_ words: ArraySlice<Substring>) -> [RuleValue] {
        if words.count == 1, let word = words.first { return [RuleValue(reading: word)] }
        return words.split(separator: ".").map { part in
            part.count == 1 ? RuleValue(reading: part[part.startIndex]) : .other(part.joined(separator: " "))
        }
    }
}

extension Substring {
    /// Its parts between separators that are not in quotes.
    func splitOutsideQuotes(_ separator: Character) -> [Substring] {
        if !utf8.contains(UInt8(ascii: "\"")) { return split(separator: separator) }
        var isQuoted = false
        return split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
    }

    /// Its words; what is in quotes or in braces is one word.
    var wordsAndBlocks: [Substring] {
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
}
