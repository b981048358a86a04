import Synchronization

/// Places for what several threads make, each at its own position.
final class Slots<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    subscript(index: Int) -> Value? {
        get { values.withLock { $0[index] } }
        set { values.withLock { $0[index] = newValue } }
    }

    /// What is in all places.
    var all: [Value?] { values.withLock { $0 } }
}
