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
