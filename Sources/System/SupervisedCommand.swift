import Glibc

/// A command that this process starts, waits for and passes signals on to, as a shell does for its foreground job.
///
/// Whoever uses it must call ``blockSignals()`` before the process has a second thread, so that no signal ends the process
/// while there is something that must still be done.
public struct SupervisedCommand: ~Copyable {
    private let child: ChildProcess

    /// The signals by which people, terminals and supervisors ask a process to end (signal(7)).
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private static var watched: SignalSet { SignalSet(endings + [SIGCHLD]) }

    /// How long a command that was asked to end by SIGTERM or SIGHUP may take; then SIGKILL.
    private static let grace = Duration.seconds(10)

    /// Holds back the signals that would end the process, in the calling thread and those that it will start.
    public static func blockSignals() { watched.block() }

    /// The signal that is held back and would have ended the process; nil if there is none. It is taken: the next call
    /// gives the next one.
    public static func pendingEnd() -> CInt? { SignalSet(endings).take()?.signal }

    /// Starts a command in the calling process's group, with its terminal and descriptors.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in PATH, and its arguments.
    ///   - environment: what is set besides this process's own environment.
    /// - Throws: `SystemCallError`; from posix_spawnp(3) with `ENOENT` if there is no such program.
    public init(_ arguments: [String], environment: [String: String]) throws(SystemCallError) {
        var spawn = Spawn(arguments)
        spawn.set(environment)
        child = try spawn.start()
    }

    /// Waits for the command's end, and passes the signals on that this process gets meanwhile.
    ///
    /// A signal of the terminal's own making is not passed on: the command has had it too.
    ///
    /// - Returns: its exit status as a shell has it: 128 and the signal's number for one that a signal ended.
    public consuming func wait() throws(SystemCallError) -> CInt {
        var deadline: ContinuousClock.Instant?
        while true {
            if let status = try child.status() { return status.shellStatus }
            let arrival = Self.watched.take(waiting: 1)
            if let deadline, .now >= deadline { child.send(SIGKILL) }
            guard let arrival, Self.endings.contains(arrival.signal) else { continue }
            if arrival.isFromKernel, arrival.signal != SIGHUP { continue }
            child.send(arrival.signal)
            if arrival.signal == SIGTERM || arrival.signal == SIGHUP { deadline = deadline ?? .now + Self.grace }
        }
    }
}
