import Addresses
import CLinux
import DNS
import Glibc
import Synchronization
import System

/// What answers datagrams, on a thread of its own that waits for all sockets at once.
///
/// Not on SwiftNIO: its datagram channels close themselves where sending fails, and a client can make it fail (a sender's
/// port 0, an address that no route leads to). Here an answer that cannot be sent is lost, as answers on UDP may be.
final class Datagrams: Sendable {
    private let poll: FileDescriptor
    private let zone: CurrentZone
    private let state = Mutex(State())

    private struct State {
        var sockets: [CInt: Socket] = [:]
        /// The ports that send back what they get: two of them would never end talking to each other.
        var echoPorts: Set<UInt16> = []
    }

    private struct Socket {
        var open: OpenSocket
        var answer: ResponderPlan.Answer
    }

    init(_ zone: CurrentZone) throws(SystemCallError) {
        self.zone = zone
        let number = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemCallError("epoll_create1", "process") }
        poll = FileDescriptor(owning: number)
    }

    /// The names of the sockets that are held.
    var names: [SocketName] { state.withLock { $0.sockets.values.map(\.open.name) } }

    /// Makes the sockets those that a plan names, with those that came anew, and has them answer as it says.
    func apply(_ plan: ResponderPlan, adding new: [OpenSocket]) throws(SystemCallError) {
        let contents = plan.contents(.udp)
        let failed: SystemCallError? = state.withLock { state in
            // A descriptor that is closed leaves the set of those waited for by itself.
            state.sockets = state.sockets.compactMapValues { socket in
                contents[socket.open.name].map { Socket(open: socket.open, answer: $0.answer) }
            }
            for socket in new {
                guard let content = contents[socket.name] else { continue }
                let number = socket.descriptor.number
                var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(fd: number))
                guard epoll_ctl(poll.number, EPOLL_CTL_ADD, number, &event) == 0 else {
                    return SystemCallError("epoll_ctl", "socket")
                }
                state.sockets[number] = Socket(open: socket, answer: content.answer)
            }
            state.echoPorts = Set(state.sockets.values.filter { $0.answer == .echo }.map(\.open.name.port))
            return nil
        }
        if let failed { throw failed }
    }

    /// The most datagrams of one socket that are answered before another has its turn.
    private static let batch = 64

    /// Answers for ever.
    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var buffer = [UInt8](repeating: 0, count: 65536)
        var turn = 0
        while true {
            let count = epoll_wait(poll.number, &events, CInt(events.count), -1)
            for event in events.prefix(max(0, Int(count))) {
                let number = event.data.fd
                for _ in 0..<Self.batch {
                    turn &+= 1
                    guard answerOne(number, &buffer, turn) else { break }
                }
            }
        }
    }

    /// Takes one datagram and answers it. False if there is none.
    private func answerOne(_ number: CInt, _ buffer: inout [UInt8], _ turn: Int) -> Bool {
        // The socket is looked up each time, and kept while it is used: a plan may take it away meanwhile.
        let found = state.withLock { state in state.sockets[number].map { ($0, state.echoPorts) } }
        guard let (socket, echoPorts) = found else { return false }
        var exchange = DatagramExchange()
        let count = exchange.receive(from: number, into: &buffer)
        // An error that waited on the socket was taken with this call; the next one may find a datagram.
        guard count >= 0 else { return errno != EAGAIN && errno != EWOULDBLOCK }
        switch socket.answer {
        case .dns:
            if var answer = zone.current?.answer(Array(buffer[..<count]), over: .udp, turn: turn) {
                exchange.answer(&answer, count: answer.count, on: number)
            }
        case .echo: if !echoPorts.contains(exchange.clientPort) { exchange.answer(&buffer, count: count, on: number) }
        case .http: break
        }
        return true
    }
}
