import NIOCore
import SPDY

/// The streams of a connection of SPDY/3.1, and whoever they are for.
///
/// It takes what comes as fast as that is taken on (``ReadGate``).
final class SPDYConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Whom a connection's streams are for.
    protocol User: AnyObject {
        func begin(_ connection: SPDYConnection)
        /// The client opens a stream.
        ///
        /// - Returns: false for one that is not wanted.
        func opened(_ stream: UInt32, _ headers: [String: String]) -> Bool
        /// Something has come on a stream that is open.
        ///
        /// - Returns: done once it is taken on; nil where it is already.
        func came(_ bytes: ByteBuffer, on stream: UInt32) -> EventLoopFuture<Void>?
        /// The client sends nothing more on a stream.
        func ended(_ stream: UInt32)
        /// A stream is gone, in both directions.
        func reset(_ stream: UInt32)
        /// The connection is gone.
        func left()
    }

    /// The most streams at once.
    static let mostStreams = 512

    private let user: any User
    private let reader = FrameReader()
    private let writer = FrameWriter()
    private var context: ChannelHandlerContext?
    private var streams: [UInt32: Halves] = [:]
    private var lastStream: UInt32 = 0
    private var gate: ReadGate?
    private var isClosing = false
    private var hasLeft = false

    /// Which halves of a stream are open.
    private struct Halves {
        var isReceiving = true
        var isSending = true
    }

    init(_ user: any User) { self.user = user }

    var loop: (any EventLoop)? { context?.eventLoop }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        gate = ReadGate(context.channel)
        user.begin(self)
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data).readableBytesView)
        do throws(MalformedFrame) {
            while let frame = try reader.next() {
                // Its length may be anything: who waits for its end is held up by whoever sends noise.
                if case .data(let stream, _, _) = frame, stream > lastStream { throw .stream(stream) }
                take(frame)
            }
        } catch {
            write(.goAway(lastStream: lastStream))
            context.flush()
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }

    private func take(_ frame: Frame) {
        switch frame {
        case .open(let stream, let headers, let isLast):
            // A client's numbers are odd and grow.
            guard stream % 2 == 1, stream > lastStream else {
                return write(.reset(stream: stream, .protocolError))
            }
            lastStream = stream
            guard streams.count < Self.mostStreams, !isClosing else {
                return write(.reset(stream: stream, .refusedStream))
            }
            streams[stream] = Halves()
            guard user.opened(stream, headers) else {
                streams[stream] = nil
                return write(.reset(stream: stream, .refusedStream))
            }
            write(.reply(stream: stream))
            if isLast { endReceiving(stream) }
        case .data(let stream, let bytes, let isLast):
            guard streams[stream]?.isReceiving == true else { return }
            if !bytes.isEmpty { take(bytes, on: stream) }
            if isLast { endReceiving(stream) }
        case .reset(let stream, _): if streams.removeValue(forKey: stream) != nil { user.reset(stream) }
        case .ping: write(frame)
        case .reply, .goAway, .other: break
        }
    }

    private func take(_ bytes: [UInt8], on stream: UInt32) {
        guard let taken = user.came(ByteBuffer(bytes: bytes), on: stream) else { return }
        gate?.hold(bytes.count, until: taken)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        gate?.update()
        context.fireChannelWritabilityChanged()
    }

    private func endReceiving(_ stream: UInt32) {
        guard streams[stream]?.isReceiving == true else { return }
        streams[stream]?.isReceiving = false
        user.ended(stream)
        forgetIfEnded(stream)
    }

    private func forgetIfEnded(_ stream: UInt32) {
        if let halves = streams[stream], !halves.isReceiving, !halves.isSending { streams[stream] = nil }
    }

    // MARK: To the client

    /// Sends bytes on a stream.
    ///
    /// - Parameter isLast: nothing more is sent on it.
    /// - Returns: done once they are on their way; nil for a stream on which nothing is sent any more.
    @discardableResult
    func send(_ bytes: ByteBuffer, on stream: UInt32, isLast: Bool = false) -> EventLoopFuture<Void>? {
        guard let context, streams[stream]?.isSending == true else { return nil }
        let head = FrameWriter.head(stream, count: bytes.readableBytes, isLast: isLast)
        var frame = context.channel.allocator.buffer(capacity: head.count + bytes.readableBytes)
        frame.writeBytes(head)
        frame.writeImmutableBuffer(bytes)
        if isLast {
            streams[stream]?.isSending = false
            forgetIfEnded(stream)
        }
        return context.writeAndFlush(wrapOutboundOut(frame))
    }

    /// Nothing more is sent on a stream.
    func end(_ stream: UInt32) { send(ByteBuffer(), on: stream, isLast: true) }

    /// Says that it is over, and leaves the end to the client: what it still sends would have the kernel throw away what it has not
    /// read yet (RFC 9112, 9.6).
    func finish() {
        guard let context, !isClosing else { return }
        isClosing = true
        write(.goAway(lastStream: lastStream))
        context.flush()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(10)) { bound.value.close() }
    }

    func close() { context?.close(promise: nil) }

    private func write(_ frame: Frame) {
        guard let context else { return }
        context.write(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: writer.bytes(of: frame))), promise: nil)
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    private func leave() {
        guard !hasLeft else { return }
        hasLeft = true
        streams = [:]
        user.left()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
