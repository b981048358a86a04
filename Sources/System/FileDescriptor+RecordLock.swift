import Glibc

/// A record lock (fcntl(2)) on a whole file as the proof that a process lives: the kernel lets go of it when the process ends,
/// however it ends, and says who holds it. So a process ID that has passed to another process is never mistaken for the holder's.
extension FileDescriptor {
    /// Takes the file's lock for as long as this process lives; the descriptor stays open, as closing it would unlock the file.
    ///
    /// - Returns: false if another process has the lock.
    public consuming func lockForLife() -> Bool {
        var lock = Self.wholeFile
        return fcntl(release(), F_SETLK, &lock) == 0
    }

    /// The process that holds the file's lock; nil if none does.
    public var lockHolder: pid_t? {
        var lock = Self.wholeFile
        guard fcntl(number, F_GETLK, &lock) == 0, lock.l_type != F_UNLCK, lock.l_pid > 0 else { return nil }
        return lock.l_pid
    }

    private static var wholeFile: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
