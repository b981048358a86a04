import Addresses
import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

import enum System.SocketAddress

/// What answers connections: one event loop for all sockets.
final class TCPServer: Sendable {
    private let eventLoop: any EventLoop
    private let zone: CurrentZone
    private let logs: PodLogs
    private let connections: NIOLoopBoundBox<Connections>
    private let sockets = Mutex<[SocketName: Held]>([:])

    private struct Held {
        var channel: any Channel
        var socket: AnsweringSocket
    }

    /// - Parameter mostConnections: how many may be open at once.
    init(mostConnections: Int, _ zone: CurrentZone, _ logs: PodLogs) {
        self.zone = zone
        self.logs = logs
        let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.eventLoop = eventLoop
        connections = .makeBoxSendingValue(Connections(most: mostConnections, on: eventLoop), eventLoop: eventLoop)
    }

    /// The names of the sockets that are held and that take connections.
    var names: [SocketName] { sockets.withLock { $0.filter(\.value.channel.isActive).map(\.key) } }

    /// Makes the sockets those that a plan names, with those that are new, and has them answer as it says. Connections of
    /// sockets that go are ended.
    func apply(_ plan: PodServerPlan, adding new: [ListeningSocket]) throws {
        let contents = plan.contents(.tcp)
        var (kept, gone) = sockets.withLock { sockets in
            let kept = sockets.filter { contents[$0.key] != nil && $0.value.channel.isActive }
            return (kept, sockets.filter { kept[$0.key] == nil })
        }
        for (name, held) in kept { if let content = contents[name] { held.socket.current = content } }
        let lacking = new.filter { contents[$0.name] != nil && kept[$0.name] == nil }
        // Begun on the loop itself, which is not woken for each of them then.
        let begun = eventLoop.flatSubmit { [self] in
            EventLoopFuture.whenAllSucceed(
                lacking.compactMap { socket in contents[socket.name].map { listen(socket, $0) } }, on: eventLoop)
        }
        for held in try begun.wait() { kept[held.socket.name] = held }
        sockets.withLock { $0 = kept }
        for held in gone.values { held.channel.close(promise: nil) }
        let ended = gone.values.map(\.socket)
        try eventLoop.submit { [connections] in connections.value.end(of: ended) }.wait()
    }

    /// Ends all connections at once, as the process ends.
    func endConnections() {
        try? eventLoop.submit { [connections] in connections.value.endAll() }.wait()
        // What that has begun is done before this.
        try? eventLoop.submit {}.wait()
    }

    private func listen(_ listening: ListeningSocket, _ content: AnsweringSocket.Content) -> EventLoopFuture<Held> {
        let socket = AnsweringSocket(name: listening.name, content)
        // The channel closes what it is given.
        let number = fcntl(listening.descriptor.number, F_DUPFD_CLOEXEC, 3)
        guard number >= 0 else { return eventLoop.makeFailedFuture(IOError(errnoCode: errno, reason: "fcntl")) }
        return ServerBootstrap(group: eventLoop)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: TCPServer.readSize)
            )
            .childChannelInitializer { [connections, zone, logs] channel in
                channel.eventLoop.makeCompletedFuture {
                    try TCPServer.answer(channel, socket, zone, logs, connections.value)
                }
            }
            .withBoundSocket(number)
            .map { channel in
                // SwiftNIO has called listen(2) again, with a shorter queue.
                Glibc.listen(number, ListeningSocket.backlog)
                return Held(channel: channel, socket: socket)
            }
    }

    /// The most that is read at once, in bytes: as much as a client can have parsed before an answer is due.
    private static let readSize = 4096

    /// Gives a new connection what answers it.
    private static func answer(
        _ channel: any Channel, _ socket: AnsweringSocket, _ zone: CurrentZone, _ logs: PodLogs,
        _ connections: Connections
    ) throws {
        let content = socket.current
        let log = PortLog(logs, content.pod.page, port: socket.name.port)
        let client = PodPage.Client(channel.remoteAddress)
        let connection = Connection(socket, connections)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(connection)
        switch content.answer {
        case .http(let body):
            var page = content.pod.page
            page.client = client
            let fixed = body.map { FixedAnswer(body: Array($0.utf8)) }
            try answer(pipeline, with: HTTPHandler(connection, page, always: fixed, log: log))
        case .health(let health):
            try answer(pipeline, with: HTTPHandler(connection, content.pod.page, always: health.answer))
        case .echo:
            if let log, let client { log.write("\(client.logged) connected") }
            try pipeline.addHandlers([BackPressureHandler(), EchoHandler(connection)])
        case .dns:
            try pipeline.addHandlers([BackPressureHandler(), DNSHandler(connection, zone, client, log)])
        }
    }

    private static func answer(
        _ pipeline: ChannelPipeline.SynchronousOperations, with handler: HTTPHandler
    ) throws {
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: HTTPHandler.headLimits)
        try pipeline.addHandler(handler)
    }
}

extension PodPage.Client {
    /// The far end of a connection; nil for one that is gone already.
    fileprivate init?(_ remote: NIOCore.SocketAddress?) {
        guard let remote = remote?.withSockAddr({ address, _ in SocketAddress(address) }),
            let address = remote.address
        else { return nil }
        self.init(address: address, port: remote.port)
    }
}
