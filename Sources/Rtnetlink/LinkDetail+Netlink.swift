import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension RouteSocket {
    /// All links, and by their numbers all that the kernel tells of them.
    public mutating func linksInDetail() throws(NetlinkError) -> (
        links: [ObservedLink], details: [InterfaceIndex: LinkDetail]
    ) {
        let found = try socket.linkDump { message throws(MalformedMessage) in
            try LinkMessage(message).flatMap { link throws(MalformedMessage) in
                try LinkDetail.decode(message).map { (link, $0.1) }
            }
        }
        let details = Dictionary(found.map { ($0.0.index, $0.1) }, uniquingKeysWith: { first, _ in first })
        return (LinkMessage.observed(found.map(\.0)), details)
    }

    /// The IPv6 groups that links are in, by the links' numbers; none on a kernel without IPv6.
    public mutating func groups() throws(NetlinkError) -> [InterfaceIndex: Set<IPv6Address>] {
        let found: [(InterfaceIndex, IPv6Address)] = try socket.dump(RTM_GETMULTICAST) { request in
            var header = ifaddrmsg()
            header.ifa_family = UInt8(AF_INET6)
            request.append(structure: header)
        } decode: { message throws(MalformedMessage) -> (InterfaceIndex, IPv6Address)? in
            let header = try message.header(ifaddrmsg.self)
            guard Int32(header.ifa_family) == AF_INET6 else { return nil }
            for attribute in try message.attributes(after: ifaddrmsg.self) where attribute.type == IFA_MULTICAST {
                guard case .v6(let address) = try attribute.address() else { throw attribute.wrongSize }
                return (InterfaceIndex(bitPattern: header.ifa_index), address)
            }
            return nil
        }
        return found.reduce(into: [:]) { $0[$1.0, default: []].insert($1.1) }
    }

    /// The parameters of links' neighbour tables, by family and by the links' numbers: as the kernel writes them, without those
    /// that move by themselves.
    public mutating func neighbourParameters() throws(NetlinkError) -> [AddressFamily: [InterfaceIndex: [UInt8]]] {
        var found: [AddressFamily: [InterfaceIndex: [UInt8]]] = [:]
        for family in AddressFamily.allCases {
            let tables: [(InterfaceIndex, [UInt8])] = try socket.dump(RTM_GETNEIGHTBL) { request in
                var header = ndtmsg()
                header.ndtm_family = family.number
                request.append(structure: header)
            } decode: { message throws(MalformedMessage) in
                // A kernel without the family answers for all that it has.
                guard message.type == RTM_NEWNEIGHTBL, try message.header(ndtmsg.self).ndtm_family == family.number
                else { return nil }
                for attribute in try message.attributes(after: ndtmsg.self) where attribute.type == NDTA_PARMS {
                    return try Self.parameters(attribute.nested())
                }
                return nil
            }
            found[family] = Dictionary(tables, uniquingKeysWith: { first, _ in first })
        }
        return found
    }

    /// - Returns: nil for those of the table as a whole.
    private static func parameters(_ attributes: Attributes) throws(MalformedMessage) -> (InterfaceIndex, [UInt8])? {
        var index: InterfaceIndex?
        var bytes: [UInt8] = []
        for attribute in attributes {
            switch attribute.type {
            case NDTPA_IFINDEX: index = try attribute.integer()
            // What counts users, what the kernel draws anew every few minutes, and what another says in bytes.
            case NDTPA_REFCNT, NDTPA_REACHABLE_TIME, NDTPA_QUEUE_LEN, NDTPA_PAD: break
            default:
                bytes.append(UInt8(truncatingIfNeeded: attribute.type))
                bytes += attribute.bytes
            }
        }
        return index.map { ($0, bytes) }
    }
}

extension LinkDetail {
    /// Reads an `RTM_NEWLINK`; nil for another message.
    static func decode(_ message: Message) throws(MalformedMessage) -> (InterfaceIndex, LinkDetail)? {
        guard message.type == RTM_NEWLINK else { return nil }
        let header = try message.header(ifinfomsg.self)
        guard Int32(header.ifi_family) == AF_UNSPEC else { return nil }
        var detail = LinkDetail()
        detail.flags = header.ifi_flags & LinkAttribute.wishes
        for attribute in try message.attributes(after: ifinfomsg.self) {
            switch attribute.type {
            case IFLA_LINKINFO: try detail.readInfo(attribute.nested())
            case IFLA_AF_SPEC: try detail.readFamilies(attribute.nested())
            case IFLA_PROP_LIST:
                for name in try attribute.nested() where name.type == IFLA_ALT_IFNAME {
                    if let name = InterfaceName(bytes: name.bytes) { detail.otherNames.append(name) }
                }
            // Of what a link can do at the moment, this alone is somebody's wish, and may outlast it.
            case IFLA_OPERSTATE where LinkAttribute.isHeldBack(attribute.bytes.first):
                detail.attributes.append(Value(.common, IFLA_OPERSTATE, Array(attribute.bytes)))
            // The number of the program is the machine's, and differs wherever one is attached.
            case let number where LinkAttribute.isCompared(common: number):
                detail.attributes.append(Value(.common, number, Array(attribute.bytes)))
            default: break
            }
        }
        detail.sort()
        return (header.ifi_index, detail)
    }

