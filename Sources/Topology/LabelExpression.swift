/// A selector in Calico's language: `zone == 'a' && !has(edge)` (libcalico-go/lib/selector).
public indirect enum LabelExpression: Hashable, Sendable {
    /// `all()`.
    case all
    /// `has(key)`.
    case has(String)
    /// `key == 'value'`.
    case equals(String, String)
    /// `key != 'value'`: also where there is no such label.
    case differs(String, String)
    /// `key in {'a', 'b'}`.
    case isIn(String, [String])
    /// `key not in {'a', 'b'}`: also where there is no such label.
    case isNotIn(String, [String])
    /// `key contains 'text'`.
    case contains(String, String)
    /// `key starts with 'text'`.
    case startsWith(String, String)
    /// `key ends with 'text'`.
    case endsWith(String, String)
    case not(LabelExpression)
    case and([LabelExpression])
    case or([LabelExpression])

    /// Whether it selects something with these labels.
    public func selects(_ labels: [String: String]) -> Bool {
        switch self {
        case .all: true
        case .has(let key): labels[key] != nil
        case .equals(let key, let value): labels[key] == value
        case .differs(let key, let value): labels[key] != value
        case .isIn(let key, let values): labels[key].map(values.contains) ?? false
        case .isNotIn(let key, let values): !(labels[key].map(values.contains) ?? false)
        case .contains(let key, let text): labels[key].map { $0.contains(text) } ?? false
        case .startsWith(let key, let text): labels[key].map { $0.hasPrefix(text) } ?? false
        case .endsWith(let key, let text): labels[key].map { $0.hasSuffix(text) } ?? false
        case .not(let inner): !inner.selects(labels)
        case .and(let parts): parts.allSatisfy { $0.selects(labels) }
        case .or(let parts): parts.contains { $0.selects(labels) }
        }
    }
}

extension LabelExpression: CustomStringConvertible {
    /// The selector as Calico would write it; `init(_:)` reads the same one.
    public var description: String {
        switch self {
        case .all: "all()"
        case .has(let key): "has(\(key))"
        case .equals(let key, let value): "\(key) == \(Self.quoted(value))"
        case .differs(let key, let value): "\(key) != \(Self.quoted(value))"
        case .isIn(let key, let values): "\(key) in { \(values.map(Self.quoted).joined(separator: ", ")) }"
        case .isNotIn(let key, let values): "\(key) not in { \(values.map(Self.quoted).joined(separator: ", ")) }"
        case .contains(let key, let text): "\(key) contains \(Self.quoted(text))"
        case .startsWith(let key, let text): "\(key) starts with \(Self.quoted(text))"
        case .endsWith(let key, let text): "\(key) ends with \(Self.quoted(text))"
        case .not(let inner): "!\(inner.inner)"
        case .and(let parts): parts.map(\.inner).joined(separator: " && ")
        case .or(let parts): parts.map(\.inner).joined(separator: " || ")
        }
    }

    /// The text inside of another expression.
    private var inner: String {
        switch self {
        case .and, .or: "(\(self))"
        default: description
        }
    }

    private static func quoted(_ text: String) -> String { text.contains("'") ? "\"\(text)\"" : "'\(text)'" }
}
