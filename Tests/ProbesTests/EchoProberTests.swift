import Addresses
import KernelTestSupport
import System
import Testing

@testable import Probes

/// Two hosts with a router between them, built with ip(8).
struct RoutedPair {
    static let near = IPAddress("10.99.1.2")!
    static let nearV6 = IPAddress("fd00:99:1::2")!
    static let far = IPAddress("10.99.2.2")!
    static let farV6 = IPAddress("fd00:99:2::2")!
    static let gateway = IPAddress("10.99.1.1")!
    static let gatewayV6 = IPAddress("fd00:99:1::1")!

    let host: String
    let router: String
    let peer: String

    init(_ namespaces: TemporaryNamespaces) throws {
        (host, router, peer) = (namespaces["a"], namespaces["r"], namespaces["b"])
        for setting in [
            "net.ipv6.conf.default.accept_dad=0", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
        ] {
            try Witness.sysctl(setting, in: router)
        }
        for (subnet, end) in [(1, host), (2, peer)] {
            try Witness.sysctl("net.ipv6.conf.default.accept_dad=0", in: end)
            try Witness.ip("link add eth0 netns \(end) type veth peer name port\(subnet) netns \(router)")
            for (side, device, ordinal) in [(end, "eth0", 2), (router, "port\(subnet)", 1)] {
                try Witness.ip("link set lo up", in: side)
                try Witness.ip("link set \(device) up", in: side)
                try Witness.ip("address add 10.99.\(subnet).\(ordinal)/24 dev \(device)", in: side)
                try Witness.ip("address add fd00:99:\(subnet)::\(ordinal)/64 dev \(device) nodad", in: side)
            }
            try Witness.ip("route add default via 10.99.\(subnet).1", in: end)
            try Witness.ip("-6 route add default via fd00:99:\(subnet)::1", in: end)
        }
        for namespace in [host, router, peer] { try Witness.waitForCarriers(in: namespace) }
    }

    static func with(_ body: (RoutedPair) throws -> Void) throws {
        try TemporaryNamespaces.with("a", "r", "b") { try body(RoutedPair($0)) }
    }

    func probe(_ destinations: IPAddress..., prober: EchoProber = EchoProber()) throws -> [EchoResult] {
        try prober.run(destinations.map { EchoRequest(source: host, destination: $0) })
    }
}

extension EchoResult {
    var ttl: UInt8? { try? outcome.get().ttl }
    var failure: EchoFailure? { if case .failure(let failure) = outcome { failure } else { nil } }
}

@Suite("Echo prober", .needsRoot, .timeLimit(.minutes(20)))
struct EchoProberTests {
    @Test("answers come back over both families with the TTL that each hop leaves")
    func ttl() throws {
        try RoutedPair.with { pair in
            let results = try pair.probe(
                RoutedPair.gateway, RoutedPair.gatewayV6, RoutedPair.far, RoutedPair.farV6, RoutedPair.near,
                RoutedPair.nearV6)
            #expect(results.map(\.ttl) == [64, 64, 63, 63, 64, 64])
            #expect(results.allSatisfy { $0.attempts == 1 })
            for result in results {
                let roundTrip = try result.outcome.get().roundTrip
                #expect((1e-7..<0.2).contains(roundTrip))
            }
        }
    }

    @Test("several sources are probed in one run, and results stand in the order of the requests")
    func severalSources() throws {
        try RoutedPair.with { pair in
            let requests = (0..<300).map { index in
                let (source, destination) =
                    index % 2 == 0 ? (pair.host, RoutedPair.farV6) : (pair.peer, RoutedPair.gateway)
                return EchoRequest(source: source, destination: destination)
            }
            let results = try EchoProber().run(requests)
            let expected: [UInt8?] = requests.map { $0.source == pair.host ? 63 : 64 }
            #expect(results.map(\.ttl) == expected)
        }
    }

    @Test("namespaces take turns where there are more than there may be sockets")
    func turns() throws {
        try RoutedPair.with { pair in
            var prober = EchoProber()
            prober.socketLimit = 1
            let requests = [pair.host, pair.peer, pair.router].flatMap { source in
                [RoutedPair.gateway, RoutedPair.gatewayV6].map { EchoRequest(source: source, destination: $0) }
            }
            let results = try prober.run(requests)
            #expect(results.map(\.ttl) == [64, 64, 64, 64, 64, 64])
        }
    }

