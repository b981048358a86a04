import CLinux
import Glibc
import NetworkNamespaces
import System

/// Makes many requests from many namespaces at once, all on one thread.
struct RequestRun {
    /// After how long a datagram is sent again.
    var datagramRepeat: Duration = .milliseconds(400)
    /// Whether the machine is busy, asked when a request has taken its time: then it may take as long again.
    var isBusy: @Sendable (Contention) -> Bool = { $0.isPresent }
    /// The most requests that are under way at one time.
    var window = 128
    /// The longest answer in bytes.
    static let longestAnswer = 256 << 10

    typealias Outcome = Result<RequestReply, RequestFailure>

    /// What came of each request, in their order.
    ///
    /// - Throws: `SystemCallError` if there is no thread or descriptor to be had at all.
    func run(_ requests: [Request]) throws(SystemCallError) -> [Outcome] {
        if requests.isEmpty { return [] }
        do {
            return try NamespaceThread.run { thread in
                var loop = try RequestLoop(requests, self)
                loop.run(&thread)
                return loop.outcomes
            }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("pthread_create", "thread")
        }
    }
}

/// The loop of one run, on a thread of its own, which goes from namespace to namespace.
private struct RequestLoop: ~Copyable {
    private(set) var outcomes: [RequestRun.Outcome]

    private let requests: [Request]
    private let limits: RequestRun
    private let contention = Contention()
    private let poller: Poller
    /// The requests' numbers, those of one source together, so that namespaces are entered seldom.
    private let order: [Int]
    private var unsent = 0
    private var underWay: [Int: Flight] = [:]

    private struct Flight {
        let socket: RequestSocket
        let begun: UInt64
        var sentAgainAt: UInt64
        var isConnecting: Bool
        var answer: [UInt8] = []
        /// When it is given up.
        var end: UInt64
        var isProlonged = false
    }

    init(_ requests: [Request], _ limits: RequestRun) throws(SystemCallError) {
        poller = try Poller()
        self.requests = requests
        self.limits = limits
        outcomes = Array(repeating: .failure(.silence), count: requests.count)
        order = requests.indices.sorted { (requests[$0].source, $0) < (requests[$1].source, $1) }
    }

    mutating func run(_ thread: inout NamespaceThread) {
        var events = Poller.Events()
        while unsent < order.count || !underWay.isEmpty {
            while unsent < order.count, underWay.count < limits.window {
                begin(&thread)
            }
            let wake = expire(MonotonicClock.now)
            guard !underWay.isEmpty else { continue }
            poller.wait(until: wake, now: MonotonicClock.now, &events)
            for index in events.numbers { advance(index) }
        }
    }

    /// Begins the next requests of one source, as many as there is room for.
    private mutating func begin(_ thread: inout NamespaceThread) {
        let source = requests[order[unsent]].source
        do throws(SystemCallError) {
            try thread.enter(pin: source, refusal: { $0 }) { inside throws(SystemCallError) in
                while unsent < order.count, underWay.count < limits.window, requests[order[unsent]].source == source {
                    unsent += 1
                    begin(order[unsent - 1], inside)
                }
            }
        } catch {
            while unsent < order.count, requests[order[unsent]].source == source {
                outcomes[order[unsent]] = .failure(.noSource(error))
                unsent += 1
            }
        }
    }

    private mutating func begin(_ index: Int, _ inside: borrowing InsideNamespace) {
        let request = requests[index]
        let now = MonotonicClock.now
        do throws(RequestFailure) {
            let socket = try RequestSocket(request, in: inside)
            let isConnecting = request.transport == .tcp
            if !isConnecting { try socket.send(request.payload) }
            do {
                try socket.register(poller, number: index, isConnecting ? .sending : .receiving)
            } catch {
                throw .noSource(error)
            }
            underWay[index] = Flight(
                socket: socket, begun: now, sentAgainAt: now + limits.datagramRepeat.nanoseconds,
                isConnecting: isConnecting, end: now + request.timeout.nanoseconds)
        } catch {
            outcomes[index] = .failure(error)
        }
    }

    /// Goes on with a request whose socket has something to tell.
    private mutating func advance(_ index: Int) {
        guard var flight = underWay[index] else { return }
        let request = requests[index]
        do throws(RequestFailure) {
            if flight.isConnecting {
                // A connection that came to nothing says so at the first send.
                try flight.socket.send(request.payload)
                flight.isConnecting = false
                do {
                    try flight.socket.awaitAnswer(poller, number: index)
                } catch {
                    throw .noSource(error)
                }
            }
            switch try flight.socket.receive() {
            case .nothing: break
            case .end:
                guard request.ending == .closed else { throw .cutShort }
                return settle(index, flight)
            case .bytes(let bytes):
                flight.answer += bytes
                if flight.answer.count > RequestRun.longestAnswer { throw .tooLong }
                if request.isComplete(flight.answer) { return settle(index, flight) }
            }
            underWay[index] = flight
        } catch {
            underWay[index] = nil
            outcomes[index] = .failure(error)
        }
    }

    private mutating func settle(_ index: Int, _ flight: Flight) {
        underWay[index] = nil
        let roundTrip = Double(MonotonicClock.now - flight.begun) / 1e9
        outcomes[index] = .success(RequestReply(bytes: flight.answer, roundTrip: roundTrip))
    }

    /// Gives up what took too long, and sends datagrams again. A busy machine may take as long again.
    ///
    /// - Returns: when there is something to do next.
    private mutating func expire(_ now: UInt64) -> UInt64 {
        var next = UInt64.max
        var isBusy: Bool?
        for (index, var flight) in underWay {
            let request = requests[index]
            var isChanged = false
            if flight.end <= now, !flight.isProlonged {
                isBusy = isBusy ?? limits.isBusy(contention)
                flight.isProlonged = true
                if isBusy == true { flight.end = now + request.timeout.nanoseconds }
                isChanged = true
            }
            guard flight.end > now else {
                underWay[index] = nil
                continue
            }
            next = min(next, flight.end)
            if request.transport == .udp {
                if flight.sentAgainAt <= now {
                    flight.sentAgainAt = now + limits.datagramRepeat.nanoseconds
                    // What refused the datagram before may be told here instead of sending; it is told again to the poller when
                    // the next one is refused.
                    try? flight.socket.send(request.payload)
                    isChanged = true
                }
                next = min(next, flight.sentAgainAt)
            }
            if isChanged { underWay[index] = flight }
        }
        return next
    }
}
