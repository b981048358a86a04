import Engine
import System

extension Lab {
    /// Compares the kernel with the lab's blueprint.
    ///
    /// - Parameters:
    ///   - strict: whether what users added counts as well.
    ///   - waiting: called with the lab's name if another command works on it.
    public func verify(
        strict: Bool = false, waiting: (String) -> Void = { _ in }
    ) throws(NSLabError) -> VerifyReport {
        let lab = name
        return try reportingErrors {
            OpenFiles.raise()
            let verification = try running.verify(strict: strict) { waiting(lab) }
            return VerifyReport(
                lab: lab, strict: strict, differences: verification.differences.map { .init($0) },
                unlistedKinds: verification.unlistedKinds.isEmpty ? nil : verification.unlistedKinds)
        }
    }

    /// What changed since the lab was brought up, as the commands that would do it.
    ///
    /// - Parameters:
    ///   - undoing: whether the commands are asked for that undo it.
    ///   - waiting: called with the lab's name if another command works on it.
    public func diff(
        undoing: Bool = false, waiting: (String) -> Void = { _ in }
    ) throws(NSLabError) -> DiffReport {
        let lab = name
        return try reportingErrors {
            OpenFiles.raise()
            let differences = try running.verify(strict: true) { waiting(lab) }.differences
            // What was made last goes first.
            let changes = (undoing ? differences.reversed() : differences).map { difference in
                DiffReport.Change(difference, netns: running.netns(of: difference.namespace), undoing: undoing)
            }
            return DiffReport(lab: lab, undo: undoing, changes: changes)
        }
    }

    /// Makes the lab as new, for the next test: ends processes inside, removes what users added, repairs what drifted, and
    /// clears what the kernel has learned. Its background process stays.
    ///
    /// - Parameters:
    ///   - cancellation: what is done about a request to end: the reset is finished before.
    ///   - waiting: called with the lab's name if another command works on it.
    public func reset(cancellation: Cancellation = .none, waiting: (String) -> Void = { _ in }) throws(NSLabError)
        -> ResetReport
    {
        let lab = name
        return try reportingErrors {
            OpenFiles.raise()
            let start = ContinuousClock.now
            let outcome = try Reset.run(lab: lab, cancellation: cancellation) { waiting(lab) }
            return ResetReport(outcome, duration: start.duration(to: .now) / .seconds(1))
        }
    }
}
