import FoundationEssentials

/// A value of a JSON document whose form is not known beforehand: rules as libnftables-json(5) prints them.
enum JSONValue: Decodable, Hashable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// What an object has under a key.
    subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// A text.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// A whole number.
    var number: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

    /// The items of a list; none for anything else.
    var items: [JSONValue] { if case .list(let items) = self { items } else { [] } }
}
