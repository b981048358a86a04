import Addresses
internal import CLinux
internal import Glibc
public import Netlink
public import NetworkNamespaces

/// Who listens in a network namespace (sock_diag(7)).
public enum ListeningPorts {
    /// The families over which a port is listened at.
    ///
    /// - Throws: what a dump throws.
    public static func families(
        _ transport: Transport, _ port: UInt16, in inside: borrowing InsideNamespace
    ) throws(NetlinkError) -> Set<AddressFamily> {
        var socket = try NetlinkSocket(in: inside, protocol: NETLINK_SOCK_DIAG, strictDumps: false)
        var families: Set<AddressFamily> = []
        for family in AddressFamily.allCases {
            _ = try socket.dump(Int(SOCK_DIAG_BY_FAMILY)) { request in
                var question = inet_diag_req_v2()
                question.sdiag_family = family.number
                question.sdiag_protocol = UInt8(transport == .tcp ? IPPROTO_TCP : IPPROTO_UDP)
                // A datagram socket that takes from anybody has the state of one that is closed.
                question.idiag_states = 1 << (transport == .tcp ? listening : closed)
                request.append(structure: question)
            } decode: { message throws(MalformedMessage) -> Never? in
                guard message.type == Int(SOCK_DIAG_BY_FAMILY) else { return nil }
                let found = try message.header(inet_diag_msg.self)
                guard found.id.idiag_sport == port.bigEndian else { return nil }
                families.insert(family)
                // One of IPv6 takes IPv4 too, unless it was told not to (`IPV6_V6ONLY`) or has an address that is none of IPv4.
                let isOfAll = found.id.idiag_src == (0, 0, 0, 0)
                for attribute in try message.attributes(after: inet_diag_msg.self)
                where family == .ipv6 && isOfAll && attribute.type == Int(INET_DIAG_SKV6ONLY) {
                    if try attribute.integer(UInt8.self) == 0 { families.insert(.ipv4) }
                }
                return nil
            }
        }
        return families
    }
}

/// `TCP_LISTEN` and `TCP_CLOSE` (net/tcp_states.h), which are the states of sockets of all protocols.
private let (listening, closed): (UInt32, UInt32) = (10, 7)
