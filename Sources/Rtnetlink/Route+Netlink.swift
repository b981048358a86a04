import Addresses
internal import CLinux
public import Netlink
import NetworkObjects

extension Route: RouteObject {
    public static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [Route] {
        try socket.routes(in: table)
    }

    /// What is deleted is the route that has all these attributes.
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let hop = Route.NextHop(via: gateway, device: device)
        let index = try hop.index(in: table)
        let indices = try nextHops.map { hop throws(RequestError) in try hop.index(in: table) }
        batch.requests.append(change.type(RTM_NEWROUTE, RTM_DELROUTE), change.flags) { message in
            let family = destination.family
            var header = rtmsg()
            header.rtm_family = family.number
            header.rtm_dst_len = UInt8(destination.length)
            header.rtm_src_len = UInt8(source?.length ?? 0)
            header.rtm_tos = typeOfService
            // Tables past 255 do not fit here and stand in an attribute.
            header.rtm_table = UInt8(exactly: self.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue)
            header.rtm_protocol = origin.rawValue
            header.rtm_scope = family == .ipv4 ? scope.rawValue : Scope.universe.rawValue
            header.rtm_type = kind.rawValue
            header.rtm_flags = onlink ? UInt32(RTNH_F_ONLINK) : 0
            message.append(structure: header)
            if destination.length > 0 { message.put(RTA_DST.number, destination.address) }
            if let source { message.put(RTA_SRC.number, source.address) }
            // The object says the way, and the kernel takes no other word for it.
            if let nextHopID {
                message.put(RTA_NH_ID.number, nextHopID)
            } else if nextHops.isEmpty {
                message.put(hop, index, for: family)
            } else {
                message.attribute(RTA_MULTIPATH.number) { value in
                    for (hop, index) in zip(nextHops, indices) { value.append(hop, index, for: family) }
                }
            }
            if let preferredSource { message.put(RTA_PREFSRC.number, preferredSource) }
            if metric != 0 { message.put(RTA_PRIORITY.number, metric) }
            if self.table > UInt8.max { message.put(RTA_TABLE.number, self.table) }
            if !metrics.isEmpty { message.nested(RTA_METRICS.number) { $0.put(metrics) } }
            message.put(others)
        }
    }
}

extension Route.NextHop {
    fileprivate func index(in table: InterfaceTable) throws(RequestError) -> InterfaceIndex? {
        try device.map { name throws(RequestError) in try table.index(of: name) }
    }
}

extension MessageWriter {
    /// What says a way, in a route with one or inside one of several.
    fileprivate mutating func put(_ hop: Route.NextHop, _ index: InterfaceIndex?, for family: AddressFamily) {
        if let gateway = hop.gateway { put(gateway: gateway, for: family) }
        if let index { put(RTA_OIF.number, index) }
        put(hop.others)
    }

    /// One of several ways: a structure with the length of all of it, and attributes.
    fileprivate mutating func append(_ hop: Route.NextHop, _ index: InterfaceIndex?, for family: AddressFamily) {
        sized { writer in
            writer.append(
                structure: rtnexthop(
                    rtnh_len: 0, rtnh_flags: hop.onlink ? UInt8(RTNH_F_ONLINK) : 0,
                    rtnh_hops: UInt8(clamping: hop.weight - 1), rtnh_ifindex: index ?? 0))
            // The structure names the link.
            writer.put(hop, nil, for: family)
        }
    }

    /// A next hop's address; that of an IPv4 route may be an IPv6 one (`RTA_VIA`, RFC 5549).
    private mutating func put(gateway: IPAddress, for family: AddressFamily) {
        guard gateway.family != family else { return put(RTA_GATEWAY.number, gateway) }
        attribute(RTA_VIA.number) { via in
            via.append(structure: UInt16(gateway.family.number))
            switch gateway {
            case .v4(let address): via.append(structure: address.value.bigEndian)
            case .v6(let address): via.append(structure: address.value.bigEndian)
            }
        }
    }
}

extension Route {
    /// Reads an `RTM_NEWROUTE`.
    ///
    /// - Returns: nil for another message, another family than the Internet's, a cached route, or a link that the table
    ///   does not know.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> Route? {
        guard message.type == RTM_NEWROUTE else { return nil }
        let header = try message.header(rtmsg.self)
        guard let family = AddressFamily(number: header.rtm_family), header.rtm_flags & UInt32(RTM_F_CLONED) == 0
        else { return nil }
        var attributes = RouteAttributes(family, header)
        for attribute in try message.attributes(after: rtmsg.self) { try attributes.read(attribute) }
        var route = Route(
            try attributes.prefix(attributes.destination, header.rtm_dst_len, RTA_DST.number),
            Kind(rawValue: header.rtm_type), preferredSource: attributes.preferredSource, metric: attributes.metric,
            scope: Scope(rawValue: header.rtm_scope), origin: Origin(rawValue: header.rtm_protocol),
            table: attributes.table)
        route.typeOfService = header.rtm_tos
        if header.rtm_src_len > 0 {
            route.source = try attributes.prefix(attributes.source, header.rtm_src_len, RTA_SRC.number)
        }
        route.expires = attributes.expires
        (route.metrics, route.others) = (attributes.metrics, attributes.hop.others)
        // With the object the kernel tells the ways that it stands for, too.
        route.nextHopID = attributes.nextHopID
        if route.nextHopID != nil { return route }
        for hop in attributes.hops {
            guard let hop = hop.named(in: table) else { return nil }
            route.nextHops.append(hop)
        }
        // IPv6 ties a route that rejects to `lo`, though no packet leaves by it.
        if route.kind.rejects { attributes.hop.index = nil }
        guard let hop = attributes.hop.named(in: table) else { return nil }
        (route.gateway, route.device) = (hop.gateway, hop.device)
        route.onlink = header.rtm_flags & UInt32(RTNH_F_ONLINK) != 0
        return route
    }
}

