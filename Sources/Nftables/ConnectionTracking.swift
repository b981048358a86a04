import CLinux
import Glibc
import Netlink
import NetworkNamespaces

/// The connections that a network namespace keeps track of (nf_conntrack), by way of nfnetlink.
public struct ConnectionTracking: ~Copyable, Sendable {
    var socket: NetlinkSocket

    public init(in inside: borrowing InsideNamespace) throws(NetlinkError) {
        // Not a dump, and no strict checks that old kernels would not know of for this family.
        socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
    }

    /// Forgets all connections of both families: packets that go on are tracked, and translated, again.
    ///
    /// - Throws: what `NetlinkSocket.execute` throws; nothing where the kernel keeps track of no connections.
    public mutating func flush() throws(NetlinkError) {
        var batch = RequestBatch(capacity: 64)
        batch.append(deleteConnection) { message in
            // struct nfgenmsg: any family, version 0, no resource.
            message.append(structure: UInt32(0))
        }
        do {
            try socket.execute(&batch)
        } catch {
            if !error.isWithoutConnections { throw error }
        }
    }
}

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE` (linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h). Without a
/// tuple the kernel deletes all (`ctnetlink_del_conntrack`).
let deleteConnection = 1 << 8 | 2
