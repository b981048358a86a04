import ArgumentParser
import NSLabKit

/// `nslab plan`
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show every kernel object that a lab would have, by namespace. Needs no privilege.")

    @OptionGroup var lab: LabOptions

    @Flag(name: .customLong("plain-bridge"), help: "Plan for a kernel without VLAN filtering and 802.1Q links.")
    var plainBridge = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let (reading, source) = try lab.read()
        let report = try PlanReport(reading.topology, source: source, plainBridge: plainBridge)
        global.console.warn(reading.warnings)
        try global.console.print(report) { report.text }
    }
}
