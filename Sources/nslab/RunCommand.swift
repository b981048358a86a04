import ArgumentParser
import Glibc
import NSLabKit

/// `nslab run`
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Build a lab, run a command, remove the lab, whatever happens.",
        usage: "nslab run [<source>] [--name <name>] [--probe] [--no-api] -- <command> ...",
        discussion: """
            The command runs where nslab was started, with NSLAB_LAB and NSLAB_STATE set, and KUBECONFIG for a lab with a \
            Kubernetes API; its exit status is passed on. \
            Signals are passed on to it, and the lab is removed also where nslab itself is killed. Without --name the lab \
            gets a name that no other run has, so that many can run at once.
            """)

    @Argument(
        help: "A topology file, a lab folder, the name of a bundled topology, or nothing for the dual-stack lab.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, behind --.")
    var command: [String] = []

    @Option(help: "Give the lab this name.")
    var name: String?

    @Flag(help: "Probe the lab first, and do not run the command if a probe fails (exit status 1).")
    var probe = false

    @Flag(name: .customLong("no-api"), help: "Do without the lab's Kubernetes API.")
    var noAPI = false

    @OptionGroup var files: SourceOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if command.isEmpty { throw ValidationError("say what to run: nslab run \(source ?? "") -- COMMAND") }
    }

    func run() throws {
        try Privilege.require(for: "nslab run")
        let source = try files.source(source)
        let reading = try source.read()
        var run = LabRun(
            reading.topology, source: source.description, name: name, command: command,
            api: noAPI ? nil : reading.cluster)
        run.containers = reading.containers
        let console = Console(format: .table, isQuiet: quiet, isVerbose: false, allowsColor: false)
        if !quiet { console.warn(reading.warnings) }
        let outcome = try run.run(
            probing: probe,
            progress: { step in
                if case .waiting(let lab) = step {
                    console.progress("another nslab command works on lab \(lab); waiting for it")
                }
            }, built: { console.warn(about: $0) })
        // Standard output is the command's.
        if let probes = outcome.probes, probes.failed > 0 {
            Console.diagnose(ProbeTable(report: probes, console: console).text)
        }
        throw ExitCode(outcome.status)
    }
}
