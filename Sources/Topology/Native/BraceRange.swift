/// A range in braces, as shells write it: `{1..20}` stands for 1, 2 … 20, `{01..20}` for 01, 02 … 20.
struct BraceRange: Hashable, Sendable {
    /// The first and last number.
    let bounds: ClosedRange<Int>
    /// The number of digits that each value is filled up to with zeros; 0 for none.
    let width: Int

    /// How many values it stands for.
    var count: Int { bounds.count }

    /// The value at a position, counted from 0.
    func value(at index: Int) -> String {
        let digits = String(bounds.lowerBound + index)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension BraceRange: CustomStringConvertible {
    var description: String {
        "{\(value(at: 0))..\(value(at: count - 1))}"
    }
}

/// Text with ranges in braces, cut into its pieces.
struct BraceTemplate: Hashable, Sendable {
    /// Text between ranges, and the ranges.
    enum Piece: Hashable, Sendable {
        case text(String)
        case range(BraceRange)
    }

    let pieces: [Piece]

    /// The ranges in the order they stand in.
    var ranges: [BraceRange] {
        pieces.compactMap { if case .range(let range) = $0 { range } else { nil } }
    }

    /// Whether text has a brace at all: text without one stands for itself and needs no template.
    static func isNeeded(for text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    }

    /// Cuts text into pieces; throws a sentence about a brace that is no range's.
    init(_ text: String) throws(BraceError) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw BraceError(sentence: "unmatched brace; a range is written {1..3}")
            }
            pieces.append(.range(try Self.range(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    /// The text with each range replaced by what `value` says of it.
    func text(_ value: (BraceRange) -> String) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let fixed): text += fixed
            case .range(let range): text += value(range)
            }
        }
    }

    /// Whether the text is what this template, with one range in it, makes at one of its steps.
    func makes(_ text: String) -> Bool {
        guard let index = pieces.firstIndex(where: { if case .range = $0 { true } else { false } }),
            case .range(let range) = pieces[index]
        else { return false }
        var rest = text[...]
        if index > 0, case .text(let front) = pieces[0] {
            guard rest.hasPrefix(front) else { return false }
            rest = rest.dropFirst(front.count)
        }
        if index + 1 < pieces.count, case .text(let back) = pieces[index + 1] {
            guard rest.hasSuffix(back) else { return false }
            rest = rest.dropLast(back.count)
        }
        guard let number = Int(rest), range.bounds.contains(number) else { return false }
        return range.value(at: number - range.bounds.lowerBound) == rest
    }

    private static func range(_ body: Substring) throws(BraceError) -> BraceRange {
        let wrong = BraceError(sentence: "{\(body)} is no range; a range is two numbers from low to high, as in {1..3}")
        let bytes = Array(body.utf8)
        guard let dots = bytes.firstIndex(of: UInt8(ascii: ".")), dots + 1 < bytes.count,
            bytes[dots + 1] == UInt8(ascii: "."),
            let low = decimal(bytes[..<dots]), let high = decimal(bytes[(dots + 2)...]), low <= high
        else { throw wrong }
        let (lowDigits, highDigits) = (dots, bytes.count - dots - 2)
        let isPadded =
            lowDigits > 1 && bytes[0] == UInt8(ascii: "0") || highDigits > 1 && bytes[dots + 2] == UInt8(ascii: "0")
        return BraceRange(bounds: low...high, width: isPadded ? max(lowDigits, highDigits) : 0)
    }

    /// Nine digits are plenty and cannot overflow.
    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}

/// A brace that is no range's.
struct BraceError: Error, Hashable, Sendable {
    let sentence: String
}
