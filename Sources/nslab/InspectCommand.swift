import ArgumentParser
import NSLabKit

/// `nslab inspect`
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show a lab's namespaces and services.")

    @Argument(
        help: "The lab (default: $NSLAB_LAB, or the only running one).",
        completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try Privilege.require(for: "nslab inspect")
        let report = try Lab.running(lab ?? LabOption.surrounding).inspect()
        try global.console.print(report) {
            NamespaceTable.text(report.namespaces)
                + (report.pendingPods ?? []).map { "\($0.text)\n" }.joined() + ServiceTable.text(report.services)
                + report.conditions.map { "\($0.text)\n" }.joined()
                + (report.responders == "ended"
                    ? "no pod answers: the lab's process has ended; `nslab up` starts it again\n" : "")
                + report.notes.map { "\($0)\n" }.joined()
        }
    }
}
