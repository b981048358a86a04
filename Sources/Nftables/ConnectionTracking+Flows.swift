import Glibc
import Netlink
import NetworkNamespaces

extension ConnectionTracking {
    /// Forgets UDP flows: the next packet of each is tracked, and translated, anew.
    ///
    /// - Parameter isStale: whether a flow is to be forgotten.
    /// - Returns: how many there were. None where the kernel keeps track of no connections.
    @discardableResult
    public mutating func forgetDatagrams(where isStale: (TrackedConnection) -> Bool) throws(NetlinkError) -> Int {
        let stale: [TrackedConnection]
        do {
            stale = try socket.dump(getConnections) { message in
                // struct nfgenmsg: any family, version 0, no resource.
                message.append(structure: UInt32(0))
            } decode: { message throws(MalformedMessage) -> TrackedConnection? in
                guard let connection = try TrackedConnection(message),
                    connection.original.transport == UInt8(IPPROTO_UDP), isStale(connection)
                else { return nil }
                return connection
            }
        } catch {
            if error.isWithoutConnections { return 0 }
            throw error
        }
        if stale.isEmpty { return 0 }
        var batch = RequestBatch(capacity: 64 * stale.count)
        for flow in stale { batch.append(deleteConnection) { flow.write(to: &$0) } }
        do {
            try socket.execute(&batch)
        } catch {
            // One that has ended meanwhile, or that another has taken the place of.
            guard case .refused(let failures) = error, failures.allSatisfy({ $0.errno == ENOENT }) else { throw error }
        }
        return stale.count
    }
}
