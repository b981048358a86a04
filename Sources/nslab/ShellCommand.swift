import ArgumentParser
import Glibc
import NSLabKit

/// `nslab shell NAME`
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open your shell in a host of the lab, with its network, files and host name.",
        discussion: RootOptions.discussion)

    @OptionGroup var labOption: LabOption

    @OptionGroup var root: RootOptions

    @Argument(help: "The namespace.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var name: String

    func run() throws {
        let shell = getenv("SHELL").map { String(cString: $0) } ?? ""
        try root.become([shell.isEmpty ? "/bin/sh" : shell], in: name, of: labOption, for: "nslab shell")
    }
}
