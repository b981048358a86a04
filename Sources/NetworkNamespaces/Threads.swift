import CLinux
import Glibc
import Synchronization
import System

/// Threads of their own for work that changes a thread's namespace. Such a thread ends with the work: it never goes back
/// to a pool, so nobody else finds itself in a foreign namespace.
///
/// Where no thread can be had, the calling one does the work and goes back to its namespace: what has to be taken away must
/// be taken away on a machine with a full process table, too.
public enum Threads {
    /// The processors that this process may run on.
    public static let processors: Int = {
        // One bit a processor; the kernel refuses a mask that is too short for all that there may be.
        var mask = [UInt64](repeating: 0, count: 1024)
        let written = syscall_sched_getaffinity(0, mask.count * 8, &mask)
        return written > 0 ? mask.reduce(0) { $0 + $1.nonzeroBitCount } : 1
    }()

    /// Runs `body` on a thread of its own and waits for it.
    public static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        try start(body).value()
    }

    /// Starts work that someone will wait for. Where no thread can be had it is done when this returns.
    ///
    /// - Throws: `SystemCallError` if neither can be.
    public static func start<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) throws(SystemCallError) -> Background<Value> {
        do {
            return try Background(body)
        } catch {
            // Nothing is done from where there is no way back.
            guard error.isShortage, let home = try? NetworkNamespace.current(), (try? home.enter()) != nil else {
                throw error
            }
            let done = Background.done(by: body)
            try home.enter()
            return done
        }
    }

    /// Runs `body` for every number below `count`, on up to `width` threads at once, and waits for all of them.
    ///
    /// Numbers are taken in order. After the first error no further number is begun.
    ///
    /// - Throws: the error of the lowest number that failed.
    public static func forEach(
        _ count: Int, width: Int = processors, _ body: @escaping @Sendable (Int) throws -> Void
    ) throws {
        let next = SharedCounter()
        let failure = SharedFailure()
        let work: @Sendable () -> Void = {
            while !failure.isSet {
                let index = next.take()
                guard index < count else { return }
                do { try body(index) } catch { failure.record(index, error) }
            }
        }
        // Where a further thread cannot be had, those that there are do all the work.
        let first = try start(work)
        let others = (1..<max(1, min(width, count))).compactMap { _ in try? Background(work) }
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
