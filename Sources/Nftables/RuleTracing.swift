import CLinux
import Glibc
import Netlink
import NetworkNamespaces
import NetworkObjects

/// Which packets are to be told of, by bytes at places behind the header of the network layer.
public struct TracedBytes: Hashable, Sendable {
    /// What the packets are called, in what is told of them: a name of a chain.
    public var name: String
    /// What they have where: an offset from the transport header, and up to 16 bytes.
    public var bytes: [(offset: Int, values: [UInt8])]

    public init(_ name: String, _ bytes: [(offset: Int, values: [UInt8])]) {
        self.name = name
        self.bytes = bytes
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.bytes.elementsEqual(b.bytes) { $0.offset == $1.offset && $0.values == $1.values }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        for part in bytes { hasher.combine(part.values) }
    }
}

/// What a traced packet met, in the order that it met it (`NFT_MSG_TRACE`).
public struct RuleEvent: Hashable, Sendable {
    /// The packets that it is one of, where they begin to be told of; nil for what comes behind that.
    public var begins: String?
    public var table: RuleTable.ID
    public var chain: String
    public var kind: Kind
    public var verdict: Verdict
    /// The links that the packet came by and leaves by, as far as that is known there.
    public var ingress, egress: Int32?

    /// The rule that it was; nil for the end of a chain.
    public var rule: RuleID? {
        if case .rule(let handle) = kind { RuleID(table, chain, handle) } else { nil }
    }

    public enum Kind: Hashable, Sendable {
        /// A rule, by the number that `nft -a` shows.
        case rule(handle: UInt64)
        /// The chain's end: what becomes of packets that no rule decided on.
        case policy
        /// The chain's end where another had sent it here.
        case end
    }

    public enum Verdict: Hashable, Sendable {
        case accept, drop, goOn, end
        /// A program is asked (`queue`).
        case queue
        case jump(String)
        case goTo(String)
        /// Another, by its number.
        case other(Int32)
    }
}

/// Has the kernel tell which rules of a network namespace packets meet (nftrace; nft(8), "TRACING").
///
/// What it needs in the namespace is a table that its socket owns (`flags owner`, since Linux 5.12): the kernel takes it away
/// with the socket, however the process ends.
public struct RuleTracing: ~Copyable, Sendable {
    private var socket: NetlinkSocket
    private let table: RuleTable.ID

    /// Begins.
    ///
    /// - Parameters:
    ///   - packets: which ones.
    ///   - name: what the table is called, which no other of the namespace may be.
    /// - Throws: what the kernel refuses it with; `UnsayableRule` cannot come.
    public init(
        of packets: [TracedBytes], table name: String, in inside: borrowing InsideNamespace
    ) throws(NftablesError) {
        table = RuleTable.ID(family: .inet, name: name)
        do {
            socket = try Self.begin(packets, RuleTable.ID(family: .inet, name: name), in: inside)
        } catch let error as NftablesError {
            throw error
        } catch {
            throw NftablesError(message: "\(error)")
        }
    }

    private static func begin(
        _ packets: [TracedBytes], _ table: RuleTable.ID, in inside: borrowing InsideNamespace
    ) throws -> NetlinkSocket {
        var socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
        try socket.join(group: UInt32(NFNLGRP_NFTRACE.rawValue))
        for _ in 0..<attempts {
            guard let generation = try Nftables.generation(&socket) else {
                throw NftablesError(message: "this kernel has no nf_tables")
            }
            var batch = try RuleBatch(tracing: packets, table, on: generation)
            do throws(NetlinkError) {
                try socket.commit(&batch.requests)
                return socket
            } catch {
                // Another one has changed the rules meanwhile.
                guard case .refused(let failures) = error, failures.contains(where: { $0.errno == ERESTART }) else {
                    throw error
                }
            }
        }
        throw NftablesError(message: "the rule set changed during each of \(attempts) attempts to follow it")
    }

    private static let attempts = 8

    /// What was met since this was last asked for, in order.
    ///
    /// - Throws: also where the kernel had no room for all of it.
    public mutating func events() throws(NftablesError) -> [RuleEvent] {
        do {
            let events = try socket.notifications().compactMap { try RuleEvent($0) }
            return events.compactMap { event in
                guard event.table == table else { return event }
                // Of its own table only the beginning is of interest.
                guard case .rule = event.kind, !event.chain.hasPrefix(Self.hookPrefix) else { return nil }
                var event = event
                event.begins = event.chain
                return event
            }
        } catch {
            throw NftablesError(message: "\(error)")
        }
    }

    fileprivate static let hookPrefix = "from "
}

