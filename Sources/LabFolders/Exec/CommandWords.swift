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

    /// Splits a line, scalar by scalar: a quote is one whatever mark is over it.
    public init(_ line: some StringProtocol) throws(SyntaxError) {
        words = []
        var word = String.UnicodeScalarView()
        var isInWord = false
        var scalars = line.unicodeScalars.makeIterator()
        var quote: Unicode.Scalar?
        var pendingNewline = false
        while let scalar = scalars.next() {
            if let open = quote {
                if scalar == open {
                    quote = nil
                } else if scalar == "\\", open == "\"" {
                    guard let next = scalars.next() else { throw .unclosedQuote }
                    word.append(next)
                } else {
                    word.append(scalar)
                }
                continue
            }
            switch scalar {
            case " ", "\t", "\n", "\r":
                if isInWord { words.append(String(word)) }
                (word, isInWord) = (String.UnicodeScalarView(), false)
                if scalar == "\n", metacharacter == nil, !words.isEmpty { pendingNewline = true }
                continue
            case "#" where !isInWord:
                // A comment ends with its line.
                while let next = scalars.next(), next != "\n" {}
                continue
            case "'", "\"": quote = scalar
            case "\\":
                guard let next = scalars.next() else { throw .unclosedQuote }
                word.append(next)
            case ";", "|", "&", "<", ">", "$", "`", "(", ")", "*", "?":
                if metacharacter == nil { metacharacter = Character(scalar) }
                word.append(scalar)
            default: word.append(scalar)
            }
            isInWord = true
            if pendingNewline, metacharacter == nil { metacharacter = "\n" }
        }
        if quote != nil { throw .unclosedQuote }
        if isInWord { words.append(String(word)) }
        if words.isEmpty { throw .empty }
    }

    /// A command of these words.
    public init(_ words: [String]) { self.words = words }

    /// The simple commands of a shell script that is nothing but such commands, one after the other; nil for any other
    /// script. `a && b; c` and lines are such scripts, and `a || true` too.
    ///
    /// A step that fails ends the script in a shell where `&&` follows; here it is reported and the next one is done.
    public static func simpleCommands(ofScript script: String) -> [CommandWords]? {
        var parts: [String.UnicodeScalarView] = [String.UnicodeScalarView()]
        var quote: Unicode.Scalar?
        var scalars = Array(script.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if let open = quote {
                if scalar == open { quote = nil }
                // A shell looks into double quotes too.
                if open == "\"", ["$", "`", "\\"].contains(scalar) { return nil }
                parts[parts.count - 1].append(scalar)
                continue
            }
            switch scalar {
            case "'", "\"":
                quote = scalar
                parts[parts.count - 1].append(scalar)
            case ";", "\n": parts.append(String.UnicodeScalarView())
            case "&" where scalars.first == "&":
                scalars.removeFirst()
                parts.append(String.UnicodeScalarView())
            case "|" where scalars.first == "|":
                scalars.removeFirst()
                let step = scalars.prefix { ![";", "&", "\n"].contains($0) }
                var text = String.UnicodeScalarView()
                text.append(contentsOf: step)
                guard ["true", ":"].contains(String(text).trimmingBlanks) else { return nil }
                scalars = scalars[step.endIndex...]
            case "&", "|", "<", ">", "$", "`", "(", ")", "*", "?", "\\", "{", "}", "[", "]", "~", "!", "#": return nil
            default: parts[parts.count - 1].append(scalar)
            }
        }
        var commands: [CommandWords] = []
        for part in parts.map(String.init) where part.contains(where: { !$0.isWhitespace }) {
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
