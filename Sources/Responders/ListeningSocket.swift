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

    /// Opens sockets, each bound and listening, in the namespaces that they name.
    ///
    /// - Throws: `ResponderError.portTaken` or `.refused`, that name the namespace and the port.
    static func open(
        _ names: [SocketName], _ thread: inout NamespaceThread
    ) throws(ResponderError) -> [OpenSocket] {
        var sockets: [OpenSocket] = []
        var rest = names[...]
        while let pin = rest.first?.pin {
            let here = rest.prefix { $0.pin == pin }
            rest = rest.dropFirst(here.count)
            try thread.enter(pin: pin, refusal: { .refused(object: pin, $0) }) { inside throws(ResponderError) in
                for name in here { sockets.append(try open(name, in: inside)) }
            }
        }
        return sockets
    }

    private static func open(
        _ name: SocketName, in inside: borrowing InsideNamespace
    ) throws(ResponderError) -> OpenSocket {
        do throws(SystemCallError) {
            return OpenSocket(name: name, descriptor: try descriptor(name, in: inside))
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
        let family = name.families == .ipv4 ? AF_INET : AF_INET6
        let descriptor = try FileDescriptor(
            socket: family, name.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM, isBlocking: false, "socket")
        // Connections that were answered a moment ago do not keep the port from being taken again.
        if name.transport == .tcp {
            try descriptor.set(SOL_SOCKET, SO_REUSEADDR, CInt(1), "socket")
            // Inherited by connections: what a client does not take is given up, so that it keeps no namespace.
            try descriptor.set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, CInt(10000), "socket")
        }
        if name.transport == .udp {
            let takesIPv4 = name.families != .ipv6
            guard DatagramExchange.prepare(descriptor.number, family: family, takesIPv4: takesIPv4) else {
                throw SystemCallError("setsockopt", "socket")
            }
        }
        if family == AF_INET6 {
            try descriptor.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, CInt(name.families == .ipv6 ? 1 : 0), "socket")
        }
        try descriptor.bind(.any(family == AF_INET ? .ipv4 : .ipv6, port: name.port), "socket")
        if name.transport == .tcp { try descriptor.listen(backlog: backlog, "socket") }
        return descriptor
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