/// A way with its link still by number.
private struct NumberedHop {
    var gateway: IPAddress?
    var index: InterfaceIndex?
    var weight = 1
    var onlink = false
    var others = OtherAttributes()

    /// Nil for a link that the table does not know.
    func named(in table: InterfaceTable) -> Route.NextHop? {
        let device = index.flatMap { table[$0] }
        if index != nil, device == nil { return nil }
        var hop = Route.NextHop(via: gateway, device: device, weight: weight, onlink: onlink)
        hop.others = others
        return hop
    }

    /// Reads an attribute that a route with one way has itself, and one with several has for each.
    mutating func read(_ attribute: Attribute) throws(MalformedMessage) {
        switch attribute.type {
        case RTA_GATEWAY.number: gateway = try attribute.address()
        case RTA_OIF.number: index = try attribute.integer()
        case RTA_VIA.number:
            let family = try attribute.structure(UInt16.self)
            let address = try Attribute(type: RTA_VIA.number, bytes: attribute.bytes.dropFirst(2)).address()
            guard address.family == UInt8(exactly: family).flatMap(AddressFamily.init(number:)) else {
                throw attribute.wrongSize
            }
            gateway = address
        // Medium, which every IPv6 route has unless set otherwise (RFC 4191).
        case RTA_PREF.number where attribute.bytes.allSatisfy { $0 == 0 }: break
        default: others[attribute.type] = Array(attribute.bytes)
        }
    }
}

/// What the attributes of a route say.
private struct RouteAttributes {
    private let family: AddressFamily
    var destination: IPAddress
    var source: IPAddress
    var preferredSource: IPAddress?
    var metric: UInt32 = 0
    var table: UInt32
    var nextHopID: UInt32?
    var metrics = OtherAttributes()
    var expires = false
    /// The way of a route that has one, with what else the route says.
    var hop = NumberedHop()
    /// The ways of one that has several.
    var hops: [NumberedHop] = []

    init(_ family: AddressFamily, _ header: rtmsg) {
        self.family = family
        destination = Prefix.all(family).address
        source = destination
        table = UInt32(header.rtm_table)
    }

    func prefix(_ address: IPAddress, _ length: UInt8, _ attribute: Int) throws(MalformedMessage) -> Prefix {
        guard address.family == family, Int(length) <= family.bits else {
            throw .value(attribute: attribute, length: address.family.bits / 8)
        }
        return Prefix(address, length: Int(length))
    }

    mutating func read(_ attribute: Attribute) throws(MalformedMessage) {
        switch attribute.type {
        case RTA_DST.number: destination = try attribute.address()
        case RTA_SRC.number: source = try attribute.address()
        case RTA_PREFSRC.number: preferredSource = try attribute.address()
        case RTA_PRIORITY.number: metric = try attribute.integer()
        case RTA_TABLE.number: table = try attribute.integer()
        case RTA_NH_ID.number: nextHopID = try attribute.integer()
        // When it was used, and how long it has left.
        case RTA_CACHEINFO.number: expires = try attribute.structure(rta_cacheinfo.self).rta_expires != 0
        case RTA_METRICS.number:
            for metric in try attribute.nested() { metrics[metric.type] = Array(metric.bytes) }
        case RTA_MULTIPATH.number: try readHops(attribute)
        default: try hop.read(attribute)
        }
    }

    /// Ways stand one after the other, each a structure and attributes of its own.
    private mutating func readHops(_ multipath: Attribute) throws(MalformedMessage) {
        var rest = multipath.bytes
        while !rest.isEmpty {
            let head = try Attribute(type: multipath.type, bytes: rest).structure(rtnexthop.self)
            let length = Int(head.rtnh_len)
            guard length >= MemoryLayout<rtnexthop>.size, length <= rest.count else { throw multipath.wrongSize }
            var hop = NumberedHop()
            hop.index = head.rtnh_ifindex == 0 ? nil : head.rtnh_ifindex
            hop.weight = Int(head.rtnh_hops) + 1
            hop.onlink = Int32(head.rtnh_flags) & RTNH_F_ONLINK != 0
            for attribute in try Attributes(rest.prefix(length).dropFirst(MemoryLayout<rtnexthop>.size)) {
                try hop.read(attribute)
            }
            hops.append(hop)
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }
}
