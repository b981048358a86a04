import Addresses
internal import CLinux
internal import Glibc
public import Netlink
public import NetworkNamespaces
import NetworkObjects

/// What the socket throws: see `Netlink`.
public typealias NetlinkError = Netlink.NetlinkError
/// One request that the kernel refused: see `Netlink`.
public typealias RequestFailure = Netlink.RequestFailure

/// A socket to the routing half of the kernel in one network namespace: it makes objects, and reads what is there.
///
/// It belongs to the namespace that it was opened in, and can be used from anywhere.
///
/// Objects on a link that a method's table does not know, because it was made after the links were read, are left out.
public struct RouteSocket: ~Copyable, Sendable {
    var socket: NetlinkSocket

    /// Opens a socket in a network namespace.
    public init(in inside: borrowing InsideNamespace) throws(NetlinkError) {
        socket = try NetlinkSocket(in: inside, protocol: NETLINK_ROUTE)
    }

    /// The socket's descriptor; it stays this value's own.
    public var descriptor: CInt { socket.descriptor }

    /// Sends all requests of a batch. The batch is empty afterwards.
    ///
    /// - Throws: `refused` with each request that failed, by its index; all others were carried out.
    public mutating func execute(_ batch: inout RouteBatch) throws(NetlinkError) {
        try socket.execute(&batch.requests)
    }

    // MARK: What is there

    /// All links.
    public mutating func links() throws(NetlinkError) -> [ObservedLink] {
        LinkMessage.observed(try socket.linkDump { message throws(MalformedMessage) in try LinkMessage(message) })
    }

    /// The link with this name, or nil if there is none.
    public mutating func link(named name: InterfaceName) throws(NetlinkError) -> ObservedLink? {
        guard let message = try link({ $0.put(IFLA_IFNAME, name) }) else { return nil }
        var table = InterfaceTable()
        for index in message.namedIndices {
            if let other = try link(index: index, { _ in }) { table.insert(other.name, other.index) }
        }
        return message.observed(in: table)
    }

    private mutating func link(
        index: InterfaceIndex = 0, _ attributes: (inout MessageWriter) -> Void
    ) throws(NetlinkError) -> LinkMessage? {
        let answer: [Message]
        do {
            answer = try socket.replies(to: RTM_GETLINK) { request in
                request.append(structure: ifinfomsg(index: index))
                attributes(&request)
                request.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
            }
        } catch {
            if error.errno == ENODEV { return nil }
            throw error
        }
        do throws(MalformedMessage) {
            return try answer.first.flatMap { message throws(MalformedMessage) in try LinkMessage(message) }
        } catch {
            throw .malformed(error)
        }
    }

    /// All addresses of both families.
    public mutating func addresses(in table: InterfaceTable) throws(NetlinkError) -> [DeviceAddress] {
        try observedAddresses(in: table).map(\.address)
    }

    /// All addresses of both families, with what the kernel makes of them.
    public mutating func observedAddresses(in table: InterfaceTable) throws(NetlinkError) -> [ObservedAddress] {
        try socket.dump(RTM_GETADDR) {
            $0.append(structure: ifaddrmsg())
        } decode: { message throws(MalformedMessage) in
            try ObservedAddress(message, in: table)
        }
    }

    /// All routes of both families in all tables, those that the kernel made itself too, without cached ones.
    public mutating func routes(in table: InterfaceTable) throws(NetlinkError) -> [Route] {
        var routes: [Route] = []
        for family in AddressFamily.allCases {
            routes += try socket.dump(RTM_GETROUTE) { request in
                var header = rtmsg()
                header.rtm_family = family.number
                request.append(structure: header)
            } decode: { message throws(MalformedMessage) in
                // A kernel without IPv6 answers with all families it has.
                try Route.decode(message, in: table).flatMap { $0.destination.family == family ? $0 : nil }
            }
        }
        return routes
    }

