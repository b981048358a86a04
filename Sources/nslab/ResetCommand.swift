import ArgumentParser
import NSLabKit

/// `nslab reset`
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Make a running lab as new, for the next test.",
        discussion: """
            Ends processes that were started inside, empties the hosts' roots, removes what users added, repairs what drifted, and clears connections, \
            learned neighbours, forwarding entries and counters. A host with commands is made anew, and they run again. What answers for pods goes on. A signal to end waits until it is done.
            """)

    @Argument(
        help: "The lab (default: the only running one).", completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab reset")
        let report = try Lab.running(lab).reset(cancellation: .signals) { lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        for change in report.changes { console.detail(change.text) }
        console.warn(report.commandFailures ?? [])
        try console.print(report) {
            if global.quiet { return "" }
            var parts: [String] = []
            func add(_ count: Int, _ one: String, _ many: String) {
                if count > 0 { parts.append("\(count) \(count == 1 ? one : many)") }
            }
            add(report.processes.count, "process ended", "processes ended")
            add(report.changes.count, "change undone", "changes undone")
            add(report.learned, "learned entry forgotten", "learned entries forgotten")
            add(report.tables, "table's counters cleared", "tables' counters cleared")
            return "lab \(report.lab) is as new in \(milliseconds(report.duration))"
                + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")) + "\n"
        }
    }
}
