/// The words of a command line, split as containerlab splits its `exec` lines: by a shell's rules for blanks, quotes and
/// backslashes, and without a shell. What a shell would make of `;`, `|`, `>`, `$` and the like is not done.
public struct CommandWords: Hashable, Sendable {
    /// The words, without their quotes.
    public var words: [String]
    /// The first character outside of quotes that a shell would take for more than itself, if there is one.
    public var metacharacter: Character?

    /// Why a line has no words.
    public enum SyntaxError: Error, Hashable, Sendable {
        /// A quote is opened and not closed.
        case unclosedQuote
        /// There is nothing, or nothing but a comment.
        case empty
    }

    /// Splits a line.
    public init(_ line: some StringProtocol) throws(SyntaxError) {
        words = []
        var word = ""
        var isInWord = false
        var characters = line.makeIterator()
        var quote: Character?
        var pendingNewline = false
        while let character = characters.next() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"" {
                    guard let next = characters.next() else { throw .unclosedQuote }
                    word.append(next)
                } else {
                    word.append(character)
                }
                continue
            }
            switch character {
            case " ", "\t", "\n", "\r", "\r\n":
                if isInWord { words.append(word) }
                (word, isInWord) = ("", false)
                if character.isNewline, metacharacter == nil, !words.isEmpty { pendingNewline = true }
                continue
            case "#" where !isInWord:
                // A comment ends with its line.
                while let next = characters.next(), !next.isNewline {}
                continue
            case "'", "\"": quote = character
            case "\\":
                guard let next = characters.next() else { throw .unclosedQuote }
                word.append(next)
            case ";", "|", "&", "<", ">", "$", "`", "(", ")", "*", "?":
                if metacharacter == nil { metacharacter = character }
                word.append(character)
            default: word.append(character)
            }
            isInWord = true
            if pendingNewline, metacharacter == nil { metacharacter = "\n" }
        }
        if quote != nil { throw .unclosedQuote }
        if isInWord { words.append(word) }
        if words.isEmpty { throw .empty }
    }

    /// A command of these words.
    public init(_ words: [String]) { self.words = words }

    /// The simple commands of a shell script that is nothing but such commands, one after the other; nil for any other
    /// script. `a && b; c` and lines are such scripts, and `a || true` too.
    ///
    /// A step that fails ends the script in a shell where `&&` follows; here it is told and the next one is done.
    public static func simpleCommands(ofScript script: String) -> [CommandWords]? {
        var parts: [String] = [""]
        var quote: Character?
        var characters = Array(script)[...]
        while let character = characters.popFirst() {
            if let open = quote {
                if character == open { quote = nil }
                // A shell looks into double quotes too.
                if open == "\"", "$`\\".contains(character) { return nil }
                parts[parts.count - 1].append(character)
                continue
            }
            switch character {
            case "'", "\"":
                quote = character
                parts[parts.count - 1].append(character)
            case ";", "\n", "\r\n": parts.append("")
            case "&" where characters.first == "&":
                characters.removeFirst()
                parts.append("")
            case "|" where characters.first == "|":
                characters.removeFirst()
                let step = characters.prefix { !";&\n".contains($0) }
                guard ["true", ":"].contains(String(step).trimmingBlanks) else { return nil }
                characters = characters[step.endIndex...]
            case "&", "|", "<", ">", "$", "`", "(", ")", "*", "?", "\\", "{", "}", "[", "]", "~", "!", "#": return nil
            default: parts[parts.count - 1].append(character)
            }
        }
        var commands: [CommandWords] = []
        for part in parts where part.contains(where: { !$0.isWhitespace }) {
            guard let command = try? CommandWords(part), !isShellWord(command.words[0]) else { return nil }
            commands.append(command)
        }
        return commands.isEmpty || quote != nil ? nil : commands
    }

    /// Whether a first word is the shell's own: a keyword, a variable, or a command that changes the shell itself.
    private static func isShellWord(_ word: String) -> Bool {
        word.contains("=")
            || [
                "if", "for", "while", "until", "case", "do", "done", "then", "else", "elif", "fi", "esac", "function",
                "cd",
                "export", "set", "unset", "exec", "exit", "return", "source", ".", "eval", "trap", "alias", "read",
                "shift", "ulimit", "umask", "wait", "local", "declare", "command", "time", "break", "continue",
            ].contains(word)
    }
}
