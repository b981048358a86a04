/// A value of a template's data, or of an expression in it.
public indirect enum GoValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case text(String)
    case list([GoValue])
    /// A map: a key that is not there has no value.
    case map([String: GoValue])
    /// A structure: a field that is not there is an error.
    case structure([String: GoValue])

    /// Whether a condition holds (text/template: not false, 0, nil, or empty).
    public var isTrue: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .text(let value): !value.isEmpty
        case .list(let values): !values.isEmpty
        case .map(let values): !values.isEmpty
        case .structure: true
        }
    }

    /// The number that it is, or that its text says.
    public var number: Int? {
        switch self {
        case .int(let value): value
        case .bool(let value): value ? 1 : 0
        case .text(let value): Int(value.filter { $0 != "," })
        default: nil
        }
    }
}

extension GoValue: CustomStringConvertible {
    /// As Go prints it (`fmt.Print`).
    public var description: String {
        switch self {
        case .none: "<no value>"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .text(let value): value
        case .list(let values): "[\(values.map(\.description).joined(separator: " "))]"
        case .map(let values), .structure(let values):
            "map[\(values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " "))]"
        }
    }
}

extension GoValue: Equatable {
    /// Whether `eq` holds.
    public static func == (lhs: Self, rhs: Self) -> Bool {
        switch (lhs, rhs) {
        case (.none, .none): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.text(let a), .text(let b)): a == b
        default: false
        }
    }
}
