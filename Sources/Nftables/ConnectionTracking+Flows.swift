import Addresses
import CLinux
import Glibc
import Netlink
import NetworkNamespaces

extension ConnectionTracking {
    /// A UDP flow that a namespace keeps track of.
    public struct Datagrams: Hashable, Sendable {
        /// Whom its first packet was from, and for.
        public var source: IPAddress
        public var sourcePort: UInt16
        public var destination: IPAddress
        public var destinationPort: UInt16
        /// Where its answers come from, after translation.
        public var answerer: IPAddress
        public var answererPort: UInt16
        /// The kernel's own number of it.
        fileprivate var id: UInt32?
    }

    /// Forgets UDP flows: the next packet of each is tracked, and translated, anew.
    ///
    /// - Parameter isStale: whether a flow is to be forgotten.
    /// - Returns: how many there were. None where the kernel keeps track of no connections.
    @discardableResult
    public mutating func forgetDatagrams(where isStale: (Datagrams) -> Bool) throws(NetlinkError) -> Int {
        let stale: [Datagrams]
        do {
            stale = try socket.dump(getConnections) { message in
                // struct nfgenmsg: any family, version 0, no resource.
                message.append(structure: UInt32(0))
            } decode: { message throws(MalformedMessage) -> Datagrams? in
                try Datagrams(message).flatMap { isStale($0) ? $0 : nil }
            }
        } catch {
            guard case .refused(let failures) = error, let failure = failures.first,
                [ENOENT, EOPNOTSUPP, EINVAL].contains(failure.errno)
            else { throw error }
            return 0
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

extension ConnectionTracking.Datagrams {
    /// Reads a flow; nil for one of another protocol, or that the message says too little of.
    fileprivate init?(_ message: Message) throws(MalformedMessage) {
        var (original, reply): (Tuple?, Tuple?)
        var id: UInt32?
        for attribute in try message.attributes(after: UInt32.self) {
            switch attribute.type {
            case CTAttribute.original: original = try Tuple(attribute.nested())
            case CTAttribute.reply: reply = try Tuple(attribute.nested())
            case CTAttribute.id: id = try attribute.integer()
            default: break
            }
        }
        guard let original, let reply, original.transport == UInt8(IPPROTO_UDP) else { return nil }
        source = original.source
        sourcePort = original.sourcePort
        destination = original.destination
        destinationPort = original.destinationPort
        answerer = reply.source
        answererPort = reply.sourcePort
        self.id = id
    }

    /// Writes what a request to delete it says (`ctnetlink_del_conntrack`).
    fileprivate func write(to message: inout MessageWriter) {
        let isIPv4 = source.family == .ipv4
        // struct nfgenmsg: the family, version 0, no resource.
        message.append(structure: UInt32(isIPv4 ? AF_INET : AF_INET6).littleEndian)
        message.nested(CTAttribute.original) { tuple in
            tuple.nested(CTAttribute.addresses) { addresses in
                if isIPv4 {
                    addresses.putBigEndian(CTAttribute.sourceIPv4, UInt32(truncatingIfNeeded: source.value))
                    addresses.putBigEndian(CTAttribute.destinationIPv4, UInt32(truncatingIfNeeded: destination.value))
                } else {
                    addresses.putBigEndian(CTAttribute.sourceIPv6, source.value)
                    addresses.putBigEndian(CTAttribute.destinationIPv6, destination.value)
                }
            }
            tuple.nested(CTAttribute.protocolPart) { part in
                part.put(CTAttribute.transport, UInt8(IPPROTO_UDP))
                part.putBigEndian(CTAttribute.sourcePort, sourcePort)
                part.putBigEndian(CTAttribute.destinationPort, destinationPort)
            }
        }
        if let id { message.put(CTAttribute.id, id) }
    }

    /// One direction of a flow.
    private struct Tuple {
        var source: IPAddress
        var destination: IPAddress
        var transport: UInt8
        var sourcePort: UInt16
        var destinationPort: UInt16

        /// Nil for one without ports or addresses.
        init?(_ attributes: Attributes) throws(MalformedMessage) {
            var (source, destination): (IPAddress?, IPAddress?)
            var (transport, sourcePort, destinationPort): (UInt8?, UInt16?, UInt16?)
            for attribute in attributes {
                switch attribute.type {
                case CTAttribute.addresses:
                    for part in try attribute.nested() {
                        switch part.type {
                        case CTAttribute.sourceIPv4: source = .v4(IPv4Address(try part.bigEndian() as UInt32))
                        case CTAttribute.destinationIPv4: destination = .v4(IPv4Address(try part.bigEndian() as UInt32))
                        case CTAttribute.sourceIPv6: source = .v6(IPv6Address(try part.bigEndian() as UInt128))
                        case CTAttribute.destinationIPv6:
                            destination = .v6(IPv6Address(try part.bigEndian() as UInt128))
                        default: break
                        }
                    }
                case CTAttribute.protocolPart:
                    for part in try attribute.nested() {
                        switch part.type {
                        case CTAttribute.transport: transport = try part.integer()
                        case CTAttribute.sourcePort: sourcePort = try part.bigEndian()
                        case CTAttribute.destinationPort: destinationPort = try part.bigEndian()
                        default: break
                        }
                    }
                default: break
                }
            }
            guard let source, let destination, let transport, let sourcePort, let destinationPort else { return nil }
            self.source = source
            self.destination = destination
            self.transport = transport
            self.sourcePort = sourcePort
            self.destinationPort = destinationPort
        }
    }
}

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET` (linux/netfilter/nfnetlink_conntrack.h).
private let getConnections = 1 << 8 | 1
/// `IPCTNL_MSG_CT_DELETE`.
private let deleteConnection = 1 << 8 | 2

/// `CTA_*`, `CTA_TUPLE_*`, `CTA_IP_*` and `CTA_PROTO_*` (linux/netfilter/nfnetlink_conntrack.h).
private enum CTAttribute {
    static let original = 1
    static let reply = 2
    static let id = 12
    static let addresses = 1
    static let protocolPart = 2
    static let sourceIPv4 = 1
    static let destinationIPv4 = 2
    static let sourceIPv6 = 3
    static let destinationIPv6 = 4
    static let transport = 1
    static let sourcePort = 2
    static let destinationPort = 3
}
