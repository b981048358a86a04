import Glibc

/// A command that this process starts, waits for and passes signals on to, as a shell does for its foreground job.
///
/// Whoever uses it must call ``blockSignals()`` before the process has a second thread, so that no signal ends the process
/// while there is something that must still be done.
public struct SupervisedCommand: ~Copyable {
    private let child: ChildProcess
    /// How long it may take to end once it was asked to by SIGTERM or SIGHUP, before it is ended by SIGKILL; nil for ever.
    private let grace: Duration?

    /// The signals by which people, terminals and supervisors ask a process to end (signal(7)).
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private static var watched: SignalSet { SignalSet(endings + [SIGCHLD]) }

    /// Holds back the signals that would end the process, in the calling thread and those that it will start.
    public static func blockSignals() { watched.block() }

    /// Lets them through again, as in a child of a process that holds them back.
    public static func unblockSignals() { watched.unblock() }

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
        grace = .seconds(10)
    }

    /// A command that is a child of this process already, and may take its time.
    public init(_ child: ChildProcess) {
        self.child = child
        grace = nil
    }

    /// Waits for the command's end, and passes the signals on that this process gets meanwhile.
    ///
    /// A signal of the terminal's own making is not passed on: the command has had it too.
    ///
    /// - Returns: how it ended.
    public consuming func wait() throws(SystemCallError) -> WaitStatus {
        var deadline: ContinuousClock.Instant?
        while true {
            if let status = try child.status() { return status }
            let arrival = Self.watched.take(waiting: 1)
            if let deadline, .now >= deadline { child.send(SIGKILL) }
            guard let arrival, Self.endings.contains(arrival.signal) else { continue }
            if arrival.isFromKernel, arrival.signal != SIGHUP { continue }
            child.send(arrival.signal)
            if let grace, arrival.signal == SIGTERM || arrival.signal == SIGHUP { deadline = deadline ?? .now + grace }
        }
    }
}
