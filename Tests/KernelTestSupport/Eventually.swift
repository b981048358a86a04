import Glibc

/// Waits for something that another process or the kernel brings about, and looks again every few milliseconds. A machine that
/// is busy with something else may take its time; the limit only ends a wait that is in vain.
///
/// - Throws: `WaitedInVain` if it is still not so after the limit.
public func eventually(
    within limit: Duration = .seconds(300), _ what: String = "what the test waits for", _ condition: () throws -> Bool
) throws {
    let start = ContinuousClock.now
    while try !condition() {
        if start.duration(to: .now) > limit { throw WaitedInVain(what: what, limit: limit) }
        usleep(5000)
    }
}

/// Something did not come about in time.
public struct WaitedInVain: Error, CustomStringConvertible {
    var what: String
    var limit: Duration

    public var description: String { "\(what): still not so after \(limit)" }
}

extension Witness.Process {
    /// Waits until the process has become a program: until `nsenter`, `env` and the like have executed it.
    public func waitToBecome(_ program: String) throws {
        try eventually("process \(pid) runs \(program)") {
            try Witness.run(["cat", "/proc/\(pid)/comm"]).output == program + "\n"
        }
    }
}
