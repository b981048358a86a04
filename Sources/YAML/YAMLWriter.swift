/// Values as YAML that readers of YAML 1.1 and of 1.2 take for the same values.
package enum YAMLWriter {
    /// A value as a document: lists and maps in lines of their own, as `kubectl -o yaml` has them.
    package static func document(_ value: YAMLValue) -> String {
        var text = ""
        write(value, depth: 0, isAfterDash: false, to: &text)
        return text
    }

    private static func write(_ value: YAMLValue, depth: Int, isAfterDash: Bool, to text: inout String) {
        switch value.content {
        case .scalar(let content, let isPlain): text += (isPlain ? content : scalar(content, in: .block)) + "\n"
        case .tagged(let tag): text += tag + "\n"
        case .sequence(let items) where items.isEmpty: text += "[]\n"
        case .mapping(let entries) where entries.isEmpty: text += "{}\n"
        case .sequence(let items):
            for (index, item) in items.enumerated() {
                if index > 0 || !isAfterDash { text += String(repeating: "  ", count: depth) }
                text += "- "
                write(item, depth: depth + 1, isAfterDash: true, to: &text)
            }
        case .mapping(let entries):
            for (index, entry) in entries.enumerated() {
                if index > 0 || !isAfterDash { text += String(repeating: "  ", count: depth) }
                text += scalar(entry.key.text ?? "", in: .block) + ":"
                switch entry.value.content {
                case .sequence(let items) where !items.isEmpty:
                    text += "\n"
                    write(entry.value, depth: depth, isAfterDash: false, to: &text)
                case .mapping(let entries) where !entries.isEmpty:
                    text += "\n"
                    write(entry.value, depth: depth + 1, isAfterDash: false, to: &text)
                default:
                    text += " "
                    write(entry.value, depth: depth, isAfterDash: false, to: &text)
                }
            }
        }
    }

    /// Where a scalar is written: inside of `[ ]` and `{ }` fewer of them can be plain.
    package enum Context { case block, flow }

    /// Text as a scalar: plain where every reader takes it for the same text; else in double quotes, on one line.
    package static func scalar(_ text: String, in context: Context = .flow) -> String {
        isPlain(text, context) ? text : quoted(text)
    }

    /// `{ key: value }`, of scalars that are written already.
    package static func flow(_ fields: [(String, String)]) -> String {
        fields.isEmpty ? "{}" : "{ " + fields.map { "\($0): \($1)" }.joined(separator: ", ") + " }"
    }

    /// `[item, item]`, of texts.
    package static func list(_ items: [some CustomStringConvertible]) -> String {
        "[" + items.map { scalar($0.description) }.joined(separator: ", ") + "]"
    }

    // MARK: Scalars

    private static func isPlain(_ text: String, _ context: Context) -> Bool {
        if isWord(text) { return !isReserved(text) }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, !isBlank(first), !isBlank(last),
            last != UInt8(ascii: ":"),
            !isIndicator(first, before: bytes.dropFirst().first), !["---", "..."].contains(text.prefix(3)),
            text.unicodeScalars.allSatisfy(isPrintable)
        else { return false }
        for (byte, next) in zip(bytes, bytes.dropFirst()) {
            if byte == UInt8(ascii: ":"), isBlank(next) { return false }
            if next == UInt8(ascii: "#"), isBlank(byte) { return false }
        }
        // A question mark ends a plain scalar in brackets for older versions of libyaml.
        if context == .flow, bytes.contains(where: { ",[]{}?".utf8.contains($0) }) { return false }
        return !isReserved(text) && !isNumber(bytes[...]) && !isDate(bytes)
    }

    /// Whether a text is a letter and letters, digits and signs behind it that mean nothing to anybody: most are, and soon told. Neither
    /// a number nor a date begins with a letter.
    private static func isWord(_ text: String) -> Bool {
        var isFirst = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"):
                if isFirst { return false }
            default: return false
            }
            isFirst = false
        }
        return !isFirst
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") }

    /// Whether a scalar that begins with this byte is no plain one (YAML 1.2, 7.3.3).
    private static func isIndicator(_ byte: UInt8, before next: UInt8?) -> Bool {
        if byte == UInt8(ascii: "-") { return next.map(isBlank) ?? true }
        return "?:,[]{}#&*!|>'\"%@`".utf8.contains(byte)
    }

    /// Whether a character can be in a text without an escape (YAML 1.2, 5.1), and ends no line.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{2028}", "\u{2029}", "\u{FEFF}": false
        case " "..."~", "\u{A0}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}": true
        default: false
        }
    }

    /// Whether a reader takes the text for a boolean, for null, for a merge key or for a default value (yaml.org/type).
    private static func isReserved(_ text: String) -> Bool {
        text.utf8.count <= 5 && reserved.contains(text.lowercased())
    }

    private static let reserved: Set<String> = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "<<", "=", ".nan", ".inf", "+.inf", "-.inf",
    ]

    /// Whether a reader takes the text for a number: an integer or a float of YAML 1.1 (yaml.org/type/int, with its base 60)
    /// or of 1.2 (10.3.2).
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var text = text
        if text.first == UInt8(ascii: "+") || text.first == UInt8(ascii: "-") { text = text.dropFirst() }
        func isAll(_ characters: String, _ text: ArraySlice<UInt8>) -> Bool {
            !text.isEmpty && text.allSatisfy { characters.utf8.contains($0) }
        }
        if text.first == UInt8(ascii: "0"), let base = text.dropFirst().first {
            let digits = text.dropFirst(2)
            switch base {
            case UInt8(ascii: "x"): return isAll("0123456789abcdefABCDEF_", digits)
            case UInt8(ascii: "o"): return isAll("01234567_", digits)
            case UInt8(ascii: "b"): return isAll("01_", digits)
            default: break
            }
        }
        guard text.contains(where: isDigit),
            text.first.map({ isDigit($0) || $0 == UInt8(ascii: ".") }) ?? false
        else { return false }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let whole = "0123456789_"
        if parts.count > 1 {
            // The last part may have decimals.
            let places = parts.dropFirst().dropLast() + [parts[parts.count - 1].prefix { $0 != UInt8(ascii: ".") }]
            let decimals = parts[parts.count - 1].drop { $0 != UInt8(ascii: ".") }.dropFirst()
            return isAll(whole, parts[0]) && (decimals.isEmpty || isAll(whole, decimals))
                && places.allSatisfy {
                    isAll("0123456789", $0) && ($0.count == 1 || $0.count == 2 && isAll("012345", $0.prefix(1)))
                }
        }
        let mantissa = text.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        var exponent = text.dropFirst(mantissa.count)
        if !exponent.isEmpty {
            exponent = exponent.dropFirst()
            if exponent.first == UInt8(ascii: "+") || exponent.first == UInt8(ascii: "-") {
                exponent = exponent.dropFirst()
            }
            guard isAll("0123456789", exponent) else { return false }
        }
        return isAll(whole + ".", mantissa) && mantissa.count { $0 == UInt8(ascii: ".") } < 2
    }

    /// Whether a reader takes the text for a date (yaml.org/type/timestamp): `2001-12-14`, with or without a time.
    private static func isDate(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, (1...2).contains(parts[1].count), parts[0].allSatisfy(isDigit),
            parts[1].allSatisfy(isDigit)
        else { return false }
        let day = parts[2].prefix(while: isDigit)
        let rest = parts[2].dropFirst(day.count).first
        return (1...2).contains(day.count) && (rest.map { "Tt ".utf8.contains($0) } ?? true)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The text in double quotes (YAML 1.2, 7.3.1).
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                // Above U+FFFF the escape has eight digits.
                let (mark, length) = scalar.value > 0xffff ? ("\\U", 8) : ("\\u", 4)
                result += mark + String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
            }
        }
        return result + "\""
    }
}
