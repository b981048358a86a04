/// A place in a command.
enum Word: Hashable, Sendable {
    /// A word of the language, which may be cut short: `show`.
    case keyword(String)
    /// What whoever types it chooses.
    case argument(Argument)
}

/// A command as a sequence of words, and as it is written in the table: `show vlan [VLANS]`.
///
/// Brackets hold what may be left out, bars divide alternatives. What stands for a value is an argument's symbol: see
/// ``Argument``.
struct Syntax: Sendable {
    let text: String
    /// Every sequence of words that the syntax allows.
    let sequences: [[Word]]

    init(_ text: String) {
        self.text = text
        var reader = SyntaxReader(text)
        sequences = reader.alternatives()
    }
}

/// Reads a syntax. The table's texts are the program's own, so what is wrong with one is a fault that a test finds.
private struct SyntaxReader {
    private var tokens: ArraySlice<String>

    init(_ text: String) {
        var spaced = ""
        for character in text { spaced += "[]()|".contains(character) ? " \(character) " : String(character) }
        tokens = spaced.split(separator: " ").map(String.init)[...]
    }

    /// Sequences up to a closing bracket or the end.
    mutating func alternatives() -> [[Word]] {
        var all: [[Word]] = []
        var current: [[Word]] = [[]]
        while let token = tokens.first, token != "]", token != ")" {
            tokens.removeFirst()
            switch token {
            case "|":
                all += current
                current = [[]]
            case "[", "(":
                let inner = alternatives() + (token == "[" ? [[]] : [])
                tokens = tokens.dropFirst()
                current = current.flatMap { head in inner.map { head + $0 } }
            default: current = current.flatMap { head in Self.words(token).map { head + $0 } }
            }
        }
        return all + current
    }

    private static func words(_ token: String) -> [[Word]] {
        switch Argument(symbol: token) {
        // `Ethernet1` and `Ethernet 1`.
        case .interfaces?: [[.argument(.interfaces)], [.argument(.interfaceKind), .argument(.portNumbers)]]
        case let argument?: [[.argument(argument)]]
        case nil: [[.keyword(token)]]
        }
    }
}
