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
        do throws(SystemCallError) {
            try descriptor.send(buffer.outgoing.span, to: SocketAddress(destination), "")
            return 0
        } catch {
            return error.errno
        }
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
        guard let count = try? descriptor.receive(&buffer.incoming, "") else { return .nothing }
        let bytes = buffer.incoming.bytes.span.extracting(..<count)
        switch family {
        case .ipv4:
            guard let (from, ttl, arrival) = EchoPacket.readIPv4(bytes) else { return .foreign }
            return .message(Received(from: .v4(from), ttl: ttl, arrival: arrival))
        case .ipv6:
            // RFC 3542, 6.3.
            let hopLimit = buffer.incoming.item(CInt(IPPROTO_IPV6), IPV6_HOPLIMIT, as: CInt.self)
            guard let arrival = EchoPacket.readIPv6(bytes), let from = buffer.incoming.sender?.address,
                let ttl = hopLimit.flatMap({ UInt8(exactly: $0) })
            else { return .foreign }
            return .message(Received(from: from, ttl: ttl, arrival: arrival))
        }
    }
}

/// The memory that packets are sent from and received into, made once for a run.
struct EchoBuffer {
    fileprivate var outgoing = [UInt8](repeating: 0, count: EchoPacket.size)
    /// Enough for an error that quotes all of our packet after IP headers with all their options; the rest is cut off.
    fileprivate var incoming = MessageBuffer(size: 256, ancillary: MemoryLayout<CInt>.size)

    /// Writes the request that is sent next.
    mutating func write(_ mark: EchoPayload, family: AddressFamily) {
        var bytes = outgoing.mutableSpan
        EchoPacket.write(mark, family: family, to: &bytes)
    }
}
