import CLinux
import Glibc

/// A set of signals (sigsetops(3)), as masks and waits take it.
public struct SignalSet {
    private var set = sigset_t()

    /// Every signal there is.
    public static var all: SignalSet {
        var signals = SignalSet()
        sigfillset(&signals.set)
        return signals
    }

    public init(_ signals: some Sequence<CInt> = []) {
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
    }

    /// The signals that have come and are blocked, for the calling thread or the process.
    public static var pending: SignalSet {
        var signals = SignalSet()
        sigpending(&signals.set)
        return signals
    }

    public func contains(_ signal: CInt) -> Bool {
        withUnsafePointer(to: set) { sigismember($0, signal) == 1 }
    }

    /// Runs `body` with the set as the C library takes it.
    func withPointer<Value>(_ body: (UnsafePointer<sigset_t>) -> Value) -> Value {
        withUnsafePointer(to: set) { body($0) }
    }

    /// Blocks the signals in the calling thread and those that it starts.
    ///
    /// - Returns: what was blocked before.
    @discardableResult
    public func block() -> SignalSet {
        var before = SignalSet()
        _ = withPointer { pthread_sigmask(SIG_BLOCK, $0, &before.set) }
        return before
    }

    /// Lets the signals through again in the calling thread.
    public func unblock() {
        _ = withPointer { pthread_sigmask(SIG_UNBLOCK, $0, nil) }
    }

    /// A blocked signal that was taken off the queue.
    public struct Arrival {
        /// Its number.
        public let signal: CInt
        /// Whether the kernel sent it, as a terminal's driver does to the whole foreground group (`SI_KERNEL`).
        public let isFromKernel: Bool
    }

    /// Takes one of the signals, which must be blocked, and waits for it up to a whole number of seconds (sigtimedwait(2)).
    ///
    /// - Returns: nil if none came.
    public func take(waiting seconds: Int = 0) -> Arrival? {
        var information = siginfo_t()
        var time = timespec(tv_sec: seconds, tv_nsec: 0)
        let signal = withPointer { sigtimedwait($0, &information, &time) }
        return signal > 0 ? Arrival(signal: signal, isFromKernel: information.si_code == 0x80) : nil
    }

    /// A descriptor that can be read once one of the signals, which must be blocked, has come (signalfd(2)).
    public func descriptor() throws(SystemCallError) -> FileDescriptor {
        try FileDescriptor(
            owning: systemCall("signalfd", "process") { withPointer { signalfd(-1, $0, CInt(SFD_CLOEXEC)) } })
    }

    /// Whether the process ignores the signal, as nohup(1) has a program do.
    public static func isIgnored(_ signal: CInt) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
