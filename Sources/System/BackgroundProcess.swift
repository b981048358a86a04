import CLinux
import Glibc

/// A process that outlives the command that started it.
public enum BackgroundProcess {
    /// Leaves the session and folder of the command that started the process, and what it had open.
    ///
    /// - Parameters:
    ///   - name: what ps and ss call it: started as `/proc/self/exe`, it would be `exe`.
    ///   - count: how many descriptors from number 3 on it was given and keeps; no program that it starts inherits them.
    public static func detach(named name: String, keeping count: CInt) throws(SystemCallError) {
        setsid()
        _ = nslab_name_thread(name)
        chdir("/")
        umask(0o077)
        for signal in [SIGHUP, SIGINT, SIGPIPE, SIGQUIT] { Glibc.signal(signal, SIG_IGN) }
        guard nslab_close_range(UInt32(3 + count)) == 0 || errno == ENOSYS else {
            throw SystemCallError("close_range", "process")
        }
        for number in 3..<3 + count { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }
}
