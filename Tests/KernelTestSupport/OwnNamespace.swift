import CLinux
import Foundation
import Glibc
import NetworkNamespaces

/// Runs `body` in a new network namespace without a name, on a thread of its own that ends with it. The kernel clears the
/// namespace then.
public func inNamespace<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(OwnThread()) {
        // The task keeps to this thread, for it does not suspend in here; and it is still the test's task, so that what
        // it records is the test's.
        try NetworkNamespace.unshareThread()
        return try body()
    }
}

/// Runs each piece of a task on a new thread, which never goes back to a pool.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

extension NetworkNamespace {
    /// A new namespace; the calling thread stays where it is.
    public static func another() throws -> NetworkNamespace {
        let home = try current()
        try unshareThread()
        let new = try current()
        try home.enter()
        return new
    }

    /// Runs `body` with the calling thread inside, and comes back.
    public func inside<Value>(_ body: () throws -> Value) throws -> Value {
        let home = try NetworkNamespace.current()
        try enter()
        let result = Result { try body() }
        try home.enter()
        return try result.get()
    }
}
