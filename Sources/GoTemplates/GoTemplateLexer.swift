/// Takes a template apart: text, and actions in double braces.
enum GoTemplateLexer {
    enum Piece {
        case text(String, line: Int)
        case action([Token], line: Int)
    }

    enum Token: Hashable {
        case word(String)
        /// `.` alone, or `.Name`: a field of what stands before it without a blank, else of the dot.
        case field(String, isJoined: Bool)
        case variable(String)
        case text(String)
        case number(Int)
        case symbol(String)
    }

    static func pieces(of text: String) throws(GoTemplate.Problem) -> [Piece] {
        let bytes = Array(text.utf8)
        var pieces: [Piece] = []
        var (position, line, trimsNext) = (0, 1, false)
        while position < bytes.count {
            let start = find("{{", in: bytes, from: position) ?? bytes.count
            var body = String(decoding: bytes[position..<start], as: UTF8.self)
            let hasLeftTrim =
                start + 3 < bytes.count && bytes[start + 2] == UInt8(ascii: "-") && isBlank(bytes[start + 3])
            var textLine = line
            line += body.utf8.count { $0 == 0x0a }
            if trimsNext {
                let kept = body.drop { $0.isWhitespace }
                textLine += body.utf8.count { $0 == 0x0a } - kept.utf8.count { $0 == 0x0a }
                body = String(kept)
            }
            if hasLeftTrim { while body.last?.isWhitespace == true { body.removeLast() } }
            if !body.isEmpty { pieces.append(.text(body, line: textLine)) }
            guard start < bytes.count else { break }
            var inside = start + (hasLeftTrim ? 4 : 2)
            let actionLine = line
            if starts("/*", bytes, at: inside) {
                guard let end = find("*/", in: bytes, from: inside) else {
                    throw GoTemplate.Problem(line: actionLine, sentence: "a comment is not closed")
                }
                line += bytes[inside..<end].count { $0 == 0x0a }
                inside = end + 2
                while inside < bytes.count, isBlank(bytes[inside]) { inside += 1 }
                trimsNext = starts("-}}", bytes, at: inside)
                guard trimsNext || starts("}}", bytes, at: inside) else {
                    throw GoTemplate.Problem(line: line, sentence: "a comment has braces of its own")
                }
                position = inside + (trimsNext ? 3 : 2)
                continue
            }
            let (tokens, end, trims) = try tokens(bytes, from: inside, &line)
            pieces.append(.action(tokens, line: actionLine))
            (position, trimsNext) = (end, trims)
        }
        return pieces
    }

    /// The tokens up to the closing braces.
    private static func tokens(
        _ bytes: [UInt8], from start: Int, _ line: inout Int
    ) throws(GoTemplate.Problem) -> (tokens: [Token], end: Int, trims: Bool) {
        var (tokens, position, afterBlank) = ([Token](), start, true)
        while position < bytes.count {
            let byte = bytes[position]
            if starts("}}", bytes, at: position) { return (tokens, position + 2, false) }
            if starts("-}}", bytes, at: position), afterBlank { return (tokens, position + 3, true) }
            if isBlank(byte) {
                if byte == 0x0a { line += 1 }
                (position, afterBlank) = (position + 1, true)
                continue
            }
            let begin = position
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "'"):
                let (text, end) = try literal(bytes, at: position, line)
                tokens.append(
                    byte == UInt8(ascii: "'") ? .number(Int(text.unicodeScalars.first?.value ?? 0)) : .text(text))
                position = end
            case UInt8(ascii: "."):
                position += 1
                while position < bytes.count, isName(bytes[position]) { position += 1 }
                let name = String(decoding: bytes[(begin + 1)..<position], as: UTF8.self)
                tokens.append(.field(name, isJoined: !afterBlank && !tokens.isEmpty))
            case UInt8(ascii: "$"):
                position += 1
                while position < bytes.count, isName(bytes[position]) { position += 1 }
                tokens.append(.variable(String(decoding: bytes[(begin + 1)..<position], as: UTF8.self)))
            case UInt8(ascii: ":") where starts(":=", bytes, at: position):
                tokens.append(.symbol(":="))
                position += 2
            case UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "="):
                tokens.append(.symbol(String(UnicodeScalar(byte))))
                position += 1
            default:
                if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { position += 1 }
                while position < bytes.count, isName(bytes[position]) { position += 1 }
                let word = String(decoding: bytes[begin..<position], as: UTF8.self)
                if let number = Int(word) {
                    tokens.append(.number(number))
                } else if word.isEmpty || word.first?.isNumber == true || word == "-" || word == "+" {
                    throw GoTemplate.Problem(line: line, sentence: "\"\(UnicodeScalar(byte))\" means nothing here")
                } else {
                    tokens.append(.word(word))
                }
            }
            afterBlank = false
        }
        throw GoTemplate.Problem(line: line, sentence: "an action has no closing braces")
    }

    private static func literal(
        _ bytes: [UInt8], at start: Int, _ line: Int
    ) throws(GoTemplate.Problem) -> (text: String, end: Int) {
        let quote = bytes[start]
        var (text, position) = ([UInt8](), start + 1)
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), quote != UInt8(ascii: "`"), position + 1 < bytes.count {
                position += 1
                switch bytes[position] {
                case UInt8(ascii: "n"): text.append(0x0a)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "r"): text.append(0x0d)
                default: text.append(bytes[position])
                }
            } else {
                text.append(bytes[position])
            }
            position += 1
        }
        guard position < bytes.count else { throw GoTemplate.Problem(line: line, sentence: "a quote is not closed") }
        return (String(decoding: text, as: UTF8.self), position + 1)
    }

    private static func find(_ text: String, in bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while position < bytes.count {
            if starts(text, bytes, at: position) { return position }
            position += 1
        }
        return nil
    }

    private static func starts(_ text: String, _ bytes: [UInt8], at position: Int) -> Bool {
        position + text.utf8.count <= bytes.count
            && bytes[position..<(position + text.utf8.count)].elementsEqual(text.utf8)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
