import Addresses
internal import CLinux
internal import Netlink
import NetworkObjects

extension RouteBatch {
    /// Adds a route; refused if its table has one to the same destination with the same metric (EEXIST).
    public mutating func add(_ route: Route, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWROUTE, .new, route, table)
    }

    /// Adds a route, or puts it in the place of the one to the same destination with the same metric.
    public mutating func replace(_ route: Route, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWROUTE, .upsert, route, table)
    }

    /// Deletes the route that has all these attributes.
    public mutating func delete(_ route: Route, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_DELROUTE, [], route, table)
    }

    private mutating func append(
        _ type: Int, _ flags: RequestFlags, _ route: Route, _ table: InterfaceTable
    ) throws(RequestError) {
        var device: InterfaceIndex?
        if let name = route.device { device = try table.index(of: name) }
        requests.append(type, flags) { message in
            let family = route.destination.family
            var header = rtmsg()
            header.rtm_family = family.number
            header.rtm_dst_len = UInt8(route.destination.length)
            // Tables past 255 do not fit here and stand in an attribute.
            header.rtm_table = UInt8(exactly: route.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue)
            header.rtm_protocol = route.origin.rawValue
            header.rtm_scope = family == .ipv4 ? route.scope.rawValue : Scope.universe.rawValue
            header.rtm_type = route.kind.rawValue
            header.rtm_flags = route.onlink ? UInt32(RTNH_F_ONLINK) : 0
            message.append(structure: header)
            if route.destination.length > 0 { message.put(RTA_DST.number, route.destination.address) }
            if let gateway = route.gateway { message.put(gateway: gateway, for: family) }
            if let device { message.put(RTA_OIF.number, device) }
            if let source = route.preferredSource { message.put(RTA_PREFSRC.number, source) }
            if route.metric != 0 { message.put(RTA_PRIORITY.number, route.metric) }
            if route.table > UInt8.max { message.put(RTA_TABLE.number, route.table) }
        }
    }
}

extension MessageWriter {
    /// A next hop's address; that of an IPv4 route may be an IPv6 one (`RTA_VIA`, RFC 5549).
    fileprivate mutating func put(gateway: IPAddress, for family: AddressFamily) {
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
    /// Reads an `RTM_NEWROUTE`. Of a route with several next hops the first is kept.
    ///
    /// - Returns: nil for another message, another family than the Internet's, a cached route, or a link that the table
    ///   does not know.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> Route? {
        guard message.type == RTM_NEWROUTE else { return nil }
        let header = try message.header(rtmsg.self)
        guard let family = AddressFamily(number: header.rtm_family), header.rtm_flags & UInt32(RTM_F_CLONED) == 0
        else { return nil }
        let kind = Kind(rawValue: header.rtm_type)
        var attributes = RouteAttributes(destination: Prefix.all(family).address, header)
        for attribute in try message.attributes(after: rtmsg.self) { try attributes.read(attribute) }
        guard attributes.destination.family == family, Int(header.rtm_dst_len) <= family.bits else {
            throw .value(attribute: RTA_DST.number, length: attributes.destination.family.bits / 8)
        }
        // IPv6 ties a route that rejects to `lo`, though no packet leaves by it.
        var device: InterfaceName?
        if let index = attributes.device, !kind.rejects {
            guard let name = table[index] else { return nil }
            device = name
        }
        return Route(
            Prefix(attributes.destination, length: Int(header.rtm_dst_len)), kind, via: attributes.gateway,
            device: device, preferredSource: attributes.source, metric: attributes.metric,
            scope: Scope(rawValue: header.rtm_scope),
            origin: Origin(rawValue: header.rtm_protocol), table: attributes.table,
            onlink: attributes.flags & UInt32(RTNH_F_ONLINK) != 0)
    }
}

/// What the attributes of a route say.
private struct RouteAttributes {
    var destination: IPAddress
    var source: IPAddress?
    var gateway: IPAddress?
    var device: InterfaceIndex?
    var metric: UInt32 = 0
    var table: UInt32
    /// The `RTNH_F_*` bits.
    var flags: UInt32

    init(destination: IPAddress, _ header: rtmsg) {
        self.destination = destination
        table = UInt32(header.rtm_table)
        flags = header.rtm_flags
    }

    mutating func read(_ attribute: Attribute) throws(MalformedMessage) {
        switch attribute.type {
        case RTA_DST.number: destination = try attribute.address()
        case RTA_PREFSRC.number: source = try attribute.address()
        case RTA_PRIORITY.number: metric = try attribute.integer()
        case RTA_TABLE.number: table = try attribute.integer()
        case RTA_MULTIPATH.number: try readFirstHop(of: attribute)
        default: try readHop(attribute)
        }
    }

    /// Reads an attribute that a route with one next hop has itself, and one with several has for each.
    private mutating func readHop(_ attribute: Attribute) throws(MalformedMessage) {
        switch attribute.type {
        case RTA_GATEWAY.number: gateway = try attribute.address()
        case RTA_OIF.number: device = try attribute.integer()
        case RTA_VIA.number:
            let family = try attribute.structure(UInt16.self)
            let address = try Attribute(type: RTA_VIA.number, bytes: attribute.bytes.dropFirst(2)).address()
            guard address.family == UInt8(exactly: family).flatMap(AddressFamily.init(number:)) else {
                throw attribute.wrongSize
            }
            gateway = address
        default: break
        }
    }

    /// Next hops stand one behind the other, each a structure and attributes of its own.
    private mutating func readFirstHop(of multipath: Attribute) throws(MalformedMessage) {
        let first = try multipath.structure(rtnexthop.self)
        let length = Int(first.rtnh_len)
        guard length >= MemoryLayout<rtnexthop>.size, length <= multipath.bytes.count else { throw multipath.wrongSize }
        device = first.rtnh_ifindex
        flags = UInt32(first.rtnh_flags)
        for attribute in try Attributes(multipath.bytes.prefix(length).dropFirst(MemoryLayout<rtnexthop>.size)) {
            try readHop(attribute)
        }
    }
}
