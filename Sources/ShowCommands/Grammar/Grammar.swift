/// What a router understands in one mode: a table of commands, from which reading, abbreviations, help and completion come.
public struct Grammar: Sendable {
    /// A command of the table.
    struct Row: Sendable {
        let syntax: Syntax
        /// What whoever types it needs: 1, or 15 after `enable`.
        let privilege: Int
        /// Whether help tells of it.
        let isListed: Bool
        /// The command with what was typed; nil for what cannot be.
        let command: @Sendable (Captures) -> Command?

        init(
            _ syntax: String, privilege: Int = 1, isListed: Bool = true,
            _ command: @escaping @Sendable (Captures) -> Command?
        ) {
            self.syntax = Syntax(syntax)
            self.privilege = privilege
            self.isListed = isListed
            self.command = command
        }
    }

    private let rows: [Row]
    /// Every way of writing a command, with the row that it is one of.
    private let sequences: [(row: Int, words: [Word])]

    init(_ rows: [Row]) {
        self.rows = rows
        sequences = rows.enumerated().flatMap { index, row in row.syntax.sequences.map { (index, $0) } }
    }

    /// The commands as the table has them, with capital letters for values.
    public var syntaxes: [String] { rows.filter(\.isListed).map(\.syntax.text) }

    /// The commands that take no value, in all their forms.
    public var literals: [String] {
        sequences.compactMap { row, words in
            guard rows[row].isListed else { return nil }
            let keywords = words.compactMap { if case .keyword(let keyword) = $0 { keyword } else { nil } }
            return keywords.count == words.count ? keywords.joined(separator: " ") : nil
        }
    }

    /// One way of typing each command, with a value that fits in the place of each that is chosen.
    package var examples: [String] {
        rows.map { row in
            row.syntax.sequences[0].map { word in
                switch word {
                case .keyword(let keyword): keyword
                case .argument(let argument): argument.example
                }
            }.joined(separator: " ")
        }
    }

    /// The keywords that `?` has nothing to say of.
    package var wordsWithoutHelp: [String] {
        var silent: Set<String> = []
        for (row, words) in sequences where rows[row].isListed {
            var path: [String] = []
            for case .keyword(let keyword) in words {
                if Self.help(for: keyword, after: path).isEmpty { silent.insert(keyword) }
                path.append(keyword)
            }
        }
        return silent.sorted()
    }

    /// The commands of another table behind these.
    func joined(with other: Grammar) -> Grammar { Grammar(rows + other.rows) }

    // MARK: Reading

    /// Reads a command. Each word may be cut short as long as no other fits: `sh ip int br`.
    ///
    /// - Parameter privilege: of whoever types it.
    public func command(_ line: some StringProtocol, privilege: Int = 15) throws(CommandError) -> Command {
        let words = Self.words(line)
        var fitting = sequences[...].filter { rows[$0.row].privilege <= privilege }
        for position in words.indices {
            let (next, keywords) = Self.step(fitting, words, position)
            guard keywords.count <= 1 else {
                throw CommandError(String(line), .ambiguous, closest: keywords.sorted())
            }
            if next.isEmpty {
                let isPrivileged = privilege < 15 && (try? command(line, privilege: 15)) != nil
                let near = Set(fitting.map(\.row)).sorted()
                throw CommandError(
                    String(line), isPrivileged ? .privileged : .unknown,
                    closest: (position > 1 ? near : Array(rows.indices)).map { rows[$0].syntax.text })
            }
            fitting = next
        }
        for candidate in fitting where candidate.words.count == words.count || candidate.words.endsInLine {
            guard candidate.words.count <= words.count else { continue }
            if let command = rows[candidate.row].command(Captures(candidate.words, words)) {
                return command
            }
        }
        let isShort = fitting.contains { $0.words.count > words.count }
        throw CommandError(
            String(line), isShort ? .incomplete : .unknown,
            closest: Set(fitting.map(\.row)).sorted().map { rows[$0].syntax.text })
    }

    /// The sequences that a word fits at its place, and the keywords that it is the beginning of.
    private static func step(
        _ fitting: [(row: Int, words: [Word])], _ words: [String], _ position: Int
    ) -> (next: [(row: Int, words: [Word])], keywords: Set<String>) {
        let typed = words[position].lowercased()
        var keywords: Set<String> = []
        for case .keyword(let keyword)? in fitting.lazy.map({ $0.words.at(position) })
        where keyword.lowercased().hasPrefix(typed) {
            keywords.insert(keyword)
        }
        // A whole word is never the beginning of another: `ip` is not `ipv6`.
        if let exact = keywords.first(where: { $0.lowercased() == typed }) { keywords = [exact] }
        if keywords.isEmpty {
            return (fitting.filter { $0.words.accepts(words[position], at: position) }, [])
        }
        return (
            fitting.filter {
                if case .keyword(let keyword)? = $0.words.at(position) { keywords.contains(keyword) } else { false }
            }, keywords
        )
    }

