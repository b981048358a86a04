import Glibc
import Synchronization

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
    public static func done(by body: @escaping @Sendable () throws -> Value) -> Background {
        Background(body, result: Result { try body() })
    }

    private init(_ body: @escaping @Sendable () throws -> Value, result: Result<Value, any Error>) {
        self.body = body
        self.result = Mutex(result)
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
