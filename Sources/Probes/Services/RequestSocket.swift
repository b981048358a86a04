import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// A connected TCP or UDP socket that never blocks. It belongs for good to the namespace that it was opened in.
///
/// A class for the same reason as `EchoSocket`.
final class RequestSocket {
    private let descriptor: FileDescriptor

    /// Opens a socket in the namespace of the request's source and begins to connect it.
    init(_ request: Request, in inside: borrowing InsideNamespace) throws(RequestFailure) {
        let namespace = request.source
        let domain = request.destination.family == .ipv4 ? AF_INET : AF_INET6
        let kind = request.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        do throws(SystemCallError) {
            descriptor = try FileDescriptor(socket: domain, kind, isBlocking: false, namespace)
        } catch {
            throw .noSource(error)
        }
        do throws(SystemCallError) {
            try descriptor.connect(SocketAddress(request.destination, port: request.port), namespace)
        } catch {
            throw RequestSocket.failure(error.errno)
        }
        // An ICMP message that comes while connect(2) is at work, as within a machine it does, is a passing trouble for the kernel
        // (`tcp_v4_err` in net/ipv4/tcp_ipv4.c) and tells nobody.
        let error = descriptor.takeError()
        if error != 0 { throw RequestSocket.failure(error) }
    }

    /// What an errno(3) of a connection means.
    static func failure(_ errno: Int32) -> RequestFailure {
        errno == ECONNREFUSED ? .refused : .notPossible(errno: errno)
    }

    /// Has the poller tell, by this number, when the socket is ready.
    func register(
        _ poller: borrowing Poller, number: Int, _ interest: Poller.Interest
    ) throws(SystemCallError) {
        try poller.add(descriptor, number: number, interest)
    }

    /// Has the poller tell of what comes, once a connection is there.
    func awaitAnswer(_ poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.change(descriptor, number: number, .receiving)
    }

    /// Sends bytes, all at once: a request is shorter than any send buffer.
    func send(_ bytes: [UInt8]) throws(RequestFailure) {
        let sent = Glibc.send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        if sent >= 0 || errno == EAGAIN || errno == EINTR { return }
        let reason = errno
        // A packet that the host's own rules stop is not permitted; if they refuse it, that has come as well.
        let refusal = reason == EPERM ? descriptor.takeError() : 0
        throw RequestSocket.failure(refusal == 0 ? reason : refusal)
    }

    /// What one receive found.
    enum Reception {
        case nothing
        case bytes([UInt8])
        case end
    }

    /// Takes what has come.
    func receive() throws(RequestFailure) -> Reception {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 16384) { memory, used in
            count = recv(descriptor.number, memory.baseAddress, memory.count, 0)
            used = max(0, count)
        }
        if count == 0 { return .end }
        if count > 0 { return .bytes(bytes) }
        if errno == EAGAIN || errno == EINTR { return .nothing }
        throw RequestSocket.failure(errno)
    }
}
