/// The window: the requests that were sent last and may still be on their way.
///
/// One that was not answered after a while is taken for lost and makes room, though its answer is still waited for.
/// Otherwise a few hundred dead addresses would hold up all others.
struct InFlightWindow {
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
