import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension AddressLabel: RouteObject {
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [AddressLabel] {
        do {
            return try socket.socket.dump(RTM_GETADDRLABEL) { request in
                request.append(structure: header())
            } decode: { message throws(MalformedMessage) in
                try decode(message, in: table)
            }
        } catch {
            // A kernel without IPv6.
            guard error.isUnsupported else { throw error }
            return []
        }
    }

    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try device.map { name throws(RequestError) in try table.index(of: name) }
        batch.requests.append(change.type(RTM_NEWADDRLABEL, RTM_DELADDRLABEL), change.flags) { message in
            message.append(structure: Self.header(prefix.length, index ?? 0))
            message.put(Int(IFAL_ADDRESS), prefix.address)
            message.put(Int(IFAL_LABEL), label)
        }
    }

    private static func header(_ length: Int = 0, _ index: InterfaceIndex = 0) -> ifaddrlblmsg {
        var header = ifaddrlblmsg()
        header.ifal_family = UInt8(AF_INET6)
        header.ifal_prefixlen = UInt8(length)
        header.ifal_index = UInt32(bitPattern: index)
        return header
    }

    /// Reads an `RTM_NEWADDRLABEL`.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> AddressLabel? {
        guard message.type == RTM_NEWADDRLABEL else { return nil }
        let header = try message.header(ifaddrlblmsg.self)
        guard Int32(header.ifal_family) == AF_INET6 else { return nil }
        var (address, label): (IPAddress?, UInt32?) = (nil, nil)
        for attribute in try message.attributes(after: ifaddrlblmsg.self) {
            switch attribute.type {
            case Int(IFAL_ADDRESS): address = try attribute.address()
            case Int(IFAL_LABEL): label = try attribute.integer()
            default: break
            }
        }
        guard let address, let label else { throw .missing(attribute: Int(IFAL_ADDRESS)) }
        guard Int(header.ifal_prefixlen) <= address.family.bits else {
            throw .value(attribute: Int(IFAL_ADDRESS), length: 0)
        }
        return AddressLabel(
            Prefix(address, length: Int(header.ifal_prefixlen)), label: label,
            device: table[InterfaceIndex(bitPattern: header.ifal_index)])
    }
}
