import Addresses
import CLinux
import Glibc
import System

/// A datagram that came in at a socket, and the way that its answer takes: to the sender, from the address that was asked.
///
/// A socket that is bound to no address would answer from the one that the route to the sender prefers, and a client that
/// asked another would not know the answer (ip(7), `IP_PKTINFO`; ipv6(7), `IPV6_PKTINFO`).
struct DatagramExchange {
    /// Memory for the datagrams of a socket, whatever their size.
    static var buffer: MessageBuffer {
        MessageBuffer(
            size: 65536, ancillary: MemoryLayout<nslab_in6_pktinfo>.size, MemoryLayout<in_pktinfo>.size)
    }

    /// Has the kernel say which address each datagram of a socket was sent to.
    ///
    /// - Parameters:
    ///   - family: the socket's.
    ///   - takesIPv4: whether an IPv6 socket takes IPv4 too.
    static func prepare(
        _ socket: borrowing FileDescriptor, _ family: AddressFamily, takesIPv4: Bool
    ) throws(SystemCallError) {
        if family == .ipv6 { try socket.set(CInt(IPPROTO_IPV6), IPV6_RECVPKTINFO, CInt(1), "socket") }
        if takesIPv4 { try socket.set(CInt(IPPROTO_IP), IP_PKTINFO, CInt(1), "socket") }
    }

    /// The sender.
    let client: SocketAddress
    /// What goes with the answer to choose its source.
    private let source: AncillaryItem?

    /// The exchange that the last datagram in the memory began; nil for one without a sender to answer.
    init?(_ buffer: borrowing MessageBuffer) {
        guard let sender = buffer.sender else { return nil }
        client = sender
        // An IPv6 socket says it of IPv4 in both ways; this one knows which address a broadcast was for.
        if let asked = buffer.item(CInt(IPPROTO_IP), IP_PKTINFO, as: in_pktinfo.self) {
            // Not by the interface that it came in at: the way back may be another.
            var answer = in_pktinfo()
            answer.ipi_spec_dst = asked.ipi_spec_dst
            source = AncillaryItem(CInt(IPPROTO_IP), IP_PKTINFO, answer)
        } else if let asked = buffer.item(CInt(IPPROTO_IPV6), IPV6_PKTINFO, as: nslab_in6_pktinfo.self) {
            let address = IPv6Address(asked.ipi6_addr)
            let isMulticast = address.value >> 120 == 0xff
            var answer = nslab_in6_pktinfo()
            // A multicast address cannot be a source; the kernel chooses one of the link.
            if !isMulticast { answer.ipi6_addr = asked.ipi6_addr }
            // A link-local address means nothing without its link.
            if isMulticast || IPAddress.v6(address).isLinkLocal { answer.ipi6_ifindex = asked.ipi6_ifindex }
            source = AncillaryItem(CInt(IPPROTO_IPV6), IPV6_PKTINFO, answer)
        } else {
            source = nil
        }
    }

    /// Sends bytes back. What cannot be sent is lost, as answers on UDP may be.
    func answer(_ bytes: Span<UInt8>, on socket: borrowing FileDescriptor) {
        try? socket.send(bytes, to: client, with: source, "socket")
    }
}
