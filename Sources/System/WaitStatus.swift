import Glibc

/// How a process ended (wait(2)).
public enum WaitStatus: Hashable, Sendable {
    /// By itself, with this exit status.
    case exited(CInt)
    /// By this signal.
    case signalled(CInt)

    /// What waitpid(2) gave: the signal in the low seven bits, the exit status above.
    init(_ status: CInt) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }

    /// The status as a shell has it: 128 and the signal's number for one that a signal ended.
    public var shellStatus: CInt {
        switch self {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }
}
