import Glibc

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
        limits.rlim_cur = limits.rlim_max
        return setrlimit(resource, &limits) == 0 ? Int(clamping: limits.rlim_cur) : 1024
    }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static var limits: rlimit? {
        var limits = rlimit()
        return getrlimit(resource, &limits) == 0 ? limits : nil
    }
}
