internal import CLinux
internal import Glibc
import Netlink
public import NetworkNamespaces

/// A socket to the parts of the kernel that have no number of their own in netlink (generic netlink): each is a family, known by
/// its name.
public struct GenericSocket: ~Copyable, Sendable {
    var socket: NetlinkSocket

    /// Opens a socket in a network namespace.
    public init(in inside: borrowing InsideNamespace) throws(NetlinkError) {
        socket = try NetlinkSocket(in: inside, protocol: NETLINK_GENERIC)
    }

    /// The families that the kernel has, by their names. None is loaded for that.
    public mutating func families() throws(NetlinkError) -> [String: GenericFamily] {
        let found: [(String, GenericFamily)] = try socket.dump(Int(GENL_ID_CTRL)) { request in
            request.append(structure: genlmsghdr(cmd: UInt8(CTRL_CMD_GETFAMILY), version: 2, reserved: 0))
        } decode: { message throws(MalformedMessage) -> (String, GenericFamily)? in
            guard message.type == GENL_ID_CTRL else { return nil }
            var (name, family): (String?, GenericFamily) = (nil, GenericFamily(number: 0, version: 1))
            for attribute in try message.attributes(after: genlmsghdr.self) {
                switch attribute.type {
                case CTRL_ATTR_FAMILY_NAME: name = attribute.text
                case CTRL_ATTR_FAMILY_ID: family.number = Int(try attribute.integer(UInt16.self))
                case CTRL_ATTR_VERSION:
                    family.version = UInt8(truncatingIfNeeded: try attribute.integer(UInt32.self))
                default: break
                }
            }
            return name.map { ($0, family) }
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// The families that the kernel has, asked in a namespace.
    public static func families(in inside: borrowing InsideNamespace) throws(NetlinkError) -> [String: GenericFamily] {
        var socket = try GenericSocket(in: inside)
        return try socket.families()
    }
}

/// A family of generic netlink: the number that its messages have as their type, which is the same in all namespaces.
public struct GenericFamily: Hashable, Sendable {
    var number: Int
    var version: UInt8

    func header(_ command: Int) -> genlmsghdr {
        genlmsghdr(cmd: UInt8(truncatingIfNeeded: command), version: version, reserved: 0)
    }
}
