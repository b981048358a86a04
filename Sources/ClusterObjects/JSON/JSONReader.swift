/// What is not JSON, or is too deep.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many bytes come before it.
    public let offset: Int
    /// What would be right.
    public let reason: String
    public var description: String { "byte \(offset): \(reason)" }
}

extension JSON {
    /// How many arrays and objects may be inside one another: more is no object of a cluster.
    public static let mostLevels = 64

    /// Reads a whole text. Costs time and memory in proportion to it. Of two members of one name the later one counts.
    public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.whole()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() throws(JSONError) -> JSON {
        let value = try value(level: 0)
        skipBlanks()
        if index < bytes.count { throw error("want the end, found more") }
        return value
    }

    private func error(_ reason: String) -> JSONError { JSONError(offset: index, reason: reason) }

    private mutating func skipBlanks() {
        while index < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func value(level: Int) throws(JSONError) -> JSON {
        guard level <= JSON.mostLevels else { throw error("more than \(JSON.mostLevels) levels") }
        skipBlanks()
        guard index < bytes.count else { throw error("want a value, found the end") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try object(level: level)
        case UInt8(ascii: "["): return try array(level: level)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let text = word.withUTF8Buffer { Array($0) }
        guard bytes[index...].starts(with: text) else { throw error("want a value") }
        index += text.count
        return value
    }

    private mutating func object(level: Int) throws(JSONError) -> JSON {
        index += 1
        var members = JSON.Members()
        // Looking for a name among thousands would cost time in proportion to their square.
        var places: Set<String> = []
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw error("want a name in quotes") }
            let name = try string()
            guard take(":") else { throw error("want a colon") }
            let value = try value(level: level + 1)
            if places.insert(name).inserted { members.append(name, value) } else { members[name] = value }
        } while take(",")
        guard take("}") else { throw error("want a comma or }") }
        return .object(members)
    }

    private mutating func array(level: Int) throws(JSONError) -> JSON {
        index += 1
        var items: [JSON] = []
        if take("]") { return .array(items) }
        repeat { items.append(try value(level: level + 1)) } while take(",")
        guard take("]") else { throw error("want a comma or ]") }
        return .array(items)
    }

    /// RFC 8259, 6.
    private mutating func number() throws(JSONError) -> JSON {
        let start = index
        func isDigit() -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
        func isNext(_ scalar: Unicode.Scalar) -> Bool { index < bytes.count && bytes[index] == UInt8(ascii: scalar) }
        if isNext("-") { index += 1 }
        let first = index
        while isDigit() { index += 1 }
        guard index > first, bytes[first] != 0x30 || index == first + 1 else { throw error("want a value") }
        var isWhole = true
        if isNext(".") {
            (isWhole, index) = (false, index + 1)
            let fraction = index
            while isDigit() { index += 1 }
            if index == fraction { throw error("want a digit") }
        }
        if isNext("e") || isNext("E") {
            (isWhole, index) = (false, index + 1)
            if isNext("+") || isNext("-") { index += 1 }
            let exponent = index
            while isDigit() { index += 1 }
            if index == exponent { throw error("want a digit") }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int(text) { return .integer(number) }
        return .number(text)
    }

    /// A string in quotes. What is not UTF-8 becomes U+FFFD.
    private mutating func string() throws(JSONError) -> String {
        index += 1
        var text: [UInt8] = []
        while true {
            let start = index
            while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5c, bytes[index] >= 0x20 { index += 1 }
            text += bytes[start..<index]
            guard index < bytes.count else { throw error("want a quote, found the end") }
            if bytes[index] == 0x22 {
                index += 1
                return String(decoding: text, as: UTF8.self)
            }
            guard bytes[index] == 0x5c else { throw error("a control character in a string") }
            index += 1
            try escape(into: &text)
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard index < bytes.count else { throw error("want an escape, found the end") }
        let letter = bytes[index]
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try unit())
            if (0xd800..<0xdc00).contains(code), index + 1 < bytes.count, bytes[index] == 0x5c,
                bytes[index + 1] == UInt8(ascii: "u")
            {
                let before = index
                index += 2
                let low = UInt32(try unit())
                if (0xdc00..<0xe000).contains(low) {
                    code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
                } else {
                    index = before
                }
            }
            // Half a pair is no character.
            text += Array(String(Unicode.Scalar(code) ?? "\u{fffd}").utf8)
        default: throw error("want an escape")
        }
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        guard index + 4 <= bytes.count,
            bytes[index..<index + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw error("want four hexadecimal digits") }
        index += 4
        return unit
    }
}
