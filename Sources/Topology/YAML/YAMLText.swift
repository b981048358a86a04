/// Text as a YAML scalar: plain where every reader of YAML would take it for the same text, in block and in flow style;
/// else in double quotes.
func yamlScalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

private func isPlain(_ text: String) -> Bool {
    var previous: UInt8 = 0
    var isNumber = true
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            isNumber = false
        case UInt8(ascii: "0")...UInt8(ascii: "9"): break
        case UInt8(ascii: "/"): isNumber = false
        case UInt8(ascii: "."), UInt8(ascii: "-"): if previous == 0 { return false }
        case UInt8(ascii: ":"):
            if previous == 0 { return false }
            isNumber = false
        case UInt8(ascii: " "):
            if previous == 0 || previous == UInt8(ascii: " ") || previous == UInt8(ascii: ":") { return false }
            isNumber = false
        default: return false
        }
        previous = byte
    }
    return previous != 0 && previous != UInt8(ascii: ":") && previous != UInt8(ascii: " ")
        && !(isNumber && hasNumberForm(text)) && !words.contains(text.lowercased())
}

/// Whether other readers would take the text for a number: digits with at most one dot. Addresses have three.
private func hasNumberForm(_ text: String) -> Bool {
    text.utf8.count { $0 == UInt8(ascii: ".") } < 2 && !text.utf8.contains(UInt8(ascii: "-"))
}

private let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"]

private func quoted(_ text: String) -> String {
    var result = "\""
    var previous: Unicode.Scalar = "\""
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
        defer { previous = scalar }
        let next = index + 1 < scalars.count ? scalars[index + 1] : "\""
        // What looks like an anchor, an alias or a key after ? would be taken for one by who looks at bytes alone.
        if (scalar == "&" || scalar == "*") && isNameScalar(next) || scalar == "?" && !isNameScalar(previous) {
            result += escaped(scalar)
            continue
        }
        switch scalar {
        case "\"", "\\":
            result.unicodeScalars.append("\\")
            result.unicodeScalars.append(scalar)
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case " "..."~", "\u{A0}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
            if ["\u{2028}", "\u{2029}", "\u{FEFF}"].contains(scalar) {
                result += escaped(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        default: result += escaped(scalar)
        }
    }
    return result + "\""
}

private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "_-".unicodeScalars.contains(scalar))
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}
