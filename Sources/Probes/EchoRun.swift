import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// Sends echo requests from many namespaces at once and collects the answers, all on one thread.
public struct EchoProber: Sendable {
    /// How long each attempt waits for its answer; as many attempts as there are times. Together they are longer than the
    /// second after which the kernel asks for a neighbour again (`retrans_time_ms`, arp(7)), so that a lost question is not
    /// taken for a dead address.
    public var timeouts: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(700)]
    /// The same for further attempts, which are made while the machine is busy.
    public var busyTimeouts: [Duration] = []
    /// The most requests that may be on their way at one time, so that no queue of the kernel overflows.
    public var window = 256
    /// The most sockets that are open at one time: one for each namespace and family. Where more are needed, the
    /// namespaces take turns.
    public var socketLimit = 1000

    /// A prober that tries three times and takes 1.3 seconds to give up, on a machine that is not busy.
    public init() {}

    /// Sends all requests, and again those that are not answered in time.
    ///
    /// A namespace that cannot be entered is a failure of its requests and no error.
    ///
    /// - Returns: what came of each request, in the order of the requests.
    /// - Throws: `SystemCallError` if there is no thread or descriptor to be had at all.
    public func run(_ requests: [EchoRequest]) throws(SystemCallError) -> [EchoResult] {
        if requests.isEmpty { return [] }
        do {
            return try NamespaceThread.run { thread in
                var run = EchoRun(requests, self)
                try run.run(&thread)
                return run.results
            }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("pthread_create", "thread")
        }
    }
}

/// One run of a prober: every request's state, and the loop that sends, receives and tries again.
///
/// Each request is sent by a system call of its own and followed by one receive. On veths the kernel carries a packet and
/// its answer within the call that sends it, so that the answer is there already, and `sendmmsg` would save next to
/// nothing and blur the round trip.
struct EchoRun {
    /// What came of each request so far.
    private(set) var results: [EchoResult]

    private let requests: [EchoRequest]
    private let prober: EchoProber
    private let timeouts: [Duration]
    private let contention = Contention()
    private let cookie = UInt64.random(in: .min ... .max)

    /// The pins that requests are sent from.
    private var sources: [Source] = []
    /// The requests' numbers, those of one source together.
    private var order: [Int] = []
    /// Each request's socket: twice its source's number, and one more for IPv6.
    private var slots: [Int32] = []
    private var sockets: [EchoSocket?] = []
    private var states: [State]
    private var buffer = EchoBuffer()

    /// The requests that are not answered or given up yet, of those that are being worked on.
    private var open = 0
    /// Those that wait for an answer, by attempt, each in the order of sending.
    private var waiting: [SendQueue]
    /// Those that are to be sent again.
    private var again = SendQueue()
    /// The last that were sent.
    private var inFlight: InFlightWindow

    private struct Source {
        var pin: String
        /// Its requests' places in `order`.
        var requests: Range<Int>
        var usesIPv4 = false
        var usesIPv6 = false
    }

    private struct State {
        var attempts: UInt8 = 0
        var progress = Progress.open

        enum Progress: UInt8 { case open, givenUp, settled }
    }

    init(_ requests: [EchoRequest], _ prober: EchoProber) {
        self.requests = requests
        self.prober = prober
        timeouts = prober.timeouts + prober.busyTimeouts
        results = Array(repeating: EchoResult(outcome: .failure(.silence), attempts: 0), count: requests.count)
        states = Array(repeating: State(), count: requests.count)
        waiting = Array(repeating: SendQueue(), count: min(timeouts.count, 255))
        inFlight = InFlightWindow(capacity: max(prober.window, 1))
        sortBySource()
        sockets = Array(repeating: nil, count: sources.count * 2)
    }

    private mutating func sortBySource() {
        var numbers: [String: Int] = [:]
        var sourceOf: [Int] = []
        sourceOf.reserveCapacity(requests.count)
        slots.reserveCapacity(requests.count)
        var current = (pin: "", number: -1)
        for request in requests {
            if current.number < 0 || current.pin != request.source {
                let number = numbers[request.source] ?? sources.count
                if number == sources.count {
                    numbers[request.source] = number
                    sources.append(Source(pin: request.source, requests: 0..<0))
                }
                current = (request.source, number)
            }
            sourceOf.append(current.number)
            let isIPv6 = request.destination.family == .ipv6
            slots.append(Int32(current.number * 2 + (isIPv6 ? 1 : 0)))
            if isIPv6 { sources[current.number].usesIPv6 = true } else { sources[current.number].usesIPv4 = true }
        }
        // A counting sort keeps the requests of a source in their order.
        var counts = Array(repeating: 0, count: sources.count)
        for source in sourceOf { counts[source] += 1 }
        var starts: [Int] = []
        var start = 0
        for (number, count) in counts.enumerated() {
            sources[number].requests = start..<start + count
            starts.append(start)
            start += count
        }
        order = Array(repeating: 0, count: requests.count)
        for (index, source) in sourceOf.enumerated() {
            order[starts[source]] = index
            starts[source] += 1
        }
    }

