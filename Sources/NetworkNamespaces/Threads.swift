import CLinux
import Glibc
import Synchronization

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
            let done = Background(doneBy: body)
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

/// Work that goes on on a thread of its own until someone asks for its value.
///
/// A class, because the thread and the one that waits share it.
public final class Background<Value: Sendable>: Sendable {
    private let result: Mutex<Result<Value, any Error>?>
    private let body: @Sendable () throws -> Value
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts the work.
    ///
    /// - Throws: `SystemCallError` if the process may not have another thread.
    public init(_ body: @escaping @Sendable () throws -> Value) throws(SystemCallError) {
        self.body = body
        result = Mutex(nil)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        var identifier = pthread_t()
        let code = pthread_create(
            &identifier, &attributes,
            { argument in
                let work = Unmanaged<AnyObject>.fromOpaque(argument!).takeRetainedValue()
                (work as! any Runnable).run()
                return nil
            }, Unmanaged.passRetained(self as AnyObject).toOpaque())
        guard code == 0 else {
            Unmanaged<AnyObject>.passUnretained(self).release()
            throw SystemCallError("pthread_create", "another thread", errno: code)
        }
        let created = identifier
        thread.withLock { $0 = created }
    }

    /// Work that the calling thread does now.
    fileprivate init(doneBy body: @escaping @Sendable () throws -> Value) {
        self.body = body
        result = Mutex(Result { try body() })
    }

    /// The size of a thread's stack, in bytes: a quarter of what threads have by default, all of which counts where the memory
    /// of a process is limited.
    private static var stackSize: Int { 2 << 20 }

    /// Waits for the work to end.
    ///
    /// - Throws: what the work threw.
    public func value() throws -> Value {
        let joinable = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let joinable { pthread_join(joinable, nil) }
        return try result.withLock { $0! }.get()
    }
}

private protocol Runnable: AnyObject {
    func run()
}

extension Background: Runnable {
    fileprivate func run() {
        let outcome = Result { try body() }
        result.withLock { $0 = outcome }
    }
}
