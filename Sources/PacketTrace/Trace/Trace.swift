import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import Packets
import Synchronization
import System

/// One packet's way through a lab: it is sent, and all namespaces are watched for it, for its answer and for errors about either.
public struct Trace {
    /// The namespaces that are watched.
    public var sources: [CaptureSource]
    /// The one that the packet is sent from, by its name; it is among those that are watched.
    public var sender: String
    public var destination: IPAddress
    public var probe: TraceProbe
    /// How many bytes the packet carries; at least the cookie's 16. A SYN carries none.
    public var size: Int
    /// How long an answer is waited for. A neighbour that does not answer is given up after three seconds (arp(7)).
    public var timeout: Duration = .seconds(4)
    /// Asked a few times each second whether somebody wants the waiting to end.
    public var isEnding: @Sendable () -> Bool = { false }
    /// The other end of a cable, by namespace and interface; nil where it is not known.
    public var otherEnd:
        @Sendable (_ namespace: String, _ interface: String) -> (namespace: String, interface: String)? = { _, _ in nil
        }

    public init(_ sources: [CaptureSource], sender: String, destination: IPAddress, probe: TraceProbe, size: Int = 56) {
        self.sources = sources
        self.sender = sender
        self.destination = destination
        self.probe = probe
        self.size = size
    }

    /// Sends the packet and follows it.
    ///
    /// - Returns: each place where it, its answer or an error was seen, in order of time.
    /// - Throws: `SystemCallError`, of the sender too: where the kernel has no route it refuses at once.
    public func run() throws -> TracedPath {
        var path = try timedAttempt()
        if !path.isAnswered, path.cause == nil, !isEnding() { path.cause = try droppedCause() }
        return path
    }

    /// Sends the packet, and another one where the kernel had not noted times yet: then the order of the hops is not known.
    private func timedAttempt() throws -> TracedPath {
        for _ in 1..<Self.attempts {
            let (path, isTimed) = try attempt()
            if isTimed { return path }
        }
        return try attempt().path
    }

    private static let attempts = 4

    /// - Returns: also whether the kernel noted the time of each packet.
    private func attempt() throws -> (path: TracedPath, isTimed: Bool) {
        guard let source = sources.first(where: { $0.namespace == sender }) else {
            throw SystemCallError("socket", sender, errno: ENOENT)
        }
        let cookie = (0..<TracedFlow.cookieSize).map { _ in UInt8.random(in: .min ... .max) }
        let rules = try RuleWatch(probe.tracedBytes(cookie), sources)
        let socket = try TraceSender(probe, to: destination, in: source)
        var sink = TraceSink(TracedFlow(probe, cookie: cookie), sender: sender)
        // Few packets pass its filter. Rings would take longer to be made than all else takes.
        var capture = Capture(sources, memory: 0, duration: timeout)
        capture.compiled = probe.filter
        let payload = cookie + [UInt8](repeating: 0, count: max(0, size - cookie.count))
        let log = sink.log
        var refusal: SystemCallError?
        let (summary, sockets) = try capture.runLeavingOpen(into: &sink) {
            do throws(SystemCallError) {
                log.flow.localPort = try socket.send(payload, cookie: cookie)
            } catch {
                refusal = error
            }
        } isEnding: {
            log.isOver || refusal != nil || isEnding()
        }
        var path = TracedPath(
            hops: log.hops, refusal: refusal, isRefused: log.isRefused, start: log.start, sender: sender)
        let passages = rules.passages()
        // The kernel lets go of sockets and tables only once no processor uses them: meanwhile it is asked about the packet.
        // Without another thread it waits.
        let works: [@Sendable () -> Void] = [{ sockets.close() }, { rules.end() }]
        let closing = works.map { work in (try? Background(work)) ?? .done(by: work) }
        defer { withExtendedLifetime(closing) {} }
        try explain(&path, passages)
        path.gaps = rules.gaps
        return (path, summary.untimed == 0)
    }

    /// What the kernel counts of a second packet, where nothing says what became of the first.
    private func droppedCause() throws -> TraceCause? {
        let before = try counters()
        let watch = DropWatch()
        var second = self
        second.timeout = min(timeout, .seconds(1))
        let (path, _) = try second.attempt()
        guard !path.isAnswered, let last = path.hops.last(where: { $0.leg != .error }),
            let earlier = before[last.namespace],
            let count = try counters()[last.namespace]?.risen(since: earlier).first
        else { return nil }
        // The drop comes right behind what was last seen. It may have been that of another namespace's packet, so it is told where it
        // goes with the count alone.
        let time = path.start + last.time
        let etherType = destination.family == .ipv4 ? UInt16(ETH_P_IP) : UInt16(ETH_P_IPV6)
        let drop = watch?.events().first { event in
            event.etherType == etherType && count.reasons.contains(event.reason)
                && (time..<time + 5_000_000).contains(event.time)
        }
        let reason = drop.map { ", and the kernel's reason is \($0.reason)" } ?? ""
        return TraceCause(
            .dropped, last.namespace, count.name,
            "\(last.namespace): the kernel dropped it: \(count.words) (\(count.name) has risen\(reason))")
    }

    /// What each namespace has counted.
    private func counters() throws -> [String: DropCounters] {
        let all = Mutex<[String: DropCounters]>([:])
        let sources = sources
        try NamespaceThread.forEach(sources.count) { thread, index in
            let source = sources[index]
            let counters = try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { inside in
                DropCounters(in: inside)
            }
            all.withLock { $0[source.namespace] = counters }
        }
        return all.withLock { $0 }
    }