    /// Works through all sources, as many at a time as there may be sockets.
    mutating func run(_ thread: inout NamespaceThread) throws(SystemCallError) {
        guard !waiting.isEmpty else { return }
        var next = 0
        while next < sources.count {
            let poller = try Poller()
            let first = next
            next = try openSockets(from: first, poller, &thread)
            exchange(sources[first].requests.lowerBound..<sources[next - 1].requests.upperBound, poller)
            for slot in first * 2..<next * 2 { sockets[slot] = nil }
        }
    }

    /// Opens the sockets of the source `first` and of those after it, up to the limit.
    ///
    /// - Returns: the number of the first source that must wait for its turn.
    private mutating func openSockets(
        from first: Int, _ poller: borrowing Poller, _ thread: inout NamespaceThread
    ) throws(SystemCallError) -> Int {
        var count = 0
        for number in first..<sources.count {
            let source = sources[number]
            let needed = (source.usesIPv4 ? 1 : 0) + (source.usesIPv6 ? 1 : 0)
            if count > 0, count + needed > prober.socketLimit { return number }
            open += source.requests.count
            do {
                try thread.enter(pin: source.pin, refusal: { $0 }) { inside throws(SystemCallError) in
                    if source.usesIPv4 { try openSocket(.ipv4, slot: number * 2, source.pin, poller, inside) }
                    if source.usesIPv6 { try openSocket(.ipv6, slot: number * 2 + 1, source.pin, poller, inside) }
                }
                count += needed
            } catch {
                (sockets[number * 2], sockets[number * 2 + 1]) = (nil, nil)
                // Others hold more descriptors than was foreseen: first finish those that have their sockets.
                if error.errno == EMFILE || error.errno == ENFILE, count > 0 {
                    open -= source.requests.count
                    return number
                }
                for place in source.requests { settle(order[place], .failure(.noSource(error))) }
            }
        }
        return sources.count
    }

    private mutating func openSocket(
        _ family: AddressFamily, slot: Int, _ pin: String, _ poller: borrowing Poller,
        _ inside: borrowing InsideNamespace
    ) throws(SystemCallError) {
        let socket = try EchoSocket(family, in: inside, named: pin)
        try socket.register(poller, number: slot)
        sockets[slot] = socket
    }

    /// Sends the requests at these places and collects their answers.
    private mutating func exchange(_ places: Range<Int>, _ poller: borrowing Poller) {
        var unsent = places.lowerBound
        var sent = 0
        var events = Poller.Events()
        while open > 0 {
            let now = MonotonicClock.now
            let deadline = expire(now)
            if open == 0 { return }
            while unsent < places.upperBound, states[order[unsent]].progress != .open { unsent += 1 }
            while let head = again.first, states[head.index].progress != .open { again.removeFirst() }
            let hasMore = unsent < places.upperBound || again.first != nil
            let canSend = hasMore && hasRoom(now)
            if canSend {
                let index: Int
                if let head = again.first {
                    index = head.index
                    again.removeFirst()
                } else {
                    index = order[unsent]
                    unsent += 1
                }
                send(index, now)
                receive(slot: Int(slots[index]), atMost: 1)
                sent += 1
                // Where the kernel did not bring the answer at once, others' answers are looked for now and then.
                if sent % 16 != 0 { continue }
            }
            let wake = canSend ? now : hasMore ? min(deadline, inFlight.nextRoom) : deadline
            poller.wait(until: wake, now: now, &events)
            for slot in events.numbers { receive(slot: slot, atMost: 64) }
        }
    }

    /// Whether another request may be on its way.
    private mutating func hasRoom(_ now: UInt64) -> Bool {
        while let first = inFlight.first, states[first.index].progress != .open || inFlight.nextRoom <= now {
            inFlight.removeFirst()
        }
        return inFlight.hasRoom
    }

