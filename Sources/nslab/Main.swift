import Applets
import ArgumentParser
import Controllers
import Engine
import Glibc
import NSLabKit
import PodServer
import System

/// `nslab`: one file a command; this one puts them together and turns errors into sentences and exit statuses.
@main
struct NSLab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nslab",
        abstract: "Builds a Kubernetes/Calico network lab out of network namespaces.",
        discussion: """
            nslab up builds the dual-stack lab, or the one you name, and probes it; nslab down removes it wholly.
            A namespace is called by its own name (ceos01), by a prefix that no other has, or as node/NAME and pod/NAME.
            """,
        version: NSLabVersion.number,
        groupedSubcommands: [
            CommandGroup(
                name: "Labs",
                subcommands: [
                    Up.self, Run.self, Down.self, Verify.self, Reset.self, Diff.self, List.self, Inspect.self,
                ]),
            CommandGroup(
                name: "Inside",
                subcommands: [
                    Exec.self, Shell.self, CLICommand.self, EnvCommand.self, KubeconfigCommand.self, Probe.self,
                    Pod.self,
                ]),
            CommandGroup(name: "Packets", subcommands: [TraceCommand.self, CaptureCommand.self]),
            CommandGroup(name: "Conditions", subcommands: [Impair.self, LinkCommand.self]),
            CommandGroup(name: "Topologies", subcommands: [Plan.self, Validate.self, Convert.self]),
            CommandGroup(name: "This machine", subcommands: [DoctorCommand.self]),
        ])

    static func main() {
        // The background process of a lab is this program too. It reads no command line.
        if CommandLine.arguments.dropFirst().first == PodServerService.command { PodServerService.run() }
        // So is what tells its API what it is.
        if CommandLine.arguments.dropFirst().first == ClusterAPIProcess.command, CommandLine.arguments.count == 3 {
            ControllersService.run(lab: CommandLine.arguments[2])
        }
        // So is what takes a lab down once the `nslab run` that made it was killed.
        if CommandLine.arguments.dropFirst().first == LabRun.guardianCommand, CommandLine.arguments.count == 3 {
            LabRun.guardLab(named: CommandLine.arguments[2])
            return
        }
        // And what makes the roots that a lab's own commands run in.
        if CommandLine.arguments.dropFirst().first == Lab.rootsCommand, CommandLine.arguments.count > 3 {
            Glibc.exit(makeRoots(lab: CommandLine.arguments[2], Array(CommandLine.arguments[3...])))
        }
        // A reader that closes its end early (`nslab plan | head`) ends the output, not in an error.
        signal(SIGPIPE, SIG_DFL)
        do {
            if let (applet, words) = AppletProgram.called(CommandLine.arguments) {
                return try AppletProgram.run(applet, words)
            }
            var command = try parsed()
            try command.run()
        } catch {
            Glibc.exit(report(error))
        }
    }

    /// The command that was typed.
    ///
    /// Of the one that is named alone: to look at each option of all of them takes as long as all else until a command runs. Whatever
    /// is not to run at once (help, mistakes) is the whole program's to answer.
    private static func parsed() throws -> any ParsableCommand {
        let words = CommandLine.arguments.dropFirst()
        for command in configuration.groupedSubcommands.flatMap(\.subcommands)
        where command.configuration.commandName == words.first {
            // What is wrong with the words is found again below, and said with the whole program's name and usage.
            if let parsed = try? command.parse(Array(words.dropFirst())) { return parsed }
        }
        return try parseAsRoot()
    }

    private static func makeRoots(lab: String, _ names: [String]) -> Int32 {
        do throws(NSLabError) {
            try Lab.running(lab).makeRoots(of: names) { print($0) }
            return ExitStatus.done.rawValue
        } catch {
            print(error)
            return ExitStatus(error).rawValue
        }
    }

    /// Says what went wrong on standard error, or what was asked for (`--help`) on standard output.
    ///
    /// - Returns: the exit status.
    private static func report(_ error: any Error) -> Int32 {
        if let status = error as? ExitStatus { return status.rawValue }
        if let status = error as? ExitCode { return status.rawValue }
        if let failure = error as? NSLabError {
            Console.error("\(failure)")
            if failure.category == .interrupted { TerminationSignals.endByAccepted() }
            return ExitStatus(failure).rawValue
        }
        guard exitCode(for: error) != .success else {
            do throws(NSLabError) {
                try Console.output(fullMessage(for: error) + "\n")
                return ExitStatus.done.rawValue
            } catch {
                Console.error("\(error)")
                return ExitStatus(error).rawValue
            }
        }
        Console.diagnose(fullMessage(for: error) + "\n")
        return ExitStatus.badInput.rawValue
    }
}

/// What a command's end means (the exit status of the process).
enum ExitStatus: Int32, Error {
    case done = 0
    /// A probe or check failed.
    case failed = 1
    /// Bad usage or bad input.
    case badInput = 2
    /// The kernel refused.
    case refused = 3
    /// A lab or namespace of that name is in the way.
    case inTheWay = 4
    /// A fault of nslab (`EX_SOFTWARE`, sysexits.h).
    case unexpected = 70
    /// Not enough privilege.
    case notPermitted = 77
    /// The command of `exec`, `run` or `shell` cannot be executed, as a shell reports it (POSIX, 2.8.2).
    case commandNotExecutable = 126
    /// It is not there.
    case commandNotFound = 127
    /// A signal came before the command was done, and the process could not be ended by it.
    case interrupted = 130

    /// The status for this error.
    init(_ error: NSLabError) {
        self =
            switch error.category {
            case .badInput: .badInput
            case .unexpected: .unexpected
            case .refused: .refused
            case .inTheWay: .inTheWay
            case .notPermitted: .notPermitted
            case .interrupted: .interrupted
            case .commandNotFound: .commandNotFound
            case .commandNotExecutable: .commandNotExecutable
            }
    }
}
