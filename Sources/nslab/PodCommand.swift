import ArgumentParser
import NSLabKit

/// `nslab pod`
struct Pod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod",
        abstract: "Have pods stop answering, or answer again.",
        discussion: "A stopped pod is no endpoint of any service: every node's rules leave it out. Its network stays.",
        subcommands: [Stop.self, Start.self])

    /// `nslab pod stop`
    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop",
            abstract: "Take pods out of the endpoints of all services.")

        @OptionGroup var pods: Pods

        func run() throws { try pods.run("nslab pod stop") { try $0.stopPods($1, waiting: $2) } }
    }

    /// `nslab pod start`
    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start",
            abstract: "Put pods that were stopped back into the endpoints of services.")

        @OptionGroup var pods: Pods

        func run() throws { try pods.run("nslab pod start") { try $0.startPods($1, waiting: $2) } }
    }

    /// Which pods, and of which lab.
    struct Pods: ParsableArguments {
        @Argument(help: "The pods.", completion: .custom { _, _, _ in Lab.podNames() })
        var names: [String]

        @OptionGroup var labOption: LabOption

        @OptionGroup var global: GlobalOptions

        func run(
            _ command: String, _ body: (Lab, [String], (String) -> Void) throws -> PodReport
        ) throws {
            let console = global.console
            try Privilege.require(for: command)
            let report = try body(Lab.running(labOption.lab), names) { lab in
                console.progress("another nslab command works on lab \(lab); waiting for it")
            }
            try console.print(report) {
                if global.quiet { return "" }
                let services = report.services.isEmpty ? "no service" : report.services.joined(separator: ", ")
                return report.pods.map { "pod \($0.namespace)/\($0.name) is \($0.state)\n" }.joined()
                    + "endpoints changed of \(services)\n"
            }
        }
    }
}
