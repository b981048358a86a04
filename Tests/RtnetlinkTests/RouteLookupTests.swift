import Addresses
import Glibc
import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("Which route the kernel uses for a packet", .needsRoot, .timeLimit(.minutes(20)))
struct RouteLookupTests {
    /// A namespace with a link that has both families, and routes of every kind.
    private static let setting = [
        "link set lo up", "link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up",
        "addr add 10.0.0.1/24 dev eth0", "addr add fd00::1/64 dev eth0 nodad",
        "route add 10.1.0.0/16 via 10.0.0.2", "route add 10.2.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3",
        "route add blackhole 10.3.0.0/16", "route add prohibit 10.4.0.0/16", "route add throw 10.5.0.0/16",
        "route add unreachable fd03::/64", "route add fd01::/64 via fd00::2", "route add blackhole fd04::/64",
        "route add 10.6.0.0/16 via 10.0.0.9 table 100", "rule add to 10.6.0.0/16 lookup 100",
    ]

    @Test(
        "is the one that `ip route get fibmatch` shows, in its words",
        arguments: [
            "10.1.2.3", "10.2.0.1", "10.6.1.1", "10.0.0.7", "10.0.0.1", "fd01::1", "fd00::7", "fd00::1",
        ])
    func found(address: String) async throws {
        try await inNamespace { inside in
            for command in Self.setting { try Witness.ip(command) }
            var socket = try RouteSocket(in: inside)
            let table = InterfaceTable(try socket.links())
            let answer = try socket.lookUp(RouteQuery(to: try #require(IPAddress(address))), in: table)
            guard case .route(let route)? = answer else {
                Issue.record("\(address): \(String(describing: answer))")
                return
            }
            let witness = try #require(Witness.json("ip -j route get fibmatch \(address)").first)
            let destination = witness["dst"] as? String ?? ""
            #expect(destination.hasPrefix("\(route.destination.address)"))
            #expect(route.gateway.map { "\($0)" } == witness["gateway"] as? String)
            #expect(route.nextHops.count == (witness["nexthops"] as? [Any])?.count ?? 0)
            if address == "10.6.1.1" { #expect(route.table == 100) }
            let kind = witness["type"] as? String
            #expect("\(route.kind)" == kind ?? "unicast", "\(witness)")
            // None of it is the question's.
            #expect(!"\(route)".contains("attribute"), "\(route)")
        }
    }

    @Test(
        "that there is none, or that it refuses, is the kernel's errno",
        arguments: [
            ("10.3.0.1", EINVAL), ("10.4.0.1", EACCES), ("10.5.0.1", ENETUNREACH), ("192.0.2.1", ENETUNREACH),
            ("fd04::1", EINVAL),
            ("2001:db8::1", ENETUNREACH),
        ])
    func refused(address: String, errno: Int32) async throws {
        try await inNamespace { inside in
            for command in Self.setting { try Witness.ip(command) }
            var socket = try RouteSocket(in: inside)
            let table = InterfaceTable(try socket.links())
            let query = RouteQuery(to: try #require(IPAddress(address)))
            #expect(try socket.lookUp(query, in: table) == .refused(errno: errno))
            #expect(try socket.nextHop(for: query, in: table) == nil)
        }
    }

    @Test("a packet that came by a link is refused by rp_filter and by forwarding that is off, and its next hop told")
    func incoming() async throws {
        try await inNamespace { inside in
            for command in Self.setting { try Witness.ip(command) }
            var socket = try RouteSocket(in: inside)
            let table = InterfaceTable(try socket.links())
            let query = RouteQuery(
                to: try #require(IPAddress("10.1.2.3")), from: IPAddress("10.2.0.9"), ingress: "eth0")
            #expect(try socket.lookUp(query, in: table) == .refused(errno: EHOSTUNREACH))
            try Witness.output(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
            guard case .route? = try socket.lookUp(query, in: table) else {
                Issue.record("not forwarded")
                return
            }
            #expect(
                try socket.nextHop(for: query, in: table)
                    == ChosenHop(gateway: IPAddress("10.0.0.2"), device: "eth0"))
            var other = query
            other.ingress = "eth1"
            try Witness.output(["sysctl", "-qw", "net.ipv4.conf.eth1.rp_filter=1"])
            let answer = try socket.lookUp(other, in: table)
            #expect(
                [.refused(errno: EXDEV), .refused(errno: EINVAL)].contains(answer), "\(String(describing: answer))")
        }
    }

    /// A socket that listens, or takes datagrams from anybody, at a port of all addresses.
    private static func bound(_ family: CInt, _ type: __socket_type, _ port: UInt16, alone: CInt = 0) throws -> CInt {
        let socket = socket(family, CInt(type.rawValue), 0)
        var alone = alone
        setsockopt(socket, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &alone, 4)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(family)
        // At the same place of both families' addresses; all else is zero.
        address.sin6_port = port.bigEndian
        let length = socklen_t(family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        try #require(status == 0 && (type == SOCK_DGRAM || listen(socket, 1) == 0), "errno \(errno)")
        return socket
    }

    @Test("who listens: over one family, over the other alone, over both")
    func listeners() async throws {
        try await inNamespace { inside in
            let sockets = try [
                Self.bound(AF_INET, SOCK_STREAM, 7001), Self.bound(AF_INET6, SOCK_STREAM, 7002, alone: 1),
                Self.bound(AF_INET6, SOCK_STREAM, 7003), Self.bound(AF_INET, SOCK_DGRAM, 7004),
            ]
            defer { for socket in sockets { close(socket) } }
            let found = try [(Transport.tcp, 7001), (.tcp, 7002), (.tcp, 7003), (.udp, 7004), (.tcp, 7004)].map {
                try ListeningPorts.families($0.0, $0.1, in: inside)
            }
            #expect(found == [[.ipv4], [.ipv6], [.ipv4, .ipv6], [.ipv4], []])
        }
    }
}
