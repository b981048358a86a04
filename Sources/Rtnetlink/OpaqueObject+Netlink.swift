import Addresses
internal import CLinux
internal import Glibc
public import Netlink
public import NetworkNamespaces
import NetworkObjects

/// What a namespace holds of the kinds that have no value here, and what could not be asked for.
public struct OpaqueListing: Sendable {
    public var objects: [OpaqueObject] = []
    /// The kinds that this kernel does not list.
    public var unlisted: [String] = []
}

extension RouteSocket {
    /// Next hop objects, filters, chains and actions of traffic control, multicast groups of bridges and options of their VLANs, and
    /// routes and rules of other families than the Internet's.
    public mutating func opaqueObjects(in table: InterfaceTable) throws(NetlinkError) -> OpaqueListing {
        var listing = OpaqueListing()
        for kind in OpaqueKind.all {
            do {
                listing.objects += try socket.dump(kind.request, kind.header) { message throws(MalformedMessage) in
                    try kind.decode(message, table)
                }.joined()
            } catch {
                guard error.isUnsupported else { throw error }
                listing.unlisted.append(kind.name)
            }
        }
        listing.objects += try actions()
        listing.objects += try bridgeVLANOptions(in: table)
        listing.objects += try filters(in: table)
        return listing
    }

    /// Filters hang at queueing disciplines, and the kernel lists those of one at a time.
    private mutating func filters(in table: InterfaceTable) throws(NetlinkError) -> [OpaqueObject] {
        let places: [[tcmsg]] = try socket.dump(RTM_GETQDISC) {
            $0.append(structure: tcmsg())
        } decode: { message throws(MalformedMessage) in
            try tcmsg.placesOfFilters(message)
        }
        var found: [OpaqueObject] = []
        for place in places.joined() {
            let filters = try filtersOrChains(RTM_GETTFILTER, at: place, in: table)
            let chains = try filtersOrChains(RTM_GETCHAIN, at: place, in: table)
            // A filter may take several messages, and a chain that filters are in goes with them.
            let used = Set(filters.map(\.chain))
            for (object, _) in filters + chains.filter({ !used.contains($0.chain) }) where !found.contains(object) {
                found.append(object)
            }
        }
        return found
    }

    private mutating func filtersOrChains(
        _ request: Int, at place: tcmsg, in table: InterfaceTable
    ) throws(NetlinkError) -> [(object: OpaqueObject, chain: UInt32)] {
        try socket.dump(request) {
            $0.append(structure: place)
        } decode: { message throws(MalformedMessage) in
            try OpaqueObject.filterOrChain(message, in: table)
        }
    }
}

extension NetlinkSocket {
    /// The states and policies of IPsec in a namespace (`ip xfrm`), and what holds where there is none, if somebody has changed that.
    static func ipsecObjects(in inside: borrowing InsideNamespace) throws(NetlinkError) -> [OpaqueObject] {
        var socket = try NetlinkSocket(in: inside, protocol: NETLINK_XFRM, strictDumps: false)
        let states = try socket.dump(XFRM_MSG_GETSA, { _ in }) { message throws(MalformedMessage) in
            try OpaqueObject(securityAssociation: message)
        }
        let policies = try socket.dump(XFRM_MSG_GETPOLICY, { _ in }) { message throws(MalformedMessage) in
            try OpaqueObject(securityPolicy: message)
        }
        return try states + policies + [socket.ipsecDefaults(), socket.ipsecThresholds()].compactMap { $0 }
    }

    /// What becomes of packets that no policy of IPsec is for (`ip xfrm policy getdefault`); nil where that is as in a namespace that
    /// nobody has touched, and on kernels before 5.15, which let all pass.
    private mutating func ipsecDefaults() throws(NetlinkError) -> OpaqueObject? {
        // `struct xfrm_userpolicy_default`: for packets that come in, that are sent on and that go out (`xfrm_net_init`).
        let untouched = [UInt8](repeating: UInt8(XFRM_USERPOLICY_ACCEPT), count: 3)
        guard
            let bytes = try answer(
                XFRM_MSG_GETDEFAULT, XFRM_MSG_GETDEFAULT, { for _ in 0..<3 { $0.append(0 as UInt8) } }),
            Array(bytes.prefix(3)) != untouched
        else { return nil }
        let words = zip(["in", "fwd", "out"], bytes).map { direction, verdict in
            "\(direction) \(verdict == UInt8(XFRM_USERPOLICY_BLOCK) ? "block" : "accept")"
        }
        return OpaqueObject(
            "xfrm default", words.joined(separator: " "),
            removal: OpaqueObject.Removal(
                netlinkProtocol: NETLINK_XFRM, type: XFRM_MSG_SETDEFAULT, payload: untouched))
    }

