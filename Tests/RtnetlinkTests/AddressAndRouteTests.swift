import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

/// Two ends of a cable, both here and up, named `eth1` and `far`, with the addresses of a node of the default lab.
private func nodeBench(in inside: borrowing InsideNamespace) throws -> Workbench {
    var bench = try Workbench(in: inside)
    try bench.createVeth(Link("eth1", .veth(peer: nil)), Link("far", .veth(peer: nil)))
    try bench.batch.configure(Link("far", .veth(peer: nil)), in: bench.table)
    try bench.batch.configure(Link("lo", .loopback), in: bench.table)
    for text in ["10.10.10.11/24", "fd00:10:10::11/64"] {
        try bench.batch.add(DeviceAddress("eth1", InterfaceAddress(text)!), in: bench.table)
    }
    try bench.socket.execute(&bench.batch)
    return bench
}

@Suite("addresses in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct AddressTests {
    static let addresses = [
        DeviceAddress("eth1", InterfaceAddress("10.10.10.12/24")!),
        DeviceAddress("eth1", InterfaceAddress("192.168.77.0/32")!),
        DeviceAddress("eth1", InterfaceAddress("169.254.7.1/16")!, scope: .link),
        DeviceAddress("lo", InterfaceAddress("1.1.1.1/32")!),
        DeviceAddress("eth1", InterfaceAddress("fd00:10:10::12/64")!),
        DeviceAddress("eth1", InterfaceAddress("fd00:10:244::1/128")!, noDAD: false),
        DeviceAddress("eth1", InterfaceAddress("fe80::7/64")!),
        DeviceAddress("lo", InterfaceAddress("2001:db8::1/128")!),
        DeviceAddress("eth1", InterfaceAddress("10.55.0.1/32")!, peer: IPAddress("10.55.0.2")!),
        DeviceAddress("eth1", InterfaceAddress("fd00:55::1/128")!, peer: IPAddress("fd00:55::2")!),
    ]

    @Test("an address is read back as it was given", arguments: addresses)
    func roundTrip(address: DeviceAddress) async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            try bench.batch.add(address, in: bench.table)
            try bench.socket.execute(&bench.batch)
            let seen = try bench.socket.addresses(in: bench.table)
            #expect(seen.contains(address.asReported))

            let witness = try Witness.json("ip -j address show dev \(address.device)")
            let entries = try #require(witness[0]["addr_info"] as? [[String: Any]])
            let entry = try #require(entries.first { $0["local"] as? String == "\(address.address.address)" })
            #expect(entry["prefixlen"] as? Int == address.address.prefixLength)
            #expect(entry["address"] as? String == address.peer.map { "\($0)" })
            #expect((entry["nodad"] as? Bool ?? false) == address.noDAD)
            let scopes: [Scope: String] = [.universe: "global", .link: "link", .host: "host", .site: "site"]
            #expect(entry["scope"] as? String == scopes[address.asReported.scope])
            if address.noDAD { #expect(entry["tentative"] == nil) }

            try bench.batch.delete(address, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try !bench.socket.addresses(in: bench.table).contains(address.asReported))
        }
    }

    @Test("all addresses of a namespace are those that ip shows, those of the kernel's own making too")
    func all() async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            try Witness.waitForCarriers()
            let seen = try bench.socket.addresses(in: bench.table).map { "\($0.device) \($0.address)" }
            let witness = try Witness.json("ip -j address").flatMap { link in
                (link["addr_info"] as? [[String: Any]] ?? []).map { entry in
                    "\(link["ifname"]!) \(entry["local"]!)/\(entry["prefixlen"]!)"
                }
            }
            #expect(seen.sorted() == witness.sorted())
            #expect(seen.contains("lo 127.0.0.1/8"))
        }
    }

    @Test("adding an address twice is refused, replacing it is not")
    func twice() async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            let address = DeviceAddress("eth1", InterfaceAddress("10.10.10.11/24")!)
            try bench.batch.add(address, in: bench.table)
            #expect(try refusal(&bench).errno == EEXIST)
            try bench.batch.replace(address, in: bench.table)
            try bench.socket.execute(&bench.batch)
        }
    }
}