    @Test("an address that nobody has is given up after all attempts, in bounded time")
    func silence() throws {
        try RoutedPair.with { pair in
            let clock = ContinuousClock()
            let start = clock.now
            let results = try pair.probe(IPAddress("10.99.1.77")!, IPAddress("fd00:99:1::77")!, RoutedPair.far)
            let duration = start.duration(to: clock.now)
            #expect(results.map(\.failure) == [.silence, .silence, nil])
            #expect(results.map(\.attempts) == [3, 3, 1])
            #expect(duration > .milliseconds(1250) && duration < .milliseconds(2500), "took \(duration)")
        }
    }

    @Test("many dead addresses cost one time of giving up, and do not hold up the others")
    func manyDead() throws {
        try RoutedPair.with { pair in
            try Witness.ip("route add blackhole 10.98.0.0/16", in: pair.router)
            var requests = (0..<5000).map {
                EchoRequest(source: pair.host, destination: .v4(IPv4Address(0x0a62_0001 + UInt32($0))))
            }
            requests += (0..<5000).map { _ in EchoRequest(source: pair.host, destination: RoutedPair.far) }
            let clock = ContinuousClock()
            let start = clock.now
            let results = try EchoProber().run(requests)
            let duration = start.duration(to: clock.now)
            #expect(results[..<5000].allSatisfy { $0.failure == .silence })
            #expect(results[5000...].allSatisfy { $0.ttl == 63 })
            #expect(duration < .seconds(6), "took \(duration)")
        }
    }

    @Test("a source without a route says so at once")
    func noRoute() throws {
        try RoutedPair.with { pair in
            try Witness.ip("route del default", in: pair.host)
            try Witness.ip("-6 route del default", in: pair.host)
            try Witness.ip("route add blackhole 10.97.0.0/16", in: pair.host)
            let results = try pair.probe(RoutedPair.far, RoutedPair.farV6, IPAddress("10.97.1.1")!)
            // ENETUNREACH; a blackhole is EINVAL (fib_props in net/ipv4/fib_semantics.c).
            #expect(results.map(\.failure) == [.notSent(errno: 101), .notSent(errno: 101), .notSent(errno: 22)])
            #expect(results[0].failure?.description == "not sent: Network is unreachable")
        }
    }

