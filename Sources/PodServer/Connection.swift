import Glibc
import NIOCore

/// One connection, at the front of its pipeline: it keeps its time and ends it.
///
/// The event loop's thread alone uses it.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The socket that it came in at.
    let socket: AnsweringSocket
    /// When it is ended unless something happens before.
    private(set) var deadline = NIODeadline.now() + .seconds(10)
    private let connections: Connections
    private var context: ChannelHandlerContext?
    private var limit = TimeAmount.seconds(10)
    private var limitOnceBegun: TimeAmount?
    private var isInputEnded = false
    private var state = State.open

    private enum State {
        case open
        /// The last answer was given; what the client still sends is let pass, so that it reads the answer before it sees
        /// the end (RFC 9112, 9.6).
        case finished
        case ended
    }

    init(_ socket: AnsweringSocket, _ connections: Connections) {
        self.socket = socket
        self.connections = connections
    }

    /// Gives the client this long from now on. A client that takes nothing of what is sent has ten seconds instead.
    ///
    /// - Parameter onceBegun: how long it has from the next byte that it sends, whatever comes after that one; nil for no
    ///   other limit.
    func allow(_ limit: TimeAmount, onceBegun: TimeAmount? = nil) {
        self.limit = limit
        limitOnceBegun = onceBegun
        if context?.channel.isWritable ?? true { deadline = .now() + limit }
    }

    /// Sends the end after what is on its way, and closes the connection once both sides have ended it.
    func finish() {
        guard let context, state == .open else { return }
        state = .finished
        allow(.seconds(2))
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(capacity: 0)), promise: sent)
        let mode: CloseMode = isInputEnded ? .all : .output
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: mode, promise: nil) }
    }

    /// Ends it at once, with what is on its way sent on if `isOrderly`.
    func end(isOrderly: Bool) {
        guard let context, state != .ended else { return }
        state = .ended
        guard !isOrderly, let socket = context.channel as? any SocketOptionProvider else {
            context.close(promise: nil)
            return
        }
        // A reset: nothing of the connection stays in its namespace. What the client has not taken is lost.
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        connections.add(self)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .ended
        connections.remove(self)
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .open else { return }
        if let limitOnceBegun { allow(limitOnceBegun) }
        context.fireChannelRead(data)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadline = .now() + (context.channel.isWritable ? limit : .seconds(10))
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            isInputEnded = true
            if state == .finished { return context.close(promise: nil) }
        }
        if state == .open { context.fireUserInboundEventTriggered(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
