import CLinux
import Glibc
import NetworkNamespaces
import System

/// Makes many exchanges from many namespaces at once, all on one thread.
struct ExchangeRun {
    /// How long an exchange may take. Longer than the second after which the kernel sends a SYN again.
    var timeout: Duration = .seconds(3)
    /// After how long a datagram is sent again.
    var datagramRepeat: Duration = .milliseconds(400)
    /// The most exchanges that are under way at one time.
    var window = 128
    /// The longest answer in bytes.
    static let longestAnswer = 256 << 10

    typealias Outcome = Result<ExchangeReply, ExchangeFailure>

    /// What came of each exchange, in their order.
    ///
    /// - Throws: `SystemCallError` if there is no thread or descriptor to be had at all.
    func run(_ exchanges: [Exchange]) throws(SystemCallError) -> [Outcome] {
        if exchanges.isEmpty { return [] }
        do {
            return try Threads.run {
                var loop = try ExchangeLoop(exchanges, self)
                loop.run()
                return loop.outcomes
            }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("pthread_create", "thread")
        }
    }
}

/// The loop of one run, on a thread of its own, which goes from namespace to namespace.
private struct ExchangeLoop: ~Copyable {
    private(set) var outcomes: [ExchangeRun.Outcome]

    private let exchanges: [Exchange]
    private let limits: ExchangeRun
    private let epoll: FileDescriptor
    /// The exchanges' numbers, those of one source together, so that namespaces are entered seldom.
    private let order: [Int]
    private var unsent = 0
    private var current: String?
    private var underWay: [Int: Flight] = [:]

    private struct Flight {
        let socket: ExchangeSocket
        let begun: UInt64
        var sentAgainAt: UInt64
        var isConnecting: Bool
        var answer: [UInt8] = []
    }

    init(_ exchanges: [Exchange], _ limits: ExchangeRun) throws(SystemCallError) {
        let descriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemCallError("epoll_create1", "prober") }
        epoll = FileDescriptor(owning: descriptor)
        self.exchanges = exchanges
        self.limits = limits
        outcomes = Array(repeating: .failure(.silence), count: exchanges.count)
        order = exchanges.indices.sorted { (exchanges[$0].source, $0) < (exchanges[$1].source, $1) }
    }

    mutating func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while unsent < order.count || !underWay.isEmpty {
            while unsent < order.count, underWay.count < limits.window {
                unsent += 1
                begin(order[unsent - 1])
            }
            let wake = expire(monotonicClock())
            guard !underWay.isEmpty else { continue }
            let now = monotonicClock()
            let milliseconds = wake > now ? min((wake - now + 999_999) / 1_000_000, 1000) : 0
            let count = epoll_wait(epoll.number, &events, CInt(events.count), CInt(milliseconds))
            for event in events.prefix(max(0, Int(count))) { advance(Int(event.data.u64)) }
        }
    }

    private mutating func begin(_ index: Int) {
        let exchange = exchanges[index]
        do {
            if current != exchange.source {
                current = nil
                try NetworkNamespace(at: Pins.path(exchange.source)).enter()
                current = exchange.source
            }
        } catch {
            outcomes[index] = .failure(.noSource(error))
            return
        }
        let now = monotonicClock()
        do throws(ExchangeFailure) {
            let socket = try ExchangeSocket(exchange, namespace: exchange.source)
            let isConnecting = exchange.transport == .tcp
            if !isConnecting { try socket.send(exchange.request) }
            do {
                try socket.register(epoll, number: index, isConnecting ? .sending : .receiving, isNew: true)
            } catch {
                throw .noSource(error)
            }
            underWay[index] = Flight(
                socket: socket, begun: now, sentAgainAt: now + limits.datagramRepeat.nanoseconds,
                isConnecting: isConnecting)
        } catch {
            outcomes[index] = .failure(error)
        }
    }

    /// Goes on with an exchange whose socket has something to tell.
    private mutating func advance(_ index: Int) {
        guard var flight = underWay[index] else { return }
        let exchange = exchanges[index]
        do throws(ExchangeFailure) {
            if flight.isConnecting {
                // A connection that came to nothing says so at the first send.
                try flight.socket.send(exchange.request)
                flight.isConnecting = false
                do {
                    try flight.socket.register(epoll, number: index, .receiving, isNew: false)
                } catch {
                    throw .noSource(error)
                }
            }
            switch try flight.socket.receive() {
            case .nothing: break
            case .end:
                guard exchange.ending == .closed else { throw .cutShort }
                return settle(index, flight)
            case .bytes(let bytes):
                flight.answer += bytes
                if flight.answer.count > ExchangeRun.longestAnswer { throw .tooLong }
                if exchange.isComplete(flight.answer) { return settle(index, flight) }
            }
            underWay[index] = flight
        } catch {
            underWay[index] = nil
            outcomes[index] = .failure(error)
        }
    }

    private mutating func settle(_ index: Int, _ flight: Flight) {
        underWay[index] = nil
        let roundTrip = Double(monotonicClock() - flight.begun) / 1e9
        outcomes[index] = .success(ExchangeReply(bytes: flight.answer, roundTrip: roundTrip))
    }

    /// Gives up what took too long, and sends datagrams again.
    ///
    /// - Returns: when there is something to do next.
    private mutating func expire(_ now: UInt64) -> UInt64 {
        var next = UInt64.max
        let timeout = limits.timeout.nanoseconds
        for (index, flight) in underWay {
            if flight.begun + timeout <= now {
                underWay[index] = nil
                continue
            }
            next = min(next, flight.begun + timeout)
            guard exchanges[index].transport == .udp else { continue }
            if flight.sentAgainAt <= now {
                underWay[index]!.sentAgainAt = now + limits.datagramRepeat.nanoseconds
                try? flight.socket.send(exchanges[index].request)
            }
            next = min(next, underWay[index]!.sentAgainAt)
        }
        return next
    }
}
