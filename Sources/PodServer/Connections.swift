import NIOCore

/// All open connections: how many there may be, and which have had their time.
///
/// Past the most, the connection that has the least time left makes room: one that hangs in the middle of a request before
/// one that is idle, and that before one that is being answered. The event loop's thread alone uses it.
final class Connections {
    private var open: [ObjectIdentifier: Connection] = [:]
    private let most: Int
    private var sweep: RepeatedTask?
    private let eventLoop: any EventLoop

    init(most: Int, on eventLoop: any EventLoop) {
        self.most = max(1, most)
        self.eventLoop = eventLoop
    }

    func add(_ connection: Connection) {
        if open.count >= most, let oldest = open.values.min(by: { $0.deadline < $1.deadline }) {
            remove(oldest)
            oldest.end(isOrderly: false)
        }
        open[ObjectIdentifier(connection)] = connection
        guard sweep == nil else { return }
        let connections = NIOLoopBound(self, eventLoop: eventLoop)
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            connections.value.endThoseDue()
        }
    }

    func remove(_ connection: Connection) { open[ObjectIdentifier(connection)] = nil }

    /// Ends the connections of these sockets at once.
    func end(of sockets: [AnsweringSocket]) {
        let ended = Set(sockets.map { ObjectIdentifier($0) })
        for connection in Array(open.values) where ended.contains(ObjectIdentifier(connection.socket)) {
            connection.end(isOrderly: false)
        }
    }

    /// Ends all connections at once.
    func endAll() { for connection in Array(open.values) { connection.end(isOrderly: false) } }

    private func endThoseDue() {
        let now = NIODeadline.now()
        for connection in Array(open.values) where connection.deadline <= now { connection.end(isOrderly: true) }
        if open.isEmpty {
            sweep?.cancel()
            sweep = nil
        }
    }
}
