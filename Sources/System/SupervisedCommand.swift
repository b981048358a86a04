import CLinux
import Glibc

/// A command that this process starts, waits for and passes signals on to, as a shell does for its foreground job.
///
/// Whoever uses it must call ``blockSignals()`` before the process has a second thread, so that no signal ends the process
/// while there is something that must still be done.
public struct SupervisedCommand: ~Copyable {
    private let pid: pid_t

    /// The signals by which people, terminals and supervisors ask a process to end (signal(7)).
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// How long a command that was asked to end by SIGTERM or SIGHUP may take, in seconds; then SIGKILL.
    private static let grace = 10

    /// Holds back the signals that would end the process, in the calling thread and those that it will start.
    public static func blockSignals() {
        var signals = Self.watched
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// The signal that is held back and would have ended the process; nil if there is none. It is taken: the next call
    /// tells of the next one.
    public static func pendingEnd() -> CInt? {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in endings { sigaddset(&signals, signal) }
        var nothing = timespec()
        let signal = sigtimedwait(&signals, nil, &nothing)
        return signal > 0 ? signal : nil
    }

    /// Starts a command in the calling process's group, with its terminal and descriptors.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in PATH, and its arguments.
    ///   - environment: what is set besides this process's own environment.
    /// - Throws: `SystemCallError`; from posix_spawnp(3) with `ENOENT` if there is no such program.
    public init(_ arguments: [String], environment: [String: String]) throws(SystemCallError) {
        pid = try ProcessStart(arguments, searching: true, environment: environment).run()
    }

    /// Waits for the command's end, and passes the signals on that this process gets meanwhile.
    ///
    /// A signal of the terminal's own making is not passed on: the command has had it too.
    ///
    /// - Returns: its exit status as a shell tells it: 128 and the signal's number for one that a signal ended.
    public consuming func wait() throws(SystemCallError) -> CInt {
        var signals = Self.watched
        var deadline: Int?
        while true {
            var status: CInt = 0
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid { return Self.exitStatus(status) }
            if ended < 0, errno != EINTR { throw SystemCallError("waitpid", "\(pid)") }
            var information = siginfo_t()
            var patience = timespec(tv_sec: 1, tv_nsec: 0)
            let signal = sigtimedwait(&signals, &information, &patience)
            let now = Int(Self.seconds())
            if let deadline, now >= deadline { kill(pid, SIGKILL) }
            guard signal > 0, Self.endings.contains(signal) else { continue }
            // SI_KERNEL: the terminal's driver has sent it to the whole foreground group.
            if information.si_code == 0x80, signal != SIGHUP { continue }
            kill(pid, signal)
            if signal == SIGTERM || signal == SIGHUP { deadline = deadline ?? now + Self.grace }
        }
    }

    private static var watched: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in endings + [SIGCHLD] { sigaddset(&signals, signal) }
        return signals
    }

    private static func exitStatus(_ status: CInt) -> CInt {
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func seconds() -> time_t {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        return clock.tv_sec
    }
}
