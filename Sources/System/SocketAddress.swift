import Addresses
import CLinux
import Glibc

/// The address of a socket, as system calls take it (ip(7), ipv6(7), unix(7)).
public enum SocketAddress: Hashable, Sendable {
    case v4(IPv4Address, port: UInt16)
    /// The scope is the number of a link, for addresses that mean something on that link alone; 0 for others.
    case v6(IPv6Address, port: UInt16, scope: UInt32 = 0)
    /// A socket in the file system. The path is shorter than 108 bytes.
    case path(String)

    public init(_ address: IPAddress, port: UInt16 = 0) {
        self =
            switch address {
            case .v4(let address): .v4(address, port: port)
            case .v6(let address): .v6(address, port: port)
            }
    }

    /// The address that stands for all of a host's own.
    public static func any(_ family: AddressFamily, port: UInt16) -> SocketAddress {
        family == .ipv4 ? .v4(IPv4Address(0), port: port) : .v6(IPv6Address(0), port: port)
    }

    /// An address that the kernel wrote; nil for one of another family.
    public init?(_ storage: sockaddr_storage) {
        let address = withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
        }
        guard let address else { return nil }
        self = address
    }

    /// The address that a socket itself has (getsockname(2)).
    public init(of socket: CInt, _ object: @autoclosure () -> String) throws(SystemCallError) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try systemCall("getsockname", object()) {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
            }
        }
        guard let address = SocketAddress(storage) else {
            throw SystemCallError("getsockname", object(), errno: EAFNOSUPPORT)
        }
        self = address
    }

    /// An address in memory that has room for what its family says; nil for one of another family.
    public init?(_ pointer: UnsafePointer<sockaddr>) {
        switch CInt(pointer.pointee.sa_family) {
        case AF_INET:
            let address = UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            self = .v4(
                IPv4Address(UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)
            self = .v6(
                IPv6Address(address.sin6_addr), port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id
            )
        default: return nil
        }
    }

    /// The address without its port; nil for a socket in the file system.
    public var address: IPAddress? {
        switch self {
        case .v4(let address, _): .v4(address)
        case .v6(let address, _, _): .v6(address)
        case .path: nil
        }
    }

    /// The port; 0 for a socket in the file system.
    public var port: UInt16 {
        switch self {
        case .v4(_, let port), .v6(_, let port, _): port
        case .path: 0
        }
    }

    /// Runs a system call on the address.
    public func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        switch self {
        case .v4(let address, let port):
            var structure = sockaddr_in()
            structure.sin_family = sa_family_t(AF_INET)
            structure.sin_port = port.bigEndian
            structure.sin_addr.s_addr = address.value.bigEndian
            return Self.call(structure, body)
        case .v6(let address, let port, let scope):
            var structure = sockaddr_in6()
            structure.sin6_family = sa_family_t(AF_INET6)
            structure.sin6_port = port.bigEndian
            structure.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &structure.sin6_addr) {
                $0.storeBytes(of: address.value.bigEndian, as: UInt128.self)
            }
            return Self.call(structure, body)
        case .path(let path):
            var structure = sockaddr_un()
            structure.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &structure.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return Self.call(structure, body)
        }
    }

    private static func call<Structure, Value>(
        _ structure: Structure, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        withUnsafePointer(to: structure) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Structure>.size))
            }
        }
    }

    /// The longest path that a socket may have, in bytes.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
}

extension IPv6Address {
    /// An address as system calls have it.
    public init(_ address: in6_addr) {
        self.init(withUnsafeBytes(of: address) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) })
    }
}
