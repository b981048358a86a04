import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// A socket that takes what comes in at one port of a namespace, and its name.
///
/// It belongs for good to the namespace that it was opened in, whoever holds it, and keeps that namespace. A class, because
/// many of them are held in an array and a descriptor cannot be copied.
final class ListeningSocket: Sendable {
    let name: SocketName
    let descriptor: FileDescriptor

    init(name: SocketName, descriptor: consuming FileDescriptor) {
        self.name = name
        self.descriptor = descriptor
    }

    /// How many connections may wait to be taken.
    static let backlog: CInt = 1024

    /// Opens sockets, each bound and listening, in the namespaces that they name.
    ///
    /// - Throws: `PodServerError.portTaken` or `.refused`, that name the namespace and the port.
    static func open(
        _ names: [SocketName], _ thread: inout NamespaceThread
    ) throws(PodServerError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        var rest = names[...]
        while let pin = rest.first?.pin {
            let here = rest.prefix { $0.pin == pin }
            rest = rest.dropFirst(here.count)
            try thread.enter(pin: pin, refusal: { .refused(object: pin, $0) }) { inside throws(PodServerError) in
                for name in here { sockets.append(try ListeningSocket(opening: name, in: inside)) }
            }
        }
        return sockets
    }

    private convenience init(opening name: SocketName, in inside: borrowing InsideNamespace) throws(PodServerError) {
        do throws(SystemCallError) {
            self.init(name: name, descriptor: try Self.descriptor(name, in: inside))
        } catch {
            if error.errno == EADDRINUSE {
                throw .portTaken(pin: name.pin, transport: name.transport, port: name.port)
            }
            throw .refused(object: "\(name.pin): port \(name.port)/\(name.transport)", error)
        }
    }

    private static func descriptor(
        _ name: SocketName, in inside: borrowing InsideNamespace
    ) throws(SystemCallError) -> FileDescriptor {
        let family: AddressFamily = name.families == .ipv4 ? .ipv4 : .ipv6
        let descriptor = try FileDescriptor(
            socket: family == .ipv4 ? AF_INET : AF_INET6, name.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM,
            isBlocking: false, "socket")
        if name.transport == .tcp {
            // Connections that were answered a moment ago do not keep the port from being taken again.
            try descriptor.set(SOL_SOCKET, SO_REUSEADDR, CInt(1), "socket")
            // Inherited by connections: what a client does not take is given up, so that it keeps no namespace.
            try descriptor.set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, CInt(10000), "socket")
        } else {
            try DatagramExchange.prepare(descriptor, family, takesIPv4: name.families != .ipv6)
        }
        if family == .ipv6 {
            try descriptor.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, CInt(name.families == .ipv6 ? 1 : 0), "socket")
        }
        try descriptor.bind(.any(family, port: name.port), "socket")
        if name.transport == .tcp { try descriptor.listen(backlog: backlog, "socket") }
        return descriptor
    }
}

/// What distinguishes one listening socket of a lab from all others; a listener that keeps its name keeps its socket.
struct SocketName: Hashable, Sendable {
    /// The pin of the namespace that it is in.
    var pin: String
    var transport: Transport
    var port: UInt16
    var families: PodServerPlan.Families

    init(_ pin: String, _ listener: PodServerPlan.Listener) {
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
            let port = UInt16(parts[1]), let families = PodServerPlan.Families(rawValue: String(parts[2]))
        else { return nil }
        pin = String(parts[3])
        self.transport = transport
        self.port = port
        self.families = families
    }
}

extension PodServerPlan {
    /// The sockets that the plan needs, those of one namespace together.
    var sockets: [SocketName] {
        pods.flatMap { pod in pod.listeners.map { SocketName(pod.pin, $0) } }
    }
}
