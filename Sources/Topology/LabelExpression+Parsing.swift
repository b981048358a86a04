extension LabelExpression {
    /// Why text is no selector.
    public struct SyntaxError: Error, Hashable, Sendable {
        /// What is wrong, as a sentence without a full stop.
        public let sentence: String
    }

    /// Parses a selector. Text that is empty or blank selects everything, as in Calico.
    public init(_ text: String) throws(SyntaxError) {
        var parser = Parser(text)
        if parser.next == nil {
            self = .all
            return
        }
        self = try parser.disjunction(depth: 0)
        if let rest = parser.next { throw SyntaxError(sentence: "\"\(rest)\" is not expected there") }
    }

    private struct Parser {
        private var tokens: ArraySlice<Token>

        private enum Token: Hashable {
            case word(String)
            case text(String)
            case symbol(String)
            /// A quote without its other end, or a character that the language does not have.
            case unknown(String)
        }

        init(_ text: String) {
            var tokens: [Token] = []
            var rest = Array(text.unicodeScalars)[...]
            while let scalar = rest.first {
                if scalar.properties.isWhitespace {
                    rest.removeFirst()
                } else if scalar == "'" || scalar == "\"" {
                    let inside = rest.dropFirst().prefix { $0 != scalar }
                    let isClosed = inside.endIndex < rest.endIndex
                    tokens.append(isClosed ? .text(Self.string(inside)) : .unknown(String(scalar)))
                    rest = isClosed ? rest[(inside.endIndex + 1)...] : []
                } else if Self.isWord(scalar) {
                    let word = rest.prefix(while: Self.isWord)
                    tokens.append(.word(Self.string(word)))
                    rest = rest[word.endIndex...]
                } else {
                    let two = Self.string(rest.prefix(2))
                    let symbol = ["==", "!=", "&&", "||"].contains(two) ? two : String(scalar)
                    tokens.append("(){}!,&&||==!=".contains(symbol) ? .symbol(symbol) : .unknown(symbol))
                    rest = rest.dropFirst(symbol.unicodeScalars.count)
                }
            }
            self.tokens = tokens[...]
        }

        private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-_./".unicodeScalars.contains(scalar))
        }

        private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }

        /// The next token as it was written.
        var next: String? {
            switch tokens.first {
            case .word(let text), .text(let text), .symbol(let text), .unknown(let text): text
            case nil: nil
            }
        }

        private mutating func take(_ symbol: String) -> Bool {
            guard tokens.first == .symbol(symbol) else { return false }
            tokens.removeFirst()
            return true
        }

        private mutating func takeWord(_ word: String) -> Bool {
            guard tokens.first == .word(word) else { return false }
            tokens.removeFirst()
            return true
        }

        private mutating func require(_ symbol: String) throws(SyntaxError) {
            guard take(symbol) else { throw wanted("\"\(symbol)\"") }
        }

        private func wanted(_ what: String) -> SyntaxError {
            SyntaxError(sentence: "\(what) is missing before \(next.map { "\"\($0)\"" } ?? "the end")")
        }

        mutating func disjunction(depth: Int) throws(SyntaxError) -> LabelExpression {
            var parts = [try conjunction(depth: depth)]
            while take("||") { parts.append(try conjunction(depth: depth)) }
            return parts.count == 1 ? parts[0] : .or(parts)
        }

        private mutating func conjunction(depth: Int) throws(SyntaxError) -> LabelExpression {
            var parts = [try operand(depth: depth)]
            while take("&&") { parts.append(try operand(depth: depth)) }
            return parts.count == 1 ? parts[0] : .and(parts)
        }

        private mutating func operand(depth: Int) throws(SyntaxError) -> LabelExpression {
            // Nobody nests so deep, and each level takes some of the stack.
            guard depth < 50 else { throw SyntaxError(sentence: "the expression is nested too deeply") }
            if take("!") { return .not(try operand(depth: depth + 1)) }
            if take("(") {
                let inner = try disjunction(depth: depth + 1)
                try require(")")
                return inner
            }
            guard case .word(let key) = tokens.first else { throw wanted("a label's name") }
            tokens.removeFirst()
            if take("(") {
                var argument: String?
                if case .word(let word) = tokens.first {
                    argument = word
                    tokens.removeFirst()
                }
                try require(")")
                switch (key, argument) {
                case ("all", nil): return .all
                case ("has", let label?): return .has(label)
                default:
                    throw SyntaxError(
                        sentence: "there is no \"\(key)(\(argument ?? ""))\"; the functions are all() and has(LABEL)")
                }
            }
            return try comparison(of: key)
        }

        private mutating func comparison(of key: String) throws(SyntaxError) -> LabelExpression {
            if take("==") { return .equals(key, try text()) }
            if take("!=") { return .differs(key, try text()) }
            if takeWord("in") { return .isIn(key, try set()) }
            if takeWord("contains") { return .contains(key, try text()) }
            if takeWord("not") {
                guard takeWord("in") else { throw wanted("\"in\"") }
                return .isNotIn(key, try set())
            }
            for (word, make) in [("starts", LabelExpression.startsWith), ("ends", LabelExpression.endsWith)]
            where takeWord(word) {
                guard takeWord("with") else { throw wanted("\"with\"") }
                return make(key, try text())
            }
            throw wanted("what \(key) is compared with (such as == 'value')")
        }

        private mutating func text() throws(SyntaxError) -> String {
            guard case .text(let text) = tokens.first else { throw wanted("a value in quotes") }
            tokens.removeFirst()
            return text
        }

        private mutating func set() throws(SyntaxError) -> [String] {
            try require("{")
            var values: [String] = []
            if take("}") { return values }
            repeat { values.append(try text()) } while take(",")
            try require("}")
            return values
        }
    }
}
