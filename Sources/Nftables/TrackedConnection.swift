import CLinux
import Glibc
import Netlink

/// A connection that a namespace keeps track of (nf_conntrack), as the kernel has it.
public struct TrackedConnection: Hashable, Sendable, CustomStringConvertible {
    /// What its packets have when they come, before translation.
    public var original: ConnectionTuple
    /// What their answers have when they come: where something is translated, not the inverse of `original`.
    public var reply: ConnectionTuple
    /// `IPS_*` (linux/netfilter/nf_conntrack_common.h).
    var status: UInt32
    /// Of TCP.
    var tcpState: UInt8?
    /// The kernel's own number of it.
    var id: UInt32?

    /// Whether an answer has come.
    public var isReplied: Bool { status & 1 << 1 != 0 }
    /// Whether it stays where the table is full.
    public var isAssured: Bool { status & 1 << 2 != 0 }
    /// Whether its packets get other addresses, ports or identifiers.
    public var isTranslated: Bool { original.inverse != reply }

    /// The state of a connection of TCP, in the words of conntrack(8) (`enum tcp_conntrack`); nil for any other.
    public var state: String? {
        guard let tcpState else { return nil }
        return Self.tcpStates.indices.contains(Int(tcpState)) ? Self.tcpStates[Int(tcpState)] : "\(tcpState)"
    }

    private static let tcpStates = [
        "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",
        "SYN_SENT2",
    ]

    /// `tcp`, `udp`, `icmp`, `icmpv6`, or a number.
    public var transport: String {
        switch Int(original.transport) {
        case IPPROTO_TCP: "tcp"
        case IPPROTO_UDP: "udp"
        case IPPROTO_ICMP: "icmp"
        case IPPROTO_ICMPV6: "icmpv6"
        default: "\(original.transport)"
        }
    }

    /// As conntrack(8) lists it, without what goes on by itself.
    public var description: String {
        let words = [
            transport, state, "\(original)", isReplied ? nil : "[UNREPLIED]", "\(reply)", isAssured ? "[ASSURED]" : nil,
        ]
        return words.compactMap { $0 }.joined(separator: " ")
    }
}

extension TrackedConnection {
    /// Reads one; nil where the message says too little of it.
    init?(_ message: Message) throws(MalformedMessage) {
        var (original, reply): (ConnectionTuple?, ConnectionTuple?)
        status = 0
        for attribute in try message.attributes(after: UInt32.self) {
            switch attribute.type {
            case CTAttribute.original: original = try ConnectionTuple(attribute.nested())
            case CTAttribute.reply: reply = try ConnectionTuple(attribute.nested())
            case CTAttribute.status: status = try attribute.bigEndian()
            case CTAttribute.id: id = try attribute.integer()
            case CTAttribute.protocolState:
                for part in try attribute.nested() where part.type == CTAttribute.tcp {
                    for field in try part.nested() where field.type == CTAttribute.tcpState {
                        tcpState = try field.integer()
                    }
                }
            default: break
            }
        }
        guard let original, let reply else { return nil }
        (self.original, self.reply) = (original, reply)
    }

    /// Writes what a request to delete it says (`ctnetlink_del_conntrack`).
    func write(to message: inout MessageWriter) {
        original.writeHeader(to: &message)
        original.write(to: &message)
        if let id { message.put(CTAttribute.id, id) }
    }
}

extension ConnectionTracking {
    /// The connection that packets of such a tuple are of, in whichever direction they go.
    ///
    /// - Returns: nil where there is none, or where the kernel keeps track of none.
    /// - Throws: what `NetlinkSocket.replies` throws.
    public mutating func connection(of tuple: ConnectionTuple) throws(NetlinkError) -> TrackedConnection? {
        let replies: [Message]
        do {
            replies = try socket.replies(to: getConnections) { message in
                tuple.writeHeader(to: &message)
                tuple.write(to: &message)
            }
        } catch {
            if error.isWithoutConnections { return nil }
            throw error
        }
        do throws(MalformedMessage) {
            return if let reply = replies.first { try TrackedConnection(reply) } else { nil }
        } catch {
            throw .malformed(error)
        }
    }
}

extension NetlinkError {
    /// Whether the kernel knows of no such connection: it has none, or keeps track of none, as one without the module, or one that
    /// the module was never loaded into.
    var isWithoutConnections: Bool {
        switch self {
        case .refused(let failures):
            failures.allSatisfy { [ENOENT, EOPNOTSUPP, EINVAL].contains($0.errno) }
        case .system(_, errno: EPROTONOSUPPORT): true
        default: false
        }
    }
}

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET` (linux/netfilter/nfnetlink_conntrack.h).
let getConnections = 1 << 8 | 1
