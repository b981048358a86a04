import ArgumentParser
import Glibc
import NSLabKit

/// `nslab cli`
struct CLICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cli",
        abstract: "Ask a router as one asks a switch: show vlan, show ip route.",
        discussion: """
            Answers EOS-style show commands from what the kernel has. Each word may be cut short (sh ip int br). \
            Without -c, commands are read from standard input until exit.

            \(ShowCommand.all.map { "  \($0)" }.joined(separator: "\n"))
            """)

    @Argument(help: "The router.", completion: .custom { _, _, _ in Lab.routerNames() })
    var router: String

    @Option(
        name: .short, help: ArgumentHelp("A command; may be given more than once.", valueName: "show …"),
        completion: .list(ShowCommand.all))
    var command: [String] = []

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let commands = try command.flatMap { try Line.all(in: $0) }
        try Privilege.require(for: "nslab cli")
        let lab = try Lab.running(labOption.lab)
        let name = try lab.routerName(router)
        if command.isEmpty { return try converse(with: name, in: lab) }
        let answers = try commands.compactMap(\.show).map { try lab.show($0, on: name) }
        if answers.count == 1 {
            try global.console.print(answers[0], table: { answers[0].text })
        } else {
            try global.console.print(answers, table: { answers.map(\.text).joined(separator: "\n") })
        }
    }

    /// Reads commands from standard input and answers each, with a prompt where somebody types them.
    private func converse(with name: String, in lab: Lab) throws {
        let isTyped = isatty(STDIN_FILENO) == 1
        var isEnabled = false
        while true {
            if isTyped { try Console.output("\(name)\(isEnabled ? "#" : ">")") }
            guard let text = readLine() else {
                if isTyped { try Console.output("\n") }
                return
            }
            let line: Line
            do {
                line = try Line(text)
            } catch {
                Console.diagnose("\(error.short)\n\(error)\n")
                continue
            }
            switch line {
            case .end: return
            case .enable: isEnabled = true
            case .disable: isEnabled = false
            case .nothing: break
            case .show(let command):
                let answer = try lab.show(command, on: name)
                try global.console.print(answer, table: { answer.text })
            }
        }
    }
}

/// A line that somebody types at a switch.
private enum Line {
    case show(ShowCommand)
    /// More rights, which change nothing but the prompt here.
    case enable, disable
    case end
    /// Nothing, a comment, or how long lines and pages are, which the terminal knows.
    case nothing

    init(_ text: String) throws(ShowCommandError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        switch words.first?.lowercased() {
        case nil, "terminal": self = .nothing
        case "en", "enable": self = .enable
        case "disable": self = .disable
        case "exit", "quit", "logout", "end": self = .end
        case let word? where word.hasPrefix("!"): self = .nothing
        default: self = .show(try ShowCommand(text))
        }
    }

    /// The lines of a command that has several.
    static func all(in text: String) throws(NSLabError) -> [Line] {
        do {
            return try text.split(whereSeparator: \.isNewline).map { try Line(String($0)) }
        } catch {
            throw NSLabError("\(error)", .badInput)
        }
    }

    /// The command that asks for something.
    var show: ShowCommand? { if case .show(let command) = self { command } else { nil } }
}
