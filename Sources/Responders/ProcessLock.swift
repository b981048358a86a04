import Glibc

/// The proof that a lab's background process lives: a record lock (fcntl(2)) on a file of the lab's state.
///
/// The kernel lets go of it when the process ends, however it ends, and tells who holds it: so a number that has passed to
/// another process is never taken for ours.
enum ProcessLock {
    /// Takes the lock for as long as this process lives and has no descriptor of the file closed. False if another has it.
    static func take(_ descriptor: CInt) -> Bool {
        var lock = whole(F_WRLCK)
        return fcntl(descriptor, F_SETLK, &lock) == 0
    }

    /// Who holds the lock of a file; nil if nobody does.
    static func holder(_ descriptor: CInt) -> pid_t? {
        var lock = whole(F_WRLCK)
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != F_UNLCK, lock.l_pid > 0 else { return nil }
        return lock.l_pid
    }

    private static func whole(_ kind: CInt) -> flock {
        var lock = flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
