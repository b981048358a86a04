import CLinux
import Glibc

/// Requests in the order in which they were sent.
struct SendQueue {
    private var entries: [Entry] = []
    private var head = 0

    struct Entry {
        var index: Int
        /// In nanoseconds of the monotonic clock.
        var sentAt: UInt64
    }

    var first: Entry? { head < entries.count ? entries[head] : nil }

    mutating func append(_ index: Int, _ sentAt: UInt64) { entries.append(Entry(index: index, sentAt: sentAt)) }

    mutating func removeFirst() {
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        }
    }
}

/// The window: the requests that were sent last and may still be on their way.
///
/// One that was not answered after a while is taken for lost and makes room, though its answer is still waited for.
/// Otherwise a few hundred dead addresses would hold up all others.
struct Flights {
    private var entries: [SendQueue.Entry]
    private var head = 0
    private var count = 0

    /// How long a packet may be on its way, in nanoseconds.
    private static let longest: UInt64 = 5_000_000

    init(capacity: Int) {
        entries = Array(repeating: SendQueue.Entry(index: 0, sentAt: 0), count: capacity)
    }

    var first: SendQueue.Entry? { count > 0 ? entries[head] : nil }

    var hasRoom: Bool { count < entries.count }

    /// When the first one is taken for lost.
    var nextRoom: UInt64 { count > 0 ? entries[head].sentAt + Self.longest : 0 }

    /// - Precondition: there is one.
    mutating func removeFirst() {
        head = (head + 1) % entries.count
        count -= 1
    }

    /// - Precondition: there is room.
    mutating func append(_ index: Int, _ sentAt: UInt64) {
        entries[(head + count) % entries.count] = SendQueue.Entry(index: index, sentAt: sentAt)
        count += 1
    }
}

/// The monotonic clock in nanoseconds.
func monotonicClock() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
    /// The duration in whole nanoseconds; 0 if it is negative.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
