internal import Netlink

/// Requests that make, change or delete objects of one network namespace, encoded as they are added and sent together.
///
/// Each method that adds says how many requests that takes where it is not one. `count` before and after it is the range
/// of indices by which a failure names them.
///
/// The objects speak of links by name and the messages by number: the table that every method takes must know each name.
/// When a method throws, the batch is as it was before.
public struct RouteBatch: ~Copyable {
    var requests: RequestBatch

    /// A batch without requests.
    ///
    /// - Parameter capacity: the bytes to start with; the buffer grows as needed. A route takes about 60.
    public init(capacity: Int = 4096) {
        requests = RequestBatch(capacity: capacity)
    }

    /// How many requests there are; the index that the next one gets.
    public var count: Int { requests.count }

    /// Whether there is no request.
    public var isEmpty: Bool { requests.isEmpty }
}
