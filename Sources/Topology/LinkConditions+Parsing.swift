extension LinkConditions {
    /// Reads a duration: a number and `us`, `ms` or `s`, such as `20ms` or `1.5ms`.
    ///
    /// - Throws: what would be right.
    /// - Returns: nanoseconds.
    public static func duration(_ text: String) throws(QuantityError) -> UInt64 {
        let units: [(String, UInt64)] = [("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000)]
        guard let value = quantity(text, units) else {
            throw QuantityError("\"\(text)\" is not a duration: a number with us, ms or s, such as 20ms")
        }
        guard value <= maximumDelay else {
            throw QuantityError("\(text) is more than \(Self.text(duration: maximumDelay))")
        }
        return value
    }

    /// Reads a share of frames: a number from 0 to 100 and `%`, such as `1%` or `0.05%`.
    ///
    /// - Throws: what would be right.
    /// - Returns: millionths.
    public static func share(_ text: String) throws(QuantityError) -> UInt32 {
        guard let value = quantity(text, [("%", 10_000)]), value <= 1_000_000 else {
            throw QuantityError(
                "\"\(text)\" is not a share of frames: a number from 0 to 100 with %, such as 1%, to four places at most"
            )
        }
        return UInt32(value)
    }

    /// Reads a rate in bits a second: a number and `bit`, `kbit`, `mbit` or `gbit`, such as `10mbit`.
    ///
    /// - Throws: what would be right.
    /// - Returns: bits a second, a multiple of 8.
    public static func rate(_ text: String) throws(QuantityError) -> UInt64 {
        let units: [(String, UInt64)] = [("kbit", 1000), ("mbit", 1_000_000), ("gbit", 1_000_000_000), ("bit", 1)]
        guard let value = quantity(text.lowercased(), units) else {
            throw QuantityError(
                "\"\(text)\" is not a rate: a number with bit, kbit, mbit or gbit (bits a second), such as 10mbit")
        }
        guard (8...maximumRate).contains(value), value.isMultiple(of: 8) else {
            throw QuantityError("a rate goes from 8bit to 1000gbit in whole bytes, and \(text) does not")
        }
        return value
    }

    private static let maximumRate: UInt64 = 1_000_000_000_000

    /// A decimal number with one of these units, exactly; nil for anything else.
    private static func quantity(_ text: String, _ units: [(name: String, factor: UInt64)]) -> UInt64? {
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard let unit = units.first(where: { $0.name == text.dropFirst(number.count) }) else { return nil }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 12 }),
            let whole = UInt64(parts[0])
        else { return nil }
        let (value, overflows) = whole.multipliedReportingOverflow(by: unit.factor)
        if overflows { return nil }
        guard parts.count == 2, let digits = UInt64(parts[1]) else { return value }
        var scale: UInt64 = 1
        for _ in parts[1] { scale *= 10 }
        // At most 10¹² times 10⁹, which does not fit: the digits that a unit has no room for are zero or refused.
        let (product, tooMuch) = digits.multipliedReportingOverflow(by: unit.factor)
        guard !tooMuch, product.isMultiple(of: scale) else { return nil }
        return value + product / scale
    }
}

/// A quantity that cannot be read: what would be right, in one sentence without a full stop.
public struct QuantityError: Error, Hashable, Sendable, CustomStringConvertible {
    public let sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    public var description: String { sentence }
}
