import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import Packets
import System

/// The socket that a trace's packet is sent from. It belongs for good to the namespace that it was opened in.
struct TraceSender: ~Copyable {
    private let socket: FileDescriptor
    private let probe: TraceProbe
    private let destination: IPAddress
    private let name: String

    /// Opens the socket in a namespace.
    init(_ probe: TraceProbe, to destination: IPAddress, in source: CaptureSource) throws {
        let (isIPv4, name) = (destination.family == .ipv4, source.namespace)
        let number = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(source.pin))) { _ in
                let (kind, number): (__socket_type, Int) =
                    switch probe {
                    case .echo: (SOCK_RAW, isIPv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)
                    case .tcp: (SOCK_STREAM, 0)
                    case .udp: (SOCK_DGRAM, 0)
                    }
                return try FileDescriptor(
                    socket: isIPv4 ? AF_INET : AF_INET6, kind, protocol: CInt(number), isBlocking: false, name
                ).release()
            }
        }
        socket = FileDescriptor(owning: number)
        self.probe = probe
        self.destination = destination
        self.name = name
    }

    /// Sends the packet.
    ///
    /// - Returns: the sender's port; nil for an echo.
    func send(_ payload: [UInt8], cookie: [UInt8]) throws(SystemCallError) -> UInt16? {
        let object = "\(name) to \(destination)"
        switch probe {
        case .echo:
            var message: [UInt8] = [destination.family == .ipv4 ? 8 : 128, 0, 0, 0]
            message += cookie.prefix(2) + [0, 1] + payload
            if destination.family == .ipv4 {
                let sum = internetChecksum(message.span)
                (message[2], message[3]) = (UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum))
            }
            try socket.send(message.span, to: SocketAddress(destination), object)
            return nil
        case .tcp(let port):
            // When it is closed before it has sent anything, nothing of it is left to be told.
            try socket.set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0), object)
            chooseSequence(probe.initialSequence(cookie), object)
            try socket.connect(SocketAddress(destination, port: port), object)
        case .udp(let port):
            try socket.connect(SocketAddress(destination, port: port), object)
            try socket.send(payload.span, object)
        }
        return try localPort(object)
    }

    /// Has the connection begin with a number of ours, by which rules know it (`tcp_v4_connect` keeps what `TCP_QUEUE_SEQ` has set).
    private func chooseSequence(_ number: UInt32, _ object: String) {
        // linux/tcp.h: TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ; TCP_SEND_QUEUE.
        let (repair, queue, sequence, sending): (CInt, CInt, CInt, CInt) = (19, 20, 21, 2)
        // Where that is not allowed the kernel chooses one, which is known once it has been seen.
        try? socket.set(CInt(IPPROTO_TCP), repair, 1 as CInt, object)
        try? socket.set(CInt(IPPROTO_TCP), queue, sending, object)
        try? socket.set(CInt(IPPROTO_TCP), sequence, number, object)
        try? socket.set(CInt(IPPROTO_TCP), repair, 0 as CInt, object)
    }

    private func localPort(_ object: String) throws(SystemCallError) -> UInt16? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try systemCall("getsockname", object) {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.number, $0, &size) }
            }
        }
        return SocketAddress(storage)?.port
    }
}
