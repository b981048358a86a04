import ArgumentParser
import NSLabKit

/// `nslab validate`
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a topology or lab folder; every error with file, line and field. Needs no privilege.")

    @Argument(
        help: "A topology file, a lab folder, or the name of a bundled topology.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String

    @OptionGroup var files: SourceOptions

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let report = try files.source(source).validate()
        if global.output == .table { global.console.warn(report.warnings) }
        try global.console.print(report) {
            report.errors.map { "\($0.text)\n" }.joined()
                + (global.quiet ? "" : report.files.map(\.text).joined())
                + (report.isValid ? global.quiet ? "" : "\(report.source): \(report.summary)\n" : "")
        }
        if !report.isValid { throw ExitStatus.badInput }
    }
}
