import CLinux
import Foundation
import Glibc
import NetworkNamespaces
import System

/// Runs `body` in a new network namespace without a name, on a thread of its own that ends with it. The kernel clears the
/// namespace then.
public func inNamespace<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing InsideNamespace) throws -> Value
) async throws -> Value {
    try await withTaskExecutorPreference(OwnThread()) {
        // The task keeps to this thread, for it does not suspend in here; and it is still the test's task, so that what
        // it records is the test's.
        try NamespaceThread.visiting { thread in try thread.enterNew(body) }
    }
}

/// Runs each piece of a task on a new thread, which never goes back to a pool.
private final class OwnThread: TaskExecutor {
    /// Tests that wait for a thread of their own begin all at once: on a slow machine, all of a hundred would take longer than any of
    /// them waits for anything.
    private static let turns = DispatchSemaphore(value: 4 * max(2, ProcessInfo.processInfo.activeProcessorCount))

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread {
            Self.turns.wait()
            defer { Self.turns.signal() }
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }.start()
    }
}

extension NetworkNamespace {
    /// A new namespace; the calling thread stays where it is.
    public static func another() throws -> NetworkNamespace {
        let descriptor = try NamespaceThread.visiting { thread in
            try thread.enterNew { inside in
                try FileDescriptor(opening: "/proc/thread-self/ns/net", O_RDONLY).release()
            }
        }
        let held = FileDescriptor(owning: descriptor)
        let namespace = try NetworkNamespace(at: "/proc/self/fd/\(held.number)")
        withExtendedLifetime(held) {}
        return namespace
    }

    /// Runs `body` with the calling thread inside, and comes back.
    public func inside<Value>(_ body: (borrowing InsideNamespace) throws -> Value) throws -> Value {
        try NamespaceThread.visiting { thread in try thread.enter(self, body) }
    }
}
