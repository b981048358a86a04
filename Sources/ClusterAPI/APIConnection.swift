import ClusterObjects
import NIOCore
import NIOHTTP1
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

    private let server: APIServer
    private var context: ChannelHandlerContext?
    private var isAdmitted = false
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var watch: WatchSubscription?
    private var watchEnd: Scheduled<Void>?
    private var bookmarks: RepeatedTask?
    private var deadline: Scheduled<Void>?
    /// Why what the request wants to be is not made of the connection.
    private var refusal: Refusal?
    /// What runs for a client whose connection is about to be its streams'.
    private var process: PodProcess?

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
        deadline?.cancel()
        if isAdmitted { server.dismiss(self) }
        isAdmitted = false
        if let process { server.desk.discard(process) }
        process = nil
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
        guard error is HTTPParserError, head == nil, watch == nil else { return context.close(promise: nil) }
        refuse(Refusal.badRequest("the request cannot be read"))
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
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
        case .watch(let subscription): begin(subscription)
        }
    }

    private func send(status: Int, _ body: [UInt8], _ type: String, isLast: Bool = false) {
        guard let context else { return }
        let isHead = head?.method == .HEAD
        let keepsAlive = !isLast && head?.isKeepAlive != false
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
            if keepsAlive { bound.value.waitForRequest() } else { bound.value.close() }
        }
    }

    private func waitForRequest() { if head == nil, watch == nil { allow(.minutes(5)) } }

    private func headers(_ type: String) -> HTTPHeaders {
        HTTPHeaders([("Content-Type", type), ("Cache-Control", "no-cache, private"), ("Audit-Id", "nslab")])
    }

    // MARK: Commands in pods

    /// How a connection becomes that of a command's streams.
    func upgrades(on loop: any EventLoop) -> NIOHTTPServerUpgradeSendableConfiguration {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let sockets = NIOWebSocketServerUpgrader(
            maxFrameSize: 1 << 20, automaticErrorHandling: true,
            shouldUpgrade: { _, head in bound.value.prepare(head, on: loop) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture { try bound.value.handOver(channel) }
            })
        return (upgraders: [sockets], completionHandler: { _ in })
    }

    /// Starts what a request asks for.
    ///
    /// - Returns: the header fields of the answer; nil where it is not started, and the request is refused like another.
    private func prepare(_ head: HTTPRequestHead, on loop: any EventLoop) -> EventLoopFuture<HTTPHeaders?> {
        let forms = head.headers["sec-websocket-protocol"].flatMap { $0.split(separator: ",") }.map {
            String($0.filter { $0 != " " })
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        do throws(Refusal) {
            let wanted = try server.execution(head.uri, forms: forms)
            return server.desk.start(
                wanted.pod, wanted.command, hasInput: wanted.hasInput, isTerminal: wanted.isTerminal, on: loop
            ).map { process in
                bound.value.process = process
                return HTTPHeaders([("Sec-WebSocket-Protocol", wanted.form)])
            }.recover { error in
                bound.value.refusal = error as? Refusal ?? Refusal(500, "InternalError", "\(error)")
                return nil
            }
        } catch {
            refusal = error
            return loop.makeSucceededFuture(nil)
        }
    }

    /// Leaves the connection to a command's streams.
    private func handOver(_ channel: any Channel) throws {
        guard let process else { throw ChannelError.inputClosed }
        self.process = nil
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: 1 << 20),
            ExecConnection(process, server),
        ])
        // The HTTP handlers have gone by themselves.
        pipeline.removeHandler(self, promise: nil)
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
}
