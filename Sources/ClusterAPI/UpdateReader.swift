import ClusterObjects
import NIOCore

/// Reads the messages of the process that knows the lab: each its length in four bytes, then so many bytes.
final class UpdateReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: APIServer
    private var pending = ByteBuffer()

    init(_ server: APIServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        while let length = pending.getInteger(at: pending.readerIndex, as: UInt32.self) {
            guard Int(length) <= ObjectUpdate.longest else { return context.close(promise: nil) }
            guard pending.readableBytes >= 4 + Int(length) else { break }
            pending.moveReaderIndex(forwardBy: 4)
            guard let body = pending.readBytes(length: Int(length)), let update = ObjectUpdate(body) else {
                return context.close(promise: nil)
            }
            server.take(update)
        }
        pending.discardReadBytes()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What a burst of messages needed is not kept.
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        server.tellWatchers()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
