import CLinux
import Glibc
import Responders
import System

/// The commands that nodes and hosts run once the network is up.
extension RunningLab {
    /// The longest that one of them may take, in seconds: a lab that waits for a server to end would never be up.
    private static let patience = 30.0

    /// Runs them, namespace by namespace, in their order; one that fails keeps no other from running.
    ///
    /// - Parameters:
    ///   - showing: whether what they print is shown, on standard error.
    ///   - interruption: a request to end ends the command that runs and keeps others from being started.
    /// - Returns: a sentence for each that failed.
    /// - Throws: `EngineError.interrupted`.
    public func runCommands(showing: Bool, interruption: Interruption = .none) throws(EngineError) -> [String] {
        var failures: [String] = []
        for namespace in blueprint.namespaces {
            for command in namespace.commands {
                let text = command.joined(separator: " ").prefix(200)
                do throws(SystemCallError) {
                    if let failure = try Self.run(command, in: namespace.name, of: journal.lab, showing, interruption) {
                        failures.append("\(namespace.name): \(text): \(failure)")
                    }
                } catch {
                    failures.append("\(namespace.name): \(text): \(error)")
                }
                try interruption.check(journal.lab)
            }
        }
        return failures
    }

    /// Runs one as `nslab exec` does, without input.
    ///
    /// - Returns: how it failed; nil if it did not.
    private static func run(
        _ command: [String], in namespace: String, of lab: String, _ showing: Bool, _ interruption: Interruption
    ) throws(SystemCallError) -> String? {
        guard let program = Program.path else { return "there is no nslab in PATH to run it with" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // Standard output is for results.
        if !showing { posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        // Signals that are held back for the lab's sake are not for the command.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let words = ["nslab", "exec", "--lab", lab, namespace, "--"] + command
        let pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, program, &actions, &attributes, pointers, environ)
        if result != 0 { throw SystemCallError("posix_spawn", program, errno: result) }
        return try wait(for: pid, interruption)
    }

    private static func wait(for pid: pid_t, _ interruption: Interruption) throws(SystemCallError) -> String? {
        let start = ContinuousClock.now
        var status: CInt = 0
        while true {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended < 0, errno != EINTR { throw SystemCallError("waitpid", "\(pid)") }
            if ended == pid { break }
            if start.duration(to: .now) > .seconds(patience) {
                kill(-pid, SIGKILL)
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                return "it did not end within \(Int(patience)) seconds and was ended"
            }
            if interruption.isRequested() {
                kill(-pid, SIGKILL)
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                return "it was ended with nslab"
            }
            usleep(2000)
        }
        // The status as wait(2) has it: the signal in the low seven bits, the exit status above.
        let signal = status & 0x7f
        if signal != 0 { return "it was ended by signal \(signal)" }
        let code = (status >> 8) & 0xff
        return code == 0 ? nil : "it failed with exit status \(code)"
    }
}
