import CLinux
import Glibc

/// A hold on a process (pidfd_open(2)): its number cannot pass to another while this value lives, whatever becomes of it.
public struct ProcessHandle: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Takes hold of a process.
    ///
    /// - Returns: nil if there is none of this number.
    /// - Throws: `SystemCallError` if it cannot be held, for want of descriptors say.
    public init?(_ pid: pid_t) throws(SystemCallError) {
        let number = CInt(syscall_pidfd_open(pid))
        guard number >= 0 else {
            if errno == ESRCH { return nil }
            throw SystemCallError("pidfd_open", "process \(pid)")
        }
        descriptor = FileDescriptor(owning: number)
    }

    /// Has a poller wait for its end.
    public func add(to poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(descriptor, number: number, .receiving)
    }

    public func send(_ signal: CInt) { syscall_pidfd_send_signal(descriptor.number, signal) }

    /// Waits for its end.
    ///
    /// - Parameter milliseconds: the longest to wait.
    /// - Returns: whether it has ended.
    public func hasEnded(within milliseconds: CInt) -> Bool {
        var waiting = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
        return uninterrupted { poll(&waiting, 1, milliseconds) } > 0
    }

    /// Ends it: with SIGTERM, and with SIGKILL if it takes too long.
    ///
    /// - Parameter grace: how long it may take to end by itself, in milliseconds.
    /// - Returns: whether it has ended.
    public func end(grace: CInt) -> Bool {
        send(SIGTERM)
        if hasEnded(within: grace) { return true }
        send(SIGKILL)
        return hasEnded(within: 5000)
    }
}
