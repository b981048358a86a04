import ClusterObjects
import Glibc
import NIOCore

/// The objects that are served, and the connections that they are served on. It lives on one event loop.
final class APIServer {
    private var service: APIService?
    /// Whether all objects of the lab have come.
    private var isReady = false
    private let readiness: EventLoopPromise<Void>
    /// Where clients reach it.
    private let address: String
    /// Where it is asked for what is to run in pods.
    let desk: PodDesk
    private var waiting: [ObjectIdentifier: Waiting] = [:]
    private var watching: [ObjectIdentifier: APIConnection] = [:]
    /// Connections whose client has not proved who it is, the oldest first.
    private var strangers: [APIConnection] = []
    private var connectionCount = 0
    private var forwardingCount = 0
    private let mostForwardings: Int

    private struct Waiting {
        var connection: APIConnection
        var request: APIRequest
    }

    /// The most connections at once: beyond them one that comes is closed.
    static let mostConnections = 512
    /// The most connections of strangers: beyond them the oldest is closed, so that they keep no client away.
    static let mostStrangers = 64

    /// - Parameter files: how many descriptors the process may have.
    init(address: String, _ desk: PodDesk, files: Int, on loop: any EventLoop) {
        readiness = loop.makePromise()
        mostForwardings = min(512, files / 4)
        self.address = address
        self.desk = desk
    }

    // MARK: Objects

    /// Takes in a message of the process that knows the lab.
    func take(_ update: ObjectUpdate) {
        if case .begin(let beginning) = update {
            service = APIService(beginning, address: address)
            return
        }
        service?.apply(update)
        guard case .ready = update, !isReady else { return }
        isReady = true
        readiness.succeed()
        let waiting = waiting.values
        self.waiting = [:]
        for entry in waiting { entry.connection.answer(answer(entry.request)) }
    }

    /// Done once all objects of the lab have come.
    var ready: EventLoopFuture<Void> { readiness.futureResult }

    /// Tells those who watch what has come.
    func tellWatchers() { for connection in watching.values { connection.tellNews() } }

    /// Now, as objects have it.
    static var now: Timestamp { Timestamp(seconds: time(nil)) }

    // MARK: Requests

    /// Answers a request, at once or when there is something to answer.
    func ask(_ request: APIRequest, _ connection: APIConnection) {
        guard isReady else {
            waiting[ObjectIdentifier(connection)] = Waiting(connection: connection, request: request)
            return
        }
        connection.answer(answer(request))
    }

    private func answer(_ request: APIRequest) -> APIAnswer {
        service?.answer(request, at: Self.now) ?? .text(status: 503, "no objects yet")
    }

    /// The lines that a watch begins with.
    func begin(_ subscription: inout WatchSubscription, _ connection: APIConnection) -> [UInt8] {
        watching[ObjectIdentifier(connection)] = connection
        return service?.firstLines(of: &subscription, at: Self.now) ?? []
    }

    /// What a watch is to be told.
    ///
    /// - Throws: `Refusal` where it has to end.
    func news(for subscription: inout WatchSubscription) throws(Refusal) -> [UInt8] {
        try service?.nextLines(of: &subscription, at: Self.now) ?? []
    }

    func bookmark(of subscription: inout WatchSubscription) -> [UInt8] {
        service?.bookmark(of: &subscription, at: Self.now) ?? []
    }

    func endWatch(_ connection: APIConnection) { watching[ObjectIdentifier(connection)] = nil }

    // MARK: Pods

    /// Reads a request for a connection that becomes a pod's.
    ///
    /// - Parameters:
    ///   - forms: those that the client speaks, the best first.
    ///   - transport: what the connection is to become.
    func upgrade(_ uri: String, _ transport: PodUpgrade.Transport, forms: [String]) throws(Refusal) -> PodUpgrade {
        guard let service else { throw Refusal(503, "ServiceUnavailable", "no objects yet") }
        guard let target = RequestTarget(uri), let path = ObjectPath(target.path), let part = path.subresource,
            let kind = service.kinds[path.kind], kind.kind == "Pod", let namespace = path.namespace,
            let name = path.name
        else { throw .noSuchPath }
        let place = ObjectStore.Name(namespace: namespace, name: name)
        guard let pod = service.store.object(place, of: kind) else { throw .notFound(kind, name) }
        return try PodUpgrade(part, of: pod, place, target, transport, forms)
    }

    // MARK: Connections

    /// Counts a new connection in.
    ///
    /// - Returns: false where there are too many.
    func admit(_ connection: APIConnection) -> Bool {
        guard connectionCount < Self.mostConnections else { return false }
        connectionCount += 1
        strangers.append(connection)
        if strangers.count > Self.mostStrangers { strangers.removeFirst().close() }
        return true
    }

    /// Counts a connection that has become a command's streams.
    func keep() { connectionCount += 1 }

    func letGo() { connectionCount -= 1 }

    /// Counts a connection to a pod's port in.
    ///
    /// - Returns: false where there are too many.
    func beginForwarding() -> Bool {
        guard forwardingCount < mostForwardings else { return false }
        forwardingCount += 1
        return true
    }

    func endForwarding() { forwardingCount -= 1 }

    /// A client has proved who it is.
    func recognize(_ connection: APIConnection) { strangers.removeAll { $0 === connection } }

    func dismiss(_ connection: APIConnection) {
        connectionCount -= 1
        strangers.removeAll { $0 === connection }
        waiting[ObjectIdentifier(connection)] = nil
        watching[ObjectIdentifier(connection)] = nil
    }
}
