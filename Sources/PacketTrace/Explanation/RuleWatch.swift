import Addresses
import NetworkNamespaces
import NetworkObjects
import Nftables
import Synchronization

/// Rules of nf_tables that the packets of a trace met in one namespace, from where they came in or were sent on.
public struct RulePassage: Hashable, Sendable {
    /// Whose packet; nil where a datagram may be the request or an answer with the same content.
    public var leg: TraceLeg?
    /// How many tunnels' packets are around it.
    public var depth: Int
    /// The link that it came in by; nil for one that the host sent.
    public var ingress: Int32?
    public var events: [RuleEvent]
}

/// Follows a trace's packets through the rules of all namespaces that have any.
final class RuleWatch: Sendable {
    private let tracings: Mutex<[String: Tracing]>
    private let failures: Mutex<[String]>
    private let sources: [CaptureSource]

    /// A class, so that a dictionary can hold it.
    private final class Tracing: Sendable {
        private let tracing: Mutex<RuleTracing>

        init(_ tracing: consuming RuleTracing) { self.tracing = Mutex(tracing) }

        func events() throws(NftablesError) -> [RuleEvent] {
            try tracing.withLock { (tracing) throws(NftablesError) in try tracing.events() }
        }
    }

    /// How many namespaces are gone through at once: each waits for the kernel to let go of its table.
    private static let width = 32

    /// Begins, in those of the namespaces that have a rule.
    init(_ packets: [TracedBytes], _ sources: [CaptureSource]) throws {
        tracings = Mutex([:])
        failures = Mutex([])
        self.sources = sources
        let name = "nslab-trace-\(UInt32.random(in: .min ... .max))"
        try NamespaceThread.forEach(sources.count, width: Self.width) { [self] thread, index in
            let source = sources[index]
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { inside in
                do {
                    // A kernel counts the changes of each namespace's rules, from one on.
                    let generation = try Nftables.generation(in: inside)
                    guard let generation, generation != Nftables.untouchedGeneration else { return }
                    let tracing = Tracing(try RuleTracing(of: packets, table: name, in: inside))
                    tracings.withLock { $0[source.namespace] = tracing }
                } catch {
                    failures.withLock { $0.append("\(source.namespace): its rules cannot be followed (\(error))") }
                }
            }
        }
    }

    /// What the packets met by now, by namespace and in order. What is not known is among `gaps`.
    func passages() -> [String: [RulePassage]] {
        var all: [String: [RulePassage]] = [:]
        for (namespace, tracing) in tracings.withLock({ $0 }) {
            do {
                all[namespace] = try Self.passages(tracing.events())
            } catch {
                failures.withLock { $0.append("\(namespace): not all of its rules could be followed (\(error))") }
            }
        }
        return all
    }

    /// Where rules could not be followed, and why.
    var gaps: [String] { failures.withLock { $0 } }

    static func passages(_ events: [RuleEvent]) -> [RulePassage] {
        var passages: [RulePassage] = []
        for event in events {
            if let name = event.begins {
                let words = name.split(separator: " ")
                passages.append(
                    RulePassage(
                        leg: words.first.flatMap { TraceLeg(rawValue: String($0)) }, depth: max(0, words.count - 1),
                        ingress: event.ingress, events: []))
            } else if !passages.isEmpty {
                let last = passages.count - 1
                passages[last].ingress = passages[last].ingress ?? event.ingress
                passages[last].events.append(event)
            }
        }
        return passages
    }

    /// Ends it: the tables go. Each waits until no processor uses its table, many at once no longer than one.
    func end() {
        let names = tracings.withLock { Array($0.keys) }
        // Where no thread can be had, this one does it all; what is left goes with the process.
        try? NamespaceThread.forEach(names.count, width: Self.width) { [self] _, index in
            let tracing = tracings.withLock { $0.removeValue(forKey: names[index]) }
            withExtendedLifetime(tracing) {}
        }
    }
}

extension TraceProbe {
    /// What tells a trace's packets from others, as rules can see it: an echo's and datagram's cookie, and what an echo is; a
    /// connection's sequence number. Within tunnels and errors they are so much further back.
    func tracedBytes(_ cookie: [UInt8]) -> [TracedBytes] {
        // A header of VXLAN and one of Ethernet behind UDP's, and one of IP; or that one alone (IP in IP).
        let tunnels = [8 + 8 + 14 + 20, 8 + 8 + 14 + 40, 20]
        // The packet that an ICMP error quotes.
        let quotes = [8 + 20, 8 + 40]
        var all: [TracedBytes] = []
        for (depth, starts) in [[0], tunnels].enumerated() {
            let suffix = depth == 0 ? "" : " tunnelled"
            for start in starts {
                switch self {
                case .echo:
                    for type: UInt8 in [8, 128] {
                        all.append(TracedBytes("request" + suffix, [(start, [type]), (start + 8, cookie)]))
                    }
                    for type: UInt8 in [0, 129] {
                        all.append(TracedBytes("reply" + suffix, [(start, [type]), (start + 8, cookie)]))
                    }
                case .udp: all.append(TracedBytes("datagram" + suffix, [(start + 8, cookie)]))
                case .tcp:
                    let sequence = initialSequence(cookie)
                    all.append(TracedBytes("request" + suffix, [(start + 4, sequence.octets)]))
                    all.append(TracedBytes("reply" + suffix, [(start + 8, (sequence &+ 1).octets)]))
                }
                for quote in quotes {
                    let what: (Int, [UInt8]) =
                        if case .tcp = self {
                            (start + quote + 4, initialSequence(cookie).octets)
                        } else {
                            (start + quote + 8, cookie)
                        }
                    all.append(TracedBytes("error" + suffix, [what]))
                }
            }
        }
        return all
    }

    /// The sequence number that a connection begins with.
    func initialSequence(_ cookie: [UInt8]) -> UInt32 { cookie.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
}

extension UInt32 {
    /// In network byte order.
    fileprivate var octets: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) } }
}
