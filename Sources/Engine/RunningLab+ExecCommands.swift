import Blueprint
import Glibc
import NetworkNamespaces
import System

/// The commands that nodes and hosts run once the network is up.
extension RunningLab {
    /// The longest that one of them may take: a lab that waits for a server to end would never be up.
    private static let patience = Duration.seconds(30)

    /// The most processes of a host while one of its commands runs. A limit of the processes' own would not bind them, for they are
    /// root's (`copy_process` in kernel/fork.c).
    private static let mostProcesses = 2000

    /// How many processes and threads the machine has (proc_loadavg(5)); 0 where it cannot be read: the next look, 20 ms later,
    /// counts then.
    private static var taskCount: Int {
        let path = "/proc/loadavg"
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).read(path, atMost: 256) else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return fields.dropFirst(3).first?.split(separator: "/").last.flatMap { Int($0) } ?? 0
    }

    /// Runs them, namespace by namespace, in their order; one that fails keeps no other from running.
    ///
    /// - Parameters:
    ///   - showing: whether what they print is shown, on standard error.
    ///   - cancellation: a request to end ends the command that runs and keeps others from being started.
    /// - Returns: a sentence for each that failed.
    /// - Throws: `EngineError.interrupted`.
    public func runCommands(showing: Bool, cancellation: Cancellation = .none) throws(EngineError) -> [String] {
        var failures: [String] = []
        for namespace in blueprint.namespaces {
            for command in namespace.commands {
                let text = command.joined(separator: " ").prefix(200)
                do throws(SystemCallError) {
                    if let failure = try run(command, in: namespace, showing, cancellation) {
                        failures.append("\(namespace.name): \(text): \(failure)")
                    }
                } catch {
                    failures.append("\(namespace.name): \(text): \(error)")
                }
                try cancellation.check(journal.lab)
            }
        }
        return failures
    }

    /// Runs one as `nslab exec --confined` does, without input.
    ///
    /// - Returns: how it failed; nil if it did not.
    private func run(
        _ command: [String], in namespace: Blueprint.Namespace, _ showing: Bool, _ cancellation: Cancellation
    ) throws(SystemCallError) -> String? {
        guard let program = Executable.path(of: "nslab") else { return "there is no nslab in PATH to run it with" }
        var spawn = Spawn(
            ["nslab", "exec", "--confined", "--lab", journal.lab, namespace.name, "--"] + command, executable: program)
        spawn.standardInput = .null
        // Standard output is for results.
        spawn.standardOutput = .standardError
        if !showing { spawn.standardError = .null }
        // It leads a group, too, and has no terminal.
        spawn.leadership = .session
        let child = try spawn.start()
        return try Self.wait(for: child, in: NamedNamespaces.identity(blueprint.pin(of: namespace)), cancellation)
    }

    private static func wait(
        for child: ChildProcess, in host: FileIdentity?, _ cancellation: Cancellation
    ) throws(SystemCallError) -> String? {
        let deadline = ContinuousClock.now + patience
        let tasks = taskCount
        let handle: ProcessHandle?
        do {
            handle = try ProcessHandle(child.pid)
        } catch {
            child.sendToGroup(SIGKILL)
            try child.wait()
            throw error
        }
        while handle?.hasEnded(within: 20) == false {
            // To look at every process takes long, so only where there are many new ones.
            if let host, taskCount - tasks > mostProcesses,
                try NamespaceProcesses.find(in: [host]).count > mostProcesses
            {
                child.sendToGroup(SIGKILL)
                try NamespaceProcesses.end(in: [host], grace: 0)
                try child.wait()
                return "it was ended, for the host had more than \(mostProcesses) processes"
            }
            let isLate = ContinuousClock.now > deadline
            if !isLate, !cancellation.isRequested() { continue }
            child.sendToGroup(SIGKILL)
            try child.wait()
            return isLate
                ? "it did not end within \(patience.components.seconds) seconds and was ended"
                : "it was ended with nslab"
        }
        return switch try child.wait() {
        case .exited(0): nil
        case .exited(let status): "it failed with exit status \(status)"
        case .signalled(let signal): "it was ended by signal \(signal)"
        }
    }
}
