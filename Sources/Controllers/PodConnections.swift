import Addresses
import CLinux
import ClusterObjects
import Engine
import Glibc
import NetworkNamespaces
import PodServer
import Synchronization
import System

/// Connections to ports of pods, and what pods have logged. Each is got on a thread of its own: one that takes its time, as where a
/// packet filter drops what is sent, keeps nobody waiting.
///
/// A class, because the threads share it.
final class PodConnections {
    private let lab: String
    private var threads: [Int: Background<Void>] = [:]
    private let done = Done()

    private final class Done: Sendable {
        private let ids = Mutex<[Int]>([])
        func add(_ id: Int) { ids.withLock { $0.append(id) } }
        func take() -> [Int] {
            ids.withLock { ids in
                defer { ids = [] }
                return ids
            }
        }
    }

    /// The most that are being got at once.
    private static let most = 64
    /// How long a port has to answer, in milliseconds.
    private static let longestWait: CInt = 5000

    init(lab: String) { self.lab = lab }

    /// Connects to a port of the loopback in a network namespace, over IPv4 or else IPv6, as container runtimes do for
    /// `kubectl port-forward`.
    ///
    /// - Parameter pin: the namespace's; nil for a pod that does not run.
    func connect(_ id: Int, _ pod: ObjectStore.Name, port: UInt16, pin: String?, _ requests: PodRequests) {
        answer(id, requests) { thread in
            guard let pin else { throw NotRunning(pod: pod) }
            return try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { _ in
                try Self.connection(to: port)
            }
        }
    }

    /// The log of a pod.
    func log(_ id: Int, _ pod: ObjectStore.Name, follows: Bool, isRunning: Bool, _ requests: PodRequests) {
        let server = StateDirectory(lab: lab).responders
        answer(id, requests) { _ in
            guard isRunning else { throw NotRunning(pod: pod) }
            if let log = try server.log(namespace: pod.namespace, pod: pod.name, follows: follows) { return log }
            if try server.state == .ended { throw LogsGone() }
            // Nothing answers for any pod of the lab.
            return try FileDescriptor(opening: "/dev/null", O_RDONLY)
        }
    }

    private struct NotRunning: Error, CustomStringConvertible {
        var pod: ObjectStore.Name
        var description: String { "pod \(pod.namespace)/\(pod.name) does not run" }
    }

    private struct LogsGone: Error, CustomStringConvertible {
        var description: String {
            "the lab's process that answers for its pods is gone, and with it what they have logged; `nslab up` starts it again"
        }
    }

    /// Gets a descriptor and answers with it.
    private func answer(
        _ id: Int, _ requests: PodRequests, _ get: @escaping @Sendable (inout NamespaceThread) throws -> FileDescriptor
    ) {
        for id in done.take() { threads[id] = nil }
        let done = done
        // That an answer cannot be sent is heard of by the channel's end.
        guard threads.count < Self.most, threads[id] == nil else {
            try? requests.send(.refused(id: id, "more than \(Self.most) connections to the lab's pods are being made"))
            return
        }
        do throws(SystemCallError) {
            threads[id] = try NamespaceThread.start { thread in
                defer { done.add(id) }
                do {
                    let descriptor = try get(&thread)
                    // As above.
                    try? requests.send(.opened(id: id), [descriptor.number])
                } catch {
                    // As above.
                    try? requests.send(.refused(id: id, "\(error)"))
                }
            }
        } catch {
            // As above.
            try? requests.send(.refused(id: id, "\(error)"))
        }
    }

    private static func connection(to port: UInt16) throws(SystemCallError) -> FileDescriptor {
        do throws(SystemCallError) {
            return try connection(to: .v4(IPv4Address(0x7f00_0001), port: port), "127.0.0.1:\(port)")
        } catch {
            // What is refused over IPv4 may be there over IPv6 alone; if it is not, the first error tells more.
            if let second = try? connection(to: .v6(IPv6Address(1), port: port), "[::1]:\(port)") { return second }
            throw error
        }
    }

    private static func connection(
        to address: SocketAddress, _ name: String
    ) throws(SystemCallError) -> FileDescriptor {
        let family = if case .v4 = address { AF_INET } else { AF_INET6 }
        let socket = try FileDescriptor(socket: family, SOCK_STREAM, isBlocking: false, name)
        try socket.connect(address, name)
        var waiting = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
        let error = poll(&waiting, 1, longestWait) > 0 ? socket.takeError() : ETIMEDOUT
        if error != 0 { throw SystemCallError("connect", name, errno: error) }
        return socket
    }
}
