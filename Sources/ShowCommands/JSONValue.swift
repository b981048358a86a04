/// A JSON document whose fields keep their order, as EOS prints what is piped into `json`.
public indirect enum JSONValue: Hashable, Sendable {
    case fields([Field])
    case array([JSONValue])
    case string(String)
    case integer(Int)
    /// Seconds, mostly.
    case number(Double)
    case boolean(Bool)
    case null

    /// A field of an object.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) { (self.name, self.value) = (name, value) }
    }

    /// An object with its fields in this order; those that are nil are left out.
    static func object(_ fields: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .fields(fields.compactMap { name, value in value.map { Field(name: name, value: $0) } })
    }

    /// An object of fields by name.
    static func named(_ fields: some Sequence<(String, JSONValue)>) -> JSONValue {
        .fields(fields.map { Field(name: $0.0, value: $0.1) })
    }

    /// What stands at a path of fields.
    public subscript(_ path: String...) -> JSONValue? {
        var value = self
        for name in path {
            guard case .fields(let fields) = value, let field = fields.first(where: { $0.name == name }) else {
                return nil
            }
            value = field.value
        }
        return value
    }

    /// The document in lines with an indent of four, and a line break at its end.
    public var text: String {
        var text = ""
        write(to: &text, indent: "\n")
        return text + "\n"
    }

    private func write(to text: inout String, indent: String) {
        switch self {
        case .fields(let fields):
            Self.write(fields, "{", "}", to: &text, indent) { field, text, indent in
                Self.quote(field.name, to: &text)
                text += ": "
                field.value.write(to: &text, indent: indent)
            }
        case .array(let values):
            Self.write(values, "[", "]", to: &text, indent) { $0.write(to: &$1, indent: $2) }
        case .string(let string): Self.quote(string, to: &text)
        case .integer(let integer): text += "\(integer)"
        case .number(let number): text += number.isFinite ? "\(number)" : "null"
        case .boolean(let flag): text += "\(flag)"
        case .null: text += "null"
        }
    }

    private static func write<Item>(
        _ items: [Item], _ opening: String, _ closing: String, to text: inout String, _ indent: String,
        _ body: (Item, inout String, String) -> Void
    ) {
        if items.isEmpty {
            text += opening + closing
            return
        }
        text += opening
        for (index, item) in items.enumerated() {
            text += (index == 0 ? "" : ",") + indent + "    "
            body(item, &text, indent + "    ")
        }
        text += indent + closing
    }

    /// RFC 8259, 7.
    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByStringInterpolation
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
