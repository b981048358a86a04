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

    /// What a function makes of every number below `count`, on as many threads as there are processors where that is many.
    public static func map<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Value) -> [Value] {
        let width = min(available, count / leastShare)
        let share = width > 1 ? (count + width - 1) / width : count
        let own = 0..<min(share, count)
        // Where another thread cannot be had, or not be waited for, this one does its work.
        let others = stride(from: own.upperBound, to: count, by: max(share, 1)).map { first in
            let numbers = first..<min(first + share, count)
            return (numbers, try? Background { numbers.map(body) })
        }
        return others.reduce(own.map(body)) { $0 + ((try? $1.1?.value()) ?? $1.0.map(body)) }
    }

    /// What a thread is worth.
    private static let leastShare = 4

    /// Keeps the calling thread on one processor from here on (sched_setaffinity(2)).
    public static func keepThread(on number: Int) throws(SystemCallError) {
        var mask = [UInt64](repeating: 0, count: number / 64 + 1)
        mask[number / 64] = 1 << (number % 64)
        try systemCall("sched_setaffinity", "processor \(number)") {
            syscall_sched_setaffinity(0, mask.count * 8, &mask)
        }
    }
}
