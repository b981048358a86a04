import DNS
import HTTP
import NIOCore
import Synchronization
import System

/// Answers DNS queries on a connection, one after the other (RFC 7766).
final class DNSHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Connection
    private let zone: CurrentZone
    private let client: PodPage.Client?
    private let log: PortLog?
    private var frames = TCPFrames()
    private var turn = 0
    private var isInputEnded = false
    private var isAdvancing = false

    /// How long a client has for a query, and until the next one.
    private static let limit = TimeAmount.seconds(10)

    /// - Parameter log: where queries are logged; nil for nowhere.
    init(_ connection: Connection, _ zone: CurrentZone, _ client: PodPage.Client?, _ log: PortLog?) {
        self.connection = connection
        self.zone = zone
        self.client = client
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) { connection.allow(Self.limit, onceBegun: Self.limit) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data).readableBytesView)
    }

    func channelReadComplete(context: ChannelHandlerContext) { advance(context) }

    func channelWritabilityChanged(context: ChannelHandlerContext) { advance(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        isInputEnded = true
        advance(context)
    }

    /// Answers as long as the client takes the answers.
    private func advance(_ context: ChannelHandlerContext) {
        // Sending may tell at once that there is room again: the loop looks itself.
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var answered = false
        while context.channel.isWritable {
            if let announced = frames.announced, announced > NameServer.longestQuery { return connection.finish() }
            guard let query = frames.next() else {
                if isInputEnded { connection.finish() }
                break
            }
            turn &+= 1
            let start = MonotonicClock.now
            guard let answer = zone.current?.answer(query, over: .tcp, turn: turn) else { return connection.finish() }
            log?.write(query: query, answer: answer, from: client, isTCP: true, since: start)
            context.write(
                wrapOutboundOut(context.channel.allocator.buffer(bytes: TCPFrames.framed(answer))), promise: nil)
            answered = true
            if !context.channel.isWritable { context.flush() }
        }
        if answered {
            context.flush()
            connection.allow(Self.limit, onceBegun: frames.count == 0 ? Self.limit : nil)
        }
    }
}

/// The name server of the moment, for all that answer DNS.
final class CurrentZone: Sendable {
    private let server = Mutex<NameServer?>(nil)

    var current: NameServer? {
        get { server.withLock { $0 } }
        set { server.withLock { $0 = newValue } }
    }
}

extension PortLog {
    /// Logs a query.
    ///
    /// - Parameter start: when it came, by the monotonic clock.
    func write(query: [UInt8], answer: [UInt8], from client: PodPage.Client?, isTCP: Bool, since start: UInt64) {
        let line = QueryLog(
            client: client?.logged ?? "-", query: query, answer: answer, isTCP: isTCP,
            duration: MonotonicClock.now - start)
        if let text = line.text { write(text) }
    }
}
