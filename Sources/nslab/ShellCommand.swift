import ArgumentParser
import Glibc
import NSLabKit

/// `nslab shell NAME`
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Open your shell in a namespace.")

    @OptionGroup var labOption: LabOption

    @Argument(help: "The namespace.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var name: String

    func run() throws {
        try Privilege.require(for: "nslab shell")
        let shell = getenv("SHELL").map { String(cString: $0) } ?? ""
        try Lab.running(labOption.lab).become([shell.isEmpty ? "/bin/sh" : shell], in: name, warn: Console.warn)
    }
}
