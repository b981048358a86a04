import Glibc
import Synchronization

/// How many descriptors the process may have (`RLIMIT_NOFILE`, getrlimit(2)).
public enum OpenFiles {
    /// The limit that the process may give itself.
    public static var hardLimit: Int { limits.map { Int(clamping: $0.rlim_max) } ?? 1024 }

    /// Has the process have as many as it may give itself. Shells start programs with few, for those that use select(2).
    ///
    /// - Returns: the limit from now on.
    @discardableResult
    public static func raise() -> Int {
        guard var limits else { return 1024 }
        let before = limits.rlim_cur
        limits.rlim_cur = limits.rlim_max
        guard setrlimit(resource, &limits) == 0 else { return Int(clamping: before) }
        original.withLock { if $0 == 0 { $0 = before } }
        return Int(clamping: limits.rlim_cur)
    }

    /// The limit that the process was started with.
    public static var asStarted: Int {
        let original = original.withLock { $0 }
        return Int(clamping: original != 0 ? original : limits?.rlim_cur ?? 1024)
    }

    /// Takes a limit for the one that the process was started with, in one that was started with the raised limit of another: programs
    /// that it starts get it.
    public static func takeForOriginal(_ limit: Int) { original.withLock { $0 = rlim_t(max(0, limit)) } }

    /// Runs `body`, which starts a program, with the limit that this process was started with: the program may use select(2).
    static func asStarted<Value>(_ body: () -> Value) -> Value {
        // Locked, for the limit is the whole process's: of two threads the second would take the first one's for its own.
        original.withLock { original in
            guard original != 0, var limits else { return body() }
            let raised = limits
            limits.rlim_cur = original
            setrlimit(resource, &limits)
            limits = raised
            defer { setrlimit(resource, &limits) }
            return body()
        }
    }

    /// The limit before it was raised; 0 as long as it has not been, for the reason that `TerminationSignals` gives.
    private static let original = Mutex<rlim_t>(0)

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static var limits: rlimit? {
        var limits = rlimit()
        return getrlimit(resource, &limits) == 0 ? limits : nil
    }
}
