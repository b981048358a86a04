import Glibc
import NIOCore

/// What answers on one connection: bytes in, bytes out. It does no input or output itself.
protocol StreamAnswerer {
    /// Takes bytes in that came.
    mutating func append(_ bytes: some Sequence<UInt8>)

    /// What to send next; nil if more must come in before.
    mutating func next() -> StreamStep?

    /// How long the connection may stay as it is. A phase that begins anew has its time anew.
    var phase: StreamPhase { get }
}

/// A piece of an answer.
struct StreamStep {
    var bytes: [UInt8]
    /// Whether the connection ends after it.
    var isLast = false
}

/// What a connection is at, and how long that may take.
struct StreamPhase: Equatable {
    /// Phases of equal numbers are the same one going on.
    var number: Int
    var limit: TimeAmount
}

/// One connection: reads when what came before is answered and taken, so that no client can make the process hold more than
/// a few buffers, and ends when the client takes too long.
///
/// The event loop's thread alone uses it.
final class Stream<Answerer: StreamAnswerer>: ChannelInboundHandler, Connection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let endpoint: Endpoint
    private(set) var deadline: NIODeadline
    private let connections: Connections
    private var answerer: Answerer
    private var context: ChannelHandlerContext?
    private var phase: StreamPhase?
    private var state = State.open
    private var isAdvancing = false

    private enum State {
        case open
        /// The client sends no more.
        case inputEnded
        /// The last answer was given; what the client still sends is let pass, so that it reads the answer before it sees
        /// the end (RFC 9112, 9.6).
        case lastGiven
        case ended
    }

    init(_ endpoint: Endpoint, _ answerer: Answerer, _ connections: Connections) {
        self.endpoint = endpoint
        self.answerer = answerer
        self.connections = connections
        deadline = .now() + .seconds(10)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        connections.add(self)
        advance(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .ended
        connections.remove(self)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .open else { return }
        answerer.append(unwrapInboundIn(data).readableBytesView)
    }

    func channelReadComplete(context: ChannelHandlerContext) { advance(context) }

    func channelWritabilityChanged(context: ChannelHandlerContext) { advance(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        switch state {
        case .open:
            state = .inputEnded
            advance(context)
        case .lastGiven: context.close(promise: nil)
        case .inputEnded, .ended: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

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

    /// Answers what can be answered, sends it, and asks for more.
    private func advance(_ context: ChannelHandlerContext) {
        // Sending may tell at once that there is room again: the loop below looks itself.
        guard !isAdvancing, state != .ended else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var wrote = false
        while state == .open || state == .inputEnded, context.channel.isWritable {
            guard let step = answerer.next() else { break }
            if !step.bytes.isEmpty {
                context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: step.bytes)), promise: nil)
            }
            wrote = true
            if step.isLast { finish(context) }
            if !context.channel.isWritable { context.flush() }
        }
        if wrote { context.flush() }
        guard context.channel.isActive else { return }
        let isStalled = !context.channel.isWritable
        if state == .inputEnded, !isStalled { finish(context) }
        if !isStalled { context.read() }
        keepTime(isStalled: isStalled, hasAnswered: wrote)
    }

    /// Sends the end after what is on its way, and closes the connection once both sides have ended it.
    private func finish(_ context: ChannelHandlerContext) {
        let mode: CloseMode = state == .inputEnded ? .all : .output
        state = .lastGiven
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(capacity: 0)), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: mode, promise: nil) }
    }

    private func keepTime(isStalled: Bool, hasAnswered: Bool) {
        var current = answerer.phase
        if isStalled { current = StreamPhase(number: -1, limit: .seconds(10)) }
        if state == .lastGiven { current = StreamPhase(number: -2, limit: .seconds(2)) }
        guard current != phase || (hasAnswered && !isStalled) else { return }
        phase = current
        deadline = .now() + current.limit
    }
}
