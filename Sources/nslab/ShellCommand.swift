import ArgumentParser
import Glibc
import NSLabKit

/// `nslab shell [NAME]`
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Open your shell in a host of the lab, with its network, files and host name.",
        discussion: "\(RootOptions.discussion) Without a name it opens on the machine, with what `nslab env` sets.")

    @OptionGroup var labOption: LabOption

    @OptionGroup var root: RootOptions

    @Argument(help: "The namespace.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var name: String?

    func run() throws {
        let named = getenv("SHELL").map { String(cString: $0) } ?? ""
        let shell = named.isEmpty ? "/bin/sh" : named
        if let name { try root.become([shell], in: name, of: labOption, for: "nslab shell") }
        try EnvCommand.environment(for: labOption.named).enter()
        try AppletProgram.execute(shell, [shell])
    }
}
