import System

/// What a bring-up does about a request to end that comes while something is half done.
public struct Cancellation: Sendable {
    /// Called when there is something that must not be left half done.
    public let hold: @Sendable () -> Void
    /// Called when there is not any more. What has come meanwhile may end the process here.
    public let release: @Sendable () -> Void
    /// Whether a request has come.
    public let isRequested: @Sendable () -> Bool
    /// Called when the request is followed: what is half built is about to be removed.
    public let acknowledge: @Sendable () -> Void

    /// There are no such requests.
    public static let none = Cancellation(hold: {}, release: {}, isRequested: { false }, acknowledge: {})

    /// SIGINT, SIGTERM and SIGHUP are such requests. The process must have no second thread yet.
    public static let signals = Cancellation(
        hold: TerminationSignals.hold, release: TerminationSignals.release,
        isRequested: { TerminationSignals.isPending },
        acknowledge: TerminationSignals.accept)

    /// Signals are, and somebody else holds them and knows what to do about them.
    public static let heldSignals = Cancellation(
        hold: {}, release: {}, isRequested: { TerminationSignals.isPending }, acknowledge: {})

    /// Whoever asks by other means: a Swift program.
    ///
    /// - Parameter isRequested: asked often, from any thread.
    public static func when(_ isRequested: @escaping @Sendable () -> Bool) -> Cancellation {
        Cancellation(hold: {}, release: {}, isRequested: isRequested, acknowledge: {})
    }

    /// Throws if a request has come: what there is of the lab is left as it is by then.
    func check(_ lab: String) throws(EngineError) {
        if isRequested() { throw .interrupted(lab: lab, isLeft: true) }
    }
}