    private mutating func readInfo(_ info: Attributes) throws(MalformedMessage) {
        kind = info.first { $0.type == IFLA_INFO_KIND }?.text ?? ""
        portKind = info.first { $0.type == IFLA_INFO_SLAVE_KIND }?.text ?? ""
        for part in info {
            switch part.type {
            case IFLA_INFO_DATA:
                for attribute in try part.nested() where LinkAttribute.isCompared(attribute.type, kind: kind) {
                    attributes.append(Value(.kind, attribute.type, Array(attribute.bytes)))
                }
            case IFLA_INFO_SLAVE_DATA:
                for attribute in try part.nested() where LinkAttribute.isCompared(attribute.type, portOf: portKind) {
                    attributes.append(Value(.port, attribute.type, Array(attribute.bytes)))
                }
            default: break
            }
        }
    }

    private mutating func readFamilies(_ families: Attributes) throws(MalformedMessage) {
        for family in families {
            switch family.type {
            case Int(AF_INET):
                for attribute in try family.nested() where attribute.type == IFLA_INET_CONF {
                    ipv4 = Array(attribute.bytes)
                }
            case Int(AF_INET6):
                for attribute in try family.nested() where attribute.type == IFLA_INET6_CONF {
                    ipv6 = Array(attribute.bytes)
                    // DEVCONF_MTU6 in <linux/ipv6.h>, which glibc's headers do not go with.
                    let place = 4 * 2
                    guard ipv6.count >= place + 4 else { throw attribute.wrongSize }
                    ipv6MTU = ipv6[place..<place + 4].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
                    ipv6.replaceSubrange(place..<place + 4, with: [0, 0, 0, 0])
                }
            default: break
            }
        }
    }
}

extension LinkAttribute: RouteObject {
    /// None: they are compared link by link, with a link that nobody has touched.
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [LinkAttribute] { [] }

    /// Gives the link the attribute as this value has it. Deleting one takes away what `bytes` says.
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        let bytes = change == .delete ? nil : bytes
        switch place {
        case .flags:
            batch.requests.append(RTM_NEWLINK) { message in
                var header = ifinfomsg(index: index)
                header.ifi_change = UInt32(number)
                header.ifi_flags = bytes?.first == 1 ? UInt32(number) : 0
                message.append(structure: header)
            }
        case .common where number == IFLA_XDP: batch.detachPrograms(from: index)
        // The kernel takes that of a link that is held back, and of no other (`set_operstate` in net/core/rtnetlink.c).
        case .common where number == IFLA_OPERSTATE:
            batch.requests.append(RTM_NEWLINK) { message in
                message.append(structure: ifinfomsg(index: index))
                message.put(number, bytes: [ObservedLink.OperationalState.up.rawValue])
            }
        case .common:
            batch.requests.append(RTM_NEWLINK) { message in
                message.append(structure: ifinfomsg(index: index))
                message.put(number, bytes: bytes ?? [])
            }
        case .kind:
            batch.requests.append(RTM_NEWLINK) { message in
                message.append(structure: ifinfomsg(index: index))
                message.nested(IFLA_LINKINFO) { info in
                    info.put(IFLA_INFO_KIND, text: kind)
                    info.nested(IFLA_INFO_DATA) { $0.put(number, bytes: bytes ?? []) }
                }
            }
        case .port:
            batch.requests.append(RTM_NEWLINK) { message in
                message.append(structure: ifinfomsg(index: index))
                message.nested(IFLA_LINKINFO) { info in
                    info.put(IFLA_INFO_SLAVE_KIND, text: kind)
                    info.nested(IFLA_INFO_SLAVE_DATA) { $0.put(number, bytes: bytes ?? []) }
                }
            }
        // No request of rtnetlink's takes them away: the link is made anew.
        case .programs: break
        case .otherName:
            batch.requests.append(change.type(RTM_NEWLINKPROP, RTM_DELLINKPROP)) { message in
                message.append(structure: ifinfomsg(index: index))
                message.nested(IFLA_PROP_LIST) { names in
                    names.put(IFLA_ALT_IFNAME, bytes: (self.bytes ?? []) + [0])
                }
            }
        }
    }
}

extension RouteBatch {
    /// Takes XDP programs off a link: both of the sorts that a driver may have one of at a time.
    fileprivate mutating func detachPrograms(from index: InterfaceIndex) {
        for mode in [XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE] {
            requests.append(RTM_NEWLINK) { message in
                message.append(structure: ifinfomsg(index: index))
                message.nested(IFLA_XDP) { program in
                    program.put(IFLA_XDP_FD, -1 as Int32)
                    program.put(IFLA_XDP_FLAGS, UInt32(mode))
                }
            }
        }
    }
}

extension MessageWriter {
    /// An attribute as the kernel wrote it.
    fileprivate mutating func put(_ type: Int, bytes: [UInt8]) {
        attribute(type) { value in for byte in bytes { value.append(byte) } }
    }
}
