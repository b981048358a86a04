import Glibc
import Synchronization
import System

/// A thread that may go from network namespace to network namespace, because nobody else uses it: it ends with the work and
/// never goes back to a pool, so that no other work finds itself in a foreign namespace.
///
/// Where no thread can be had, the calling one does the work and goes back to its namespace: what has to be taken away must
/// be taken away on a machine with a full process table, too.
public struct NamespaceThread: ~Copyable {
    private let instances = ProcInstances()

    private init() {}

    // MARK: Going inside

    /// Moves the thread into a namespace and runs `body` there. It stays until it enters another.
    public mutating func enter<Value: ~Copyable>(
        _ namespace: borrowing NetworkNamespace, _ body: (borrowing InsideNamespace) throws -> Value
    ) throws -> Value {
        try namespace.enter()
        return try body(InsideNamespace(instances))
    }

    /// Moves the thread into the namespace that is pinned under a name, and runs `body` there.
    ///
    /// - Parameter refusal: the error for a namespace that is not there or cannot be entered.
    public mutating func enter<Value: ~Copyable, Failure: Error>(
        pin name: String, refusal: (SystemCallError) -> Failure,
        _ body: (borrowing InsideNamespace) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        do throws(SystemCallError) {
            try NetworkNamespace(at: NamedNamespaces.path(name)).enter()
        } catch {
            throw refusal(error)
        }
        return try body(InsideNamespace(instances))
    }

    /// Moves the thread into a namespace that is new and that it alone holds so far, and runs `body` there.
    public mutating func enterNew<Value: ~Copyable>(
        _ body: (borrowing InsideNamespace) throws -> Value
    ) throws -> Value {
        try NetworkNamespace.unshareThread()
        return try body(InsideNamespace(instances))
    }

    // MARK: Threads

    /// Runs `body` on a thread of its own and waits for it.
    public static func run<Value: Sendable>(
        _ body: @escaping @Sendable (inout NamespaceThread) throws -> Value
    ) throws -> Value {
        try start(body).value()
    }

    /// Starts work that someone will wait for. Where no thread can be had it is done when this returns.
    ///
    /// - Throws: `SystemCallError` if neither can be.
    public static func start<Value: Sendable>(
        _ body: @escaping @Sendable (inout NamespaceThread) throws -> Value
    ) throws(SystemCallError) -> Background<Value> {
        do {
            return try Background { try onThisThread(body) }
        } catch {
            // Nothing is done from where there is no way back.
            guard error.isShortage, let home = try? NetworkNamespace(at: NetworkNamespace.threadPath),
                (try? home.enter()) != nil
            else { throw error }
            let done = Background.done { try onThisThread(body) }
            try home.enter()
            return done
        }
    }

    private static func onThisThread<Value>(_ body: (inout NamespaceThread) throws -> Value) rethrows -> Value {
        var thread = NamespaceThread()
        return try body(&thread)
    }

    /// Has the calling thread do the work, and takes it back to its namespace. For tests, whose threads are not theirs: what
    /// is inside a namespace when it calls this is elsewhere meanwhile.
    package static func visiting<Value>(_ body: (inout NamespaceThread) throws -> Value) throws -> Value {
        let home = try NetworkNamespace(at: NetworkNamespace.threadPath)
        let result = Result { try onThisThread(body) }
        try home.enter()
        return try result.get()
    }

    /// Runs `body` for every number below `count`, on up to `width` threads at once, and waits for all of them.
    ///
    /// Numbers are taken in order. After the first error no further number is begun.
    ///
    /// - Throws: the error of the lowest number that failed.
    public static func forEach(
        _ count: Int, width: Int = Processors.available,
        _ body: @escaping @Sendable (inout NamespaceThread, Int) throws -> Void
    ) throws {
        let next = SharedCounter()
        let failure = SharedFailure()
        let work: @Sendable (inout NamespaceThread) -> Void = { thread in
            while !failure.isSet {
                let index = next.take()
                guard index < count else { return }
                do { try body(&thread, index) } catch { failure.record(index, error) }
            }
        }
        // Where a further thread cannot be had, those that there are do all the work.
        let first = try start(work)
        let others = (1..<max(1, min(width, count))).compactMap { _ in try? Background { onThisThread(work) } }
        for worker in [first] + others { try worker.value() }
        if let error = failure.error { throw error }
    }

    private final class SharedCounter: Sendable {
        private let next = Atomic<Int>(0)
        func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
    }

    private final class SharedFailure: Sendable {
        private let first = Mutex<(index: Int, error: any Error)?>(nil)
        var isSet: Bool { first.withLock { $0 != nil } }
        var error: (any Error)? { first.withLock { $0?.error } }
        func record(_ index: Int, _ error: any Error) {
            first.withLock { if $0 == nil || index < $0!.index { $0 = (index, error) } }
        }
    }
}
