import Glibc

/// A process that this one has started. Its number is its own until somebody has waited for its end.
public struct ChildProcess: Hashable, Sendable {
    /// Its process ID.
    public let pid: pid_t

    public func send(_ signal: CInt) { kill(pid, signal) }

    /// Sends a signal to the process group that it leads (``Spawn/Leadership/group``).
    public func sendToGroup(_ signal: CInt) { kill(-pid, signal) }

    /// Waits for its end.
    @discardableResult
    public func wait() throws(SystemCallError) -> WaitStatus {
        var status: CInt = 0
        try systemCall("waitpid", "process \(pid)") { waitpid(pid, &status, 0) }
        return WaitStatus(status)
    }

    /// How it ended; nil as long as it runs.
    public func status() throws(SystemCallError) -> WaitStatus? {
        var status: CInt = 0
        let ended = try systemCall("waitpid", "process \(pid)") { waitpid(pid, &status, WNOHANG) }
        return ended == pid ? WaitStatus(status) : nil
    }
}
