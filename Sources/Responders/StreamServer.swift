import Addresses
import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What answers connections: one event loop for all sockets.
final class StreamServer: Sendable {
    private let eventLoop: any EventLoop
    private let zone: CurrentZone
    private let connections: NIOLoopBoundBox<Connections>
    private let sockets = Mutex<[SocketName: Held]>([:])

    private struct Held {
        var channel: any Channel
        var endpoint: Endpoint
    }

    /// - Parameter mostConnections: how many may be open at once.
    init(mostConnections: Int, _ zone: CurrentZone) {
        self.zone = zone
        let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.eventLoop = eventLoop
        connections = .makeBoxSendingValue(Connections(most: mostConnections, on: eventLoop), eventLoop: eventLoop)
    }

    /// The names of the sockets that are held and that take connections.
    var names: [SocketName] { sockets.withLock { $0.filter(\.value.channel.isActive).map(\.key) } }

    /// Makes the sockets those that a plan names, with those that came anew, and has them answer as it says. Connections of
    /// sockets that go are ended.
    func apply(_ plan: ResponderPlan, adding new: [OpenSocket]) throws {
        let contents = plan.contents(.tcp)
        var (kept, gone) = sockets.withLock { sockets in
            let kept = sockets.filter { contents[$0.key] != nil && $0.value.channel.isActive }
            return (kept, sockets.filter { kept[$0.key] == nil })
        }
        for (name, held) in kept { if let content = contents[name] { held.endpoint.current = content } }
        let lacking = new.filter { contents[$0.name] != nil && kept[$0.name] == nil }
        // Begun on the loop itself, which is not woken for each of them then.
        let begun = eventLoop.flatSubmit { [self] in
            EventLoopFuture.whenAllSucceed(
                lacking.compactMap { socket in contents[socket.name].map { listen(socket, $0) } }, on: eventLoop)
        }
        for held in try begun.wait() { kept[held.endpoint.name] = held }
        sockets.withLock { $0 = kept }
        for held in gone.values { held.channel.close(promise: nil) }
        let endpoints = gone.values.map(\.endpoint)
        try eventLoop.submit { [connections] in connections.value.end(of: endpoints) }.wait()
    }

    /// Ends all connections at once, as the process ends.
    func endConnections() {
        try? eventLoop.submit { [connections] in connections.value.endAll() }.wait()
        // What that has begun is done before this.
        try? eventLoop.submit {}.wait()
    }

    private func listen(_ socket: OpenSocket, _ content: Endpoint.Content) -> EventLoopFuture<Held> {
        let endpoint = Endpoint(name: socket.name, content)
        // The channel closes what it is given.
        let number = fcntl(socket.descriptor.number, F_DUPFD_CLOEXEC, 3)
        guard number >= 0 else { return eventLoop.makeFailedFuture(IOError(errnoCode: errno, reason: "fcntl")) }
        return ServerBootstrap(group: eventLoop)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: StreamServer.readSize)
            )
            .childChannelInitializer { [connections, zone] channel in
                channel.eventLoop.makeCompletedFuture {
                    try StreamServer.answer(channel, endpoint, zone, connections.value)
                }
            }
            .withBoundSocket(number)
            .map { channel in
                // SwiftNIO has called listen(2) again, with a shorter queue.
                Glibc.listen(number, ListeningSocket.backlog)
                return Held(channel: channel, endpoint: endpoint)
            }
    }

    /// The most that is read at once, in bytes: as much as a client can have parsed before an answer is due.
    private static let readSize = 4096

    /// Gives a new connection what answers it.
    private static func answer(
        _ channel: any Channel, _ endpoint: Endpoint, _ zone: CurrentZone, _ connections: Connections
    ) throws {
        let content = endpoint.current
        let connection = Connection(endpoint, connections)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(connection)
        switch content.answer {
        case .http(let body):
            try pipeline.configureHTTPServerPipeline(
                withErrorHandling: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: HTTPHandler.headLimits)
            let page = PodPage(content.pod, client: PodPage.Client(channel.remoteAddress))
            try pipeline.addHandler(HTTPHandler(connection, page, body: body))
        case .echo: try pipeline.addHandlers([BackPressureHandler(), EchoHandler(connection)])
        case .dns: try pipeline.addHandlers([BackPressureHandler(), DNSHandler(connection, zone)])
        }
    }
}

extension PodPage {
    init(_ pod: ResponderPlan.Pod, client: Client?) {
        self.init(
            name: pod.name, namespace: pod.namespace, node: pod.node, addresses: pod.addresses, client: client)
    }
}

extension PodPage.Client {
    /// The far end of a connection; nil for one that is gone already.
    fileprivate init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            self.init(
                address: .v4(IPv4Address(UInt32(bigEndian: address.address.sin_addr.s_addr))),
                port: UInt16(bigEndian: address.address.sin_port))
        case .v6(let address):
            let value = withUnsafeBytes(of: address.address.sin6_addr) {
                $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            }
            self.init(address: .v6(IPv6Address(value)), port: UInt16(bigEndian: address.address.sin6_port))
        default: return nil
        }
    }
}
