/// A value that is written as one text, its description.
public protocol TextCodable: Codable, CustomStringConvertible {
    /// What the text should be, for the error: `a prefix`.
    static var meaning: String { get }

    /// Reads the text; nil where it is no such value.
    init?(_ text: some StringProtocol)
}

extension TextCodable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText(Self.meaning) { Self($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension IPv4Address: TextCodable { public static var meaning: String { "an IPv4 address" } }
extension IPv6Address: TextCodable { public static var meaning: String { "an IPv6 address" } }
extension Prefix: TextCodable { public static var meaning: String { "a prefix" } }
extension InterfaceAddress: TextCodable { public static var meaning: String { "an address with its prefix length" } }
extension MACAddress: TextCodable { public static var meaning: String { "a MAC address" } }
extension InterfaceName: TextCodable { public static var meaning: String { "a name for an interface" } }

extension IPAddress: TextCodable, CodingKeyRepresentable {
    public static var meaning: String { "an IP address" }

    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }

    public var codingKey: any CodingKey { TextKey(stringValue: description) }
}

extension Decoder {
    /// A value that is written as one text.
    ///
    /// - Parameters:
    ///   - meaning: what the text should be, for the error.
    ///   - parse: makes the value of it; nil where the text is no such value.
    package func singleText<Value>(_ meaning: String, _ parse: (String) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = parse(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not \(meaning)")
        }
        return value
    }
}

private struct TextKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
