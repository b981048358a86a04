// The quantities of link conditions as text, in the units of tc(8): one spelling for topology files and commands.

extension LinkConditions {
    /// Nanoseconds as text that `duration(_:)` reads.
    public static func text(duration value: UInt64) -> String {
        let (unit, name): (UInt64, String) =
            value.isMultiple(of: 1_000_000_000) && value > 0
            ? (1_000_000_000, "s") : value.isMultiple(of: 1_000_000) ? (1_000_000, "ms") : (1000, "us")
        return decimal(value, unit) + name
    }

    /// Millionths as text that `share(_:)` reads.
    public static func text(share value: UInt32) -> String { decimal(UInt64(value), 10_000) + "%" }

    /// Bits a second as text that `rate(_:)` reads.
    public static func text(rate value: UInt64) -> String {
        for (unit, name) in [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1000, "kbit")] as [(UInt64, String)]
        where value.isMultiple(of: unit) && value > 0 { return "\(value / unit)\(name)" }
        return "\(value)bit"
    }

    /// The fields that are set, each with its text, in the order of tc(8).
    public var fields: [(name: String, text: String)] {
        var fields: [(String, String)] = []
        if delay > 0 { fields.append(("delay", Self.text(duration: delay))) }
        if jitter > 0 { fields.append(("jitter", Self.text(duration: jitter))) }
        for (name, value) in [("loss", loss), ("duplicate", duplicate), ("reorder", reorder), ("corrupt", corrupt)]
        where value > 0 { fields.append((name, Self.text(share: value))) }
        if let rate { fields.append(("rate", Self.text(rate: rate))) }
        return fields
    }

    private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
        let (whole, rest) = value.quotientAndRemainder(dividingBy: unit)
        if rest == 0 { return "\(whole)" }
        var digits = String(unit + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

extension LinkConditions: CustomStringConvertible {
    public var description: String {
        self == .none ? "none" : fields.map { "\($0.name) \($0.text)" }.joined(separator: " ")
    }
}
