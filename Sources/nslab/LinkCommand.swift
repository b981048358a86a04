import ArgumentParser
import NSLabKit

/// `nslab link`
struct LinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Set a link of a running lab up or down.",
        discussion: """
            With a link that goes down the kernel drops its IPv6 addresses and the routes and neighbours by it, as on a \
            real machine; when it comes up again, all that the lab had there is put back.
            """)

    @Argument(
        help: ArgumentHelp("The link, such as dual-stack-worker:eth1.", valueName: "name:interface"),
        completion: .custom { _, _, _ in Lab.linkNames() })
    var link: String

    @Argument(help: ArgumentHelp("What it shall be.", valueName: "up|down"))
    var state: State

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    enum State: String, ExpressibleByArgument, CaseIterable {
        case up, down
    }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab link")
        let report = try Lab.running(labOption.lab).setLink(link, isUp: state == .up) { lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        try console.print(report) { global.quiet ? "" : "\(report.link) is \(report.state)\n" }
    }
}
