import Glibc

/// The monotonic clock in nanoseconds, as numbers that are cheap to keep by the thousand (clock_gettime(2)).
public enum MonotonicClock {
    /// The time now.
    public static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The time of day in nanoseconds since 1970 (`CLOCK_REALTIME`), as the kernel stamps packets with it.
public enum RealTimeClock {
    /// The time now.
    public static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Duration {
    /// The duration in whole nanoseconds; 0 if it is negative.
    public var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
