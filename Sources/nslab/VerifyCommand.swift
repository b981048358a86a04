import ArgumentParser
import NSLabKit

/// `nslab verify`
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare the kernel with a lab's blueprint, and show each difference.",
        discussion: """
            Exit status 1 if there is any; `nslab up` repairs. What the kernel adds by itself, and what users added beside the \
            lab's own objects, is no difference.
            """)

    @Argument(
        help: "The lab (default: the only running one).", completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @Flag(
        help: """
            Count whatever is not as on a fresh lab as well: what users added, and settings, attributes of links and filters that no \
            topology names.
            """)
    var strict = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab verify")
        let report = try Lab.running(lab).verify(strict: strict) { lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        let count = report.differences.count
        try console.print(report) {
            if count == 0 {
                return global.quiet ? "" : console.good("✓ ") + "lab \(report.lab) is as its blueprint says\n"
            }
            return report.differences.map { console.bad("✗ ") + $0.text + "\n" }.joined()
                + "\(count) difference\(count == 1 ? "" : "s"); `nslab up` repairs"
                + (strict ? ", `nslab reset` removes what was added" : "") + "\n"
        }
        if let kinds = report.unlistedKinds {
            console.progress("not looked at, since nothing lists them here: \(kinds.joined(separator: ", "))")
        }
        if count > 0 { throw ExitStatus.failed }
    }
}
