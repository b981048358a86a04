import ArgumentParser
import Glibc
import NSLabKit

/// `nslab exec`
struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command in a host of the lab, with its network, files and host name.",
        usage: "nslab exec [--lab <lab>] [--host-files|--confined] <name> -- <command> ...",
        discussion: RootOptions.discussion)

    @OptionGroup var labOption: LabOption

    @OptionGroup var root: RootOptions

    @Argument(help: "The namespace.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var name: String

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        if words.isEmpty { throw ValidationError("say what to run: nslab exec \(name) -- COMMAND") }
    }

    /// The command without the `--` before it.
    private var words: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

    func run() throws {
        try root.become(words, in: name, of: labOption, for: "nslab exec")
    }
}
