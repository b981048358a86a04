import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// A raw ICMP or ICMPv6 socket (raw(7)) that is given echo replies and errors only, and never blocks.
///
/// It belongs for good to the namespace that it was opened in. A class, because the sockets of a run stand in an array,
/// which takes no noncopyable values. All pointers of this room are in this file.
final class EchoSocket {
    let family: AddressFamily
    private let descriptor: FileDescriptor

    /// The most that may wait in the socket, in bytes: some thousand messages.
    private static let bufferSize: CInt = 1 << 20

    /// Opens a socket.
    ///
    /// - Parameter namespace: what an error names.
    init(
        _ family: AddressFamily, in inside: borrowing InsideNamespace, named namespace: String
    ) throws(SystemCallError) {
        let (domain, number) = family == .ipv4 ? (AF_INET, IPPROTO_ICMP) : (AF_INET6, IPPROTO_ICMPV6)
        self.family = family
        descriptor = try FileDescriptor(
            socket: domain, SOCK_RAW, protocol: CInt(number), isBlocking: false, namespace)
        switch family {
        case .ipv4:
            // Set bits are what is not delivered.
            let filter = icmp_filter(data: ~(1 << 0 | 1 << 3 | 1 << 11 | 1 << 12))
            try descriptor.set(SOL_RAW, ICMP_FILTER, filter, namespace)
        case .ipv6:
            var filter = icmp6_filter()
            withUnsafeMutableBytes(of: &filter) { bits in
                for word in 0..<8 { bits.storeBytes(of: UInt32.max, toByteOffset: word * 4, as: UInt32.self) }
                bits.storeBytes(of: ~(1 << 1 | 1 << 2 | 1 << 3 | 1 << 4), toByteOffset: 0, as: UInt32.self)
                bits.storeBytes(of: ~(1 << (129 % 32)), toByteOffset: 129 / 32 * 4, as: UInt32.self)
            }
            try descriptor.set(CInt(IPPROTO_ICMPV6), ICMP6_FILTER, filter, namespace)
            try descriptor.set(CInt(IPPROTO_IPV6), IPV6_RECVHOPLIMIT, CInt(1), namespace)
        }
        // Without CAP_NET_ADMIN the default size has to do.
        for option in [SO_SNDBUFFORCE, SO_RCVBUFFORCE] {
            try? descriptor.set(SOL_SOCKET, option, Self.bufferSize, namespace)
        }
    }

    /// Has the poller tell of messages, by this number.
    func register(_ poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(descriptor, number: number, .receiving)
    }

    /// Sends the packet in the buffer.
    ///
    /// - Returns: 0, or the kernel's errno(3).
    func send(_ buffer: borrowing EchoBuffer, to destination: IPAddress) -> Int32 {
        buffer.send(descriptor.number, SocketAddress(destination)) < 0 ? errno : 0
    }

    /// A message that has arrived.
    struct Received {
        let from: IPAddress
        let ttl: UInt8
        let arrival: EchoPacket.Arrival
    }

    /// What one receive found.
    enum Reception {
        case nothing
        /// A message that is none of ours.
        case foreign
        case message(Received)
    }

    /// Takes one message off the socket.
    func receive(_ buffer: inout EchoBuffer) -> Reception {
        guard let (count, sender, hopLimit) = buffer.receive(descriptor.number) else { return .nothing }
        let memory = buffer.received
        let bytes = memory.span.extracting(..<min(count, memory.count))
        switch family {
        case .ipv4:
            guard let (from, ttl, arrival) = EchoPacket.readIPv4(bytes) else { return .foreign }
            return .message(Received(from: .v4(from), ttl: ttl, arrival: arrival))
        case .ipv6:
            guard let arrival = EchoPacket.readIPv6(bytes), let hopLimit else { return .foreign }
            return .message(Received(from: .v6(IPv6Address(sender)), ttl: hopLimit, arrival: arrival))
        }
    }
}

/// The memory that packets are sent from and received into, made once for a run.
struct EchoBuffer {
    private var outgoing = [UInt8](repeating: 0, count: EchoPacket.size)
    /// Enough for an error that quotes all of our packet behind IP headers with all their options; the rest is cut off.
    private var incoming = [UInt8](repeating: 0, count: 256)
    private var control = [UInt8](repeating: 0, count: nslab_cmsg_space(MemoryLayout<CInt>.size))

    /// Writes the request that is sent next.
    mutating func write(_ mark: EchoPayload, family: AddressFamily) {
        var bytes = outgoing.mutableSpan
        EchoPacket.write(mark, family: family, to: &bytes)
    }

    /// What the last receive left in the memory.
    fileprivate var received: [UInt8] { incoming }

    fileprivate func send(_ socket: CInt, _ address: SocketAddress) -> Int {
        address.withPointer { sendto(socket, outgoing, outgoing.count, 0, $0, $1) }
    }

    /// Receives one message: its size, for IPv6 its sender, and its hop limit if the kernel tells.
    fileprivate mutating func receive(_ socket: CInt) -> (count: Int, sender: sockaddr_in6, hopLimit: UInt8?)? {
        var sender = sockaddr_in6()
        var hopLimit: UInt8?
        let count = incoming.withUnsafeMutableBytes { incoming in
            control.withUnsafeMutableBytes { control in
                withUnsafeMutablePointer(to: &sender) { sender in
                    var vector = iovec(iov_base: incoming.baseAddress, iov_len: incoming.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var message = msghdr()
                        message.msg_name = UnsafeMutableRawPointer(sender)
                        message.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
                        message.msg_iov = vector
                        message.msg_iovlen = 1
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                        let count = recvmsg(socket, &message, 0)
                        if count >= 0 { hopLimit = Self.hopLimit(&message) }
                        return count
                    }
                }
            }
        }
        return count < 0 ? nil : (count, sender, hopLimit)
    }

    /// The hop limit in a message's ancillary data (`IPV6_HOPLIMIT`, RFC 3542, 6.3).
    private static func hopLimit(_ message: inout msghdr) -> UInt8? {
        var header = nslab_cmsg_first(&message)
        while let current = header {
            if current.pointee.cmsg_level == IPPROTO_IPV6, current.pointee.cmsg_type == IPV6_HOPLIMIT,
                current.pointee.cmsg_len >= nslab_cmsg_length(MemoryLayout<CInt>.size)
            {
                return UInt8(exactly: nslab_cmsg_data(current).loadUnaligned(as: CInt.self))
            }
            header = nslab_cmsg_next(&message, current)
        }
        return nil
    }
}

extension IPv6Address {
    fileprivate init(_ address: sockaddr_in6) {
        self.init(withUnsafeBytes(of: address.sin6_addr) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) })
    }
}