@Suite("routes in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct RouteTests {
    private static func route(
        _ destination: String, _ kind: Route.Kind = .unicast, via: String? = nil, dev: InterfaceName? = nil,
        src: String? = nil, metric: UInt32 = 0, scope: Scope = .universe, origin: Route.Origin = .boot,
        table: UInt32 = Route.mainTable, onlink: Bool = false
    ) -> Route {
        Route(
            Prefix(destination)!, kind, via: via.map { IPAddress($0)! }, device: dev,
            preferredSource: src.map { IPAddress($0)! }, metric: metric, scope: scope, origin: origin, table: table,
            onlink: onlink)
    }

    static let routes = [
        route("0.0.0.0/0", via: "10.10.10.1", dev: "eth1"),
        route("192.168.0.0/16", via: "10.10.10.10", dev: "eth1", origin: .static),
        route("192.168.183.64/26", via: "10.10.10.12", dev: "eth1", origin: .calico, onlink: true),
        route("172.16.0.0/12", via: "203.0.113.9", dev: "eth1", onlink: true),
        route("192.168.77.1/32", dev: "eth1", scope: .link),
        route("192.168.77.0/26", .blackhole, origin: .calico),
        route("192.0.2.0/24", .unreachable, metric: 9),
        route("198.51.100.0/24", .prohibit),
        route("1.1.1.1/32", via: "10.10.10.1", dev: "eth1", src: "10.10.10.11", metric: 77),
        route("10.200.0.0/16", via: "10.10.10.1", dev: "eth1", table: 100),
        route("10.201.0.0/16", via: "10.10.10.1", dev: "eth1", table: 70_000),
        route("10.202.0.0/16", via: "fd00:10:10::1", dev: "eth1"),
        route("::/0", via: "fe80::ecee:eeff:feee:eeee", dev: "eth1", metric: 1024),
        route("fd00:10:244::/48", via: "fd00:10:10::10", dev: "eth1", origin: .static),
        route("fd00:10:244:1::/64", via: "2001:db8:9::1", dev: "eth1", origin: .calico, onlink: true),
        route("fd00:10:244:2::1/128", dev: "eth1", metric: 5),
        route("fd00:10:244:3::/122", .blackhole, origin: .calico),
        route("fd00:10:244:4::/64", .unreachable),
        route("fd00:10:244:5::/64", .prohibit, metric: 3),
        route("2001:db8::/32", via: "fd00:10:10::1", dev: "eth1", src: "fd00:10:10::11"),
        route("fd00:10:244:6::/64", via: "fd00:10:10::1", dev: "eth1", table: 70_001),
    ]

    @Test("a route is read back as it was given", arguments: routes)
    func roundTrip(route: Route) async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            try bench.batch.add(route, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.routes(in: bench.table).contains(route.asReported))

            let family = route.destination.family == .ipv4 ? "-4" : "-6"
            let witness = try Witness.json(
                "ip -j -d -N \(family) route show exact \(route.destination) table \(route.table)")
            let entry = try #require(witness.first { $0["protocol"] as? String == "\(route.origin.rawValue)" })
            #expect(entry["type"] as? String == "\(route.kind.rawValue)")
            let gateway = (entry["gateway"] ?? (entry["via"] as? [String: Any])?["host"]) as? String
            #expect(gateway == route.gateway.map { "\($0)" })
            if route.asReported.device != nil { #expect(entry["dev"] as? String == "eth1") }
            #expect(entry["prefsrc"] as? String == route.preferredSource.map { "\($0)" })
            #expect(entry["metric"] as? Int ?? 0 == Int(route.asReported.metric))
            if family == "-4" {
                // iproute2 prints the scope as a number here, and leaves "global" to be 0.
                #expect(entry["scope"] as? String ?? "0" == "\(route.scope.rawValue)")
            }
            #expect((entry["flags"] as? [String] ?? []).contains("onlink") == route.onlink)

            try bench.batch.delete(route, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try !bench.socket.routes(in: bench.table).contains(route.asReported))
        }
    }

    @Test("all routes of a namespace are as many as ip shows, local and multicast ones too")
    func all() async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            // The kernel adds the local routes of IPv6 addresses in its own time, so what ip shows has to stand still.
            let witness = { () throws -> Int in
                try Witness.json("ip -j -4 route show table all").count
                    + Witness.json("ip -j -6 route show table all").count
            }
            var seen: [Route] = []
            for _ in 0..<50 {
                let before = try witness()
                seen = try bench.socket.routes(in: bench.table)
                guard try witness() != before else {
                    #expect(seen.count == before)
                    break
                }
            }
            #expect(seen.contains { $0.kind == .local && $0.table == 255 })
        }
    }

    /// Routes as a user types them, and what they are in our words.
    static let typed = [
        (
            "10.50.0.0/16 nexthop via 10.10.10.21 dev eth1 nexthop via 10.10.10.22 dev eth1 weight 3",
            "10.50.0.0/16 nexthop via 10.10.10.21 dev eth1 weight 1 nexthop via 10.10.10.22 dev eth1 weight 3"
        ),
        (
            "fd00:50::/64 nexthop via fd00:10:10::21 dev eth1 nexthop via fd00:10:10::22 dev eth1",
            "fd00:50::/64 metric 1024 nexthop via fd00:10:10::21 dev eth1 weight 1 "
                + "nexthop via fd00:10:10::22 dev eth1 weight 1"
        ),
        ("throw 10.51.0.0/16", "throw 10.51.0.0/16"),
        ("throw fd00:51::/64", "throw fd00:51::/64 metric 1024"),
        ("local 10.52.0.0/16 dev lo", "local 10.52.0.0/16 dev lo table 255 scope host"),
        ("broadcast 10.53.0.255 dev eth1", "broadcast 10.53.0.255/32 dev eth1 table 255 scope link"),
        ("multicast 239.1.0.0/16 dev eth1", "multicast 239.1.0.0/16 dev eth1 scope link"),
        ("anycast fd00:54::1 dev eth1", "anycast fd00:54::1/128 dev eth1 table 255 metric 1024"),
        ("10.55.0.0/16 dev eth1 scope 100", "10.55.0.0/16 dev eth1 scope 100"),
        ("10.56.0.0/16 via 10.10.10.1 tos 0x10", "10.56.0.0/16 tos 0x10 via 10.10.10.1 dev eth1"),
        (
            "10.57.0.0/16 via 10.10.10.1 mtu lock 1300 advmss 1200",
            "10.57.0.0/16 via 10.10.10.1 dev eth1 lock 4 mtu 1300 advmss 1200"
        ),
        ("10.58.0.0/16 via 10.10.10.1 congctl reno", "10.58.0.0/16 via 10.10.10.1 dev eth1 congctl reno"),
        ("fd00:59::/64 via fd00:10:10::1 pref high", "fd00:59::/64 via fd00:10:10::1 dev eth1 metric 1024 pref 1"),
        ("fd00:60::/64 via fd00:10:10::1 expires 300", "fd00:60::/64 via fd00:10:10::1 dev eth1 metric 1024 expires"),
        ("10.62.0.0/16 nhid 7", "10.62.0.0/16 nhid 7"),
        ("fd00:62::/64 nhid 8", "fd00:62::/64 nhid 8 metric 1024"),
    ]

    @Test("whatever a route says is read, and names it to the kernel again", arguments: typed)
    func whole(typed: (String, String)) async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            try Witness.ip("nexthop add id 7 via 10.10.10.1 dev eth1")
            try Witness.ip("nexthop add id 8 via fd00:10:10::1 dev eth1")
            // The kernel makes routes of its own meanwhile, from addresses and carriers.
            let kernel = Route.Origin.kernel
            let before = try bench.socket.routes(in: bench.table).filter { $0.origin != kernel }
            let words = typed.0.split(separator: " ").map(String.init)
            try Witness.output(["ip", typed.0.contains("fd00:") ? "-6" : "-4", "route", "add"] + words)
            let added = try bench.socket.routes(in: bench.table).filter { $0.origin != kernel && !before.contains($0) }
            #expect(added.map(\.description) == [typed.1])
            for route in added { try bench.batch.delete(route, in: bench.table) }
            try bench.socket.execute(&bench.batch)
            #expect(
                try bench.socket.routes(in: bench.table).filter { $0.origin != kernel && !before.contains($0) } == [])
            // As ip has it, it can be made again.
            for route in added where !route.expires { try bench.batch.add(route, in: bench.table) }
            try bench.socket.execute(&bench.batch)
            let again = try bench.socket.routes(in: bench.table).filter { $0.origin != kernel && !before.contains($0) }
            #expect(again == added.filter { !$0.expires })
        }
    }

    @Test("replacing puts a route in the place of the one with the same destination and metric")
    func replace() async throws {
        try await inNamespace { inside in
            var bench = try nodeBench(in: inside)
            for prefix in ["10.60.0.0/16", "fd00:60::/64"] {
                let v4 = Prefix(prefix)!.family == .ipv4
                let via = { (last: String) in IPAddress(v4 ? "10.10.10.\(last)" : "fd00:10:10::\(last)") }
                try bench.batch.add(Route(Prefix(prefix)!, via: via("21"), device: "eth1"), in: bench.table)
                try bench.batch.replace(Route(Prefix(prefix)!, via: via("22"), device: "eth1"), in: bench.table)
                try bench.socket.execute(&bench.batch)
                let routes = try bench.socket.routes(in: bench.table).filter { "\($0.destination)" == prefix }
                #expect(routes.map(\.gateway) == [via("22")])
            }
        }
    }
}
