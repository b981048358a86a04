import ClusterObjects
import NIOCore
import NIOHTTP1
import NIOWebSocket

extension APIConnection {
    /// What a connection is about to be.
    enum Upgrade {
        case exec(PodProcess, PodUpgrade.Exec)
        case portForward(ObjectStore.Name, [UInt16])
    }

    /// How a connection becomes something else than one of requests.
    func upgrades(on loop: any EventLoop) -> NIOHTTPServerUpgradeSendableConfiguration {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let sockets = NIOWebSocketServerUpgrader(
            maxFrameSize: 1 << 20, automaticErrorHandling: true,
            shouldUpgrade: { _, head in
                bound.value.prepare(head, .webSocket, "Sec-WebSocket-Protocol", on: loop)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture { try bound.value.handOver(channel, .webSocket) }
            })
        return (upgraders: [sockets, SPDYUpgrader(connection: bound)], completionHandler: { _ in })
    }

    /// Starts what a request asks for, at once or when the lab's objects have come.
    ///
    /// - Parameter field: the header field that forms are told in.
    /// - Returns: the header fields of the answer; nil where it is not started, and the request is refused like another.
    fileprivate func prepare(
        _ head: HTTPRequestHead, _ transport: PodUpgrade.Transport, _ field: String, on loop: any EventLoop
    ) -> EventLoopFuture<HTTPHeaders?> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return server.ready.flatMap { bound.value.prepareNow(head, transport, field, on: loop) }
    }

    private func prepareNow(
        _ head: HTTPRequestHead, _ transport: PodUpgrade.Transport, _ field: String, on loop: any EventLoop
    ) -> EventLoopFuture<HTTPHeaders?> {
        let forms = head.headers[field].flatMap { $0.split(separator: ",") }.map { String($0.filter { $0 != " " }) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        do throws(Refusal) {
            let wanted = try server.upgrade(head.uri, transport, forms: forms)
            let headers = HTTPHeaders([(field, wanted.form)])
            switch wanted.purpose {
            case .portForward(let ports):
                upgrade = .portForward(wanted.pod, ports)
                return loop.makeSucceededFuture(headers)
            case .exec(let exec):
                return server.desk.start(
                    wanted.pod, exec.command, hasInput: exec.hasInput, isTerminal: exec.isTerminal, on: loop
                ).map { process in
                    let connection = bound.value
                    if connection.context == nil {
                        connection.server.desk.discard(process)
                    } else {
                        connection.upgrade = .exec(process, exec)
                    }
                    return headers
                }.recover { error in
                    bound.value.refusal = error as? Refusal ?? Refusal(500, "InternalError", "\(error)")
                    return nil
                }
            }
        } catch {
            refusal = error
            return loop.makeSucceededFuture(nil)
        }
    }

    /// Leaves the connection to what it has become.
    fileprivate func handOver(_ channel: any Channel, _ transport: PodUpgrade.Transport) throws {
        guard let upgrade else { throw ChannelError.inputClosed }
        self.upgrade = nil
        let pipeline = channel.pipeline.syncOperations
        // Channels have a number at the beginning of a message, in however many frames it comes.
        let aggregator = NIOWebSocketFrameAggregator(
            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: 1 << 20)
        switch (upgrade, transport) {
        case (.exec(let process, _), .webSocket):
            let streams = ProcessStreams(process, server, on: channel.eventLoop)
            try pipeline.addHandlers([aggregator, WebSocketExec(streams)])
        case (.exec(let process, let exec), .spdy):
            let streams = ProcessStreams(process, server, on: channel.eventLoop)
            try pipeline.addHandler(SPDYConnection(SPDYExec(streams, exec.streams)))
        case (.portForward(let pod, let ports), .webSocket) where !ports.isEmpty:
            try pipeline.addHandlers([aggregator, WebSocketPortForward(pod, ports: ports, server)])
        case (.portForward(let pod, _), .webSocket):
            try pipeline.addHandlers([WebSocketTunnel(), SPDYConnection(PortForward(pod, server))])
        case (.portForward(let pod, _), .spdy): try pipeline.addHandler(SPDYConnection(PortForward(pod, server)))
        }
        // The HTTP handlers have gone by themselves.
        pipeline.removeHandler(self, promise: nil)
    }
}

/// Makes of a connection one of SPDY/3.1.
private struct SPDYUpgrader: HTTPServerProtocolUpgrader, Sendable {
    let connection: NIOLoopBound<APIConnection>

    let supportedProtocol = "SPDY/3.1"
    let requiredUpgradeHeaders: [String] = []

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let prepared = connection.value.prepare(
            upgradeRequest, .spdy, "X-Stream-Protocol-Version", on: channel.eventLoop)
        return prepared.flatMapThrowing { headers in
            guard let headers else { throw ChannelError.operationUnsupported }
            var all = initialResponseHeaders
            all.add(contentsOf: headers)
            return all
        }
    }

    func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture { try connection.value.handOver(channel, .spdy) }
    }
}