    private static func words(_ line: some StringProtocol) -> [String] {
        String(line).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    // MARK: Help

    /// What may come next at the end of a line: words that the last one is the beginning of, or, after a space, all. `<cr>`
    /// stands for nothing more.
    public func suggestions(for line: some StringProtocol, privilege: Int = 15) -> [Suggestion] {
        var words = Self.words(line)
        let partial = line.last.map(\.isWhitespace) ?? true ? "" : words.removeLast()
        var fitting = sequences.filter { rows[$0.row].privilege <= privilege }
        var path: [String] = []
        for position in words.indices {
            let (next, keywords) = Self.step(fitting, words, position)
            guard keywords.count <= 1 else { return [] }
            path.append(keywords.first ?? "*")
            fitting = next
        }
        var found: [String: Suggestion] = [:]
        var isWhole = false
        for (row, sequence) in fitting where rows[row].isListed {
            if sequence.count <= words.count {
                isWhole = isWhole || sequence.count == words.count || sequence.endsInLine
            }
            switch sequence.at(words.count) {
            case nil: break
            case .keyword(let keyword):
                found[keyword] = Suggestion(keyword, Self.help(for: keyword, after: path))
            case .argument(let argument):
                for suggestion in argument.suggestions { found[suggestion.word] = suggestion }
            }
        }
        let typed = partial.lowercased()
        var all = found.values.filter { $0.word.lowercased().hasPrefix(typed) }
            .sorted { ($0.word.lowercased(), $0.word) < ($1.word.lowercased(), $1.word) }
        if all.isEmpty, !typed.isEmpty, Self.accepts(fitting, partial, words.count) {
            all = found.values.filter { !$0.isLiteral }.sorted { $0.word < $1.word }
        }
        if isWhole, typed.isEmpty { all.append(Suggestion("<cr>", "", isLiteral: false)) }
        return all
    }

    private static func accepts(_ fitting: [(row: Int, words: [Word])], _ text: String, _ position: Int) -> Bool {
        fitting.contains { $0.words.accepts(text, at: position) }
    }

    /// The whole word for the one that a line ends in, if there is one alone; with a space behind.
    public func completion(of line: some StringProtocol, privilege: Int = 15) -> String? {
        guard let last = line.last, !last.isWhitespace else { return nil }
        let fitting = suggestions(for: line, privilege: privilege).filter(\.isLiteral)
        guard fitting.count == 1 else { return nil }
        return fitting[0].word + " "
    }
}

extension [Word] {
    fileprivate func at(_ position: Int) -> Word? {
        position < count ? self[position] : endsInLine ? last : nil
    }

    /// Whether all that follows belongs to it.
    fileprivate var endsInLine: Bool { last == .argument(.line) }

    fileprivate func accepts(_ text: String, at position: Int) -> Bool {
        if case .argument(let argument)? = at(position) { argument.accepts(text) } else { false }
    }
}

/// What was typed in the places of a command.
struct Captures {
    private let words: [(word: Word, text: String)]

    init(_ words: [Word], _ typed: [String]) {
        var words = zip(words, typed).map { ($0, $1) }
        if words.last?.0 == .argument(.line) {
            words[words.count - 1].1 = typed[(words.count - 1)...].joined(separator: " ")
        }
        self.words = words
    }

    /// Whether a keyword is there.
    func has(_ keyword: String) -> Bool { words.contains { $0.word == .keyword(keyword) } }

    /// What stands in the first place of an argument.
    func text(_ argument: Argument) -> String? { words.first { $0.word == .argument(argument) }?.text }

    var line: String? { text(.line) }
    var host: String? { text(.host) }

    /// Numbers in the order of their places.
    var numbers: [Int] {
        words.compactMap { if case .argument(.number) = $0.word { Int($0.text) } else { nil } }
    }

    /// The number after a keyword.
    func number(after keyword: String) -> Int? {
        guard let index = words.firstIndex(where: { $0.word == .keyword(keyword) }), index + 1 < words.count,
            case .argument(.number) = words[index + 1].word
        else { return nil }
        return Int(words[index + 1].text)
    }

    /// The word after a keyword.
    func text(after keyword: String) -> String? {
        guard let index = words.firstIndex(where: { $0.word == .keyword(keyword) }), index + 1 < words.count else {
            return nil
        }
        return words[index + 1].text
    }

    var vlans: VLANNumbers? { text(.vlans).flatMap { VLANNumbers($0) } }

    /// All interfaces that are named, in their order.
    var allInterfaces: [InterfaceNames] {
        words.indices.compactMap { index in
            switch words[index].word {
            case .argument(.interfaces): return InterfaceNames(words[index].text)
            case .argument(.interfaceKind):
                guard let kind = InterfaceKind(abbreviation: words[index].text), index + 1 < words.count else {
                    return nil
                }
                return InterfaceNames(kind, words[index + 1].text)
            default: return nil
            }
        }
    }

    var interfaces: InterfaceNames? { allInterfaces.first }
}