    private mutating func send(_ index: Int, _ now: UInt64) {
        guard let socket = sockets[Int(slots[index])] else { return }
        let attempt = Int(states[index].attempts)
        states[index].attempts += 1
        buffer.write(
            EchoPayload(cookie: cookie, index: UInt32(index), attempt: UInt32(attempt), sentAt: MonotonicClock.now),
            family: socket.family)
        switch socket.send(buffer, to: requests[index].destination) {
        // A full queue loses a packet as any other on the way may. So does a neighbour table that is full, and may have room soon.
        case 0, EAGAIN, ENOBUFS:
            waiting[attempt].append(index, now)
            inFlight.append(index, now)
        case EINVAL:
            results[index].outcome = .failure(.notSent(errno: EINVAL))
            waiting[attempt].append(index, now)
        case let errno: settle(index, .failure(.notSent(errno: errno)))
        }
    }

    /// Takes leave of attempts whose time is over.
    ///
    /// - Returns: when the next one's will be over.
    private mutating func expire(_ now: UInt64) -> UInt64 {
        var deadline = UInt64.max
        for attempt in waiting.indices {
            let timeout = timeouts[attempt].nanoseconds
            while let head = waiting[attempt].first {
                if states[head.index].progress == .open {
                    guard head.sentAt + timeout <= now else {
                        deadline = min(deadline, head.sentAt + timeout)
                        break
                    }
                    if attempt + 1 < prober.timeouts.count || attempt + 1 < waiting.count && contention.isPresent {
                        again.append(head.index, now)
                    } else {
                        // Where this thread had to wait for a processor, the answer may be there since long.
                        receive(slot: Int(slots[head.index]), atMost: 64)
                        if states[head.index].progress == .open { giveUp(head.index) }
                    }
                }
                waiting[attempt].removeFirst()
            }
        }
        return deadline
    }

    private mutating func giveUp(_ index: Int) {
        states[index].progress = .givenUp
        results[index].attempts = Int(states[index].attempts)
        open -= 1
    }

    private mutating func settle(_ index: Int, _ outcome: Result<EchoReply, EchoFailure>) {
        if states[index].progress == .open { open -= 1 }
        states[index].progress = .settled
        results[index] = EchoResult(outcome: outcome, attempts: Int(states[index].attempts))
    }

    private mutating func receive(slot: Int, atMost limit: Int) {
        guard let socket = sockets[slot] else { return }
        for _ in 0..<limit {
            switch socket.receive(&buffer) {
            case .nothing: return
            case .foreign: continue
            case .message(let message): take(message, slot)
            }
        }
    }

    private mutating func take(_ message: EchoSocket.Received, _ slot: Int) {
        switch message.arrival {
        case .reply(let mark):
            guard let index = request(mark, slot) else { return }
            guard message.from == requests[index].destination else {
                return settle(index, .failure(.answeredBy(message.from)))
            }
            let now = MonotonicClock.now
            let roundTrip = now > mark.sentAt ? Double(now - mark.sentAt) / 1e9 : 0
            settle(index, .success(EchoReply(ttl: message.ttl, roundTrip: roundTrip)))
        case .error(let error, let identifier, let sequence, let destination, let mark):
            let index =
                if let mark {
                    request(mark, slot)
                } else {
                    request(identifier: identifier, sequence: sequence, destination, slot)
                }
            guard let index, requests[index].destination == destination else { return }
            // Not the end of it: the kernel puts an IPv6 address into effect some time after it was set (`addrconf_dad_work`
            // in net/ipv6/addrconf.c), and until then says that there is no route.
            results[index].outcome = .failure(.refused(by: message.from, error))
        }
    }

    /// The request that a mark belongs to, if it is one of this socket's that is not settled.
    private func request(_ mark: EchoPayload, _ slot: Int) -> Int? {
        let index = Int(mark.index)
        guard mark.cookie == cookie, index < requests.count, Int(slots[index]) == slot else { return nil }
        return states[index].progress == .settled ? nil : index
    }

    /// The request that an error quotes which does not quote the mark: a router need quote no more than eight bytes.
    private func request(identifier: UInt16, sequence: UInt16, _ destination: IPAddress, _ slot: Int) -> Int? {
        guard identifier == UInt16(truncatingIfNeeded: cookie) else { return nil }
        return stride(from: Int(sequence), to: requests.count, by: 1 << 16).first { index in
            Int(slots[index]) == slot && states[index].progress == .open && states[index].attempts > 0
                && requests[index].destination == destination
        }
    }
}
