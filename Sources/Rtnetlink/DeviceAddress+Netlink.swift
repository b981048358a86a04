import Addresses
internal import CLinux
public import Netlink
import NetworkObjects

extension DeviceAddress: RouteObject {
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [DeviceAddress] {
        try socket.addresses(in: table)
    }

    /// With the first IPv4 address of a subnet that is deleted the kernel takes the others of that subnet too, unless
    /// `promote_secondaries` is set.
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        batch.requests.append(change.type(RTM_NEWADDR, RTM_DELADDR), change.flags) { message in
            var header = ifaddrmsg()
            header.ifa_family = address.family.number
            header.ifa_prefixlen = UInt8(address.prefixLength)
            header.ifa_scope = scope.rawValue
            header.ifa_index = UInt32(bitPattern: index)
            message.append(structure: header)
            message.put(IFA_LOCAL, address.address)
            message.put(IFA_ADDRESS, peer ?? address.address)
            // The flag has a meaning for IPv6 alone, but the kernel keeps it for IPv4 as well.
            let noDAD = noDAD && address.family == .ipv6 ? UInt32(IFA_F_NODAD) : 0
            let flags = noDAD | flags.subtracting([.temporary, .deprecated]).rawValue
            if flags != 0 { message.put(IFA_FLAGS, flags) }
            message.put(others)
        }
    }
}

extension ObservedAddress {
    /// Reads an `RTM_NEWADDR`.
    ///
    /// - Returns: nil for another message, another family, or a link that the table does not know.
    init?(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) {
        guard message.type == RTM_NEWADDR else { return nil }
        let header = try message.header(ifaddrmsg.self)
        var flags = UInt32(header.ifa_flags)
        var (local, address, isKernelMade): (IPAddress?, IPAddress?, Bool) = (nil, nil, false)
        var others = OtherAttributes()
        guard let family = AddressFamily(number: header.ifa_family) else { return nil }
        for attribute in try message.attributes(after: ifaddrmsg.self) {
            switch attribute.type {
            case IFA_LOCAL: local = try attribute.address()
            case IFA_ADDRESS: address = try attribute.address()
            case IFA_PROTO: isKernelMade = try attribute.integer(UInt8.self) != UInt8(IFAPROT_UNSPEC)
            case IFA_FLAGS: flags = try attribute.integer()
            case let type where DeviceAddress.attributeNames[type] != nil: others[type] = Array(attribute.bytes)
            default: break
            }
        }
        // Where there is a local address the other one is the far end's (linux/if_addr.h).
        guard let own = local ?? address else { throw .missing(attribute: IFA_ADDRESS) }
        guard own.family == family, Int(header.ifa_prefixlen) <= family.bits else {
            throw .value(attribute: IFA_ADDRESS, length: own.family.bits / 8)
        }
        guard let device = table[InterfaceIndex(bitPattern: header.ifa_index)] else { return nil }
        // A label says something only where it is not the link's name, which is what the kernel takes without one.
        if others.text(IFA_LABEL) == "\(device)" { others[IFA_LABEL] = nil }
        var found = DeviceAddress(
            device, InterfaceAddress(own, prefixLength: Int(header.ifa_prefixlen)),
            noDAD: family == .ipv6 && flags & UInt32(IFA_F_NODAD) != 0, scope: Scope(rawValue: header.ifa_scope),
            peer: address == own ? nil : address)
        found.flags = DeviceAddress.Flags(rawValue: flags).intersection(.askedFor)
        if flags & UInt32(IFA_F_PERMANENT) == 0 { found.flags.insert(.temporary) }
        found.others = others
        self.init(
            found, isTentative: flags & UInt32(IFA_F_TENTATIVE) != 0, isDuplicate: flags & UInt32(IFA_F_DADFAILED) != 0,
            isKernelMade: isKernelMade)
    }
}
