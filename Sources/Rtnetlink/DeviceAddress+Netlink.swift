import Addresses
internal import CLinux
internal import Netlink
import NetworkObjects

extension RouteBatch {
    /// Gives a link an address that it does not have yet (EEXIST).
    public mutating func add(_ address: DeviceAddress, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWADDR, .new, address, table)
    }

    /// Gives a link an address, or changes the flags of the one it has.
    public mutating func replace(_ address: DeviceAddress, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWADDR, .upsert, address, table)
    }

    /// Takes an address from its link.
    ///
    /// With the first IPv4 address of a subnet the kernel takes the others of that subnet too, unless
    /// `promote_secondaries` is set.
    public mutating func delete(_ address: DeviceAddress, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_DELADDR, [], address, table)
    }

    private mutating func append(
        _ type: Int, _ flags: RequestFlags, _ address: DeviceAddress, _ table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: address.device)
        requests.append(type, flags) { message in
            var header = ifaddrmsg()
            header.ifa_family = address.address.family.number
            header.ifa_prefixlen = UInt8(address.address.prefixLength)
            header.ifa_scope = address.scope.rawValue
            header.ifa_index = UInt32(bitPattern: index)
            // The flag has a meaning for IPv6 alone, but the kernel keeps it for IPv4 as well.
            let noDAD = address.noDAD && address.address.family == .ipv6
            header.ifa_flags = noDAD ? UInt8(IFA_F_NODAD) : 0
            message.append(structure: header)
            message.put(IFA_LOCAL, address.address.address)
            message.put(IFA_ADDRESS, address.address.address)
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
        guard let family = AddressFamily(number: header.ifa_family) else { return nil }
        for attribute in try message.attributes(after: ifaddrmsg.self) {
            switch attribute.type {
            case IFA_LOCAL: local = try attribute.address()
            case IFA_ADDRESS: address = try attribute.address()
            case IFA_PROTO: isKernelMade = try attribute.integer(UInt8.self) != UInt8(IFAPROT_UNSPEC)
            case IFA_FLAGS: flags = try attribute.integer()
            default: break
            }
        }
        // Where there is a local address the other one is the far end's (linux/if_addr.h).
        guard let own = local ?? address else { throw .missing(attribute: IFA_ADDRESS) }
        guard own.family == family, Int(header.ifa_prefixlen) <= family.bits else {
            throw .value(attribute: IFA_ADDRESS, length: own.family.bits / 8)
        }
        guard let device = table[InterfaceIndex(bitPattern: header.ifa_index)] else { return nil }
        self.init(
            DeviceAddress(
                device, InterfaceAddress(own, prefixLength: Int(header.ifa_prefixlen)),
                noDAD: family == .ipv6 && flags & UInt32(IFA_F_NODAD) != 0, scope: Scope(rawValue: header.ifa_scope)),
            isTentative: flags & UInt32(IFA_F_TENTATIVE) != 0, isDuplicate: flags & UInt32(IFA_F_DADFAILED) != 0,
            isKernelMade: isKernelMade)
    }
}
