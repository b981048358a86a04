import Addresses
import DNS
import Glibc
import HTTP
import Synchronization
import System

/// What answers datagrams, on a thread of its own that waits for all sockets at once.
///
/// Not on SwiftNIO: its datagram channels close themselves where sending fails, and a client can make it fail (a sender's
/// port 0, an address that no route leads to). Here an answer that cannot be sent is lost, as answers on UDP may be.
final class UDPServer: Sendable {
    private let poller: Poller
    private let zone: CurrentZone
    private let logs: PodLogs
    private let state = Mutex(State())

    private struct State {
        /// By the number of the descriptor.
        var sockets: [Int: Answering] = [:]
        /// The ports that send back what they get: two of them would never end talking to each other.
        var echoPorts: Set<UInt16> = []
    }

    private struct Answering {
        var socket: ListeningSocket
        var answer: PodServerPlan.Answer
        var log: PortLog?
    }

    init(_ zone: CurrentZone, _ logs: PodLogs) throws(SystemCallError) {
        self.zone = zone
        self.logs = logs
        poller = try Poller()
    }

    /// The names of the sockets that are held.
    var names: [SocketName] { state.withLock { $0.sockets.values.map(\.socket.name) } }

    /// Makes the sockets those that a plan names, with those that are new, and has them answer as it says.
    func apply(_ plan: PodServerPlan, adding new: [ListeningSocket]) throws(SystemCallError) {
        let contents = plan.contents(.udp)
        try state.withLock { state throws(SystemCallError) in
            // Those that go are closed, and so leave the poller.
            state.sockets = state.sockets.compactMapValues { held in
                contents[held.socket.name].map { answering(held.socket, $0) }
            }
            for socket in new {
                guard let content = contents[socket.name] else { continue }
                let number = Int(socket.descriptor.number)
                try poller.add(socket.descriptor, number: number, .receiving)
                state.sockets[number] = answering(socket, content)
            }
            state.echoPorts = Set(state.sockets.values.filter { $0.answer == .echo }.map(\.socket.name.port))
        }
    }

    private func answering(_ socket: ListeningSocket, _ content: AnsweringSocket.Content) -> Answering {
        Answering(
            socket: socket, answer: content.answer, log: PortLog(logs, content.pod.page, port: socket.name.port))
    }

    /// The most datagrams of one socket that are answered before another has its turn.
    private static let batch = 64

    /// Answers for ever.
    func run() {
        var events = Poller.Events()
        var buffer = DatagramExchange.buffer
        var turn = 0
        while true {
            poller.wait(&events)
            for number in events.numbers {
                for _ in 0..<Self.batch {
                    turn &+= 1
                    guard answerOne(number, &buffer, turn) else { break }
                }
            }
        }
    }

    /// Takes one datagram and answers it. False if there is none.
    private func answerOne(_ number: Int, _ buffer: inout MessageBuffer, _ turn: Int) -> Bool {
        // The socket is looked up each time, and kept while it is used: a plan may take it away meanwhile.
        let found = state.withLock { state in state.sockets[number].map { ($0, state.echoPorts) } }
        guard let (held, echoPorts) = found else { return false }
        let socket = held.socket
        let count: Int
        do {
            count = try socket.descriptor.receive(&buffer, "socket")
        } catch {
            // An error that waited on the socket was taken with this call; the next one may find a datagram.
            return error.errno != EAGAIN
        }
        guard let exchange = DatagramExchange(buffer) else { return true }
        switch held.answer {
        case .dns:
            let start = MonotonicClock.now
            let query = Array(buffer.bytes[..<count])
            if let answer = zone.current?.answer(query, over: .udp, turn: turn) {
                exchange.answer(answer.span, on: socket.descriptor)
                held.log?.write(
                    query: query, answer: answer, from: PodPage.Client(exchange.client), isTCP: false, since: start)
            }
        case .echo:
            if !echoPorts.contains(exchange.client.port) {
                exchange.answer(buffer.bytes.span.extracting(..<count), on: socket.descriptor)
                if let client = PodPage.Client(exchange.client) {
                    held.log?.write("\(client.logged) sent \(count) bytes")
                }
            }
        case .http, .health: break
        }
        return true
    }
}