    /// The rules that choose a routing table, of both families.
    public mutating func rules() throws(NetlinkError) -> [RoutingRule] {
        var rules: [RoutingRule] = []
        for family in AddressFamily.allCases {
            do {
                rules += try socket.dump(RTM_GETRULE) { request in
                    var header = fib_rule_hdr()
                    header.family = family.number
                    request.append(structure: header)
                } decode: { message throws(MalformedMessage) in
                    try RoutingRule.decode(message).flatMap { $0.family == family ? $0 : nil }
                }
            } catch {
                // A kernel without policy routing, or without IPv6.
                guard error.isUnsupported else { throw error }
            }
        }
        return rules
    }

    /// All neighbours of both families: permanent and learned ones, and those the kernel needs no request for (`noARP`).
    public mutating func neighbours(in table: InterfaceTable) throws(NetlinkError) -> [Neighbour] {
        try agedNeighbours(in: table).map(\.entry)
    }

    /// Those of some neighbours that are there, asked for one by one: a listing goes through the entries of all namespaces, of which
    /// there is one table (`neigh_dump_table` in net/core/neighbour.c).
    ///
    /// - Parameter wanted: whose links and addresses are asked for.
    public mutating func neighbours(
        of wanted: [Neighbour], in table: InterfaceTable
    ) throws(NetlinkError) -> [Neighbour] {
        var found: [Neighbour] = []
        for neighbour in wanted {
            guard let index = table[neighbour.device] else { continue }
            let answer: [Message]
            do {
                answer = try socket.replies(to: RTM_GETNEIGH) { request in
                    var header = ndmsg()
                    header.ndm_family = neighbour.address.family.number
                    header.ndm_ifindex = index
                    request.append(structure: header)
                    request.put(NDA_DST, neighbour.address)
                }
            } catch {
                if error.errno == ENOENT { continue }
                // Before Linux 5.0 they can be listed alone.
                if error.isUnsupported { return try neighbours(in: table) }
                throw error
            }
            do throws(MalformedMessage) {
                for message in answer {
                    if let entry = try Neighbour.decode(message, in: table) { found.append(entry) }
                }
            } catch {
                throw .malformed(error)
            }
        }
        return found
    }

    /// All neighbours of both families, and how old they are.
    public mutating func agedNeighbours(in table: InterfaceTable) throws(NetlinkError) -> [CachedEntry<Neighbour>] {
        try socket.dump(RTM_GETNEIGH) {
            $0.append(structure: ndmsg())
        } decode: { message throws(MalformedMessage) in
            guard let entry = try Neighbour.decode(message, in: table) else { return nil }
            return CachedEntry(entry, try CacheInfo(message))
        }
    }

    /// The forwarding entries of all links. Besides those of VXLAN devices and bridges these are the addresses that each
    /// Ethernet device itself listens to, which have no destination.
    public mutating func forwardingEntries(in table: InterfaceTable) throws(NetlinkError) -> [ForwardingEntry] {
        try agedForwardingEntries(in: table).map(\.entry)
    }

    /// The forwarding entries of all links, and how old they are.
    public mutating func agedForwardingEntries(
        in table: InterfaceTable
    ) throws(NetlinkError) -> [CachedEntry<ForwardingEntry>] {
        try socket.dump(RTM_GETNEIGH) { request in
            var header = ndmsg()
            header.ndm_family = UInt8(AF_BRIDGE)
            request.append(structure: header)
        } decode: { message throws(MalformedMessage) in
            guard let entry = try ForwardingEntry.decode(message, in: table) else { return nil }
            return CachedEntry(entry, try CacheInfo(message))
        }
    }

    /// The VLANs of all ports and of the bridges themselves; none on a kernel without VLAN filtering.
    public mutating func bridgeVLANs(in table: InterfaceTable) throws(NetlinkError) -> [BridgeVLAN] {
        let ports = try socket.dump(RTM_GETLINK) { request in
            request.append(structure: ifinfomsg(family: AF_BRIDGE))
            request.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_BRVLAN))
        } decode: { message throws(MalformedMessage) in
            try BridgeVLAN.decode(message, in: table)
        }
        return ports.flatMap { $0 }
    }
}
