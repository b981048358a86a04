import ArgumentParser
import Glibc
import NSLabKit

/// `nslab exec`
struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command in a namespace, with its host name and resolv.conf.",
        usage: "nslab exec [--lab <lab>] <name> -- <command> ...")

    @OptionGroup var labOption: LabOption

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
        try Privilege.require(for: "nslab exec")
        try Lab.running(labOption.lab).become(words, in: name, warn: Console.warn)
    }
}
