import CLinux
import Glibc
import NetworkNamespaces
import Packets
import Synchronization
import System

/// A namespace whose packets are captured.
public struct CaptureSource: Hashable, Sendable {
    /// Its name in the lab.
    public var namespace: String
    /// Its pin.
    public var pin: String
    /// The numbers of the interfaces that are looked at; nil for all, those too that come while it goes on.
    public var interfaces: [UInt32]?

    public init(namespace: String, pin: String, interfaces: [UInt32]? = nil) {
        self.namespace = namespace
        self.pin = pin
        self.interfaces = interfaces
    }
}

/// An interface that packets were seen on.
public struct CapturedInterface: Hashable, Sendable {
    public var namespace: String
    /// Its name in its namespace; `if7` for the seventh where it was gone before it could be asked for.
    public var name: String
    /// What was seen: the frame's own layout.
    public var linkType: LinkType
    /// The Ethernet address, where it has one.
    public var mac: [UInt8]?
    /// Bits in a second; nil where the driver tells none.
    public var speed: UInt64?

    /// `worker:eth1`.
    public var text: String { "\(namespace):\(name)" }
}

/// A packet that was seen.
public struct CapturedPacket {
    /// Nanoseconds since 1970, by the kernel's clock.
    public var time: UInt64
    /// The interface's place among those of the capture, in the order in which they were first seen.
    public var interface: Int
    public var isOutgoing: Bool
    /// The packet, with its VLAN tag.
    public var bytes: ArraySlice<UInt8>
    /// Its length on the wire in bytes.
    public var length: Int
}

/// Who is given what a capture sees, in order of time.
public protocol CaptureSink {
    /// An interface is about to have its first packet.
    mutating func add(_ interface: CapturedInterface) throws
    /// A packet of one of the interfaces.
    mutating func add(_ packet: CapturedPacket) throws
    /// Nothing more is here for now. What was buffered is to be passed on.
    mutating func flush() throws
    /// It is over.
    mutating func end(_ summary: CaptureSummary) throws
}

/// What a capture saw in all.
public struct CaptureSummary: Hashable, Sendable {
    /// When it began and ended, in nanoseconds since 1970.
    public var start, end: UInt64
    /// Each interface that packets were seen on, in the order of the packets.
    public var interfaces: [Interface]
    /// What the kernel counted in each namespace, in the order of the sources.
    public var namespaces: [Namespace]
    /// How many packets came behind a later one, because the machine was too busy to have them read in time.
    public var unordered: UInt64
    /// How many have the time at which they were read, because the kernel had not begun to note times.
    public var untimed: UInt64

    public struct Interface: Hashable, Sendable {
        public var interface: CapturedInterface
        public var packets: UInt64
        /// Their bytes on the wire.
        public var bytes: UInt64
    }

    public struct Namespace: Hashable, Sendable {
        public var namespace: String
        /// How many packets passed the filter.
        public var seen: UInt64
        /// How many of them there was no room for.
        public var dropped: UInt64
        /// Whether the kernel put them into shared memory.
        public var hasRing: Bool
    }

    /// How many packets were given to the sink.
    public var packets: UInt64 { interfaces.reduce(0) { $0 + $1.packets } }
    /// How many the kernel had no room for.
    public var dropped: UInt64 { namespaces.reduce(0) { $0 + $1.dropped } }
}

/// Packets of many namespaces at once, in order of time.
///
/// Each namespace has one socket, whatever number of interfaces it has. All of them are read by the calling thread.
public struct Capture: Sendable {
    /// Where it looks.
    public var sources: [CaptureSource]
    /// What packets have to pass, in the language of pcap-filter(7); nil for nothing.
    public var filter: String?
    /// A filter of nslab's own, in place of `filter`.
    var compiled: CompiledFilter?
    /// The most memory that is shared with the kernel, in bytes, and as much again for packets that wait for their turn. Namespaces
    /// that get no part of it have sockets that are read packet by packet.
    public var memory: Int
    /// How the shared memory is divided.
    var shape = PacketRing.Shape.capture
    /// How long it goes on; nil until it is told to end.
    public var duration: Duration?
    /// The most packets that are taken; nil for as many as come.
    public var limit: UInt64?

    public init(
        _ sources: [CaptureSource], filter: String? = nil, memory: Int = 64 << 20, duration: Duration? = nil,
        limit: UInt64? = nil
    ) {
        self.sources = sources
        self.filter = filter
        self.memory = memory
        self.duration = duration
        self.limit = limit
    }

