/// A line that was typed: a command, and what its answer passes before it is shown.
public struct PipedLine: Hashable, Sendable {
    /// What stands before the first bar.
    public let command: String
    /// What the answer passes, in this order.
    public let filters: [Filter]
    /// What a shell does with what is left; nil for nothing.
    public let shellCommand: String?

    /// What EOS itself does with an answer.
    public enum Filter: Hashable, Sendable {
        /// Lines that an expression is found in, those that it is not found in, all from the first of them on.
        case include(String)
        case exclude(String)
        case begin(String)
        /// Lines that are not indented with the indented ones below them, where the expression is found in one.
        case section(String)
        /// Lines that have a number other than 0.
        case nonZero
        /// How many lines there are.
        case count
        /// The answer as a document.
        case json
        /// All at once, and no page after page.
        case noMore
    }

    /// The words for filters, with what `?` says of them.
    private static let words: [(word: String, help: String)] = [
        ("begin", "Begin with the line that matches"), ("count", "Count lines"),
        ("exclude", "Exclude lines that match"),
        ("grep", "Linux grep command"), ("include", "Include lines that match"),
        ("json", "Produce JSON output for this command"),
        ("no-more", "Disable pagination for this command"), ("nz", "Include only non-zero counters"),
        ("section", "Include sections that match"),
    ]

    /// What may stand behind a bar, for the beginning of a word.
    public static func suggestions(for typed: some StringProtocol) -> [Suggestion] {
        words.filter { $0.word.hasPrefix(typed) }.map { Suggestion($0.word, $0.help) }
            + (typed.isEmpty ? [Suggestion("LINE", "Filter the output with a Linux command", isLiteral: false)] : [])
    }

    /// Reads a line. What stands behind a bar and is none of EOS' own filters is for a shell, with all that follows.
    public init(_ line: some StringProtocol) throws(CommandError) {
        let parts = Self.parts(String(line))
        command = parts[0]
        var filters: [Filter] = []
        for (index, part) in parts.enumerated().dropFirst() {
            let words = part.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            guard let first = words.first else {
                throw CommandError(String(line), .incomplete, closest: Self.words.map(\.word))
            }
            let rest = words.count > 1 ? String(words[1]).strippingQuotes : nil
            let fitting = Self.words.map(\.word).filter { $0.hasPrefix(first.lowercased()) }
            let word = fitting.contains(first.lowercased()) ? first.lowercased() : fitting.count == 1 ? fitting[0] : nil
            if word == nil, fitting.count > 1 { throw CommandError(String(line), .ambiguous, closest: fitting) }
            switch (word, rest) {
            case ("include", let expression?): filters.append(.include(expression))
            case ("exclude", let expression?): filters.append(.exclude(expression))
            case ("begin", let expression?): filters.append(.begin(expression))
            case ("section", let expression?): filters.append(.section(expression))
            case ("include", nil), ("exclude", nil), ("begin", nil), ("section", nil):
                throw CommandError(String(line), .incomplete, closest: ["\(word ?? "") LINE"])
            case ("nz", nil): filters.append(.nonZero)
            case ("count", nil): filters.append(.count)
            case ("json", _): filters.append(.json)
            case ("no-more", nil): filters.append(.noMore)
            default:
                self.filters = filters
                let typed = word == "grep" ? "grep" + part.dropFirst(first.count) : part
                shellCommand = ([typed] + parts[(index + 1)...]).joined(separator: " | ")
                return
            }
        }
        self.filters = filters
        shellCommand = nil
    }

    /// A line without bars that mean anything.
    public init(whole line: String) { (command, filters, shellCommand) = (line, [], nil) }

    /// Whether there is anything behind the command.
    public var isPassedOn: Bool { !filters.isEmpty || shellCommand != nil }

    /// Whether the answer is asked for as a document.
    public var asksForDocument: Bool { filters.contains(.json) }

    /// The parts of a line between its bars. Behind the first, a bar divides where a space is before it: others belong to
    /// expressions (`| include a|b`).
    private static func parts(_ line: String) -> [String] {
        var parts = [""]
        var quote: Character?
        var last: Character = " "
        for character in line {
            if let open = quote {
                if character == open { quote = nil }
            } else if parts.count > 1, character == "\"" || character == "'" {
                quote = character
            } else if character == "|", parts.count == 1 || last.isWhitespace {
                parts.append("")
                last = " "
                continue
            }
            parts[parts.count - 1].append(character)
            last = character
        }
        return parts.map { part in
            var part = part[...]
            while part.first?.isWhitespace == true { part.removeFirst() }
            while part.last?.isWhitespace == true { part.removeLast() }
            return String(part)
        }
    }

    /// The answer's text after all filters but the shell's.
    public func filtered(_ text: String) -> String {
        filters.reduce(text) { text, filter in filter.applied(to: text) }
    }
}

extension String {
    /// Without quotes around it.
    fileprivate var strippingQuotes: String {
        guard count > 1, let first, first == "\"" || first == "'", last == first else { return self }
        return String(dropFirst().dropLast())
    }
}

extension PipedLine.Filter {
    func applied(to text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // Of the line break at the end comes no line.
        if lines.last?.isEmpty == true { lines.removeLast() }
        switch self {
        case .json, .noMore: return text
        case .count: return "\(lines.count)\n"
        case .include(let text):
            let expression = LineExpression(text)
            lines = lines.filter { expression.matches($0) }
        case .exclude(let text):
            let expression = LineExpression(text)
            lines = lines.filter { !expression.matches($0) }
        case .begin(let text):
            let expression = LineExpression(text)
            lines = Array(lines.drop { !expression.matches($0) })
        case .section(let text): lines = Self.sections(lines, LineExpression(text))
        case .nonZero: lines = lines.filter { Self.isOfInterest($0) }
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private static func sections(_ lines: [String], _ expression: LineExpression) -> [String] {
        var sections: [[String]] = []
        for line in lines where line != "!" {
            if line.first?.isWhitespace == true, !sections.isEmpty {
                sections[sections.count - 1].append(line)
            } else {
                sections.append([line])
            }
        }
        return sections.filter { section in section.contains { expression.matches($0) } }.flatMap(\.self)
    }

    /// Whether a line has a number other than 0, or none at all.
    private static func isOfInterest(_ line: String) -> Bool {
        let numbers = line.split { $0.isWhitespace || $0 == "," }.filter { $0.allSatisfy { $0.isNumber || $0 == "." } }
        return numbers.isEmpty || numbers.contains { $0.contains { ("1"..."9").contains($0) } }
    }
}
