internal import CLinux
internal import Glibc
public import NetworkNamespaces
internal import System

/// A socket that hears of changes in a network namespace (netlink(7), multicast groups), and of those in namespaces that it has cables
/// into: what has changed is for the one who is told to look at.
public struct NetlinkSubscription: ~Copyable, Sendable {
    private let socket: FileDescriptor

    /// What one can be told of (`linux/rtnetlink.h`).
    public struct Groups: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let links = Groups(rawValue: 1)
        public static let addresses = Groups(rawValue: 0x10 | 0x100)
    }

    /// Opens a socket in a namespace, which lives as long as the socket does.
    public init(to groups: Groups, in inside: borrowing InsideNamespace) throws(NetlinkError) {
        do throws(SystemCallError) {
            socket = try Self.open(groups)
        } catch {
            throw .system(call: error.call, errno: error.errno)
        }
    }

    private static func open(_ groups: Groups) throws(SystemCallError) -> FileDescriptor {
        let socket = try FileDescriptor(socket: AF_NETLINK, SOCK_RAW, isBlocking: false, "netlink socket")
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = groups.rawValue
        let number = socket.number
        try systemCall("bind", "netlink socket") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        // Without the right to hear of other namespaces (CAP_NET_BROADCAST) the ends of cables in this one have to do.
        try? socket.set(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, CInt(1), "netlink socket")
        return socket
    }

    /// The socket's descriptor, which can be read once something has changed; it stays this value's own.
    public var descriptor: CInt { socket.number }

    /// Takes what has come. More than fits into the socket is a change like any other.
    public func drain() {
        var byte: UInt8 = 0
        // ENOBUFS says once that something was dropped.
        while recv(socket.number, &byte, 1, 0) >= 0 || errno == ENOBUFS || errno == EINTR {}
    }
}
