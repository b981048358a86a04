import Glibc
import LineEditing
import NSLabKit
import System

/// A router's session between a terminal, or standard input, and the programs that it runs.
struct RouterConversation {
    var session: RouterSession
    /// Whether somebody reads along.
    private var isWatched = false

    init(session: RouterSession) { self.session = session }

    /// How it goes on after a line.
    enum Progress {
        case goesOn, failed, ended
    }

    /// Reads lines and answers each: with a prompt where somebody types them.
    mutating func hold() throws {
        guard isatty(STDIN_FILENO) == 1, let editor = LineEditor("nslab") else { return try holdPlainly() }
        isWatched = isatty(STDOUT_FILENO) == 1
        // What interrupts a program that runs on the router must not end the session.
        signal(SIGINT, SIG_IGN)
        signal(SIGQUIT, SIG_IGN)
        while true {
            let session = session
            editor.prompt = session.prompt
            editor.help = { line in
                let suggestions = session.suggestions(for: line)
                // Behind a bar, what is typed is an expression's or a shell's.
                if suggestions.isEmpty, line.contains("|") { return nil }
                return Self.list(suggestions)
            }
            editor.completion = { session.completion(of: $0) }
            switch editor.read() {
            case .interrupted: continue
            case .suspended: self.session.leaveConfiguration()
            case .end:
                if self.session.leave() {
                    try Console.output("\n")
                    return
                }
                try Console.output("\n")
            case .line(let line):
                if case .ended = try answer(line) { return }
                if let width = self.session.width { editor.setColumns(width) }
            }
        }
    }

    private mutating func holdPlainly() throws {
        let isTyped = isatty(STDIN_FILENO) == 1
        while true {
            if isTyped { try Console.output(session.prompt) }
            guard let line = readLine() else { return }
            if case .ended = try answer(line) { return }
        }
    }

    /// What may come next, a line each: the word, then its help.
    private static func list(_ suggestions: [Suggestion]) -> String {
        if suggestions.isEmpty { return "% Unrecognized command\n" }
        let width = suggestions.map(\.word.count).max() ?? 0
        return suggestions.map { suggestion in
            let padding = String(repeating: " ", count: width - suggestion.word.count)
            return "  \(suggestion.word)" + (suggestion.help.isEmpty ? "" : "\(padding)  \(suggestion.help)") + "\n"
        }.joined()
    }

    /// Answers a line.
    ///
    /// - Parameter number: the line's number in a command of several lines, which EOS tells with what is wrong.
    mutating func answer(_ line: String, at number: Int? = nil) throws -> Progress {
        let response: RouterSession.Response
        do {
            response = try session.respond(to: line)
        } catch {
            // One command that fails does not end what somebody types.
            guard number == nil else { throw error }
            Console.error("\(error)")
            return .goesOn
        }
        switch response {
        case .text(let text): try Console.output(text)
        case .pages(let text):
            let length = session.length ?? Pager.terminalLength ?? 0
            if isWatched, length > 0 {
                try Pager.show(text, length: length, Console.output)
            } else {
                try Console.output(text)
            }
        case .failure(let text):
            var text = text
            if let number, text.last == "\n" { text = "\(text.dropLast()) at line \(number)\n" }
            try Console.output(text)
            return .failed
        case .shell(let input, let command):
            _ = try run(["sh", "-c", command], input: input)
        case .program(let arguments):
            return try run(arguments) == 0 ? .goesOn : .failed
        case .end: return .ended
        }
        return .goesOn
    }

    /// Runs a program on the router, as `nslab exec` does.
    ///
    /// - Parameter input: what it reads; nil for what is typed.
    /// - Returns: its exit status.
    private func run(_ arguments: [String], input: String? = nil) throws -> Int32 {
        fflush(nil)
        let own = ["nslab", "exec", "--lab", session.lab.name, session.router, "--"]
        var spawn = Spawn(own + arguments, executable: "/proc/self/exe")
        var file: UnsafeMutablePointer<FILE>?
        defer { if let file { fclose(file) } }
        if let input {
            // A pipe would have to be written to while the program is read from.
            guard let made = tmpfile() else {
                throw NSLabError("tmpfile: \(String(cString: strerror(errno)))", .refused)
            }
            file = made
            fputs(input, made)
            guard fflush(made) == 0 else { throw NSLabError("tmpfile: \(String(cString: strerror(errno)))", .refused) }
            rewind(made)
            spawn.standardInput = .descriptor(fileno(made))
        }
        let status = try spawn.start().wait().shellStatus
        if status == ExitStatus.commandNotFound.rawValue, ["traceroute", "telnet", "ping"].contains(arguments[0]) {
            Console.error("\(arguments[0]) is the machine's own: install it, and the router has it")
        }
        return status
    }
}
