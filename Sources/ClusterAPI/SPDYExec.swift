import ClusterObjects
import NIOCore

/// A client's connection to what runs in a pod, over SPDY/3.1 in the fourth form of Kubernetes' streams
/// (apimachinery/pkg/util/remotecommand, kubelet's pkg/kubelet/cri/streaming/remotecommand): a stream each, named by `streamtype`.
final class SPDYExec: SPDYConnection.User, ProcessStreams.Carrier {
    /// The form that is spoken.
    static let protocols = ["v4.channel.k8s.io"]

    /// The streams that a request announces.
    struct Announced {
        var names: Set<String>

        init(_ target: RequestTarget) {
            names = ["error"]
            let isTerminal = target.isTrue("tty")
            if target.isTrue("stdin") { names.insert("stdin") }
            if target.isTrue("stdout") { names.insert("stdout") }
            // A terminal has one stream for both.
            if target.isTrue("stderr"), !isTerminal { names.insert("stderr") }
            if isTerminal { names.insert("resize") }
        }
    }

    private let streams: ProcessStreams
    private var missing: Set<String>
    private var numbers: [String: UInt32] = [:]
    private weak var connection: SPDYConnection?
    private var waitEnd: Scheduled<Void>?

    init(_ streams: ProcessStreams, _ announced: Announced) {
        self.streams = streams
        missing = announced.names
    }

    func begin(_ connection: SPDYConnection) {
        self.connection = connection
        guard let loop = connection.loop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        // As long as kubelet waits for them.
        waitEnd = loop.scheduleTask(in: .seconds(30)) { bound.value.connection?.close() }
    }

    func opened(_ stream: UInt32, _ headers: [String: String]) -> Bool {
        guard let name = headers["streamtype"], missing.remove(name) != nil else { return false }
        numbers[name] = stream
        if missing.isEmpty {
            waitEnd?.cancel()
            streams.begin(self)
        }
        return true
    }

    func came(_ bytes: ByteBuffer, on stream: UInt32) -> EventLoopFuture<Void>? {
        if stream == numbers["stdin"] { return streams.write(bytes) }
        if stream == numbers["resize"] { streams.resize(bytes) }
        return nil
    }

    func ended(_ stream: UInt32) { if stream == numbers["stdin"] { streams.endInput() } }

    func reset(_ stream: UInt32) { ended(stream) }

    func left() {
        waitEnd?.cancel()
        streams.leave()
    }

    func send(_ bytes: ByteBuffer, from output: ProcessStreams.Output) -> EventLoopFuture<Void>? {
        guard let connection, let loop = connection.loop else { return nil }
        // What the client did not ask for, or does not take any more, is read and lost.
        guard let stream = numbers[output == .output ? "stdout" : "stderr"] else {
            return loop.makeSucceededVoidFuture()
        }
        return connection.send(bytes, on: stream) ?? loop.makeSucceededVoidFuture()
    }

    func finish(_ status: JSON) {
        guard let connection else { return }
        for name in ["stdout", "stderr"] { if let stream = numbers[name] { connection.end(stream) } }
        if let stream = numbers["error"] { connection.send(ByteBuffer(bytes: status.bytes), on: stream, isLast: true) }
        connection.finish()
    }
}
