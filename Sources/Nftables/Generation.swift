import CLinux
import Glibc
import Netlink
import NetworkNamespaces

extension Nftables {
    /// The number of a namespace's rule set, which is another after each transaction: where it is the same
    /// as before, no table, chain, rule or element was changed meanwhile. What packets do to counters and dynamic sets is
    /// no transaction.
    ///
    /// - Returns: nil where the kernel has no nf_tables.
    public static func generation(in inside: borrowing InsideNamespace) throws(NetlinkError) -> UInt32? {
        var socket: NetlinkSocket
        do {
            socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
        } catch {
            if case .system(_, errno: EPROTONOSUPPORT) = error { return nil }
            throw error
        }
        return try generation(&socket)
    }

    /// The same over a socket that is open.
    static func generation(_ socket: inout NetlinkSocket) throws(NetlinkError) -> UInt32? {
        let replies: [Message]
        do {
            replies = try socket.replies(to: getGeneration) { message in
                // struct nfgenmsg: any family, version 0, no resource.
                message.append(structure: UInt32(0))
            }
        } catch {
            if case .refused = error { return nil }
            throw error
        }
        do throws(MalformedMessage) {
            guard let reply = replies.first else { return nil }
            for attribute in try reply.attributes(after: UInt32.self) where attribute.type == generationAttribute {
                return try attribute.bigEndian()
            }
            return nil
        } catch {
            throw .malformed(error)
        }
    }

    /// The number of a rule set that was never changed (`nf_tables_init_net`).
    public static let untouchedGeneration: UInt32 = 1
}

/// `NETLINK_NETFILTER` (linux/netlink.h).
let nfnetlinkProtocol: Int32 = 12
/// `NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN` (linux/netfilter/nfnetlink.h, nf_tables.h).
private let getGeneration = 10 << 8 | 16
/// `NFTA_GEN_ID`.
private let generationAttribute = 1