extension RuleBatch {
    /// A table that has the packets traced from where they come in, or where the host sends them: behind reassembly (priority
    /// -400), before all else that sees them.
    fileprivate init(tracing packets: [TracedBytes], _ table: RuleTable.ID, on generation: UInt32) throws {
        self.init(on: generation)
        try append(NFT_MSG_NEWTABLE, table, [.create, .exclusive]) { $0.put(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER) }
        let names = packets.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        for name in names {
            try append(.addChain(table, RuleTable.Chain(name, [])))
            try append(NFT_MSG_NEWRULE, table, [.create, .append]) { message in
                message.put(NFTA_RULE_CHAIN, name)
                message.nested(NFTA_RULE_EXPRESSIONS) { list in
                    list.immediate(RegisterValue([1])!, into: .first)
                    list.meta(NFT_META_NFTRACE, from: .first)
                }
            }
        }
        for (point, number) in [("prerouting", NF_INET_PRE_ROUTING), ("output", NF_INET_LOCAL_OUT)] {
            let chain = RuleTracing.hookPrefix + point
            try append(NFT_MSG_NEWCHAIN, table, .create) { message in
                message.put(NFTA_CHAIN_NAME, chain)
                message.put(NFTA_CHAIN_TYPE, "filter")
                message.nested(NFTA_CHAIN_HOOK) { data in
                    data.put(NFTA_HOOK_HOOKNUM, number)
                    data.put(NFTA_HOOK_PRIORITY, UInt32(bitPattern: -310))
                }
            }
            for packet in packets {
                try append(NFT_MSG_NEWRULE, table, [.create, .append]) { (message) throws(UnsayableRule) in
                    message.put(NFTA_RULE_CHAIN, chain)
                    try message.nested(NFTA_RULE_EXPRESSIONS) { (list) throws(UnsayableRule) in
                        for part in packet.bytes {
                            guard let value = RegisterValue(part.values[...]) else {
                                throw UnsayableRule("more than 16 bytes")
                            }
                            list.payload(
                                NFT_PAYLOAD_TRANSPORT_HEADER, offset: part.offset, length: part.values.count,
                                into: .first)
                            list.compare(.first, NFT_CMP_EQ, value)
                        }
                        try list.immediate(.goto(packet.name))
                    }
                }
            }
        }
        end()
    }
}

extension RuleEvent {
    /// Reads an event; nil for another message, and for a family that is not known.
    init?(_ message: Message) throws(MalformedMessage) {
        guard message.type == NFT_MSG_TRACE.number else { return nil }
        let header = try message.header(nfgenmsg.self)
        guard let family = RuleTable.Family(number: header.nfgen_family) else { return nil }
        var (table, chain): (String?, String?)
        var (handle, type): (UInt64?, UInt32) = (nil, 0)
        var (code, target): (Int32?, String?)
        var policy: UInt32?
        for attribute in try message.attributes(after: nfgenmsg.self) {
            switch nft_trace_attributes(UInt32(attribute.type)) {
            case NFTA_TRACE_TABLE: table = attribute.text
            case NFTA_TRACE_CHAIN: chain = attribute.text
            case NFTA_TRACE_RULE_HANDLE: handle = try attribute.bigEndian()
            case NFTA_TRACE_TYPE: type = try attribute.bigEndian()
            case NFTA_TRACE_POLICY: policy = try attribute.bigEndian()
            case NFTA_TRACE_IIF: ingress = Int32(truncatingIfNeeded: try attribute.bigEndian() as UInt32)
            case NFTA_TRACE_OIF: egress = Int32(truncatingIfNeeded: try attribute.bigEndian() as UInt32)
            case NFTA_TRACE_VERDICT:
                for part in try attribute.nested() {
                    switch nft_verdict_attributes(UInt32(part.type)) {
                    case NFTA_VERDICT_CODE: code = Int32(bitPattern: try part.bigEndian() as UInt32)
                    case NFTA_VERDICT_CHAIN: target = part.text
                    default: break
                    }
                }
            default: break
            }
        }
        guard let table, let chain else { return nil }
        self.table = RuleTable.ID(family: family, name: table)
        self.chain = chain
        switch nft_trace_types(type) {
        // Since Linux 6.4 the end of a chain is told as a rule without a number.
        case NFT_TRACETYPE_RULE: kind = handle.map { $0 == 0 ? .end : .rule(handle: $0) } ?? .end
        case NFT_TRACETYPE_POLICY:
            kind = .policy
            code = policy.map { Int32(bitPattern: $0) }
        case NFT_TRACETYPE_RETURN: kind = .end
        default: return nil
        }
        // Beside its own numbers nf_tables has those of the hooks in the low byte (`NF_VERDICT_MASK`).
        let number = code ?? NFT_CONTINUE.rawValue
        verdict =
            switch number {
            case NFT_CONTINUE.rawValue: .goOn
            case NFT_RETURN.rawValue: .end
            case NFT_JUMP.rawValue: .jump(target ?? "")
            case NFT_GOTO.rawValue: .goTo(target ?? "")
            case _ where number >= 0 && number & 0xff == NF_ACCEPT: .accept
            case _ where number >= 0 && number & 0xff == NF_DROP: .drop
            case _ where number >= 0 && number & 0xff == NF_QUEUE: .queue
            default: .other(number)
            }
    }
}
