import Glibc

/// Text that is shown a page at a time, as switches do it: space for the next page, Return for the next line, q for no more.
public enum Pager {
    /// How many lines the terminal has; nil where it does not say.
    public static var terminalLength: Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
        return Int(size.ws_row)
    }

    /// Shows a text.
    ///
    /// - Parameters:
    ///   - length: how many lines a page has, the one that asks for more among them.
    ///   - write: writes to the terminal.
    public static func show(_ text: String, length: Int, _ write: (String) throws -> Void) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.last == "\n" ? 1 : 0)
        guard length > 1, lines.count >= length else { return try write(text) }
        // Before anything asks for a key, so that one that comes at once is not written to the page.
        let usual = takeKeys()
        defer { if var usual { tcsetattr(STDIN_FILENO, TCSADRAIN, &usual) } }
        var rest = lines[...]
        var count = length - 1
        while true {
            try write(rest.prefix(count).map { "\($0)\n" }.joined())
            rest = rest.dropFirst(count)
            if rest.isEmpty { return }
            try write(question)
            let key = usual == nil ? nil : readKey()
            try write("\r" + String(repeating: " ", count: question.count) + "\r")
            switch key {
            case UInt8(ascii: " "), UInt8(ascii: "f"): count = length - 1
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): count = 1
            // Ctrl-C, Ctrl-D and the end of the terminal among them.
            case nil, 3, 4, UInt8(ascii: "q"), UInt8(ascii: "Q"), 27: return
            default: count = length - 1
            }
        }
    }

    private static let question = " --More-- "

    /// Has the terminal give each key as it is typed, and not show it.
    ///
    /// - Returns: how it was before; nil where there is no terminal.
    private static func takeKeys() -> termios? {
        var usual = termios()
        guard tcgetattr(STDIN_FILENO, &usual) == 0 else { return nil }
        var raw = usual
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 ? usual : nil
    }

    /// One key; nil where there is no terminal any more.
    private static func readKey() -> UInt8? {
        var key: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &key, 1)
            if count == 1 { return key }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}
