import CEdit
import Glibc

/// Lines that somebody types at a terminal, edited on libedit (editline(3)) as its emacs keys do it, with help at once.
///
/// There is one, as there is one terminal; whatever it calls is called while a line is read, on the reader's thread.
public final class LineEditor {
    /// How reading a line ended.
    public enum Event: Equatable {
        /// The line, without its line break.
        case line(String)
        /// Ctrl-C: the line is given up.
        case interrupted
        /// Ctrl-Z
        case suspended
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
    }

    private let editor: OpaquePointer
    /// What stands before the line.
    public var prompt = "" {
        didSet {
            free(promptText)
            promptText = strdup(prompt)
        }
    }
    private var promptText = strdup("")
    /// What `?` shows for what stands before it; nil to have it typed as it is.
    public var help: (String) -> String? = { _ in nil }
    /// What completes what stands before the cursor.
    public var completion: (String) -> String? = { _ in nil }

    private var ended = Event.end
    /// What was there when the last completion found nothing: the second one lists.
    private var incomplete: String?

    /// An editor on standard input and output.
    ///
    /// - Returns: nil where libedit is not installed.
    public init?(_ program: String) {
        guard nslab_edit_load() == 0 else { return nil }
        // What libedit knows no terminal by is a sentence on standard error.
        setenv("TERM", "dumb", 0)
        setlocale(LC_CTYPE, "")
        guard let editor = nslab_edit_open(program) else { return nil }
        self.editor = editor
        nslab_edit_set_context(editor, Unmanaged.passUnretained(self).toOpaque())
        nslab_edit_set_prompt(editor) { LineEditor.of($0)?.promptText }
        bind("help", "?") { editor in editor.showHelp() }
        bind("complete", "^I") { editor in editor.complete() }
        bind("give-up", "^C") { editor in
            LineEditor.print("^C\n")
            return editor.end(.interrupted)
        }
        bind("suspend", "^Z") { editor in
            LineEditor.print("^Z\n")
            return editor.end(.suspended)
        }
        bind("end", "^D") { editor in editor.endOrDelete() }
        nslab_edit_take_signals(editor)
    }

    /// Reads a line.
    public func read() -> Event {
        ended = .end
        incomplete = nil
        var count: CInt = 0
        guard let text = nslab_edit_read(editor, &count), count > 0 else { return ended }
        var line = String(cString: text)
        while line.last?.isNewline == true { line.removeLast() }
        if line.contains(where: { !$0.isWhitespace }) { nslab_edit_remember(line) }
        return .line(line)
    }

    /// How many columns a line has, whatever the terminal says.
    public func setColumns(_ columns: Int) { nslab_edit_set_columns(editor, "\(columns)") }

    // MARK: Keys

    private static func of(_ editor: OpaquePointer?) -> LineEditor? {
        editor.flatMap { nslab_edit_context($0) }.map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    /// Binds a key to what is done then. The functions are C's, so that what they do is looked up by their names.
    private func bind(_ name: String, _ key: String, _ action: @escaping (LineEditor) -> Int32) {
        actions[name] = action
        let function: nslab_edit_function? =
            switch name {
            case "help": { editor, _ in LineEditor.run("help", editor) }
            case "complete": { editor, _ in LineEditor.run("complete", editor) }
            case "give-up": { editor, _ in LineEditor.run("give-up", editor) }
            case "suspend": { editor, _ in LineEditor.run("suspend", editor) }
            default: { editor, _ in LineEditor.run("end", editor) }
            }
        nslab_edit_add(editor, "nslab-\(name)", name, function)
        nslab_edit_bind(editor, key, "nslab-\(name)")
    }

    private var actions: [String: (LineEditor) -> Int32] = [:]

    private static func run(_ name: String, _ editor: OpaquePointer?) -> UInt8 {
        guard let own = of(editor), let action = own.actions[name] else { return UInt8(CC_ERROR) }
        return UInt8(action(own))
    }

    /// What stands before the cursor, and after it.
    private var line: (before: String, after: String) {
        guard let info = nslab_edit_line(editor)?.pointee, let start = info.buffer, let cursor = info.cursor,
            let end = info.lastchar
        else { return ("", "") }
        func text(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> String {
            String(decoding: UnsafeRawBufferPointer(start: from, count: to - from), as: UTF8.self)
        }
        return (text(start, cursor), text(cursor, end))
    }

    private func showHelp() -> Int32 {
        guard let text = help(line.before) else {
            return nslab_edit_insert(editor, "?") == 0 ? CC_REFRESH : CC_ERROR
        }
        Self.print("?\n\(text)")
        return CC_REDISPLAY
    }

    private func complete() -> Int32 {
        let before = line.before
        if let word = completion(before) {
            incomplete = nil
            let typed = before.reversed().prefix { !$0.isWhitespace && $0 != "|" }.count
            nslab_edit_delete_before_cursor(editor, CInt(typed))
            return nslab_edit_insert(editor, word) == 0 ? CC_REFRESH : CC_ERROR
        }
        guard incomplete == before, let text = help(before), !text.isEmpty else {
            incomplete = before
            return CC_REFRESH_BEEP
        }
        Self.print("\n\(text)")
        return CC_REDISPLAY
    }

    private func end(_ event: Event) -> Int32 {
        ended = event
        deleteAll(line)
        return CC_NEWLINE
    }

    private func deleteAll(_ line: (before: String, after: String)) {
        _ = nslab_edit_move(editor, CInt(line.after.unicodeScalars.count))
        nslab_edit_delete_before_cursor(editor, CInt((line.before + line.after).unicodeScalars.count))
    }

    private func endOrDelete() -> Int32 {
        let line = line
        if line.before.isEmpty, line.after.isEmpty {
            ended = .end
            return CC_EOF
        }
        guard !line.after.isEmpty else { return CC_REFRESH_BEEP }
        _ = nslab_edit_move(editor, 1)
        nslab_edit_delete_before_cursor(editor, 1)
        return CC_REFRESH
    }

    private static func print(_ text: String) {
        // libedit writes through the C library's buffer.
        fflush(nil)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
