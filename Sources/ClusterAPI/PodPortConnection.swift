import ClusterObjects
import NIOCore
import NIOPosix

/// One connection to a port of a pod, whatever the client's connection carries it in.
///
/// It lives on the client's event loop.
final class PodPortConnection {
    /// Who carries what comes to the client.
    protocol Carrier: AnyObject {
        /// Something came from the pod.
        ///
        /// - Returns: done once it is sent; nil where nothing is sent any more.
        func send(_ bytes: ByteBuffer, of connection: PodPortConnection) -> EventLoopFuture<Void>?
        /// The pod sends nothing more, or the connection is gone.
        func finish(_ connection: PodPortConnection)
        /// There is no connection.
        func fail(_ connection: PodPortConnection, _ sentence: String)
    }

    /// What the client calls it.
    let id: String
    let port: UInt16
    private weak var carrier: (any Carrier)?
    private let server: APIServer
    private var channel: (any Channel)?
    /// Done once there is a connection, or never will be.
    private let opening: EventLoopPromise<any Channel>
    /// Done once all is written that has come from the client.
    private var written: EventLoopFuture<Void>
    private var isClosed = false

    /// Counts it in; nil where there are too many.
    init?(id: String, port: UInt16, _ server: APIServer, _ carrier: any Carrier, on loop: any EventLoop) {
        guard server.beginForwarding() else { return nil }
        self.id = id
        self.port = port
        self.server = server
        self.carrier = carrier
        opening = loop.makePromise()
        written = loop.makeSucceededVoidFuture()
    }

    /// Connects to the pod.
    func connect(to pod: ObjectStore.Name) {
        let loop = opening.futureResult.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let reason = "error forwarding port \(port) to pod \(pod.name): "
        server.desk.connect(pod, port: port, on: loop).flatMap { descriptor in
            ClientBootstrap(group: loop)
                // One piece is on its way at a time: who takes nothing keeps the pod waiting.
                .channelOption(.autoRead, value: false)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(PodPortReader(bound.value))
                    }
                }
                .withConnectedSocket(descriptor)
                .map { bound.value.connected($0) }
        }.whenFailure { error in
            let connection = bound.value
            guard !connection.isClosed else { return }
            connection.carrier?.fail(connection, reason + ((error as? Refusal)?.message ?? "\(error)"))
        }
    }

    private func connected(_ channel: any Channel) {
        guard !isClosed else { return channel.close(promise: nil) }
        self.channel = channel
        opening.succeed(channel)
        channel.read()
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

    /// Something came from the pod.
    fileprivate func came(_ bytes: ByteBuffer, _ channel: any Channel) {
        guard !isClosed, let sent = carrier?.send(bytes, of: self) else { return channel.close(promise: nil) }
        sent.whenSuccess { channel.read() }
    }

    fileprivate func ended() {
        if !isClosed { carrier?.finish(self) }
    }

    /// Ends it, whoever wants it; the carrier hears no more of it.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        server.endForwarding()
        opening.fail(ChannelError.inputClosed)
        channel?.close(promise: nil)
    }
}

/// Reads what a pod sends on a connection.
private final class PodPortReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: PodPortConnection

    init(_ connection: PodPortConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.came(unwrapInboundIn(data), context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { connection.ended() }
    }

    func channelInactive(context: ChannelHandlerContext) { connection.ended() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
