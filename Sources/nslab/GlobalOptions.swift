import ArgumentParser
import Glibc
import NSLabKit

/// The options that every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("How to print.", valueName: "table|json|yaml"))
    var output: OutputFormat = .table

    @Flag(name: .shortAndLong, help: "Print results and errors only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more about what is done.")
    var verbose = false

    @Flag(name: .customLong("no-color"), help: "Never print in colour (as with NO_COLOR set).")
    var noColor = false

    /// How this command prints.
    var console: Console { Console(format: output, isQuiet: quiet, isVerbose: verbose, allowsColor: !noColor) }
}

/// The running lab that a command is about.
struct LabOption: ParsableArguments {
    @Option(
        name: .customLong("lab"), help: "The lab (default: $NSLAB_LAB, or the only running one).",
        completion: .custom { _, _, _ in Lab.runningNames() })
    var named: String?

    /// The lab that was named, or the one that this program was started in by `nslab run`.
    var lab: String? { named ?? LabOption.surrounding }

    /// The lab of the `nslab run` that this program was started by; nil outside of one.
    static var surrounding: String? {
        guard let name = getenv("NSLAB_LAB").map({ String(cString: $0) }), !name.isEmpty else { return nil }
        return name
    }
}

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml
}
