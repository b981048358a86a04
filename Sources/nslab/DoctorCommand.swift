import ArgumentParser
import NSLabKit

/// `nslab doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine this machine: what a lab would lack here, what follows, what to do.",
        discussion: """
            Kernel features are tried in a network namespace that is thrown away; the kernel loads its modules as it would \
            for a lab. The exit status is 1 if the lab cannot be built here.
            """)

    @Argument(
        help:
            "The lab to judge for: a topology file, the name of a bundled topology, or nothing for the dual-stack lab.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        let report = try DoctorReport(TopologySource(source).topology())
        try console.print(report) { text(report, console) }
        if !report.ready { throw ExitStatus.failed }
    }

    private func text(_ report: DoctorReport, _ console: Console) -> String {
        var text = console.isQuiet ? "" : "Linux \(report.kernel.release) \(report.kernel.machine)\n"
        var group = ""
        for check in report.checks where !console.isQuiet || ["warning", "failed"].contains(check.state) {
            if check.group != group, !console.isQuiet {
                group = check.group
                text += "\n\(group)\n"
            }
            let mark =
                switch check.state {
                case "ok": console.good("✓")
                case "warning": "!"
                case "note": "–"
                default: console.bad("✗")
                }
            text += "  \(mark) \(check.name): \(check.found)\n"
            for line in [check.consequence, check.remedy].compactMap({ $0 }) { text += "      \(line)\n" }
        }
        if !report.leftovers.isEmpty { text += "\nleftovers\n" + report.leftovers.map { "  ! \($0)\n" }.joined() }
        if console.isQuiet { return text }
        return text
            + (report.ready
                ? "\n\(console.good("✓")) lab \(report.lab) can be built here\n"
                : "\n\(console.bad("✗")) lab \(report.lab) cannot be built here\n")
    }
}
