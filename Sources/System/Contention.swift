import Glibc

/// Whether the calling thread has to wait for a processor, and so whatever else is done on the machine.
public struct Contention: Sendable {
    private let start: (time: UInt64, waited: UInt64)

    /// Looks from now on.
    public init() { start = (MonotonicClock.now, Self.waited ?? 0) }

    /// Whether the thread has waited for more than a hundredth of the time so far, or more run now than there are processors for.
    public var isPresent: Bool {
        let time = MonotonicClock.now - start.time
        if let waited = Self.waited, waited > start.waited, (waited - start.waited) * 100 > time { return true }
        return Self.running > Processors.available * 2
    }

    /// How long the thread was ready to run and did not, in nanoseconds (`schedstat`, Documentation/scheduler/sched-stats.rst); nil
    /// where the kernel does not count.
    private static var waited: UInt64? { number(1, of: "/proc/thread-self/schedstat") }

    /// How many threads of the machine run or are ready to (proc_loadavg(5)).
    private static var running: Int { Int(number(3, of: "/proc/loadavg") ?? 0) }

    private static func number(_ index: Int, of path: String) -> UInt64? {
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).read(path, atMost: 256) else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count > index else { return nil }
        return UInt64(fields[index].prefix { $0 != "/" })
    }
}
