import CLinux
import Glibc

/// The machine's processors.
public enum Processors {
    /// How many this process may run on (sched_getaffinity(2)).
    public static let available: Int = {
        // One bit a processor; the kernel refuses a mask that is too short for all that there may be.
        var mask = [UInt64](repeating: 0, count: 1024)
        let written = syscall_sched_getaffinity(0, mask.count * 8, &mask)
        return written > 0 ? mask.reduce(0) { $0 + $1.nonzeroBitCount } : 1
    }()
}