    /// Finds what decided on each hop and, where no answer came, why.
    private func explain(_ path: inout TracedPath, _ passages: [String: [RulePassage]]) throws {
        let places = Dictionary(sources.map { ($0.namespace, $0) }, uniquingKeysWith: { first, _ in first })
        var known: [String: NamespaceTables] = [:]
        func tables(_ name: String) throws -> NamespaceTables? {
            if let tables = known[name] { return tables }
            let tables = try places[name].map { try NamespaceTables($0) }
            known[name] = tables
            return tables
        }
        try withoutActuallyEscaping(tables) { tables in
            try DecisionFinder(tables: tables).explain(&path.hops, passages)
            if path.isAnswered { return }
            let finder = CauseFinder(
                names: sources.map(\.namespace), tables: tables, otherEnd: otherEnd, probe: probe)
            path.cause = try finder.cause(of: path, to: destination, passages)
        }
    }
}

/// Where a traced packet was seen.
public struct TracedHop: Hashable, Sendable {
    public var leg: TraceLeg
    /// Nanoseconds since the packet was first seen.
    public var time: UInt64
    public var namespace: String
    public var interface: String
    public var isOutgoing: Bool
    public var packet: Packet
    /// What it has become since the place before, of the same leg.
    public var changes: [PathChange]
    /// The entries of the namespace's tables that decided on it there.
    public var decisions: [TraceDecision] = []
}

/// A packet's way.
public struct TracedPath: Sendable {
    /// Each place where it, its answer or an error was seen, in order of time.
    public var hops: [TracedHop]
    /// Why it could not be sent at all; nil if it was.
    public var refusal: SystemCallError?
    /// Whether the answer is the refusal of a connection.
    public var isRefused: Bool
    /// Why the wanted answer did not come; nil where it did, or where nothing was found.
    public var cause: TraceCause?
    /// What could not be looked at.
    public var gaps: [String] = []
    /// When the first hop was seen, in nanoseconds since 1970.
    var start: UInt64
    var sender: String

    /// Whether the answer that was wanted has come back to the sender.
    public var isAnswered: Bool { !isRefused && hops.contains { $0.leg == .reply && isArrival($0) } }

    /// The error that has come back to the sender; nil if there is none.
    public var error: TracedHop? { hops.last { $0.leg == .error && isArrival($0) } }

    private func isArrival(_ hop: TracedHop) -> Bool { hop.namespace == sender && !hop.isOutgoing }
}

/// What a trace has seen so far. A class, because whoever asks whether it is over asks while the capture has the sink.
private final class TraceLog {
    var flow: TracedFlow
    var hops: [TracedHop] = []
    var isRefused = false
    let sender: String
    private(set) var start: UInt64 = 0
    private var layers: [TraceLeg: [PacketLayer]] = [:]

    init(_ flow: TracedFlow, _ sender: String) {
        self.flow = flow
        self.sender = sender
    }

    /// Whether an answer or error has come back.
    var isOver: Bool { hops.contains { $0.leg != .request && $0.namespace == sender && !$0.isOutgoing } }

    func add(_ captured: CapturedPacket, _ interface: CapturedInterface) {
        let bytes = Array(captured.bytes)
        let packet = Packet(reading: bytes.span, length: captured.length, as: interface.linkType)
        guard let leg = flow.leg(of: packet, bytes.span) else { return }
        if hops.isEmpty { start = captured.time }
        if case .tcp(let tcp)? = packet.headers.last, leg == .reply { isRefused = tcp.flags.contains(.rst) }
        let now = packet.layers
        let changes = layers[leg].map { PathChange.all(from: $0, to: now) } ?? []
        layers[leg] = now
        hops.append(
            TracedHop(
                leg: leg, time: captured.time - min(start, captured.time), namespace: interface.namespace,
                interface: interface.name, isOutgoing: captured.isOutgoing, packet: packet, changes: changes))
    }
}

private struct TraceSink: CaptureSink {
    let log: TraceLog
    private var interfaces: [CapturedInterface] = []

    init(_ flow: TracedFlow, sender: String) { log = TraceLog(flow, sender) }

    mutating func add(_ interface: CapturedInterface) { interfaces.append(interface) }
    mutating func add(_ packet: CapturedPacket) { log.add(packet, interfaces[packet.interface]) }
    mutating func flush() {}
    mutating func end(_ summary: CaptureSummary) {}
}

extension TraceProbe {
    /// What the kernel gives to a trace: the packets of its protocol, and all that may carry them or be about them: errors, tunnels,
    /// IPv6 with further headers.
    fileprivate var filter: CompiledFilter {
        let own: UInt32 =
            switch self {
            case .echo: 1
            case .tcp: 6
            case .udp: 17
            }
        // ICMP, IP in IP, UDP (VXLAN), IPv6 in IP; hop-by-hop, routing, fragment, ICMPv6, destination options.
        let ipv4 = Array(Set([own, 1, 4, 17, 41])).sorted()
        let ipv6 = Array(Set([own, 4, 17, 41, 0, 43, 44, 58, 60])).sorted()
        return CompiledFilter(
            text: "trace", ethernet: FilterProgram(protocols: ipv4, ipv6, behind: 14),
            rawIP: FilterProgram(protocols: ipv4, ipv6, behind: 0))
    }
}
