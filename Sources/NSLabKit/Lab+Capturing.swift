import Addresses
import Engine
import Glibc
import NetworkNamespaces
import NetworkObjects
import PacketTrace
import Probes
import Rtnetlink
import System

/// Which packets of a lab are captured, and for how long.
public struct CaptureRequest: Sendable {
    /// Where: `NAME` or `NAME:INTERFACE`, both with `*` and `?` as a shell has them, NAME also as `pod/NAME`; empty for everywhere.
    public var places: [String] = []
    /// On which kinds of link, in the kernel's own words: `veth`, `vxlan`, `bridge`; empty for all.
    public var kinds: [String] = []
    /// What packets have to pass, in the language of pcap-filter(7).
    public var filter: String?
    /// The most memory that is shared with the kernel, in bytes.
    public var memory = 64 << 20
    /// How long; nil until somebody asks for the end.
    public var duration: Duration?
    /// The most packets.
    public var limit: UInt64?
    /// Whether what tunnels carry is shown beside what carries it.
    public var isDecapsulating = false

    public init() {}
}

/// Where a capture goes.
public enum CaptureDestination {
    /// A file of pcapng; one that is there is replaced.
    case file(String)
    /// A stream of pcapng, on a descriptor that stays open, such as standard output.
    case stream(CInt, name: String)
    /// Lines, one a packet: the closure is called with some whole ones at a time.
    case lines((String) throws -> Void)
}

/// What a capture saw.
public struct CaptureReport: Encodable, Sendable {
    public var lab: String
    /// The file that it is in; absent where it went elsewhere.
    public var file: String?
    /// The filter that packets had to pass; absent where there was none.
    public var filter: String?
    /// In seconds.
    public var duration: Double
    /// How many packets were written.
    public var packets: UInt64
    /// How many passed the filter, as the kernel counted them.
    public var seen: UInt64
    /// How many the kernel had no room for.
    public var dropped: UInt64
    /// How many stand behind a later one, because the machine was too busy to have them read in time.
    public var unordered: UInt64
    /// The interfaces that packets were seen on.
    public var interfaces: [Interface]
    /// All namespaces that were looked at.
    public var namespaces: [Namespace]

    public struct Interface: Encodable, Sendable {
        /// `NAME:INTERFACE`.
        public var interface: String
        public var packets: UInt64
        /// Their bytes on the wire.
        public var bytes: UInt64
    }

    public struct Namespace: Encodable, Sendable {
        public var name: String
        public var seen: UInt64
        public var dropped: UInt64
    }

    init(_ summary: CaptureSummary, _ request: CaptureRequest, lab: String, file: String?) {
        self.lab = lab
        self.file = file
        filter = request.filter
        duration = Double(summary.end - min(summary.start, summary.end)) / 1e9
        packets = summary.packets
        seen = summary.namespaces.reduce(0) { $0 + $1.seen }
        dropped = summary.dropped
        unordered = summary.unordered
        interfaces = summary.interfaces.map {
            Interface(interface: $0.interface.text, packets: $0.packets, bytes: $0.bytes)
        }.sorted { $0.interface < $1.interface }
        namespaces = summary.namespaces.map { Namespace(name: $0.namespace, seen: $0.seen, dropped: $0.dropped) }
    }
}

extension Lab {
    /// Captures the packets of the lab's interfaces, of all namespaces at once and in order of time. Nothing of it is left in the
    /// lab, whatever ends it: its sockets go with the process.
    ///
    /// - Parameters:
    ///   - started: called with the number of namespaces once packets are seen.
    ///   - cancellation: a request to end ends the capture, which is then complete.
    public func capture(
        _ request: CaptureRequest, to destination: CaptureDestination, cancellation: Cancellation = .none,
        started: (Int) -> Void = { _ in }
    ) throws(NSLabError) -> CaptureReport {
        try reportingErrors {
            OpenFiles.raise()
            let sources = try captureSources(request)
            var capture = Capture(
                sources, filter: request.filter, memory: request.memory, duration: request.duration,
                limit: request.limit)
            cancellation.hold()
            defer { cancellation.release() }
            func run(_ sink: some CaptureSink) throws -> CaptureSummary {
                var sink = sink
                return try capture.run(into: &sink) {
                    started(sources.count)
                } isEnding: {
                    cancellation.isRequested()
                }
            }
            func file(_ descriptor: consuming FileDescriptor, _ path: String) throws -> CaptureFile {
                try CaptureFile(
                    descriptor, path: path, application: "nslab", comment: "lab \(name)", names: addressNames(),
                    filter: request.filter, isDecapsulating: request.isDecapsulating
                ) { frame in
                    if frame.isTrace { return "nslab trace" }
                    let (echo, payload) = (frame.echo, frame.payload)
                    return ProbeMark.remark(identifier: echo.identifier, sequence: echo.sequence, payload: payload)
                }
            }
            do {
                // A file that is there is emptied for what passes a filter, not for a filter that is none.
                try capture.prepare()
                let summary: CaptureSummary
                var path: String?
                switch destination {
                case .file(let name):
                    path = name
                    summary = try run(
                        file(FileDescriptor(opening: name, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644), name))
                case .stream(let number, let name):
                    let own = FileDescriptor(
                        owning: try systemCall("fcntl", name) { fcntl(number, F_DUPFD_CLOEXEC, 3) })
                    summary = try run(file(own, name))
                case .lines(let output):
                    summary = try run(CaptureLines(isDecapsulating: request.isDecapsulating, output))
                }
                if cancellation.isRequested() { cancellation.acknowledge() }
                return CaptureReport(summary, request, lab: name, file: path)
            } catch let error as FilterError {
                if case .notAFilter = error { throw NSLabError("\(error)", .badInput) }
                throw error
            } catch let error as CaptureError {
                throw NSLabError("\(error)", .badInput)
            }
        }
    }