    @Test("a router that refuses is named with its words")
    func refusal() throws {
        try RoutedPair.with { pair in
            try Witness.ip("route add unreachable 10.96.0.0/16", in: pair.router)
            try Witness.ip("route add prohibit 10.95.0.0/16", in: pair.router)
            try Witness.ip("-6 route add unreachable fd00:96::/64", in: pair.router)
            // A router sends one host few errors a second: the sixth of a burst would be missing.
            let results = try pair.probe(
                IPAddress("10.96.0.1")!, IPAddress("10.95.0.1")!, IPAddress("fd00:96::1")!)
            #expect(
                results.map { $0.failure?.description } == [
                    "10.99.1.1 answered: host unreachable", "10.99.1.1 answered: prohibited by a filter",
                    "fd00:99:1::1 answered: no route",
                ])
            let elsewhere = try EchoProber().run([EchoRequest(source: pair.peer, destination: IPAddress("10.94.0.1")!)])
            #expect(elsewhere[0].failure?.description == "10.99.2.1 answered: network unreachable")
        }
    }

    @Test("what is refused at first and answered later has passed: an address takes a moment to come into effect")
    func lateAddress() throws {
        try RoutedPair.with { pair in
            let (late, lateV6) = (IPAddress("10.99.3.3")!, IPAddress("fd00:99:3::3")!)
            for address in [late, lateV6] { try Witness.ip("route add unreachable \(address)", in: pair.router) }
            let change = try Witness.Process(
                [
                    "sh", "-c",
                    "sleep 0.1; ip route del unreachable \(late); ip address add \(late)/32 dev lo;"
                        + "ip -6 route del unreachable \(lateV6); ip address add \(lateV6)/128 dev lo",
                ], in: pair.router)
            let results = try pair.probe(late, lateV6)
            #expect(results.map(\.ttl) == [64, 64])
            #expect(results.allSatisfy { $0.attempts > 1 })
            #expect(try change.wait().status == 0)
        }
    }

    @Test("a loop ends in an exceeded time to live")
    func loop() throws {
        try RoutedPair.with { pair in
            try Witness.ip("route add 10.93.0.0/16 via 10.99.2.2", in: pair.router)
            try Witness.sysctl("net.ipv4.ip_forward=1", in: pair.peer)
            let results = try pair.probe(IPAddress("10.93.0.1")!)
            guard case .refused(_, let error) = results[0].failure else {
                Issue.record("\(results)")
                return
            }
            #expect(error.description == "time to live exceeded")
        }
    }

    @Test("a family that is dropped on the way is silent while the other one answers")
    func droppedFamily() throws {
        try RoutedPair.with { pair in
            try Witness.output(
                ["nft", "-f", "-"], in: pair.router,
                input: "table ip6 t { chain c { type filter hook forward priority 0; policy drop; }; }")
            let results = try pair.probe(RoutedPair.far, RoutedPair.farV6)
            #expect(results[0].ttl == 63)
            #expect(results[1].failure == .silence)
        }
    }

    @Test("a filter in the source itself is told from the way")
    func filteredAtSource() throws {
        try RoutedPair.with { pair in
            try Witness.output(
                ["nft", "-f", "-"], in: pair.host,
                input: "table ip t { chain c { type filter hook output priority 0; policy drop; }; }")
            #expect(try pair.probe(RoutedPair.far)[0].failure == .notSent(errno: 1))
        }
    }

    @Test("losses are tried again")
    func losses() throws {
        try RoutedPair.with { pair in
            // Every second request is lost.
            try Witness.output(
                ["nft", "-f", "-"], in: pair.router,
                input: """
                    table ip t { chain c { type filter hook forward priority 0;
                    icmp type echo-request numgen inc mod 2 == 0 drop; }; }
                    """)
            let results = try EchoProber().run(
                Array(repeating: EchoRequest(source: pair.host, destination: RoutedPair.far), count: 40))
            #expect(results.contains { $0.attempts == 2 && $0.ttl == 63 })
            #expect(results.contains { $0.attempts == 1 && $0.ttl == 63 })
        }
    }

    @Test("an answer from another address than the one asked is a failure")
    func foreignAnswer() throws {
        try RoutedPair.with { pair in
            // Answers pretend to be from the router; connection tracking would undo a plain SNAT.
            try Witness.output(
                ["nft", "-f", "-"], in: pair.peer,
                input: """
                    table ip t { chain c { type filter hook output priority 0;
                    icmp type echo-reply ip saddr set 10.99.2.9; }; }
                    """)
            #expect(try pair.probe(RoutedPair.far)[0].failure == .answeredBy(IPAddress("10.99.2.9")!))
        }
    }

    @Test("other pings in the namespace do not disturb, and are not disturbed")
    func competingPings() throws {
        try RoutedPair.with { pair in
            // On sockets that get no other's answers: ping's raw one overflows, its buffer is small.
            try Witness.sysctl("net.ipv4.ping_group_range=0 2147483647", in: pair.host)
            let pings = try [RoutedPair.far, RoutedPair.farV6].map {
                try Witness.Process(["ping", "-n", "-i", "0.002", "-c", "300", "\($0)"], in: pair.host)
            }
            // A second prober is the likest competitor that there is.
            let other = try Background { [host = pair.host] in
                try EchoProber().run((0..<2000).map { _ in EchoRequest(source: host, destination: RoutedPair.far) })
            }
            let results = try EchoProber().run(
                (0..<2000).flatMap { _ in
                    [RoutedPair.far, RoutedPair.farV6].map { EchoRequest(source: pair.host, destination: $0) }
                })
            #expect(results.allSatisfy { $0.ttl == 63 })
            #expect(try other.value().allSatisfy { $0.ttl == 63 })
            for ping in pings {
                let testimony = try ping.wait()
                #expect(testimony.output.contains("300 packets transmitted, 300 received, 0% packet loss"))
            }
        }
    }

    @Test("a namespace that is not there fails its own requests only")
    func missingNamespace() throws {
        try RoutedPair.with { pair in
            let results = try EchoProber().run([
                EchoRequest(source: pair.host + "-none", destination: RoutedPair.far),
                EchoRequest(source: pair.host, destination: RoutedPair.far),
            ])
            guard case .noSource(let error) = results[0].failure else {
                Issue.record("\(results[0])")
                return
            }
            #expect(error.errno == 2)
            #expect(results[0].attempts == 0)
            #expect(results[1].ttl == 63)
        }
    }

    @Test("no request, no result")
    func nothing() throws {
        #expect(try EchoProber().run([]) == [])
    }
}
