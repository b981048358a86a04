import NetworkNamespaces
import Synchronization
import System
import Topology

/// Network namespaces that are made ahead, on a thread of their own, while it is being worked out what becomes of them: the kernel takes
/// about a millisecond for each. Nobody else knows of them, and what is not taken is gone with this value.
final class NamespaceStock: Sendable {
    /// A class, because a hold on a namespace cannot be copied and is kept in an array.
    private final class Made: Sendable {
        let namespace: NetworkNamespace
        init(_ namespace: consuming NetworkNamespace) { self.namespace = namespace }
    }

    private struct State {
        var ready: [Made] = []
        /// How many nobody has begun to make.
        var open: Int
        /// Whether one is being made for the stock.
        var isMaking = false

        /// Whether there is one to be made, which then is this caller's to make.
        mutating func begin() -> Bool {
            if open == 0 { return false }
            open -= 1
            isMaking = true
            return true
        }

        mutating func take() -> Taken {
            if let made = ready.popLast() { return .made(made) }
            if open == 0, isMaking { return .last }
            open = max(0, open - 1)
            return .none
        }
    }

    /// What the thread shares with those who take: it may outlive the stock by one namespace.
    private final class Shared: Sendable {
        let state: Mutex<State>

        init(count: Int) { state = Mutex(State(open: count)) }

        func make(_ thread: inout NamespaceThread) throws {
            while state.withLock({ $0.begin() }) {
                defer { state.withLock { $0.isMaking = false } }
                let made = Made(try thread.enterNew { inside in try inside.namespace() })
                state.withLock { $0.ready.append(made) }
            }
        }
    }

    private let shared: Shared
    private let maker: Background<Void>?

    /// Begins to make some.
    ///
    /// - Parameter count: no more than will be taken.
    /// - Throws: `SystemCallError` if there can be no thread for it.
    init(count: Int) throws(SystemCallError) {
        // Who has one processor alone gains nothing. Each takes a descriptor.
        let count = Processors.available == 1 ? 0 : min(count, 512)
        let shared = Shared(count: count)
        self.shared = shared
        maker = count == 0 ? nil : try NamespaceThread.start { try shared.make(&$0) }
    }

    /// Has no more be made, and lets go of those that are there.
    func close() {
        shared.state.withLock { state in
            state.open = 0
            state.ready = []
        }
    }

    /// Moves a thread into a namespace that is new, one of the stock where there is one.
    fileprivate func enter<Value: ~Copyable>(
        _ thread: inout NamespaceThread, _ body: (borrowing InsideNamespace) throws -> Value
    ) throws -> Value {
        while true {
            switch shared.state.withLock({ $0.take() }) {
            case .made(let made): return try thread.enter(made.namespace, body)
            case .none: return try thread.enterNew(body)
            // What hinders it hinders the next that is made, and is told then.
            case .last: _ = try? maker?.value()
            }
        }
    }

    private enum Taken {
        case made(Made)
        case none
        /// The last is being made.
        case last
    }
}

extension NamespaceThread {
    /// Moves the thread into a namespace that is new, one of the stock where there is one, and runs `body` there.
    mutating func enterNew<Value: ~Copyable>(
        of stock: NamespaceStock?, _ body: (borrowing InsideNamespace) throws -> Value
    ) throws -> Value {
        if let stock { return try stock.enter(&self, body) }
        return try enterNew(body)
    }
}
