import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// A socket that takes what comes in at one port of a namespace.
///
/// It belongs for good to the namespace that it was opened in, whoever holds it, and keeps that namespace.
enum ListeningSocket {
    /// How many connections may wait to be taken.
    static let backlog: CInt = 1024

    /// Opens sockets, each bound and listening, in the namespaces that they name. The calling thread ends up in the last.
    ///
    /// - Throws: `ResponderError.portTaken` or `.refused`, that name the namespace and the port.
    static func open(_ names: ArraySlice<SocketName>) throws(ResponderError) -> [OpenSocket] {
        var sockets: [OpenSocket] = []
        var current: String?
        for name in names {
            do throws(SystemCallError) {
                if current != name.pin {
                    try NetworkNamespace(at: Pins.path(name.pin)).enter()
                    current = name.pin
                }
                sockets.append(OpenSocket(name: name, descriptor: try open(name)))
            } catch {
                if error.errno == EADDRINUSE {
                    throw .portTaken(pin: name.pin, transport: name.transport, port: name.port)
                }
                throw .refused(object: "\(name.pin): port \(name.port)/\(name.transport)", error)
            }
        }
        return sockets
    }

    /// Opens a socket in the calling thread's namespace.
    private static func open(_ name: SocketName) throws(SystemCallError) -> FileDescriptor {
        let family = name.families == .ipv4 ? AF_INET : AF_INET6
        let kind = name.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let number = socket(family, CInt(kind.rawValue) | nonBlocking | closeOnExec, 0)
        guard number >= 0 else { throw SystemCallError("socket", "socket") }
        let descriptor = FileDescriptor(owning: number)
        // Connections that were answered a moment ago do not keep the port from being taken again.
        if name.transport == .tcp {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // Inherited by connections: what a client does not take is given up, so that it keeps no namespace.
            try set(descriptor, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, 10000)
        }
        if name.transport == .udp {
            let takesIPv4 = name.families != .ipv6
            guard DatagramExchange.prepare(number, family: family, takesIPv4: takesIPv4) else {
                throw SystemCallError("setsockopt", "socket")
            }
        }
        if family == AF_INET6 {
            try set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, name.families == .ipv6 ? 1 : 0)
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = name.port.bigEndian
            try bind(descriptor, &address, MemoryLayout<sockaddr_in6>.size)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = name.port.bigEndian
            try bind(descriptor, &address, MemoryLayout<sockaddr_in>.size)
        }
        if name.transport == .tcp, listen(descriptor.number, backlog) != 0 { throw SystemCallError("listen", "socket") }
        return descriptor
    }

    private static let nonBlocking = CInt(SOCK_NONBLOCK.rawValue)
    private static let closeOnExec = CInt(SOCK_CLOEXEC.rawValue)

    private static func set(
        _ descriptor: borrowing FileDescriptor, _ level: CInt, _ option: CInt, _ value: CInt
    ) throws(SystemCallError) {
        var value = value
        if setsockopt(descriptor.number, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) != 0 {
            throw SystemCallError("setsockopt", "socket")
        }
    }

    private static func bind<Address>(
        _ descriptor: borrowing FileDescriptor, _ address: inout Address, _ size: Int
    ) throws(SystemCallError) {
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor.number, $0, socklen_t(size))
            }
        }
        if result != 0 { throw SystemCallError("bind", "socket") }
    }
}

/// A socket and what it is for.
///
/// A class, because many of them are held in an array and a descriptor cannot be copied.
final class OpenSocket: Sendable {
    let name: SocketName
    let descriptor: FileDescriptor

    init(name: SocketName, descriptor: consuming FileDescriptor) {
        self.name = name
        self.descriptor = descriptor
    }
}

/// What tells one listening socket of a lab from all others; a listener that keeps its name keeps its socket.
struct SocketName: Hashable, Sendable {
    /// The pin of the namespace that it is in.
    var pin: String
    var transport: Transport
    var port: UInt16
    var families: ResponderPlan.Families

    init(_ pin: String, _ listener: ResponderPlan.Listener) {
        self.pin = pin
        transport = listener.transport
        port = listener.port
        families = listener.families
    }

    /// The name as the two processes write it to each other.
    var text: String { "\(transport)/\(port)/\(families)/\(pin)" }

    /// Reads a name; nil if it is none.
    init?(_ text: Substring) {
        let parts = text.split(separator: "/", maxSplits: 3)
        guard parts.count == 4, let transport = Transport(String(parts[0])), transport != .sctp,
            let port = UInt16(parts[1]), let families = ResponderPlan.Families(rawValue: String(parts[2]))
        else { return nil }
        pin = String(parts[3])
        self.transport = transport
        self.port = port
        self.families = families
    }
}

extension ResponderPlan {
    /// The sockets that the plan needs, those of one namespace together.
    var sockets: [SocketName] {
        pods.flatMap { pod in pod.listeners.map { SocketName(pod.pin, $0) } }
    }
}
