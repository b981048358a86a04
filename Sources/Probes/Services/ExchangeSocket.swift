import Addresses
import CLinux
import Glibc
import System

/// A connected TCP or UDP socket that never blocks. It belongs for good to the namespace that it was opened in.
///
/// A class for the same reason as `EchoSocket`.
final class ExchangeSocket {
    private let descriptor: FileDescriptor

    /// Opens a socket in the calling thread's namespace and begins to connect it.
    ///
    /// - Parameter namespace: what an error names.
    init(_ exchange: Exchange, namespace: String) throws(ExchangeFailure) {
        let domain = exchange.destination.family == .ipv4 ? AF_INET : AF_INET6
        let kind = exchange.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let opened = socket(domain, CInt(kind.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard opened >= 0 else { throw .noSource(SystemCallError("socket", namespace)) }
        descriptor = FileDescriptor(owning: opened)
        let result =
            switch exchange.destination {
            case .v4(let address): Self.connect(opened, sockaddr_in(address, port: exchange.port))
            case .v6(let address): Self.connect(opened, sockaddr_in6(address, port: exchange.port))
            }
        if result != 0, errno != EINPROGRESS { throw ExchangeSocket.failure(errno) }
    }

    private static func connect<Address>(_ socket: CInt, _ address: Address) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// What an errno(3) of a connection means.
    static func failure(_ errno: Int32) -> ExchangeFailure {
        errno == ECONNREFUSED ? .refused : .notPossible(errno: errno)
    }

    /// What is waited for.
    enum Interest { case sending, receiving }

    /// Has `epoll` tell, by this number, when the socket can send or has received.
    func register(
        _ epoll: borrowing FileDescriptor, number: Int, _ interest: Interest, isNew: Bool
    ) throws(SystemCallError) {
        var event = epoll_event()
        event.events = (interest == .sending ? EPOLLOUT : EPOLLIN).rawValue
        event.data.u64 = UInt64(number)
        if epoll_ctl(epoll.number, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor.number, &event) != 0 {
            throw SystemCallError("epoll_ctl", "socket")
        }
    }

    /// Sends bytes, all at once: a request is shorter than any send buffer.
    func send(_ bytes: [UInt8]) throws(ExchangeFailure) {
        let sent = Glibc.send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        if sent < 0, errno != EAGAIN, errno != EINTR { throw ExchangeSocket.failure(errno) }
    }

    /// What one receive found.
    enum Reception {
        case nothing
        case bytes([UInt8])
        case end
    }

    /// Takes what has come.
    func receive() throws(ExchangeFailure) -> Reception {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 16384) { memory, used in
            count = recv(descriptor.number, memory.baseAddress, memory.count, 0)
            used = max(0, count)
        }
        if count == 0 { return .end }
        if count > 0 { return .bytes(bytes) }
        if errno == EAGAIN || errno == EINTR { return .nothing }
        throw ExchangeSocket.failure(errno)
    }
}

extension sockaddr_in {
    fileprivate init(_ address: IPv4Address, port: UInt16) {
        self.init(address)
        sin_port = port.bigEndian
    }
}

extension sockaddr_in6 {
    fileprivate init(_ address: IPv6Address, port: UInt16) {
        self.init(address)
        sin6_port = port.bigEndian
    }
}
