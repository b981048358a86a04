import ArgumentParser
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
        name: .long, help: "The lab (default: the only running one).",
        completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?
}

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml
}
