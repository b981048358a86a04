import Yams

/// Keys that were given other names for the YAML library, which refuses a map with a key that stands twice and stops
/// there. Each renamed key has two private-use characters in front; they are taken off again when the tree is read,
/// and the places behind them on the line are moved back.
struct RenamedKeys {
    private var places: [Mark] = []

    private static let first: Unicode.Scalar = "\u{E000}"
    /// Each renaming means to read the text once more, so a long text gets fewer.
    private static func limit(_ text: String) -> Int { min(32, (1 << 20) / (text.utf8.count + 1)) }

    /// The text with the key at this place renamed; nil after many, or where the key does not begin with its text.
    mutating func renaming(_ place: Mark, in text: String) -> String? {
        guard places.count < Self.limit(text), let second = Unicode.Scalar(0xe100 + places.count) else { return nil }
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        var (line, column) = (1, 1)
        while (line, column) != (place.line, place.column) {
            guard index < scalars.endIndex, line <= place.line else { return nil }
            let scalar = scalars[index]
            scalars.formIndex(after: &index)
            let endsLine =
                switch scalar {
                // libyaml's line breaks.
                case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
                case "\r": index == scalars.endIndex || scalars[index] != "\n"
                default: false
                }
            (line, column) = endsLine ? (line + 1, 1) : (line, column + 1)
        }
        guard index < scalars.endIndex else { return nil }
        switch scalars[index] {
        case "\"", "'": scalars.formIndex(after: &index)
        case "&", "*", "!", "?", "[", "{", "|", ">", ":": return nil
        default: break
        }
        var result = String.UnicodeScalarView(scalars[..<index])
        result.append(Self.first)
        result.append(second)
        result.append(contentsOf: scalars[index...])
        places.append(place)
        return String(result)
    }

    /// The key as it stands in the file.
    func originalKey(_ key: String) -> String {
        if places.isEmpty { return key }
        let scalars = key.unicodeScalars
        guard scalars.first == Self.first, let second = scalars.dropFirst().first,
            (0xe100..<0xe100 + UInt32(places.count)).contains(second.value)
        else { return key }
        return String(scalars.dropFirst(2))
    }

    /// The place in the file of a place in the text that the library has seen.
    func original(_ place: Mark?) -> YAMLValue.Mark {
        guard let place else { return YAMLValue.Mark(line: 1, column: 1) }
        return original(YAMLValue.Mark(line: place.line, column: place.column))
    }

    /// The place in the file of a place in the text that the library has seen.
    func original(_ place: YAMLValue.Mark) -> YAMLValue.Mark {
        // Places were noted in the text as it was before each renaming, so undo the last renaming first.
        var column = place.column
        for renamed in places.reversed() where renamed.line == place.line && renamed.column < column { column -= 2 }
        return YAMLValue.Mark(line: place.line, column: column)
    }
}
