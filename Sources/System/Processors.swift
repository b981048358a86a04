import CLinux
import Glibc

/// The machine's processors.
public enum Processors {
    /// How many this process may run on (sched_getaffinity(2)).
    public static let available = max(1, allowed.count)

    /// The numbers of those.
    public static let allowed: [Int] = {
        // One bit a processor; the kernel refuses a mask that is too short for all that there may be.
        var mask = [UInt64](repeating: 0, count: 1024)
        guard syscall_sched_getaffinity(0, mask.count * 8, &mask) > 0 else { return [] }
        return mask.indices.flatMap { word in (0..<64).filter { mask[word] >> $0 & 1 == 1 }.map { word * 64 + $0 } }
    }()

    /// Keeps the calling thread on one processor from here on (sched_setaffinity(2)).
    public static func keepThread(on number: Int) throws(SystemCallError) {
        var mask = [UInt64](repeating: 0, count: number / 64 + 1)
        mask[number / 64] = 1 << (number % 64)
        try systemCall("sched_setaffinity", "processor \(number)") {
            syscall_sched_setaffinity(0, mask.count * 8, &mask)
        }
    }
}
