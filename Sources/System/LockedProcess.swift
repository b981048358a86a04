import Glibc

/// A background process as others see it: it holds a record lock on a file for as long as it lives, and whoever has that file open is
/// one that was started with it.
///
/// The file is locked twice. By fcntl(2) the process says that it is the one (`FileDescriptor.lockForLife`). By flock(2) the one
/// who starts it locks what the process inherits: so whoever ends it can wait for one that has not come to its own lock yet, and will
/// not, since who started it was killed.
///
/// A process that starts others has them inherit another file, locked in the second way: a descriptor of its own lock that it closes would
/// end that lock, whichever descriptor it was (fcntl(2)).
public struct LockedProcess: Sendable {
    /// The lock's path.
    public let lock: String
    /// The file that processes which it has started have open; nil for one that starts none.
    public let childrenLock: String?

    public init(lock: String, childrenLock: String? = nil) {
        self.lock = lock
        self.childrenLock = childrenLock
    }

    /// Opens the file that processes which it starts have open.
    public func openChildrenLock() throws(SystemCallError) -> FileDescriptor {
        try Self.openShared(childrenLock ?? lock)
    }

    /// Opens the lock for a process that is about to be started with it.
    public func open() throws(SystemCallError) -> FileDescriptor { try Self.openShared(lock) }

    private static func openShared(_ lock: String) throws(SystemCallError) -> FileDescriptor {
        let file = try FileDescriptor(opening: lock, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        try systemCall("flock", lock) { flock(file.number, LOCK_SH) }
        return file
    }

    /// The process that holds the lock; nil if none does.
    ///
    /// - Throws: `SystemCallError`: for want of a descriptor it cannot be seen, and must not be taken for gone.
    public var holder: pid_t? {
        get throws(SystemCallError) {
            do throws(SystemCallError) {
                // For reading: so it can be asked on a file system that is read-only by now, too.
                return try FileDescriptor(opening: lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).lockHolder
            } catch {
                if error.isAboutNothing { return nil }
                throw error
            }
        }
    }

    /// Asks the process that holds the lock to end, and waits for nothing.
    public func ask() throws(SystemCallError) {
        if let pid = try holder { try handle(of: pid)?.send(SIGTERM) }
    }

    /// Ends the process and waits for its end, that of one which has only begun as well, and of all that it has started.
    public func end() throws(SystemCallError) {
        let start = ContinuousClock.now
        while true {
            if let pid = try holder { try end(pid) }
            var isReleased = true
            for file in [lock, childrenLock].compactMap(\.self) {
                if try !Self.isReleased(file) { isReleased = false }
            }
            if isReleased { return }
            guard start.duration(to: .now) < .seconds(10) else {
                throw SystemCallError("flock", lock, errno: ETIMEDOUT)
            }
            usleep(1000)
        }
    }

    /// Whether no process that was started with the file has it open any more.
    private static func isReleased(_ lock: String) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            let file = try FileDescriptor(opening: lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            if flock(file.number, LOCK_EX | LOCK_NB) == 0 { return true }
            if errno == EWOULDBLOCK { return false }
            throw SystemCallError("flock", lock)
        } catch {
            if error.isAboutNothing { return true }
            throw error
        }
    }

    /// A hold on the process that holds the lock; nil if it is that no more.
    private func handle(of pid: pid_t) throws(SystemCallError) -> ProcessHandle? {
        guard let process = try ProcessHandle(pid) else { return nil }
        // The lock proves that the handle is of that process, and not of one that got its number since.
        return try holder == pid ? consume process : nil
    }

    /// Ends the process that holds the lock, first with a signal that lets it end in order.
    private func end(_ pid: pid_t) throws(SystemCallError) {
        guard let process = try handle(of: pid) else { return }
        guard process.end(grace: 500) else { throw SystemCallError("kill", "process \(pid)", errno: ETIMEDOUT) }
        // Where this process started it, no other waits for its end.
        waitpid(pid, nil, WNOHANG)
    }
}

extension SystemCallError {
    /// Whether there is no such file, or something else has its name.
    fileprivate var isAboutNothing: Bool { [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(errno) }
}
