import ArgumentParser
import Glibc
import NSLabKit

/// `nslab cli`
struct CLICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cli",
        abstract: "Ask a router as one asks a switch: show vlan, show ip route.",
        discussion: """
            Answers as EOS does, from what the kernel has, and changes the running lab by configure. Words may be cut short \
            (sh ip int br); | include, | json and the like take what was shown. Without -c, commands are read from the \
            terminal, where ? tells what may come next, or from standard input, until exit. -c without -p 15 has the \
            rights of the first prompt, as in EOS.
            """)

    @Argument(help: "The router.", completion: .custom { _, _, _ in Lab.routerNames() })
    var router: String

    @Option(
        name: .short, help: ArgumentHelp("A command; may be given more than once.", valueName: "show …"),
        completion: .custom { _, _, _ in ShowCommand.literals })
    var command: [String] = []

    @Option(name: .customShort("p"), help: ArgumentHelp("The privilege to begin with, 15 for all.", valueName: "level"))
    var privilege = 1

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if command.isEmpty, global.output != .table { throw ValidationError("-o needs commands: -c 'show …'") }
        guard (0...15).contains(privilege) else { throw ValidationError("-p takes a level from 0 to 15") }
    }

    func run() throws {
        try Privilege.require(for: "nslab cli")
        let session = try RouterSession(with: router, in: try Lab.running(labOption.lab), privilege: privilege)
        var conversation = RouterConversation(session: session)
        if command.isEmpty { return try conversation.hold() }
        if global.console.format != .table { return try documents(session) }
        for text in command {
            for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                switch try conversation.answer(String(line), at: index + 1) {
                case .goesOn: break
                case .failed: throw ExitStatus.failed
                case .ended: return
                }
            }
        }
    }

    /// What was asked for as documents of nslab's own: one, or a list of them.
    private func documents(_ session: RouterSession) throws {
        let commands = try command.flatMap { $0.split(whereSeparator: \.isNewline) }.map { text in
            do throws(CommandError) {
                return (text, try ShowCommand(text))
            } catch {
                throw NSLabError("\(error)", .badInput)
            }
        }
        let documents = try commands.map { text, command in
            guard let document = try session.lab.show(command, on: session.router).document else {
                throw NSLabError(
                    "“\(text)” has no document of nslab's own; -c '\(text) | json' prints EOS'", .badInput)
            }
            return AnyDocument(document: document)
        }
        if documents.count == 1 {
            try global.console.print(documents[0], table: { "" })
        } else {
            try global.console.print(documents, table: { "" })
        }
    }
}

/// A document of one kind among others.
private struct AnyDocument: Encodable {
    let document: any Encodable

    func encode(to encoder: any Encoder) throws { try document.encode(to: encoder) }
}
