import CLinux
import Glibc

extension ChildProcess {
    /// Starts a copy of this process (fork(2)), for what must be done in it before a program begins. This process must have one
    /// thread.
    ///
    /// - Parameter body: what the copy does; the calling process goes on after this call.
    public static func fork(_ body: () -> Never) throws(SystemCallError) -> ChildProcess {
        fflush(nil)
        let pid = try systemCall("fork", "process") { nslab_fork() }
        if pid == 0 { body() }
        return ChildProcess(pid: pid)
    }
}

/// What a process is called in lists of processes.
public enum ProcessTitle {
    /// Names the process, in the place of the words that it was started with (`/proc/PID/cmdline`), as far as there is room.
    public static func set(_ title: String) {
        _ = nslab_name_thread(title)
        let words = UnsafeMutableBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).compactMap(
            \.self)
        guard let first = words.first, let last = words.last else { return }
        let room = last + strlen(last) - first
        guard room > 0 else { return }
        memset(first, 0, room)
        strncpy(first, title, room)
    }
}
