import NIOCore

/// Sends back what comes on a connection.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    func channelActive(context: ChannelHandlerContext) { connection.allow(.seconds(300)) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.allow(.seconds(300))
        context.write(wrapOutboundOut(unwrapInboundIn(data)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { connection.finish() }
    }
}
