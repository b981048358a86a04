import ArgumentParser
import NSLabKit

/// `nslab plan`
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every kernel object that a lab would have, by namespace. Needs no privilege.")

    @Argument(
        help: "A topology file, a lab folder, the name of a bundled topology, or nothing for the dual-stack lab.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @Option(help: "Give the lab another name than its topology does.")
    var name: String?

    @Flag(name: .customLong("plain-bridge"), help: "Plan for a kernel without VLAN filtering and 802.1Q links.")
    var plainBridge = false

    @OptionGroup var files: SourceOptions

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let source = try files.source(source)
        let reading = try source.read(named: name)
        let report = try PlanReport(reading.topology, source: source.description, plainBridge: plainBridge)
        global.console.warn(reading.warnings)
        try global.console.print(report) { report.text }
    }
}