    // MARK: Where

    /// The namespaces that a request means, each with the interfaces in it.
    private func captureSources(_ request: CaptureRequest) throws -> [CaptureSource] {
        let places = try request.places.map { try CapturePlace($0, running) }
        let sources: [CaptureSource] = try running.journal.namespaces.compactMap { entry in
            let here = places.filter { $0.includes(entry) }
            if here.isEmpty, !places.isEmpty { return nil }
            var source = CaptureSource(namespace: entry.name, pin: entry.pin)
            // All of its interfaces, or some.
            if request.kinds.isEmpty, here.isEmpty || here.contains(where: { $0.interface == nil }) { return source }
            let links = try running.read(entry) { socket in try socket.links() }
            let chosen = links.filter { link in
                let name = link.link.name.description
                let isNamed = here.isEmpty || here.contains { $0.interface.map { matches(name, $0) } ?? true }
                return isNamed && (request.kinds.isEmpty || request.kinds.contains(link.link.kind.word))
            }
            source.interfaces = chosen.map { UInt32(bitPattern: $0.index) }
            return chosen.isEmpty ? nil : source
        }
        guard !sources.isEmpty else {
            let kinds = request.kinds.isEmpty ? "" : " of kind \(request.kinds.joined(separator: " or "))"
            let places = request.places.isEmpty ? "" : " on \(request.places.joined(separator: ", "))"
            throw NSLabError(
                "lab \(name) has no interface\(kinds)\(places); `nslab inspect` lists its namespaces, `nslab exec NAME "
                    + "-- ip -d link` a namespace's interfaces", .badInput)
        }
        return sources
    }

    /// What the lab's addresses are called: those that the kernel has of hosts, and those of services.
    private func addressNames() throws -> [(address: IPAddress, name: String)] {
        var names = try running.survey().flatMap { status in status.addresses.map { (address: $0, name: status.name) } }
        for service in running.blueprint.services {
            for address in service.clusterAddresses { names.append((address, "\(service.name).\(service.namespace)")) }
        }
        return names
    }
}

/// A place that is captured: namespaces by name or pattern, and interfaces in them.
private struct CapturePlace {
    /// What namespaces' names are compared with, and their kind.
    var namespace: String
    var kind: String?
    /// What interfaces' names are compared with; nil for all.
    var interface: String?

    init(_ text: String, _ running: RunningLab) throws {
        let colon = text.firstIndex(of: ":")
        interface = colon.map { String(text[text.index(after: $0)...]) }
        let name = String(text[..<(colon ?? text.endIndex)])
        guard name.contains(where: { "*?[".contains($0) }) else {
            namespace = try running.namespace(named: name).name
            return
        }
        let slash = name.firstIndex(of: "/")
        kind = slash.map { String(name[..<$0]) }
        namespace = String(name[(slash.map { name.index(after: $0) } ?? name.startIndex)...])
    }

    func includes(_ entry: Journal.Entry) -> Bool {
        (kind == nil || kind == entry.kind) && matches(entry.name, namespace)
    }
}

/// Whether a name is one of those that a shell's pattern means (fnmatch(3)).
private func matches(_ name: String, _ pattern: String) -> Bool { fnmatch(pattern, name, 0) == 0 }

extension Link.Kind {
    /// The kernel's own word for it (`ip link add … type`).
    fileprivate var word: String {
        switch self {
        case .loopback: "loopback"
        case .veth: "veth"
        case .bridge: "bridge"
        case .vlan: "vlan"
        case .vxlan: "vxlan"
        case .ipip: "ipip"
        case .other(let word): word
        }
    }
}
