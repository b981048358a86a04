extension IPAddress: Codable, CodingKeyRepresentable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("an IP address") { IPAddress($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }

    public var codingKey: any CodingKey { TextKey(stringValue: description) }
}

extension Prefix: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("a prefix") { Prefix($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension IPv4Address: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("an IPv4 address") { IPv4Address($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension IPv6Address: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("an IPv6 address") { IPv6Address($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension InterfaceAddress: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("an address with its prefix length") { InterfaceAddress($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension MACAddress: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("a MAC address") { MACAddress($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension InterfaceName: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("a name for an interface") { InterfaceName($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
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
