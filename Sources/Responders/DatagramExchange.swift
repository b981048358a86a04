import CLinux
import Glibc

/// A datagram that came in at a socket, and the way that its answer takes: to the sender, from the address that was asked.
///
/// A socket that is bound to no address would answer from the one that the route to the sender prefers, and a client that
/// asked another would not know the answer (ip(7), `IP_PKTINFO`; ipv6(7), `IPV6_PKTINFO`).
struct DatagramExchange {
    private var sender = sockaddr_storage()
    private var senderLength = socklen_t(0)
    /// What goes with the answer to choose its source: an item of control data.
    private var source: (level: CInt, type: CInt, data: [UInt8])?

    /// Has the kernel tell the address that each datagram of a socket was sent to.
    ///
    /// - Parameters:
    ///   - family: the socket's.
    ///   - takesIPv4: whether an IPv6 socket takes IPv4 too.
    /// - Returns: whether the kernel does.
    static func prepare(_ socket: CInt, family: CInt, takesIPv4: Bool) -> Bool {
        var on: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        if family == AF_INET6, setsockopt(socket, CInt(IPPROTO_IPV6), IPV6_RECVPKTINFO, &on, size) != 0 { return false }
        return !takesIPv4 || setsockopt(socket, CInt(IPPROTO_IP), IP_PKTINFO, &on, size) == 0
    }

    /// Receives a datagram.
    ///
    /// - Returns: its length; negative, with `errno` set, if there is none.
    mutating func receive(from socket: CInt, into buffer: inout [UInt8]) -> Int {
        var control = controlRoom(MemoryLayout<nslab_in6_pktinfo>.size, MemoryLayout<in_pktinfo>.size)
        return buffer.withUnsafeMutableBytes { buffer in
            control.withUnsafeMutableBytes { control in
                msghdr.with(buffer, control: control) { message in
                    let count = withUnsafeMutablePointer(to: &sender) { sender in
                        message.msg_name = UnsafeMutableRawPointer(sender)
                        message.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
                        return recvmsg(socket, &message, 0)
                    }
                    guard count >= 0 else { return count }
                    senderLength = message.msg_namelen
                    message.forEachItem { level, type, data in takeSource(level, type, data) }
                    return count
                }
            }
        }
    }

    private mutating func takeSource(_ level: CInt, _ type: CInt, _ data: UnsafeRawBufferPointer) {
        if level == CInt(IPPROTO_IP), type == IP_PKTINFO, data.count >= MemoryLayout<in_pktinfo>.size {
            let asked = data.loadUnaligned(as: in_pktinfo.self)
            // Not by the interface that it came in at: the way back may be another.
            var answer = in_pktinfo()
            answer.ipi_spec_dst = asked.ipi_spec_dst
            source = (level, type, withUnsafeBytes(of: &answer) { Array($0) })
        } else if level == CInt(IPPROTO_IPV6), type == IPV6_PKTINFO, data.count >= MemoryLayout<nslab_in6_pktinfo>.size
        {
            // An IPv6 socket tells of IPv4 in both ways; the other one knows which address a broadcast was for.
            guard source?.level != CInt(IPPROTO_IP) else { return }
            let asked = data.loadUnaligned(as: nslab_in6_pktinfo.self)
            let first = withUnsafeBytes(of: asked.ipi6_addr) { ($0[0], $0[1]) }
            var answer = nslab_in6_pktinfo()
            // A multicast address is nobody's own; the kernel chooses one of the link.
            if first.0 != 0xff { answer.ipi6_addr = asked.ipi6_addr }
            // A link-local address means nothing without its link.
            if first.0 == 0xff || first.0 == 0xfe && first.1 & 0xc0 == 0x80 { answer.ipi6_ifindex = asked.ipi6_ifindex }
            source = (level, type, withUnsafeBytes(of: &answer) { Array($0) })
        }
    }

    /// The port that the datagram came from; it stands at the same place for both families.
    var clientPort: UInt16 {
        withUnsafeBytes(of: sender) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self))
        }
    }

    /// Sends bytes back. What cannot be sent is lost, as answers on UDP may be.
    mutating func answer(_ bytes: inout [UInt8], count: Int, on socket: CInt) {
        var control = source.map { controlRoom($0.data.count) } ?? []
        bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                msghdr.with(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), control: control) { message in
                    source?.data.withUnsafeBytes { message.put(level: source!.level, type: source!.type, $0) }
                    withUnsafeMutablePointer(to: &sender) { sender in
                        message.msg_name = UnsafeMutableRawPointer(sender)
                        message.msg_namelen = senderLength
                        _ = sendmsg(socket, &message, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                    }
                }
            }
        }
    }
}