    /// Compiles the filter, so that one that is none is told before anything is opened or written. Capturing does so, too.
    ///
    /// - Throws: `FilterError`, `CaptureError`, `SystemCallError`.
    public mutating func prepare() throws {
        guard compiled == nil, let filter, let first = sources.first else { return }
        compiled = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(first.pin))) { inside in
                try CompiledFilter(filter, in: inside)
            }
        }
        for source in sources
        where FilterProgram(interfaces: source.interfaces, filter: compiled).instructions.count > FilterProgram.longest
        {
            throw CaptureError.filterTooLong(source.namespace)
        }
    }

    /// Captures until the time is over, the limit is reached, or somebody asks for the end.
    ///
    /// - Parameters:
    ///   - started: called once all sockets are open: packets are seen from then on.
    ///   - isEnding: asked a few times each second whether somebody wants it to end.
    /// - Throws: `SystemCallError`, `FilterError`, or what the sink throws.
    public func run(
        into sink: inout some CaptureSink, started: () -> Void = {}, isEnding: () -> Bool
    ) throws -> CaptureSummary {
        let (summary, sockets) = try runLeavingOpen(into: &sink, started: started, isEnding: isEnding)
        sockets.close()
        return summary
    }

    /// The same, for who has better things to do than to wait for sockets to close.
    func runLeavingOpen(
        into sink: inout some CaptureSink, started: () -> Void, isEnding: () -> Bool
    ) throws -> (CaptureSummary, OpenSockets) {
        var prepared = self
        try prepared.prepare()
        let sockets = try OpenSockets(prepared)
        do {
            started()
            var run = CaptureRun(self, sockets.all)
            return (try run.run(into: &sink, isEnding), sockets)
        } catch {
            sockets.close()
            throw error
        }
    }
}

/// The sockets of a capture, which are opened and closed by many threads: each call that gives a socket its ring, and each that
/// takes a socket away, waits until no processor uses the old state (`synchronize_net` in net/packet/af_packet.c), and many waits at once take no
/// longer than one.
final class OpenSockets: Sendable {
    private let sockets: Mutex<[PacketSocket?]>

    private static let width = 32

    fileprivate init(_ capture: Capture) throws {
        let sources = capture.sources
        sockets = Mutex(Array(repeating: nil, count: sources.count))
        if sources.isEmpty { return }
        let share = max(capture.memory / sources.count, capture.shape.smallestSize)
        let ringCount = min(sources.count, capture.memory / share)
        do {
            try NamespaceThread.forEach(sources.count, width: Self.width) { [self] thread, index in
                let source = sources[index]
                let program = FilterProgram(interfaces: source.interfaces, filter: capture.compiled)
                let socket = try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { inside in
                    try PacketSocket(
                        program, ringSize: index < ringCount ? share : nil, capture.shape, in: inside,
                        named: source.namespace)
                }
                sockets.withLock { $0[index] = socket }
            }
        } catch {
            close()
            throw error
        }
    }

    /// The sockets, in the order of the sources.
    fileprivate var all: [PacketSocket] { sockets.withLock { $0.compactMap { $0 } } }

    /// Closes the sockets. Whoever has one of them by then closes it when it lets go.
    func close() {
        let count = sockets.withLock { $0.count }
        // Where no thread can be had, this one does it all.
        try? NamespaceThread.forEach(count, width: Self.width) { [self] _, index in
            let socket = sockets.withLock { sockets in
                defer { sockets[index] = nil }
                return sockets[index]
            }
            withExtendedLifetime(socket) {}
        }
    }
}

/// Why a capture cannot be.
public enum CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The filter, or the list of a namespace's interfaces, is longer than the kernel takes.
    case filterTooLong(String)

    public var description: String {
        switch self {
        case .filterTooLong(let namespace):
            "\(namespace): the filter and the interfaces that are asked for are more than the kernel takes "
                + "(\(FilterProgram.longest) instructions); name fewer interfaces, or all of the namespace"
        }
    }
}

/// A capture that goes on: its interfaces, its counts, and the loop that reads and sorts.
private struct CaptureRun {
    private let capture: Capture
    private let sockets: [PacketSocket]
    private var queue = FrameQueue()
    private var buffer = PacketBuffer()
    private var interfaces: [CaptureSummary.Interface] = []
    /// The interfaces' places, by socket and number.
    private var places: [InterfaceKey: Int] = [:]
    private var taken: UInt64 = 0

    private struct InterfaceKey: Hashable {
        var socket: Int32
        var interface: UInt32
    }

    /// How long a packet may be on its way from the kernel's clock to here, in nanoseconds: with rings three times a block's time.
    private let patience: UInt64
    /// What packets that wait for their turn may take in any case, in bytes.
    private static let leastMemory = 16 << 20

    init(_ capture: Capture, _ sockets: [PacketSocket]) {
        self.capture = capture
        self.sockets = sockets
        patience =
            sockets.contains(where: \.hasRing) ? UInt64(capture.shape.retireTime) * 3_000_000 : 2_000_000
    }