    /// How long prefixes of policies have to be to be found by a hash (`ip xfrm policy get hthresh4`); nil where that is as in a
    /// namespace that nobody has touched.
    private mutating func ipsecThresholds() throws(NetlinkError) -> OpaqueObject? {
        // Single addresses, of either side (`xfrm_policy_init`).
        let (ipv4, ipv6) = (Int(XFRMA_SPD_IPV4_HTHRESH.rawValue), Int(XFRMA_SPD_IPV6_HTHRESH.rawValue))
        let untouched = [ipv4: [32, 32] as [UInt8], ipv6: [128, 128]]
        let bytes = try answer(XFRM_MSG_GETSPDINFO, XFRM_MSG_NEWSPDINFO) { $0.append(structure: 0 as UInt32) }
        guard let bytes, bytes.count >= 4 else { return nil }
        var words: [String] = []
        do throws(MalformedMessage) {
            for attribute in try Attributes(bytes[4...]) {
                guard let usual = untouched[attribute.type], Array(attribute.bytes.prefix(2)) != usual else { continue }
                let family = attribute.type == ipv4 ? 4 : 6
                words.append("hthresh\(family) " + attribute.bytes.prefix(2).map { "\($0)" }.joined(separator: " "))
            }
        } catch {
            throw .malformed(error)
        }
        if words.isEmpty { return nil }
        let payload = payload(of: 0 as UInt32) { message in
            for (type, usual) in untouched.sorted(by: { $0.key < $1.key }) {
                message.attribute(type) { value in for byte in usual { value.append(byte) } }
            }
        }
        return OpaqueObject(
            "xfrm threshold", words.joined(separator: " "),
            removal: OpaqueObject.Removal(
                netlinkProtocol: NETLINK_XFRM, type: XFRM_MSG_NEWSPDINFO, payload: payload))
    }

    /// What follows the header of the one message that answers; nil where the kernel does not know the question.
    private mutating func answer(
        _ request: Int, _ type: Int, _ body: (inout MessageWriter) -> Void
    ) throws(NetlinkError) -> [UInt8]? {
        do {
            return try replies(to: request, body).first { $0.type == type }.map { Array($0.bytes) }
        } catch {
            guard case .refused = error else { throw error }
            return nil
        }
    }
}

extension OpaqueListing {
    /// The states and policies of IPsec in a namespace.
    public static func ipsec(in inside: borrowing InsideNamespace) throws(NetlinkError) -> OpaqueListing {
        do {
            return OpaqueListing(objects: try NetlinkSocket.ipsecObjects(in: inside))
        } catch {
            guard error.isUnsupported || error.errno == EPROTONOSUPPORT else { throw error }
            return OpaqueListing(unlisted: ["xfrm"])
        }
    }
}

extension OpaqueObject.Removal {
    /// Whether a route socket takes the request.
    public var isOfRouteSocket: Bool { netlinkProtocol == NETLINK_ROUTE }

    /// Asks for the removal in a namespace.
    public func execute(in inside: borrowing InsideNamespace) throws(NetlinkError) {
        var socket = try NetlinkSocket(in: inside, protocol: netlinkProtocol)
        var batch = RequestBatch(capacity: 256)
        append(to: &batch)
        try socket.execute(&batch)
    }

    fileprivate func append(to batch: inout RequestBatch) {
        batch.append(type) { message in for byte in payload { message.append(byte) } }
    }
}

extension RouteBatch {
    /// Removes an object of a kind that has no value here, of those that rtnetlink removes.
    public mutating func append(_ removal: OpaqueObject.Removal) { removal.append(to: &requests) }
}

/// A kind of object that has no value here: how the kernel lists it, and how it is named and removed.
struct OpaqueKind: Sendable {
    var name: String
    var request: Int
    var header: @Sendable (inout MessageWriter) -> Void
    var decode: @Sendable (Message, InterfaceTable) throws(MalformedMessage) -> [OpaqueObject]

    static let all = [nextHops, multicastGroups] + otherRoutes + multicastRules

    static let nextHops = OpaqueKind(name: "nexthop", request: RTM_GETNEXTHOP) {
        $0.append(structure: nhmsg())
    } decode: { message, table throws(MalformedMessage) in
        guard message.type == RTM_NEWNEXTHOP else { return [] }
        return try [OpaqueObject(nextHop: message, in: table)]
    }

