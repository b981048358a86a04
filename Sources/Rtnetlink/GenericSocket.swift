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

    /// A family's number and its version; nil where the kernel has no such family.
    ///
    /// Asking has the kernel load the module that has the family.
    public mutating func family(named name: String) throws(NetlinkError) -> GenericFamily? {
        let answer: [Message]
        do {
            answer = try socket.replies(to: Int(GENL_ID_CTRL)) { request in
                request.append(structure: genlmsghdr(cmd: UInt8(CTRL_CMD_GETFAMILY), version: 2, reserved: 0))
                request.put(Int(CTRL_ATTR_FAMILY_NAME), text: name)
            }
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
        do throws(MalformedMessage) {
            for message in answer {
                var family = GenericFamily(number: 0, version: 1)
                for attribute in try message.attributes(after: genlmsghdr.self) {
                    switch attribute.type {
                    case Int(CTRL_ATTR_FAMILY_ID): family.number = Int(try attribute.integer(UInt16.self))
                    case Int(CTRL_ATTR_VERSION):
                        family.version = UInt8(truncatingIfNeeded: try attribute.integer(UInt32.self))
                    default: break
                    }
                }
                if family.number != 0 { return family }
            }
        } catch {
            throw .malformed(error)
        }
        return nil
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
