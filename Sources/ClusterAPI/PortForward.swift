import ClusterObjects
import NIOCore

/// A client's connections to ports of a pod (`portforward.k8s.io`, kubelet's pkg/kubelet/cri/streaming/portforward): each is two streams
/// with the same `requestid`, one for its bytes and one for what went wrong.
final class PortForward: SPDYConnection.User, PodPortConnection.Carrier {
    /// The form that is spoken.
    static let `protocol` = "portforward.k8s.io"

    private let pod: ObjectStore.Name
    private let server: APIServer
    private weak var connection: SPDYConnection?
    private var pairs: [String: Pair] = [:]
    private var byStream: [UInt32: Pair] = [:]

    /// The streams of a connection to the pod.
    private final class Pair {
        let port: PodPortConnection
        var error: UInt32?
        var data: UInt32?

        init(_ port: PodPortConnection) { self.port = port }

        var streams: [UInt32] { [data, error].compactMap(\.self) }
    }

    /// - Parameter pod: whose ports are meant.
    init(_ pod: ObjectStore.Name, _ server: APIServer) {
        self.pod = pod
        self.server = server
        server.keep()
    }

    func begin(_ connection: SPDYConnection) { self.connection = connection }

    func opened(_ stream: UInt32, _ headers: [String: String]) -> Bool {
        guard let connection, let loop = connection.loop, let id = headers["requestid"], id.utf8.count <= 64,
            let port = headers["port"].flatMap({ UInt16($0) }), port > 0, let type = headers["streamtype"],
            type == "error" || type == "data"
        else { return false }
        let pair: Pair
        if let known = pairs[id] {
            guard known.port.port == port, (type == "error" ? known.error : known.data) == nil else { return false }
            pair = known
        } else {
            guard let new = PodPortConnection(id: id, port: port, server, self, on: loop) else { return false }
            pair = Pair(new)
            pairs[id] = pair
        }
        if type == "error" { pair.error = stream } else { pair.data = stream }
        byStream[stream] = pair
        if pair.error != nil, pair.data != nil { pair.port.connect(to: pod) }
        return true
    }

    // MARK: From the client

    func came(_ bytes: ByteBuffer, on stream: UInt32) -> EventLoopFuture<Void>? {
        guard let pair = byStream[stream], pair.data == stream else { return nil }
        return pair.port.write(bytes)
    }

    func ended(_ stream: UInt32) {
        guard let pair = byStream[stream], pair.data == stream else { return }
        pair.port.endInput()
    }

    func reset(_ stream: UInt32) {
        guard let pair = byStream.removeValue(forKey: stream), pair.data == stream else { return }
        finish(pair.port)
    }

    func left() {
        server.letGo()
        for pair in pairs.values { pair.port.close() }
        (pairs, byStream) = ([:], [:])
    }

    // MARK: From the pod

    func send(_ bytes: ByteBuffer, of port: PodPortConnection) -> EventLoopFuture<Void>? {
        pairs[port.id]?.data.flatMap { connection?.send(bytes, on: $0) }
    }

    /// kubectl waits for the end of both streams.
    func finish(_ port: PodPortConnection) {
        guard let pair = pairs.removeValue(forKey: port.id) else { return }
        port.close()
        for stream in pair.streams {
            byStream[stream] = nil
            connection?.end(stream)
        }
    }

    func fail(_ port: PodPortConnection, _ sentence: String) {
        if let stream = pairs[port.id]?.error {
            connection?.send(ByteBuffer(string: sentence), on: stream, isLast: true)
        }
        finish(port)
    }
}
