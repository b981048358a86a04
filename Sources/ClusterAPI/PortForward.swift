import ClusterObjects
import NIOCore
import NIOPosix

/// A client's connections to ports of a pod (`portforward.k8s.io`, kubelet's pkg/kubelet/cri/streaming/portforward): each is two streams
/// with the same `requestid`, one for its bytes and one for what went wrong.
final class PortForward: SPDYConnection.User {
    /// The form that is spoken.
    static let `protocol` = "portforward.k8s.io"

    private let pod: ObjectStore.Name
    private let server: APIServer
    private weak var connection: SPDYConnection?
    private var forwardings: [String: Forwarding] = [:]
    private var byStream: [UInt32: Forwarding] = [:]

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
        let forwarding: Forwarding
        if let known = forwardings[id] {
            guard known.port == port, (type == "error" ? known.error : known.data) == nil else { return false }
            forwarding = known
        } else {
            guard server.beginForwarding() else { return false }
            forwarding = Forwarding(id: id, port: port, on: loop)
            forwardings[id] = forwarding
        }
        if type == "error" { forwarding.error = stream } else { forwarding.data = stream }
        byStream[stream] = forwarding
        if forwarding.error != nil, forwarding.data != nil { connect(forwarding, on: loop) }
        return true
    }

    private func connect(_ forwarding: Forwarding, on loop: any EventLoop) {
        let bound = NIOLoopBound((self, forwarding), eventLoop: loop)
        let (reason, port) = ("error forwarding port \(forwarding.port) to pod \(pod.name): ", forwarding.port)
        server.desk.connect(pod, port: port, on: loop).flatMap { descriptor in
            ClientBootstrap(group: loop)
                // One piece is on its way at a time: who takes nothing keeps the pod waiting.
                .channelOption(.autoRead, value: false)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let (forward, forwarding) = bound.value
                        try channel.pipeline.syncOperations.addHandler(ForwardedReader(forward, forwarding))
                    }
                }
                .withConnectedSocket(descriptor)
                .map { channel in
                    let (forward, forwarding) = bound.value
                    forward.connected(forwarding, channel)
                }
        }.whenFailure { error in
            let (forward, forwarding) = bound.value
            forward.fail(forwarding, reason + ((error as? Refusal)?.message ?? "\(error)"))
        }
    }

    private func connected(_ forwarding: Forwarding, _ channel: any Channel) {
        guard forwardings[forwarding.id] === forwarding else { return channel.close(promise: nil) }
        forwarding.channel = channel
        forwarding.opening.succeed(channel)
        channel.read()
    }

    // MARK: From the client

    func came(_ bytes: ByteBuffer, on stream: UInt32) -> EventLoopFuture<Void>? {
        guard let forwarding = byStream[stream], forwarding.data == stream else { return nil }
        return forwarding.write(bytes)
    }

    func ended(_ stream: UInt32) {
        guard let forwarding = byStream[stream], forwarding.data == stream else { return }
        forwarding.endInput()
    }

    func reset(_ stream: UInt32) {
        guard let forwarding = byStream.removeValue(forKey: stream), forwarding.data == stream else { return }
        finish(forwarding)
    }

    func left() {
        server.letGo()
        for forwarding in Array(forwardings.values) { forget(forwarding) }
    }

    // MARK: From the pod

    /// Something came from the pod.
    fileprivate func came(_ bytes: ByteBuffer, for forwarding: Forwarding, _ channel: any Channel) {
        guard let stream = forwarding.data, let sent = connection?.send(bytes, on: stream) else {
            return channel.close(promise: nil)
        }
        sent.whenSuccess { channel.read() }
    }

    /// The pod sends nothing more, or the connection is gone: kubectl waits for the end of both streams.
    fileprivate func finish(_ forwarding: Forwarding) {
        guard forwardings[forwarding.id] === forwarding else { return }
        forget(forwarding)
        for stream in [forwarding.data, forwarding.error].compactMap(\.self) { connection?.end(stream) }
    }

    private func fail(_ forwarding: Forwarding, _ sentence: String) {
        guard forwardings[forwarding.id] === forwarding else { return }
        if let stream = forwarding.error { connection?.send(ByteBuffer(string: sentence), on: stream, isLast: true) }
        finish(forwarding)
    }

    private func forget(_ forwarding: Forwarding) {
        forwardings[forwarding.id] = nil
        server.endForwarding()
        for stream in [forwarding.data, forwarding.error].compactMap(\.self) { byStream[stream] = nil }
        forwarding.close()
    }
}

/// One connection to a port of a pod.
private final class Forwarding {
    /// What the client calls it.
    let id: String
    let port: UInt16
    var error: UInt32?
    var data: UInt32?
    var channel: (any Channel)?
    /// Done once there is a connection, or never will be.
    let opening: EventLoopPromise<any Channel>
    /// Done once all is written that has come from the client.
    private var written: EventLoopFuture<Void>

    init(id: String, port: UInt16, on loop: any EventLoop) {
        self.id = id
        self.port = port
        opening = loop.makePromise()
        written = loop.makeSucceededVoidFuture()
    }

    /// Writes what the client has sent, once there is a connection. What the pod does not take any more is lost.
    func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        written = opening.futureResult.flatMap { $0.writeAndFlush(bytes) }.recover { _ in }
        return written
    }

    /// The client sends nothing more.
    func endInput() {
        opening.futureResult.and(written).whenSuccess { channel, _ in channel.close(mode: .output, promise: nil) }
    }

    func close() {
        opening.fail(ChannelError.inputClosed)
        channel?.close(promise: nil)
    }
}

/// Reads what a pod sends on a connection.
private final class ForwardedReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let forward: PortForward
    private let forwarding: Forwarding

    init(_ forward: PortForward, _ forwarding: Forwarding) {
        self.forward = forward
        self.forwarding = forwarding
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        forward.came(unwrapInboundIn(data), for: forwarding, context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { forward.finish(forwarding) }
    }

    func channelInactive(context: ChannelHandlerContext) { forward.finish(forwarding) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