    mutating func run(into sink: inout some CaptureSink, _ isEnding: () -> Bool) throws -> CaptureSummary {
        let poller = try Poller()
        for (number, socket) in sockets.enumerated() { try socket.register(poller, number: number) }
        var events = Poller.Events()
        let start = RealTimeClock.now
        let begun = MonotonicClock.now
        let end = capture.duration.map { begun + $0.nanoseconds }
        while !isEnding(), end.map({ MonotonicClock.now < $0 }) ?? true, !isFull {
            let remaining = end.map { $0 > MonotonicClock.now ? ($0 - MonotonicClock.now) / 1_000_000 + 1 : 0 }
            let before = RealTimeClock.now
            poller.wait(
                milliseconds: Int(min(remaining ?? 100, queue.isEmpty ? 100 : patience / 4_000_000 + 1)), &events)
            for number in events.numbers {
                sockets[number].drain(into: &queue, number: Int32(number), &buffer)
            }
            // More than this is not kept for the sake of order.
            let isTooMuch = queue.bytes.count > max(capture.memory, Self.leastMemory)
            try release(until: isTooMuch ? .max : before - patience, into: &sink)
            try sink.flush()
        }
        return try finish(start, poller, into: &sink)
    }

    private var isFull: Bool { capture.limit.map { taken >= $0 } ?? false }

    /// Takes what the kernel has by now, and the counts.
    private mutating func finish(
        _ start: UInt64, _ poller: borrowing Poller, into sink: inout some CaptureSink
    ) throws -> CaptureSummary {
        let end = RealTimeClock.now
        for socket in sockets { socket.stop() }
        // Blocks that are not full come when their time is over. A packet that arrives now is none of the capture's.
        var events = Poller.Events()
        let deadline = MonotonicClock.now + patience
        while MonotonicClock.now < deadline {
            for (number, socket) in sockets.enumerated() {
                socket.drain(into: &queue, number: Int32(number), &buffer)
            }
            poller.wait(milliseconds: Int(min(patience / 1_000_000, 10)), &events)
        }
        for (number, socket) in sockets.enumerated() {
            socket.drain(into: &queue, number: Int32(number), &buffer)
        }
        try release(until: .max, into: &sink)
        let namespaces = zip(capture.sources, sockets).map { source, socket in
            let (seen, dropped) = socket.statistics()
            return CaptureSummary.Namespace(
                namespace: source.namespace, seen: seen, dropped: dropped, hasRing: socket.hasRing)
        }
        let summary = CaptureSummary(
            start: start, end: end, interfaces: interfaces, namespaces: namespaces, unordered: queue.unordered,
            untimed: buffer.untimed)
        try sink.end(summary)
        return summary
    }

    private mutating func release(until time: UInt64, into sink: inout some CaptureSink) throws {
        // The queue is released by a closure that changes all else.
        var queue = FrameQueue()
        swap(&queue, &self.queue)
        defer { swap(&queue, &self.queue) }
        try queue.release(until: time) { frame, bytes in
            if isFull { return }
            let place = try place(of: frame, into: &sink)
            interfaces[place].packets += 1
            interfaces[place].bytes += UInt64(frame.length)
            taken += 1
            try sink.add(frame.packet(place, bytes))
        }
    }

    /// The place of a frame's interface; one that is new is told to the sink.
    private mutating func place(of frame: FrameQueue.Frame, into sink: inout some CaptureSink) throws -> Int {
        let key = InterfaceKey(socket: frame.socket, interface: frame.interface)
        if let place = places[key] { return place }
        let source = capture.sources[Int(frame.socket)]
        let known = sockets[Int(frame.socket)].interface(frame.interface)
        let isRaw = FilterProgram.rawTypes.contains(UInt32(frame.hardwareType))
        let interface = CapturedInterface(
            namespace: source.namespace, name: known?.name ?? "if\(frame.interface)",
            linkType: isRaw ? .rawIP : .ethernet, mac: known?.mac?.octets, speed: known?.speed)
        try sink.add(interface)
        places[key] = interfaces.count
        interfaces.append(CaptureSummary.Interface(interface: interface, packets: 0, bytes: 0))
        return interfaces.count - 1
    }
}

extension FrameQueue.Frame {
    /// The frame as it was on the wire: with its VLAN tag, which the kernel has beside it, behind the two addresses.
    fileprivate func packet(_ interface: Int, _ bytes: ArraySlice<UInt8>) -> CapturedPacket {
        var (whole, wireLength) = (bytes, length)
        if let tag, bytes.count >= 12 {
            let inserted = [tag.type, tag.control].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
            whole = (bytes.prefix(12) + inserted + bytes.dropFirst(12))[...]
            wireLength += 4
        }
        return CapturedPacket(
            time: time, interface: interface, isOutgoing: isOutgoing, bytes: whole, length: wireLength)
    }
}