    static let multicastGroups = OpaqueKind(name: "mdb", request: RTM_GETMDB) {
        $0.append(structure: br_port_msg(family: UInt8(AF_BRIDGE), ifindex: 0))
    } decode: { message, table throws(MalformedMessage) in
        guard message.type == RTM_GETMDB || message.type == RTM_NEWMDB else { return [] }
        return try OpaqueObject.groups(message, in: table)
    }

    /// Multicast routes, which a daemon gives the kernel, and those of MPLS.
    static let otherRoutes: [OpaqueKind] = [
        ("mroute", Int(RTNL_FAMILY_IPMR)), ("mroute", Int(RTNL_FAMILY_IP6MR)), ("mpls route", Int(AF_MPLS)),
    ].map { (name: String, family: Int) in
        OpaqueKind(name: name, request: RTM_GETROUTE) {
            var header = rtmsg()
            header.rtm_family = UInt8(family)
            $0.append(structure: header)
        } decode: { message, _ throws(MalformedMessage) in
            // A kernel without that family answers with all that it has.
            guard message.type == RTM_NEWROUTE else { return [] }
            let header = try message.header(rtmsg.self)
            guard Int(header.rtm_family) == family else { return [] }
            var route = OpaqueObject(name, unread: message, removedBy: RTM_DELROUTE)
            route.origin = Route.Origin(rawValue: header.rtm_protocol)
            return [route]
        }
    }

    /// Rules of multicast routing; each family has one of its own.
    static let multicastRules: [OpaqueKind] = [Int(RTNL_FAMILY_IPMR), Int(RTNL_FAMILY_IP6MR)].map { family in
        OpaqueKind(name: "mrule", request: RTM_GETRULE) {
            var header = fib_rule_hdr()
            header.family = UInt8(family)
            $0.append(structure: header)
        } decode: { message, _ throws(MalformedMessage) in
            guard message.type == RTM_NEWRULE, Int(try message.header(fib_rule_hdr.self).family) == family else {
                return []
            }
            let attributes = try message.attributes(after: fib_rule_hdr.self)
            // `ipmr_rules_init` and `ip6mr_rules_init`.
            for attribute in attributes where attribute.type == FRA_PRIORITY {
                if try attribute.integer(UInt32.self) == 0x7fff { return [] }
            }
            return [OpaqueObject("mrule", unread: message, removedBy: RTM_DELRULE)]
        }
    }
}

extension OpaqueObject {
    /// An object of which the kernel's message is all that is known; it is sent back to remove it.
    fileprivate init(_ name: String, unread message: Message, removedBy type: Int) {
        let words = message.bytes.map { byte in String(UInt16(byte) | 0x100, radix: 16).dropFirst() }.joined()
        self.init(
            name, "0x\(words)",
            removal: Removal(netlinkProtocol: NETLINK_ROUTE, type: type, payload: Array(message.bytes)))
    }

    fileprivate init(nextHop message: Message, in table: InterfaceTable) throws(MalformedMessage) {
        var (id, words): (UInt32, [String]) = (0, [])
        for attribute in try message.attributes(after: nhmsg.self) {
            switch attribute.type {
            case Int(NHA_ID): id = try attribute.integer()
            case Int(NHA_BLACKHOLE): words.append("blackhole")
            case Int(NHA_GATEWAY): words.append("via \(try attribute.address())")
            case Int(NHA_OIF):
                let index = try attribute.integer(InterfaceIndex.self)
                words.append("dev \(table[index].map { "\($0)" } ?? "\(index)")")
            case Int(NHA_GROUP):
                let members = stride(from: 0, to: attribute.bytes.count, by: MemoryLayout<nexthop_grp>.size)
                let ids = try members.map { offset throws(MalformedMessage) in
                    try Attribute(type: attribute.type, bytes: attribute.bytes.dropFirst(offset))
                        .structure(nexthop_grp.self).id
                }
                words.append("group \(ids.map(String.init).joined(separator: "/"))")
            default: break
            }
        }
        // The kernel wants the number and nothing else.
        let payload = payload(of: nhmsg()) { $0.put(Int(NHA_ID), id) }
        self.init(
            "nexthop", (["id \(id)"] + words).joined(separator: " "),
            removal: Removal(netlinkProtocol: NETLINK_ROUTE, type: RTM_DELNEXTHOP, payload: payload),
            origin: Route.Origin(rawValue: try message.header(nhmsg.self).nh_protocol))
    }

