import Glibc
import HTTP
import Synchronization
import System

/// What the pods of a lab have logged: the last lines of each, and whoever follows them.
///
/// A class, because the threads that answer share it.
final class PodLogs: Sendable {
    /// A pod, whichever namespace it answers in.
    struct PodName: Hashable, Sendable {
        var namespace: String
        var name: String
    }

    private let state = Mutex(State())

    private struct State {
        var logs: [PodName: Log] = [:]
        /// How much of each is kept, in bytes.
        var room = mostOfPod
    }

    /// The most that is kept of a pod, in bytes: it goes through a pipe at once (pipe(7), 64 KiB), with what each line has besides.
    private static let mostOfPod = 48 << 10
    /// The most that is kept of all, in bytes.
    private static let mostOfAll = 16 << 20
    /// The most that follow logs at once.
    private static let mostFollowers = 256

    private struct Log {
        private var lines: [LogLine] = []
        private var first = 0
        private var size = 0
        var followers: [Follower] = []

        mutating func append(_ line: LogLine, _ bytes: [UInt8], room: Int) {
            lines.append(line)
            size += bytes.count
            while size > room, first < lines.count {
                size -= lines[first].bytes.count
                first += 1
            }
            if first > 64, first > lines.count / 2 {
                lines.removeFirst(first)
                first = 0
            }
            // Who does not read is left behind.
            followers.removeAll { !$0.write(bytes) }
        }

        var bytes: [UInt8] { lines[first...].flatMap(\.bytes) }
    }

    /// Whoever waits for more lines.
    ///
    /// A class, because a descriptor cannot be copied.
    private final class Follower: Sendable {
        private let descriptor: FileDescriptor

        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

        /// False where it takes nothing more.
        func write(_ bytes: [UInt8]) -> Bool { (try? descriptor.write(bytes, "log")) != nil }

        /// Whether it has gone: nobody has the other end.
        var isGone: Bool {
            var end = pollfd(fd: descriptor.number, events: 0, revents: 0)
            return poll(&end, 1, 0) > 0
        }
    }

    /// Keeps the logs of a plan's pods, and no others.
    func apply(_ plan: PodServerPlan) {
        let pods = Set(plan.pods.map { PodName(namespace: $0.page.namespace, name: $0.page.name) })
        state.withLock { state in
            state.logs = state.logs.filter { pods.contains($0.key) }
            state.room = min(Self.mostOfPod, Self.mostOfAll / max(1, pods.count))
        }
    }

    /// Logs a line.
    func write(_ text: String, port: UInt16, of pod: PodName) {
        let line = LogLine(time: Int(RealTimeClock.now), port: port, text: text)
        let bytes = line.bytes
        state.withLock { $0.logs[pod, default: Log()].append(line, bytes, room: $0.room) }
    }

    /// Writes what a pod has logged, and with `follows` what it will.
    ///
    /// - Parameter descriptor: an empty pipe.
    func send(_ pod: PodName, to descriptor: consuming FileDescriptor, follows: Bool) {
        let follower = Follower(nonBlocking(descriptor))
        state.withLock { state in
            let bytes = state.logs[pod]?.bytes ?? []
            // What was logged before and what comes are told apart by an empty line.
            guard follower.write(bytes + (follows ? [UInt8(ascii: "\n")] : [])), follows else { return }
            for name in state.logs.keys { state.logs[name]?.followers.removeAll(where: \.isGone) }
            guard state.logs.values.reduce(0, { $0 + $1.followers.count }) < Self.mostFollowers else { return }
            state.logs[pod, default: Log()].followers.append(follower)
        }
    }

    private func nonBlocking(_ descriptor: consuming FileDescriptor) -> FileDescriptor {
        _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
        return descriptor
    }
}

/// Where what answers at a port of a pod logs.
struct PortLog: Sendable {
    let logs: PodLogs
    let pod: PodLogs.PodName
    let port: UInt16

    /// - Returns: nil for what answers without being a pod: a node.
    init?(_ logs: PodLogs, _ page: PodPage, port: UInt16) {
        guard !page.namespace.isEmpty else { return nil }
        self.logs = logs
        pod = PodLogs.PodName(namespace: page.namespace, name: page.name)
        self.port = port
    }

    func write(_ text: String) { logs.write(text, port: port, of: pod) }
}

extension PodPage.Client {
    /// `ADDRESS:PORT`, as logs have it.
    var logged: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// A sender of datagrams; nil for one in the file system.
    init?(_ sender: System.SocketAddress) {
        guard let address = sender.address else { return nil }
        self.init(address: address, port: sender.port)
    }
}
