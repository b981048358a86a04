import ArgumentParser
import NSLabKit

/// `nslab up`
struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Build a lab, or change a running one into what is asked for, and probe it.",
        discussion: """
            Of a lab that runs no more is changed than has to be: what drifted is repaired, what the topology has now and had not \
            is added, what it has no more is removed.
            SIGINT (Ctrl-C), SIGTERM or SIGHUP while a lab is built: what there is of it is removed again. While one that runs \
            is changed: it stays, and the next `nslab up` goes on. A second signal ends nslab at once, and `nslab down` \
            removes what is left.
            """)

    @OptionGroup var lab: LabOptions

    @Flag(name: .customLong("no-probe"), help: "Do not probe the lab once it is up.")
    var noProbe = false

    @Flag(name: .customLong("no-api"), help: "Do without the lab's Kubernetes API.")
    var noAPI = false

    @Flag(name: .customLong("dry-run"), help: "Show what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab up")
        let (reading, source) = try lab.read()
        console.warn(reading.warnings)
        let topology = reading.topology
        let progress: (Lab.Step) -> Void = { step in
            switch step {
            case .waiting(let lab): console.progress("another nslab command works on lab \(lab); waiting for it")
            case .removingRemains(let lab): console.progress("removing what an earlier command left of lab \(lab)")
            case .namespaces(let count): if count > 30 { console.progress("making \(count) namespaces …") }
            case .changing(let count): if count > 1000 { console.progress("making \(count) changes …") }
            case .objects(let count): if count > 1000 { console.progress("installing \(count) objects …") }
            case .commands(let count): if count > 30 { console.progress("running \(count) commands …") }
            case .probing(let count): if count > 1000 { console.progress("sending \(count) probes …") }
            }
        }
        if dryRun {
            let report = try Lab.plannedOperations(topology, source: source, progress: progress)
            return try console.print(report) {
                report.operations.map { $0.text + "\n" }.joined()
                    + (report.operations.isEmpty
                        ? "lab \(report.lab) is up already; nothing would change\n"
                        : "\(report.operations.count) operations\n") + uncheckedText(report.unchecked)
            }
        }
        let report = try Lab.up(
            topology, source: source, probing: !noProbe, showingOutput: global.verbose,
            api: noAPI ? nil : reading.cluster, containers: reading.containers, cancellation: .signals,
            progress: progress)
        for change in report.changes { console.detail(change.text) }
        console.warn(about: report)
        try console.print(report) { UpTable(report: report, console: console).text }
        if report.probes?.failed ?? 0 > 0 { throw ExitStatus.failed }
    }
}
