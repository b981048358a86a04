import NetworkNamespaces
import System

/// Sends echo requests from many namespaces at once and collects the answers, all on one thread.
public struct EchoProber: Sendable {
    /// How long each attempt waits for its answer; as many attempts as there are times. Together they are longer than the
    /// second after which the kernel asks for a neighbour again (`retrans_time_ms`, arp(7)), so that a lost question is not
    /// taken for a dead address.
    public var timeouts: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(700)]
    /// The most requests that may be on their way at one time, so that no queue of the kernel overflows.
    public var window = 256
    /// The most sockets that are open at one time: one for each namespace and family. Where more are needed, the
    /// namespaces take turns.
    public var socketLimit = 1000

    /// A prober that tries three times and takes 1.3 seconds to give up.
    public init() {}

    /// Sends all requests, and again those that are not answered in time.
    ///
    /// A namespace that cannot be entered is a failure of its requests and no error.
    ///
    /// - Returns: what came of each request, in the order of the requests.
    /// - Throws: `SystemCallError` if there is no thread or descriptor to be had at all.
    public func run(_ requests: [EchoRequest]) throws(SystemCallError) -> [EchoResult] {
        if requests.isEmpty { return [] }
        do {
            return try Threads.run {
                var run = EchoRun(requests, self)
                try run.run()
                return run.results
            }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("pthread_create", "thread")
        }
    }
}