    /// The groups that someone entered; those that a bridge learned go by themselves.
    fileprivate static func groups(
        _ message: Message, in table: InterfaceTable
    ) throws(MalformedMessage) -> [OpaqueObject] {
        let bridge = try message.header(br_port_msg.self).ifindex
        var groups: [OpaqueObject] = []
        for database in try message.attributes(after: br_port_msg.self) where database.type == Int(MDBA_MDB) {
            for group in try database.nested() where group.type == Int(MDBA_MDB_ENTRY) {
                for info in try group.nested() where info.type == Int(MDBA_MDB_ENTRY_INFO) {
                    let entry = try info.structure(withUnion: br_mdb_entry.self)
                    guard Int32(entry.state) == MDB_PERMANENT else { continue }
                    let port = table[InterfaceIndex(bitPattern: entry.ifindex)]
                    let payload = payload(of: br_port_msg(family: UInt8(AF_BRIDGE), ifindex: bridge)) {
                        $0.attribute(Int(MDBA_SET_ENTRY)) { $0.append(structureWithUnion: entry) }
                    }
                    // The group's address has sixteen bytes, after eight of other fields.
                    let address = info.bytes.dropFirst(8).prefix(16)
                    let device = table[InterfaceIndex(bitPattern: bridge)].map { "\($0)" } ?? "\(bridge)"
                    let place = "dev \(device) port \(port.map { "\($0)" } ?? "\(entry.ifindex)")"
                    let vlan = entry.vid == 0 ? "" : " vid \(entry.vid)"
                    groups.append(
                        OpaqueObject(
                            "mdb", "\(place) grp \(Self.group(address, entry.addr.proto)) permanent\(vlan)", link: port,
                            removal: Removal(netlinkProtocol: NETLINK_ROUTE, type: RTM_DELMDB, payload: payload)))
                }
            }
        }
        return groups
    }

    private static func group(_ address: ArraySlice<UInt8>, _ proto: UInt16) -> String {
        switch Int32(UInt16(bigEndian: proto)) {
        case ETH_P_IP: IPv4Address(address.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }).description
        case ETH_P_IPV6: IPv6Address(address.reduce(0) { $0 << 8 | UInt128($1) }).description
        default: MACAddress(octets: address.prefix(6)).map { "\($0)" } ?? "?"
        }
    }

    // MARK: Traffic control

    /// Reads an `RTM_NEWTFILTER` or an `RTM_NEWCHAIN`, with the number of the chain that it is or is in.
    static func filterOrChain(
        _ message: Message, in table: InterfaceTable
    ) throws(MalformedMessage) -> (object: OpaqueObject, chain: UInt32)? {
        guard message.type == RTM_NEWTFILTER || message.type == RTM_NEWCHAIN else { return nil }
        let isChain = message.type == RTM_NEWCHAIN
        var header = try message.header(tcmsg.self)
        var (kind, chain): (String?, UInt32?) = (nil, nil)
        for attribute in try message.attributes(after: tcmsg.self) {
            switch attribute.type {
            case TCA_KIND: kind = attribute.text
            case TCA_CHAIN: chain = try attribute.integer()
            default: break
            }
        }
        let device = table[header.tcm_ifindex]
        let parent = Qdisc.Parent(rawValue: header.tcm_parent)
        // All parts of a filter go with its preference.
        header.tcm_handle = 0
        let payload = payload(of: header) { payload in
            if let kind { payload.put(TCA_KIND, text: kind) }
            if let chain { payload.put(TCA_CHAIN, chain) }
        }
        let place = "dev \(device.map { "\($0)" } ?? "\(header.tcm_ifindex)") \(parent)"
        let number = "chain \(chain ?? 0)"
        let filter =
            "protocol 0x\(String(UInt16(truncatingIfNeeded: header.tcm_info).byteSwapped, radix: 16)) "
            + "pref \(header.tcm_info >> 16) \(kind ?? "")"
        let object = OpaqueObject(
            isChain ? "chain" : "filter", isChain ? "\(place) \(number)" : "\(place) \(number) \(filter)", link: device,
            removal: Removal(
                netlinkProtocol: NETLINK_ROUTE, type: isChain ? RTM_DELCHAIN : RTM_DELTFILTER, payload: payload))
        return (object, chain ?? 0)
    }

    // MARK: IPsec

    /// - Returns: nil for another message.
    init?(securityAssociation message: Message) throws(MalformedMessage) {
        guard message.type == XFRM_MSG_NEWSA else { return nil }
        let info = try message.header(withUnion: xfrm_usersa_info.self)
        var id = xfrm_usersa_id()
        (id.daddr, id.spi, id.family, id.proto) = (info.id.daddr, info.id.spi, info.family, info.id.proto)
        let payload = try payload(of: id, keeping: [XFRMA_MARK], of: message.attributes(after: xfrm_usersa_info.self))
        self.init(
            "xfrm state",
            "src \(ipsecWords(info.saddr, info.family)) dst \(ipsecWords(info.id.daddr, info.family)) "
                + "proto \(info.id.proto) spi 0x\(String(UInt32(bigEndian: info.id.spi), radix: 16))",
            removal: Removal(
                netlinkProtocol: NETLINK_XFRM, type: XFRM_MSG_DELSA, payload: payload))
    }

    /// - Returns: nil for another message.
    init?(securityPolicy message: Message) throws(MalformedMessage) {
        guard message.type == XFRM_MSG_NEWPOLICY else { return nil }
        let info = try message.header(withUnion: xfrm_userpolicy_info.self)
        // A policy of a socket goes with the process that has it.
        let directions = ["in", "out", "fwd"]
        let isOfSocket = !directions.indices.contains(Int(info.dir))
        var id = xfrm_userpolicy_id()
        (id.sel, id.index, id.dir) = (info.sel, info.index, info.dir)
        let payload = try payload(
            of: id, keeping: [XFRMA_MARK, XFRMA_IF_ID, XFRMA_POLICY_TYPE],
            of: message.attributes(after: xfrm_userpolicy_info.self))
        self.init(
            "xfrm policy",
            "src \(ipsecWords(info.sel.saddr, info.sel.family))/\(info.sel.prefixlen_s) "
                + "dst \(ipsecWords(info.sel.daddr, info.sel.family))/\(info.sel.prefixlen_d) "
                + "dir \(isOfSocket ? "socket" : directions[Int(info.dir)]) priority \(info.priority)",
            removal: isOfSocket
                ? nil
                : Removal(
                    netlinkProtocol: NETLINK_XFRM, type: XFRM_MSG_DELPOLICY, payload: payload))
    }
}

