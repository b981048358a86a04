/// A field selector as requests write it: `spec.nodeName=worker,status.phase!=Running` (apimachinery/pkg/fields).
public struct FieldRequirements: Hashable, Sendable {
    private var requirements: [Requirement] = []

    private struct Requirement: Hashable, Sendable {
        var path: [String]
        var text: String
        var isEqual: Bool
    }

    /// What selects everything.
    public static let none = FieldRequirements()

    private init() {}

    /// A selector for objects of a kind.
    ///
    /// - Throws: `Refusal` for what is no selector, and for fields that the kind is not selected by.
    public init(_ text: String, of kind: ResourceKind) throws(Refusal) {
        for term in try Self.terms(text) {
            let signs = ["!=", "==", "="].compactMap { sign in term.firstRange(of: sign).map { (sign, $0) } }
            guard let (sign, range) = signs.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else {
                throw .badRequest("invalid selector: '\(term)'; can't understand '\(term)'")
            }
            let path = String(term[..<range.lowerBound])
            guard Self.always.contains(path) || kind.selectableFields.contains(path) else {
                throw .badRequest("field label not supported: \(path)")
            }
            // A kind without namespaces has none to be selected by.
            requirements.append(
                Requirement(
                    path: Self.path(path), text: Self.unescaped(term[range.upperBound...]), isEqual: sign != "!="))
        }
    }

    private static let always = ["metadata.name", "metadata.namespace"]

    /// Where events have what selectors call otherwise.
    private static func path(_ text: String) -> [String] {
        switch text {
        case "source": ["source", "component"]
        default: text.split(separator: ".").map(String.init)
        }
    }

    /// The parts between commas; a comma, a backslash or an equals sign of a value has a backslash before it.
    private static func terms(_ text: String) throws(Refusal) -> [Substring] {
        var (terms, start, index, isEscaped) = ([Substring](), text.startIndex, text.startIndex, false)
        while index < text.endIndex {
            let character = text[index]
            if character == ",", !isEscaped {
                terms.append(text[start..<index])
                start = text.index(after: index)
            }
            isEscaped = character == "\\" && !isEscaped
            index = text.index(after: index)
        }
        if isEscaped { throw .badRequest("invalid field selector: invalid escape at its end") }
        terms.append(text[start...])
        return terms.filter { !$0.isEmpty }
    }

    private static func unescaped(_ text: Substring) -> String {
        var (result, isEscaped) = ("", false)
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    /// Whether an object is selected. A field that is not there is the empty text.
    public func select(_ object: JSON) -> Bool {
        requirements.allSatisfy { requirement in
            let value = requirement.path.reduce(object) { $0[$1] }
            let text =
                switch value {
                case .string(let text): text
                case .null:
                    requirement.path.last == "hostNetwork" || requirement.path.last == "unschedulable" ? "false" : ""
                default: value.description
                }
            return (text == requirement.text) == requirement.isEqual
        }
    }

    public var isEmpty: Bool { requirements.isEmpty }
}
