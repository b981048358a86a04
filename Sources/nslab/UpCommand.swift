import ArgumentParser
import NSLabKit

/// `nslab up`
struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Build a lab and probe it.")

    @Argument(
        help: "A topology file, a lab folder, the name of a bundled topology, or nothing for the dual-stack lab.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @Option(help: "Give the lab another name than its topology does.")
    var name: String?

    @Flag(name: .customLong("no-probe"), help: "Do not probe the lab once it is up.")
    var noProbe = false

    @OptionGroup var files: SourceOptions

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab up")
        let source = try files.source(source)
        let reading = try source.read(named: name)
        let report = try Lab.up(
            reading.topology, source: source.description, probing: !noProbe, showingOutput: global.verbose
        ) {
            step in
            switch step {
            case .waiting(let lab): console.progress("another nslab command works on lab \(lab); waiting for it")
            case .removingRemains(let lab): console.progress("removing what an earlier command left of lab \(lab)")
            case .namespaces(let count): if count > 30 { console.progress("making \(count) namespaces …") }
            case .objects(let count): if count > 1000 { console.progress("installing \(count) objects …") }
            case .probing(let count): if count > 1000 { console.progress("sending \(count) probes …") }
            }
        }
        console.warn(reading.warnings)
        console.warn((report.pendingPods ?? []).map(\.text))
        console.warn(report.commandFailures ?? [])
        try console.print(report) { UpTable(report: report, console: console).text }
        if report.probes?.failed ?? 0 > 0 { throw ExitStatus.failed }
    }
}
