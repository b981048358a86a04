import ArgumentParser
import NSLabKit

/// `nslab diff`
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed since `nslab up`, as the commands that would do it.",
        discussion: """
            What it prints is a script for a shell: an experiment that was typed can be kept and done again on a fresh lab, or undone \
            with --undo. What no command of ip, sysctl, ethtool, tc, bridge or nft says is a comment. Exit status 0, whether anything \
            changed or not.
            """)

    @Argument(
        help: "The lab (default: the only running one).", completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @Flag(help: "Print the commands that undo it.")
    var undo = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab diff")
        let report = try Lab.running(lab).diff(undoing: undo) { lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        try console.print(report) { report.script }
    }
}
