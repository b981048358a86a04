import ClusterObjects
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOTLS
import NIOWebSocket

/// One client's connection: HTTP/1.1 inside of TLS, a request at a time.
final class APIConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a head may have: its bytes and its fields. Commands of `exec` are in the target.
    static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = RequestTarget.longest * 2
        limits.maxHeaderListSize = RequestTarget.longest * 4
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    let server: APIServer
    private(set) var context: ChannelHandlerContext?
    private var isAdmitted = false
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Whether no other request follows on the connection: what reads requests stops at one that asks for something else to be
    /// made of the connection, also where that is refused.
    private var isLastRequest = false
    private var watch: WatchSubscription?
    private var watchEnd: Scheduled<Void>?
    private var bookmarks: RepeatedTask?
    private var deadline: Scheduled<Void>?
    /// Why what the request wants to be is not made of the connection.
    var refusal: Refusal?
    /// What the connection is about to be.
    var upgrade: Upgrade?
    private var log: LogFilter?
    private var logSource: (any Channel)?

    init(_ server: APIServer) { self.server = server }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin() }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin()
        context.fireChannelActive()
    }

    private func begin() {
        guard !isAdmitted else { return }
        isAdmitted = server.admit(self)
        guard isAdmitted else { return close() }
        allow(.seconds(10))
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    private func leave() {
        endWatch()
        endLog()
        deadline?.cancel()
        if isAdmitted { server.dismiss(self) }
        isAdmitted = false
        if case .exec(let process, _)? = upgrade { server.desk.discard(process) }
        upgrade = nil
    }

    func close() { context?.close(promise: nil) }

    /// Closes the connection if nothing else is allowed until then.
    private func allow(_ time: TimeAmount) {
        deadline?.cancel()
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: time) { bound.value.close() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            server.recognize(self)
            allow(.minutes(5))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What the connection is not made to be, is refused once the request has come.
        if refusal != nil, head == nil { return }
        guard error is HTTPParserError, head == nil, watch == nil, log == nil else {
            return context.close(promise: nil)
        }
        refuse(Refusal.badRequest("the request cannot be read"))
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isLastRequest = !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade")
            allow(.minutes(1))
            if let length = head.headers.first(name: "content-length"), Int(length) ?? .max > APIRequest.longestBody {
                return refuseBody()
            }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        case .body(let bytes):
            guard head != nil else { return }
            if body.count + bytes.readableBytes > APIRequest.longestBody { return refuseBody() }
            body += bytes.readableBytesView
        case .end:
            guard let head else { return }
            deadline?.cancel()
            if let refusal {
                self.refusal = nil
                return answer(.document(status: refusal.code, refusal.json))
            }
            guard let target = RequestTarget(head.uri) else { return refuse(.badRequest("the path cannot be read")) }
            let request = APIRequest(
                method: head.method.rawValue, target: target, accept: head.headers["accept"],
                contentType: head.headers.first(name: "content-type"), body: body)
            body = []
            server.ask(request, self)
        }
    }

    private func refuseBody() {
        refuse(
            Refusal(
                413, "RequestEntityTooLarge", "limit is \(APIRequest.longestBody) bytes: the request is too large"))
    }

    /// Refuses a request and ends the connection: where the next one would begin is not known.
    private func refuse(_ refusal: Refusal) {
        send(status: refusal.code, refusal.json.bytes, "application/json", isLast: true)
    }

    // MARK: Answers

    func answer(_ answer: APIAnswer) {
        switch answer {
        case .document(let status, let json, let type): send(status: status, json.bytes, type)
        case .text(let status, let text): send(status: status, Array(text.utf8), "text/plain; charset=utf-8")
        // Of a stream there is nothing but its head.
        case .watch where head?.method == .HEAD: send(status: 200, [], "application/json")
        case .log where head?.method == .HEAD: send(status: 200, [], "text/plain")
        case .watch(let subscription): begin(subscription)
        case .log(let query): begin(query)
        }
    }

    private func send(status: Int, _ body: [UInt8], _ type: String, isLast: Bool = false) {
        guard let context else { return }
        let isHead = head?.method == .HEAD
        let keepsAlive = !isLast && !isLastRequest
        head = nil
        var headers = headers(type)
        headers.add(name: "Content-Length", value: "\(body.count)")
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let response = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if !isHead {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
        }
        // Who does not take an answer is not waited for without end.
        allow(.minutes(1))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if keepsAlive { return bound.value.waitForRequest() }
            // What the client still sends is let pass, so that it reads the answer before it sees the end (RFC 9112, 9.6).
            if isLast { bound.value.allow(.seconds(2)) } else { bound.value.close() }
        }
    }

    private func waitForRequest() {
        if isLastRequest { return close() }
        if head == nil, watch == nil, log == nil { allow(.minutes(5)) }
    }

    private func headers(_ type: String) -> HTTPHeaders {
        HTTPHeaders([("Content-Type", type), ("Cache-Control", "no-cache, private"), ("Audit-Id", "nslab")])
    }

    // MARK: Watches

    private func begin(_ subscription: WatchSubscription) {
        guard let context else { return }
        let response = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers("application/json"))
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        var subscription = subscription
        let lines = server.begin(&subscription, self)
        watch = subscription
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        watchEnd = context.eventLoop.scheduleTask(in: .seconds(Int64(subscription.seconds))) {
            bound.value.finishWatch()
        }
        bookmarks = context.eventLoop.scheduleRepeatedTask(initialDelay: .minutes(1), delay: .minutes(1)) { _ in
            bound.value.writeBookmark()
        }
        write(lines)
        context.flush()
        tellNews()
    }

    /// Tells what has happened since, as fast as the client takes it.
    func tellNews() {
        guard let context, var subscription = watch else { return }
        guard context.channel.isWritable else { return allow(.minutes(1)) }
        do throws(Refusal) {
            let lines = try server.news(for: &subscription)
            watch = subscription
            guard !lines.isEmpty else { return }
            write(lines)
            context.flush()
        } catch {
            write(APIService.lastLine(error))
            finishWatch()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, watch != nil {
            deadline?.cancel()
            tellNews()
        }
        context.fireChannelWritabilityChanged()
    }

    private func writeBookmark() {
        guard let context, context.channel.isWritable, var subscription = watch else { return }
        write(server.bookmark(of: &subscription))
        watch = subscription
        context.flush()
    }

    private func write(_ lines: [UInt8]) {
        guard let context, !lines.isEmpty else { return }
        context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: lines)))), promise: nil)
    }

    private func finishWatch() {
        guard let context, watch != nil else { return }
        endWatch()
        head = nil
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        allow(.minutes(1))
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.waitForRequest() }
    }

    private func endWatch() {
        guard watch != nil else { return }
        watch = nil
        watchEnd?.cancel()
        bookmarks?.cancel()
        server.endWatch(self)
    }

    // MARK: Logs

    private func begin(_ query: LogQuery) {
        guard let loop = context?.eventLoop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        server.desk.log(query.pod, follows: query.follows, on: loop).flatMap { descriptor in
            NIOPipeBootstrap(group: loop)
                // One piece is on its way at a time: who takes nothing keeps no more of the log here.
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LogReader(bound.value))
                    }
                }
                .takingOwnershipOfDescriptor(input: descriptor)
        }.whenComplete { result in
            switch result {
            case .success(let source): bound.value.begin(LogFilter(query), source)
            case .failure(let error):
                let refusal = error as? Refusal ?? Refusal(500, "InternalError", "\(error)")
                bound.value.answer(.document(status: refusal.code, refusal.json))
            }
        }
    }

    private func begin(_ filter: LogFilter, _ source: any Channel) {
        guard let context else { return source.close(promise: nil) }
        log = filter
        logSource = source
        let response = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers("text/plain"))
        context.writeAndFlush(wrapOutboundOut(.head(response)), promise: nil)
        source.read()
    }

    /// Some of a log has come.
    fileprivate func logCame(_ bytes: ByteBuffer) {
        guard let context, let source = logSource, var filter = log else { return }
        let lines = filter.take(bytes.readableBytesView)
        log = filter
        if filter.isDone { return logEnded(lines) }
        let body = HTTPServerResponsePart.body(.byteBuffer(context.channel.allocator.buffer(bytes: lines)))
        let written = context.writeAndFlush(wrapOutboundOut(body))
        written.whenSuccess { source.read() }
    }

    fileprivate func logEnded(_ lines: [UInt8] = []) {
        guard let context, var filter = log else { return }
        write(lines + filter.end())
        endLog()
        head = nil
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        allow(.minutes(1))
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.waitForRequest() }
    }

    private func endLog() {
        log = nil
        logSource?.close(promise: nil)
        logSource = nil
    }
}

/// Reads what a pod has logged.
private final class LogReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: APIConnection

    init(_ connection: APIConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection.logCame(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) { connection.logEnded() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
