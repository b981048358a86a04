import Addresses
import KubeProxy
import Nftables
import PacketTrace
import Packets

/// One packet's way through a lab, and its answer's way back.
public struct TraceReport: Encodable, Sendable {
    public var lab: String
    /// The namespace that the packet was sent from.
    public var from: String
    /// Whom it was for, as it was asked for.
    public var to: String
    /// The address that it was sent to.
    public var address: String
    /// `icmp`, `tcp` or `udp`.
    public var `protocol`: String
    /// The port that it was sent to; absent for an echo.
    public var port: UInt16?
    /// Whether the answer that was wanted came back.
    public var answered: Bool
    /// How long that took, in seconds; absent where it did not.
    public var roundTrip: Double?
    /// What came of it, as a sentence.
    public var outcome: String
    /// Why the answer did not come; absent where it did, or where nothing was found.
    public var cause: Cause?
    /// What could not be looked at; absent where all was.
    public var notes: [String]?
    /// Each place where the packet, its answer or an error about either was seen, in order of time.
    public var hops: [Hop]
    /// The packets that were sent after this one (`--count`); absent where it is the only one.
    public var further: [TraceReport]?

    /// Where the packet, its answer and errors went, and what became of it: what is the same of packets that take the same way.
    public var way: [String] {
        hops.map { "\($0.leg) \($0.direction) \($0.namespace):\($0.interface)" }
            + [answered ? "answered" : cause.map { "\($0.namespace) \($0.object)" } ?? "not answered"]
    }

    public struct Hop: Encodable, Sendable {
        /// `request`, `reply` or `error`.
        public var leg: String
        /// Seconds since the packet was first seen.
        public var time: Double
        public var namespace: String
        public var interface: String
        /// `in` or `out`, as the interface sees it.
        public var direction: String
        /// The innermost packet's time to live, or hop limit.
        public var ttl: UInt8
        /// The innermost packet's addresses.
        public var source: String
        public var destination: String
        /// The packet in tcpdump's words.
        public var packet: String
        /// What it has become since the hop before.
        public var changes: [Change]
        /// The entries of the namespace's tables that decided on it there.
        public var decisions: [Decision]

        init?(_ hop: TracedHop) {
            guard let layer = hop.packet.layers.last else { return nil }
            leg = hop.leg.rawValue
            time = Double(hop.time) / 1e9
            namespace = hop.namespace
            interface = hop.interface
            direction = hop.isOutgoing ? "out" : "in"
            ttl = layer.ttl
            source = "\(layer.source)"
            destination = "\(layer.destination)"
            packet = "\(hop.packet)"
            changes = hop.changes.map(Change.init)
            decisions = hop.decisions.map(Decision.init)
        }
    }

    /// An entry that decided on a packet.
    public struct Decision: Encodable, Sendable {
        /// `route`, `rule`, `neighbour`, `fdb`, `vlan`, `conntrack` or `nftables`.
        public var kind: String
        /// The entry, as `ip`, `bridge`, `conntrack` or `nft` prints it.
        public var entry: String
        /// The table and chain of a rule of nf_tables; absent for anything else.
        public var chain: String?
        /// What became of the packet there, in nft's words; absent for anything else.
        public var verdict: String?
        /// The service or endpoint that the chain is of; absent for anything else.
        public var object: String?
        /// What an entry of the connection table says; absent for anything else.
        public var connection: Connection?

        init(_ decision: TraceDecision) {
            (kind, entry, chain, verdict) = (
                decision.kind.rawValue, decision.entry, decision.chain, decision.verdict
            )
            connection = decision.connection.map(Connection.init)
            object = chain.flatMap { $0.split(separator: " ").last.flatMap { ServiceChain.object(of: String($0)) } }
        }
    }

    /// A connection that a namespace keeps track of.
    public struct Connection: Encodable, Sendable {
        /// `tcp`, `udp`, `icmp` or `icmpv6`.
        public var `protocol`: String
        /// The state of a connection of TCP, such as `SYN_RECV`; absent for any other.
        public var state: String?
        /// Whether an answer has come.
        public var replied: Bool
        /// Whether its packets get other addresses, ports or identifiers.
        public var translated: Bool
        /// What its packets have when they come.
        public var original: Tuple
        /// What their answers have when they come.
        public var reply: Tuple

        /// What packets of one direction have.
        public struct Tuple: Encodable, Sendable {
            public var source: String
            public var destination: String
            /// Absent for an echo.
            public var sourcePort: UInt16?
            public var destinationPort: UInt16?
            /// That of an echo; absent for any other.
            public var identifier: UInt16?

            init(_ tuple: ConnectionTuple) {
                (source, destination) = ("\(tuple.source)", "\(tuple.destination)")
                switch tuple.ends {
                case .ports(let source, let destination): (sourcePort, destinationPort) = (source, destination)
                case .echo(_, _, let number): identifier = number
                }
            }
        }

