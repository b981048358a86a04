/// A label selector as requests write it: `app=web,tier!=db,zone in (a,b),!old` (apimachinery/pkg/labels, `Parse`).
public struct LabelRequirements: Hashable, Sendable {
    private var requirements: [Requirement] = []

    private struct Requirement: Hashable, Sendable {
        var key: String
        var condition: Condition
    }

    private enum Condition: Hashable, Sendable {
        case exists, isAbsent
        case isIn(Set<String>)
        case isNotIn(Set<String>)
        case isGreater(Int)
        case isLess(Int)
    }

    /// What selects everything.
    public static let none = LabelRequirements()

    private init() {}

    /// - Throws: `Refusal` for what is no selector, in the API server's words.
    public init(_ text: String) throws(Refusal) {
        var words = Words(text)
        while !words.isAtEnd {
            requirements.append(try Self.requirement(&words))
            if words.isAtEnd { break }
            guard words.take(",") else {
                throw words.refusal("found '\(words.next)', expected: ',' or 'end of string'")
            }
            // A comma at the end leads to a requirement without a key.
            if words.isAtEnd { throw words.refusal("found '', expected: identifier after ','") }
        }
    }

    private static func requirement(_ words: inout Words) throws(Refusal) -> Requirement {
        let isAbsent = words.take("!")
        guard let key = words.word() else {
            throw words.refusal("found '\(words.next)', expected: !, identifier, or 'end of string'")
        }
        if isAbsent { return Requirement(key: key, condition: .isAbsent) }
        if words.isAtEnd || words.next == "," { return Requirement(key: key, condition: .exists) }
        if words.take("!=") { return Requirement(key: key, condition: .isNotIn([words.word() ?? ""])) }
        if words.take("==") || words.take("=") { return Requirement(key: key, condition: .isIn([words.word() ?? ""])) }
        for (sign, isGreater) in [(">", true), ("<", false)] where words.take(sign) {
            guard let number = words.word().flatMap({ Int($0) }) else {
                throw words.refusal("for 'Gt', 'Lt' operators, the value must be an integer")
            }
            return Requirement(key: key, condition: isGreater ? .isGreater(number) : .isLess(number))
        }
        let relation = words.word() ?? ""
        guard relation == "in" || relation == "notin" else {
            throw words.refusal(
                "found '\(relation.isEmpty ? words.next : relation)', expected: in, notin, =, ==, !=, gt, lt")
        }
        guard words.take("(") else { throw words.refusal("found '\(words.next)', expected: '('") }
        var values: Set<String> = []
        repeat { values.insert(words.word() ?? "") } while words.take(",")
        guard words.take(")") else { throw words.refusal("found '\(words.next)', expected: ',' or ')'") }
        return Requirement(key: key, condition: relation == "in" ? .isIn(values) : .isNotIn(values))
    }

    /// Whether labels are selected.
    public func select(_ labels: JSON) -> Bool {
        requirements.allSatisfy { requirement in
            let value = labels[requirement.key].text
            return switch requirement.condition {
            case .exists: value != nil
            case .isAbsent: value == nil
            case .isIn(let values): value.map(values.contains) ?? false
            case .isNotIn(let values): value.map { !values.contains($0) } ?? true
            case .isGreater(let number): value.flatMap { Int($0) }.map { $0 > number } ?? false
            case .isLess(let number): value.flatMap { Int($0) }.map { $0 < number } ?? false
            }
        }
    }

    public var isEmpty: Bool { requirements.isEmpty }

    /// The text, word by word.
    private struct Words {
        private let text: [Character]
        private var index = 0

        init(_ text: String) { self.text = Array(text) }

        private static let signs: Set<Character> = ["!", "=", "<", ">", "(", ")", ","]

        private mutating func skipBlanks() { while index < text.count, text[index].isWhitespace { index += 1 } }

        var isAtEnd: Bool { text[index...].allSatisfy(\.isWhitespace) }

        /// What comes next, for sentences.
        var next: String { text[index...].first { !$0.isWhitespace }.map(String.init) ?? "" }

        mutating func take(_ sign: String) -> Bool {
            skipBlanks()
            guard text[index...].starts(with: sign) else { return false }
            index += sign.count
            return true
        }

        mutating func word() -> String? {
            skipBlanks()
            let start = index
            while index < text.count, !Self.signs.contains(text[index]), !text[index].isWhitespace { index += 1 }
            return index == start ? nil : String(text[start..<index])
        }

        func refusal(_ reason: String) -> Refusal {
            .badRequest("unable to parse requirement: \(reason)")
        }
    }
}
