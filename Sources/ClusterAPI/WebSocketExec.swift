import ClusterObjects
import NIOCore
import NIOWebSocket

/// A client's connection to what runs in a pod, over a WebSocket (RFC 6455) in the fifth or fourth form of Kubernetes' channels
/// (apimachinery/pkg/util/remotecommand): each message begins with the number of a stream.
final class WebSocketExec: ChannelInboundHandler, ProcessStreams.Carrier {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The forms that are spoken, the best first.
    static let protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    private enum Stream {
        static let input: UInt8 = 0
        static let output: UInt8 = 1
        static let error: UInt8 = 2
        static let status: UInt8 = 3
        static let size: UInt8 = 4
        /// The client has closed the stream whose number follows; of the fifth form.
        static let close: UInt8 = 255
    }

    private let streams: ProcessStreams
    private var context: ChannelHandlerContext?
    private var gate: ReadGate?

    init(_ streams: ProcessStreams) { self.streams = streams }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        gate = ReadGate(context.channel)
        streams.begin(self)
    }

    // MARK: To the client

    func send(_ bytes: ByteBuffer, from output: ProcessStreams.Output) -> EventLoopFuture<Void>? {
        send(output == .output ? Stream.output : Stream.error, bytes)
    }

    func finish(_ status: JSON) {
        guard let context else { return }
        _ = send(Stream.status, context.channel.allocator.buffer(bytes: status.bytes))
        var code = context.channel.allocator.buffer(capacity: 2)
        code.write(webSocketErrorCode: .normalClosure)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: code)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }

    private func send(_ stream: UInt8, _ bytes: ByteBuffer) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        var message = context.channel.allocator.buffer(capacity: bytes.readableBytes + 1)
        message.writeInteger(stream)
        message.writeImmutableBuffer(bytes)
        return context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: message)))
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text: take(frame.unmaskedData)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    private func take(_ message: ByteBuffer) {
        var message = message
        guard let stream = message.readInteger(as: UInt8.self) else { return }
        switch stream {
        case Stream.input where message.readableBytes > 0:
            gate?.hold(message.readableBytes, until: streams.write(message))
        case Stream.close where message.readInteger(as: UInt8.self) == Stream.input: streams.endInput()
        case Stream.size: streams.resize(message)
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        gate?.update()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        streams.leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        streams.leave()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