        init(_ connection: TrackedConnection) {
            (`protocol`, state) = (connection.transport, connection.state)
            (replied, translated) = (connection.isReplied, connection.isTranslated)
            (original, reply) = (Tuple(connection.original), Tuple(connection.reply))
        }
    }

    /// Why a packet was not answered.
    public struct Cause: Encodable, Sendable {
        /// A word for it, such as `no route` or `link down`.
        public var kind: String
        public var namespace: String
        /// What decided, as the tools print it: what to look at.
        public var object: String
        /// What happened, as a sentence.
        public var text: String
        /// What of the lab is not as `up` made it on the way, as a sentence; absent where all is.
        public var difference: String?
    }

    /// What a packet has become between two hops.
    public struct Change: Encodable, Sendable {
        /// `source`, `destination`, `identifier`, `outer source`, `outer destination`, `encapsulation`, `decapsulation`, `frame` or `vlan`.
        public var kind: String
        /// What it was before; absent where that is no single thing.
        public var before: String?
        /// What it is now.
        public var after: String
        /// The addresses of the frame that a tunnel's packet carries; absent for anything else.
        public var innerFrame: String?

        init(_ change: PathChange) {
            switch change {
            case .source(let before, let after, let isOuter):
                (kind, self.before, self.after) = (isOuter ? "outer source" : "source", "\(before)", "\(after)")
            case .destination(let before, let after, let isOuter):
                (kind, self.before) = (isOuter ? "outer destination" : "destination", "\(before)")
                self.after = "\(after)"
            case .identifier(let before, let after):
                (kind, self.before, self.after) = ("identifier", "\(before)", "\(after)")
            case .encapsulated(let tunnel):
                (kind, after, innerFrame) = ("encapsulation", tunnel.text, tunnel.frame?.text)
            case .decapsulated(let tunnel):
                (kind, after, innerFrame) = ("decapsulation", tunnel.text, tunnel.frame?.text)
            case .frame(let source, let destination): (kind, after) = ("frame", "\(source) → \(destination)")
            case .vlans(let before, let after):
                func list(_ ids: [UInt16]) -> String {
                    ids.isEmpty ? "none" : ids.map(String.init).joined(separator: " in ")
                }
                (kind, self.before, self.after) = ("vlan", list(before), list(after))
            }
        }
    }
}

extension EthernetHeader {
    fileprivate var text: String { "\(source) → \(destination)" }
}

extension PathChange.Tunnel {
    /// `VXLAN 4096, 10.10.10.11 → 10.10.10.12`.
    fileprivate var text: String {
        let port = ports.map { " port \($0.destination)" } ?? ""
        return (vni.map { "VXLAN \($0)" } ?? "IP in IP") + ", \(source) → \(destination)\(port)"
    }
}

extension TraceReport {
    init(
        _ path: TracedPath, _ trace: Trace, lab: String, to: String, names: [IPAddress: String]
    ) {
        self.lab = lab
        from = trace.sender
        self.to = to
        address = "\(trace.destination)"
        switch trace.probe {
        case .echo: (`protocol`, port) = ("icmp", nil)
        case .tcp(let port): (`protocol`, self.port) = ("tcp", port)
        case .udp(let port): (`protocol`, self.port) = ("udp", port)
        }
        answered = path.isAnswered
        hops = path.hops.compactMap(Hop.init)
        let end = path.hops.last { $0.leg != .request && $0.namespace == trace.sender && !$0.isOutgoing }
        roundTrip = answered ? end.map { Double($0.time) / 1e9 } : nil
        outcome = Self.outcome(path, end, trace, names)
        notes = path.gaps.isEmpty ? nil : path.gaps
    }

    private static func outcome(
        _ path: TracedPath, _ end: TracedHop?, _ trace: Trace, _ names: [IPAddress: String]
    ) -> String {
        if let refusal = path.refusal {
            return "\(trace.sender) could not send it: \(refusal.words) (the kernel, \(refusal.call))"
        }
        func named(_ layer: PacketLayer?) -> String {
            guard let source = layer?.source else { return "somebody" }
            return names[source].map { "\($0) (\(source))" } ?? "\(source)"
        }
        if let end, path.isAnswered {
            return "answered after \(end.time / 1000) µs"
        } else if let error = path.error {
            return "\(named(error.packet.layers.first)) sent an error: \(error.packet.controlText ?? "\(error.packet)")"
        } else if let end, path.isRefused {
            return "\(named(end.packet.layers.last)) refused the connection (RST)"
        }
        guard let last = path.hops.last else {
            return "the packet was seen nowhere: it did not leave \(trace.sender)"
        }
        let what =
            ["request": "the packet", "reply": "the answer", "error": "an error about it"][last.leg.rawValue] ?? ""
        let place = "\(last.namespace):\(last.interface)"
        return "no answer: \(what) was last seen \(last.isOutgoing ? "leaving by" : "arriving at") \(place)"
    }
}
