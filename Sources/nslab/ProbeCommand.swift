import ArgumentParser
import Glibc
import NSLabKit

/// `nslab probe`
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Check every path of a lab: it must answer, and over the right way.",
        discussion: """
            Pods ping each other and the routers' loopbacks, nodes ping their gateways, over every family both ends have. \
            The TTL of each answer must be what the path implies. One pod of every node asks every service by its address \
            and by its name, and the cluster's DNS; every endpoint of a service must be among those that answer.
            """)

    @OptionGroup var labOption: LabOption

    @Option(help: ArgumentHelp("Only from this namespace.", valueName: "name"))
    var from: String?

    @Option(
        help: ArgumentHelp("Only to this namespace, address or service/NAME.", valueName: "name|address|service/name"))
    var to: String?

    @Option(help: "Send each probe this many times.")
    var count = 1

    @Option(help: "Print a report for continuous integration instead of a table.")
    var format: ReportFormat?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if !(1...1000).contains(count) { throw ValidationError("--count takes a number from 1 to 1000") }
    }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab probe")
        let lab = try Lab.running(labOption.lab)
        let report = try lab.probe(from: from, to: to, count: count) { step in
            if case .probing(let probes) = step, probes > 1000 { console.progress("sending \(probes) probes …") }
        }
        if let format {
            try Console.output(report.document(format, lab: lab.name))
            if report.failed > 0 { throw ExitStatus.failed }
            return
        }
        try console.print(report) { ProbeTable(report: report, console: console).text }
        if report.failed > 0 { throw ExitStatus.failed }
    }
}
