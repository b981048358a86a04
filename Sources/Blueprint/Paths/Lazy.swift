import Synchronization

/// A value that is worked out when it is first asked for, once.
final class Lazy<Value: Sendable>: Sendable {
    private let state: Mutex<State>

    private enum State: Sendable {
        case waiting(@Sendable () -> Value)
        case known(Value)
    }

    init(_ make: @escaping @Sendable () -> Value) { state = Mutex(.waiting(make)) }

    var value: Value {
        state.withLock { state in
            switch state {
            case .known(let value): return value
            case .waiting(let make):
                let value = make()
                state = .known(value)
                return value
            }
        }
    }
}
