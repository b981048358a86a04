import Glibc
import Synchronization

/// The signals by which people, terminals and supervisors ask a program to end (SIGINT, SIGTERM, SIGHUP), held back while
/// something must not be left half done.
///
/// SIGPIPE is held with them: output that is not read must not end the program in the middle either. SIGQUIT and SIGKILL are
/// not, so there is a way to end the program at once.
///
/// They belong to the whole process, and are held by the thread that calls and those that it starts: so this is for a program
/// that has no second thread by then.
public enum TerminationSignals {
    /// What has been done so far. Nothing in here is nil: the optimiser of Swift 6.3 takes a static `Mutex` of optionals for one
    /// of zeros, which are no nils.
    private struct State {
        var isHeld = false
        /// The signals that were let through before they were held, a bit each.
        var held: UInt64 = 0
        /// The number of the one that was taken; 0 for none.
        var accepted: CInt = 0
    }

    private static let state = Mutex(State())
    private static let endings = [SIGINT, SIGTERM, SIGHUP]

    /// Holds the signals back from now on; those stay out that the program was started to ignore, as nohup(1) does.
    public static func hold() {
        state.withLock { state in
            if state.isHeld { return }
            let wanted = (endings + [SIGPIPE]).filter { !SignalSet.isIgnored($0) }
            let before = SignalSet(wanted).block()
            // Those that were held before, by somebody else, stay so.
            state.held = wanted.reduce(0) { before.contains($1) ? $0 : $0 | 1 << UInt64($1) }
            state.isHeld = true
        }
    }

    /// Lets the signals through again. One that has come meanwhile ends the process here.
    public static func release() {
        state.withLock { state in
            if !state.isHeld { return }
            state.isHeld = false
            SignalSet((endings + [SIGPIPE]).filter { state.held & 1 << UInt64($0) != 0 }).unblock()
        }
    }

    /// Whether one of them has come and is held back, by whoever it may be.
    public static var isPending: Bool {
        if accepted != nil { return true }
        let pending = SignalSet.pending
        return endings.contains { pending.contains($0) && !SignalSet.isIgnored($0) }
    }

    /// Takes the one that has come, and lets those through that come from now on: the next one ends the process at once.
    public static func accept() {
        if let arrival = SignalSet(endings).take() { state.withLock { $0.accepted = arrival.signal } }
        release()
    }

    /// The signal that was taken.
    public static var accepted: CInt? {
        let signal = state.withLock { $0.accepted }
        return signal == 0 ? nil : signal
    }

    /// Ends the process by the signal that was taken, as if it had not been held: whoever started it sees that. Returns if none
    /// was.
    public static func endByAccepted() {
        guard let signal = accepted else { return }
        Glibc.signal(signal, SIG_DFL)
        raise(signal)
        SignalSet([signal]).unblock()
    }
}
