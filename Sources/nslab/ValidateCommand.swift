import ArgumentParser
import NSLabKit

/// `nslab validate`
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a topology; every error with file, line and field. Needs no privilege.")

    @Argument(
        help: "A topology file or the name of a bundled topology.", completion: .file(extensions: ["yaml", "yml"]))
    var source: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let report = try TopologySource(source).validate()
        try global.console.print(report) {
            report.errors.map { "\($0.text)\n" }.joined()
                + (report.isValid ? global.quiet ? "" : "\(report.source): \(report.summary)\n" : "")
        }
        if !report.isValid { throw ExitStatus.badInput }
    }
}