/// An address of either family as IPsec writes it.
private func ipsecWords(_ address: xfrm_address_t, _ family: UInt16) -> String {
    withUnsafeBytes(of: address) { bytes in
        Int32(family) == AF_INET6
            ? IPv6Address(bytes.reduce(0) { $0 << 8 | UInt128($1) }).description
            : IPv4Address(bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }).description
    }
}

/// What follows a message's header: a structure and attributes.
private func payload<Structure>(
    of structure: Structure, _ attributes: (inout MessageWriter) -> Void
) -> [UInt8] {
    var batch = RequestBatch(capacity: 256)
    batch.append(0) { message in
        message.append(structureWithUnion: structure)
        attributes(&message)
    }
    return Array(batch.bytes.dropFirst(MemoryLayout<nlmsghdr>.size))
}

/// A structure and those attributes of a message that tell an object from others of its kind.
private func payload<Structure>(
    of structure: Structure, keeping kept: [xfrm_attr_type_t], of attributes: Attributes
) -> [UInt8] {
    let numbers = kept.map { Int($0.rawValue) }
    return payload(of: structure) { message in
        for attribute in attributes where numbers.contains(attribute.type) {
            message.attribute(attribute.type) { value in for byte in attribute.bytes { value.append(byte) } }
        }
    }
}

extension tcmsg {
    /// The places where filters may hang at a discipline that an `RTM_NEWQDISC` describes, as requests for them name them.
    fileprivate static func placesOfFilters(_ message: Message) throws(MalformedMessage) -> [tcmsg]? {
        guard message.type == RTM_NEWQDISC else { return nil }
        let header = try message.header(tcmsg.self)
        // The kernel's own disciplines take no filters.
        if header.tcm_handle == 0 { return nil }
        // `clsact` takes filters for both directions, `ingress` for the one.
        let isBoth = try message.attributes(after: tcmsg.self).contains { $0.type == TCA_KIND && $0.text == "clsact" }
        let minors = [TC_H_MIN_INGRESS] + (isBoth ? [TC_H_MIN_EGRESS] : [])
        let parents =
            Qdisc.Parent(rawValue: header.tcm_parent) == .ingress
            ? minors.map { 0xffff_0000 | UInt32($0) } : [header.tcm_handle]
        return parents.map { tcmsg(header.tcm_ifindex, Qdisc.Parent(rawValue: $0)) }
    }
}
