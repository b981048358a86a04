import CLinux
import Glibc
import Synchronization

/// Work that goes on on a thread of its own until someone asks for its value. Work that is not asked about is waited for
/// when the value goes, so that nothing goes on unseen.
///
/// A class, because those that wait for it share it.
public final class Background<Value: Sendable>: Sendable {
    private typealias Outcome = Result<Value, any Error>

    private enum State {
        case running(pthread_t)
        case ended(Outcome)
    }

    /// Locked while it is waited for: whoever asks second waits as well.
    private let state: Mutex<State>

    /// Starts the work.
    ///
    /// - Throws: `SystemCallError` if the process may not have another thread.
    public init(_ body: @escaping @Sendable () throws -> Value) throws(SystemCallError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, threadStackSize)
        let work = Unmanaged.passRetained(Work { Box(Result { try body() }) })
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { Unmanaged.passRetained(Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body()).toOpaque() },
            work.toOpaque())
        guard code == 0 else {
            work.release()
            throw SystemCallError("pthread_create", "another thread", errno: code)
        }
        state = Mutex(.running(thread))
    }

    private init(ended outcome: Outcome) { state = Mutex(.ended(outcome)) }

    /// Work that the calling thread does now.
    public static func done(by body: () throws -> Value) -> Background {
        Background(ended: Result { try body() })
    }

    /// Waits for the work to end.
    ///
    /// - Throws: what the work threw.
    public func value() throws -> Value {
        try state.withLock { state throws(SystemCallError) in
            if case .running(let thread) = state { state = .ended(try Self.join(thread)) }
            guard case .ended(let outcome) = state else {
                throw SystemCallError("pthread_join", "thread", errno: ESRCH)
            }
            return outcome
        }.get()
    }

    private static func join(_ thread: pthread_t) throws(SystemCallError) -> Outcome {
        var result: UnsafeMutableRawPointer?
        let code = pthread_join(thread, &result)
        guard code == 0, let result else { throw SystemCallError("pthread_join", "thread", errno: code) }
        return Unmanaged<Box<Outcome>>.fromOpaque(result).takeRetainedValue().value
    }

    deinit {
        state.withLock { if case .running(let thread) = $0 { _ = try? Self.join(thread) } }
    }
}

/// The size of a thread's stack, in bytes: a quarter of what threads have by default, all of which counts where the memory
/// of a process is limited.
private let threadStackSize = 2 << 20

/// What a thread is started with. It gives back a `Box` of its outcome.
private final class Work: Sendable {
    let body: @Sendable () -> AnyObject
    init(_ body: @escaping @Sendable () -> AnyObject) { self.body = body }
}

/// A value behind a pointer, as threads hand over what they end with.
private final class Box<Content> {
    let value: Content
    init(_ value: Content) { self.value = value }
}
