import Addresses

/// What a message of the kernel says of an object besides what has a field of its own: the attributes by their numbers, as the
/// kernel wrote them. So an object is compared whole, and can be named to the kernel whole.
public struct OtherAttributes: Codable, Hashable, Sendable {
    private var values: [Int: [UInt8]] = [:]

    /// None.
    public init() {}

    /// Whether there is none.
    public var isEmpty: Bool { values.isEmpty }

    /// The bytes of an attribute.
    public subscript(number: Int) -> [UInt8]? {
        get { values[number] }
        set { values[number] = newValue }
    }

    /// The attributes by their numbers, in ascending order.
    public var sorted: [(number: Int, bytes: [UInt8])] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// An attribute as a number in the machine's byte order.
    public func integer(_ number: Int) -> UInt32? { values[number].flatMap(Self.integer) }

    /// An attribute as text up to the first NUL.
    public func text(_ number: Int) -> String? {
        values[number].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// What the tool that shows an attribute calls it, and how it writes the value.
    public struct Name: ExpressibleByStringLiteral, Sendable {
        fileprivate var text: String
        fileprivate var words: @Sendable ([UInt8]) -> String

        /// An attribute that is a number.
        public init(stringLiteral text: String) {
            self.init(text, OtherAttributes.words)
        }

        private init(_ text: String, _ words: @escaping @Sendable ([UInt8]) -> String) {
            self.text = text
            self.words = words
        }

        /// An attribute that is text.
        static func text(_ text: String) -> Name {
            Name(text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }

        /// An attribute that is a number in network byte order.
        static func bigEndian(_ text: String) -> Name {
            Name(text) { "\($0.reduce(0 as UInt64) { $0 << 8 | UInt64($1) })" }
        }

        /// An attribute that is an address.
        static func address(_ text: String) -> Name {
            Name(text) { bytes in
                let value = bytes.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
                let address = IPAddress(family: bytes.count == 4 ? .ipv4 : .ipv6, value: value)
                return address.map { "\($0)" } ?? hexadecimal(bytes)
            }
        }
    }

    /// Each attribute with its name, where it has one here, and its value in words.
    public func words(_ names: [Int: Name]) -> [String] {
        sorted.map { number, bytes in
            let name = names[number] ?? Name(unknown: number)
            return "\(name.text) \(name.words(bytes))"
        }
    }

    /// What of found attributes is not as these.
    public func differences(from found: OtherAttributes, _ names: [Int: Name]) -> [AttributeDifference] {
        if self == found { return [] }
        return Set(values.keys).union(found.values.keys).sorted().compactMap { number in
            let name = names[number] ?? Name(unknown: number)
            return AttributeDifference(
                AttributeName(name.text), values[number].map(name.words), found.values[number].map(name.words))
        }
    }

    private static func integer(_ bytes: [UInt8]) -> UInt32? {
        bytes.count == 4 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } : nil
    }

    /// A number where it may be one, else the bytes.
    package static func words(_ bytes: [UInt8]) -> String {
        if let number = integer(bytes) { return "\(number)" }
        if bytes.count == 2 { return "\(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) })" }
        if bytes.count == 1 { return "\(bytes[0])" }
        return hexadecimal(bytes)
    }
}

extension OtherAttributes.Name {
    fileprivate init(unknown number: Int) { self.init(stringLiteral: "attribute \(number)") }
}

/// Bytes as hexadecimal digits: `0x0a000001`.
func hexadecimal(_ bytes: [UInt8]) -> String {
    "0x" + bytes.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
}
