import CLinux
import Glibc
import System

/// What a background process gives up for good before it looks at anything from outside: root, capabilities, programs
/// that would get them back, and the system calls that it has no use for.
public enum Confinement {
    /// The user and group that own nothing (nobody, nogroup).
    public static let nobody: uid_t = 65534

    /// Gives up root and all capabilities. Every thread that is there or will be is meant.
    ///
    /// - Returns: whether the process runs as that user from now on. Where it was started without the right to become somebody
    ///   else (`CAP_SETUID`, `CAP_SETGID`) it stays who it is, without a capability.
    public static func dropPrivileges() throws(SystemCallError) -> Bool {
        try check("prctl", nslab_prctl(PR_SET_NO_NEW_PRIVS, 1))
        _ = nslab_clear_ambient()
        if geteuid() == 0 {
            // Where the groups may not be changed the process stays in those that it was started with.
            if setgroups(0, nil) != 0, errno != EPERM { throw SystemCallError("setgroups", "process") }
            if setgid(nobody) != 0, errno != EPERM { throw SystemCallError("setgid", "process") }
            if setuid(nobody) == 0 {
                guard getuid() == nobody, setuid(0) != 0 else {
                    throw SystemCallError("setuid", "process", errno: EPERM)
                }
            } else if errno != EPERM {
                throw SystemCallError("setuid", "process")
            }
        }
        try Capabilities.dropAll()
        // Nobody who is not root looks into the process (ptrace(2)).
        try check("prctl", nslab_prctl(PR_SET_DUMPABLE, 0))
        return geteuid() != 0
    }

    /// Bounds what the process may take: memory, descriptors, no core file.
    ///
    /// - Returns: how many descriptors it may have.
    public static func limit(memory: Int) -> Int {
        set(RLIMIT_CORE, 0)
        set(RLIMIT_DATA, rlim_t(memory))
        return min(OpenFiles.raise(), 1 << 20)
    }

    private static func set(_ resource: __rlimit_resource, _ most: rlim_t) {
        var limit = rlimit(rlim_cur: most, rlim_max: most)
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }

    /// Has the kernel refuse (EPERM) system calls that start programs or processes, make sockets, open files, or change or
    /// look into anything else (seccomp(2)). What is needed from then on was opened before or is handed over.
    ///
    /// - Returns: whether the filter is in place; a kernel without filters has none.
    public static func filterSystemCalls() -> Bool {
        let calls = withUnsafeBytes(of: nslab_denied_calls) { Array($0.bindMemory(to: CInt.self)) }
            .prefix(nslab_denied_call_count)
        return SystemCallFilter(calls.map { SystemCallFilter.Refusal($0) }).install()
    }

    private static func check(_ call: String, _ result: CInt) throws(SystemCallError) {
        if result != 0 { throw SystemCallError(call, "process") }
    }
}
