import Addresses
import Blueprint
import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Testing

@testable import Probes

/// Probes of a blueprint against a kernel that was built with ip(8) and holds something else.
@Suite("Probes of a lab in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct ProbeRunTests {
    /// A pod on a cable to a router whose loopback has these addresses: their answers have TTL 64 in this blueprint.
    private func blueprint(loopback: String...) -> Blueprint {
        var pod = NamespaceContent()
        pod.links = [Link("lo", .loopback), Link("eth0", .veth(peer: VethPeer(namespace: "r", name: "port1")))]
        pod.addresses = [
            DeviceAddress("eth0", InterfaceAddress("10.99.1.2/24")!),
            DeviceAddress("eth0", InterfaceAddress("fd00:99:1::2/64")!),
        ]
        pod.routes = [
            Route(.all(.ipv4), via: RoutedPair.gateway, device: "eth0"),
            Route(.all(.ipv6), via: RoutedPair.gatewayV6, device: "eth0", metric: 1024),
        ]
        var router = NamespaceContent()
        router.links = [Link("lo", .loopback), Link("port1", .veth(peer: VethPeer(namespace: "a", name: "eth0")))]
        router.addresses =
            [
                DeviceAddress("port1", InterfaceAddress("10.99.1.1/24")!),
                DeviceAddress("port1", InterfaceAddress("fd00:99:1::1/64")!),
            ] + loopback.map { DeviceAddress("lo", InterfaceAddress($0)!) }
        return Blueprint(
            lab: "pair",
            namespaces: [
                .init(name: "r", kind: .router, content: router),
                .init(name: "a", kind: .pod, node: "r", addresses: [RoutedPair.near, RoutedPair.nearV6], content: pod),
            ])
    }

    private func run(_ blueprint: Blueprint, _ pair: RoutedPair, count: Int = 1) throws -> ProbeReport {
        let pins = ["a": pair.host, "r": pair.router]
        let diagnosis = Diagnosis(blueprint) { name in
            let pin = try #require(pins[name])
            return try NamespaceThread.run { thread in
                var socket = try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) {
                    try RouteSocket(in: $0)
                }
                var content = NamespaceContent()
                let links = try socket.links()
                let table = InterfaceTable(links)
                content.links = links.map(\.link)
                content.addresses = try socket.addresses(in: table).filter { $0.scope == .universe }
                content.routes = try socket.routes(in: table).filter { $0.origin != .kernel }
                return content
            }
        }
        return try ProbeRun(blueprint, pins: pins, diagnosis: diagnosis).run(ProbeMatrix(blueprint), count: count)
    }

    @Test("answers with the TTL of the way pass, as often as they are asked for")
    func passing() throws {
        try RoutedPair.with { pair in
            try Witness.ip("address add 10.98.0.1/32 dev lo", in: pair.router)
            try Witness.ip("address add fd00:98::1/128 dev lo", in: pair.router)
            let report = try run(blueprint(loopback: "10.98.0.1/32", "fd00:98::1/128"), pair, count: 3)
            #expect(report.failures == [])
            #expect(report.passed == 2 && report.failed == 0 && report.complete == 2)
            #expect(report.results.map(\.ttl) == [64, 64])
            #expect(report.results.allSatisfy { $0.ok && $0.failure == nil && $0.rtt != nil })
        }
    }

    @Test("an answer that comes from one hop further on fails by its TTL, in both families, and says what is not there")
    func wrongPath() throws {
        try RoutedPair.with { pair in
            // The addresses are the far host's, and not the router's own as the blueprint has it.
            let report = try run(blueprint(loopback: "10.99.2.2/32", "fd00:99:2::2/128"), pair)
            #expect(report.passed == 0 && report.failed == 2)
            #expect(report.results.map(\.ttl) == [63, 63])
            #expect(report.results.map(\.expectedTTL) == [64, 64])
            #expect(report.results.allSatisfy { !$0.ok })
            for (result, address) in zip(report.results, ["10.99.2.2", "fd00:99:2::2"]) {
                let failure = try #require(result.failure)
                #expect(
                    failure.hasPrefix(
                        "a → r (\(address), external): expected an answer with TTL 64, got one with TTL 63: "))
            }
        }
    }

    @Test("a silent address fails with what was expected and with what is missing on its way")
    func silent() throws {
        try RoutedPair.with { pair in
            try Witness.ip("route del default", in: pair.host)
            let report = try run(blueprint(loopback: "10.98.0.1/32"), pair)
            #expect(
                report.failures == [
                    "a → r (10.98.0.1, external): expected an answer with TTL 64, got none (not sent: Network is unreachable)"
                        + ": a: route default via 10.99.1.1 dev eth0 is missing"
                ])
            #expect(report.results[0].ttl == nil && report.results[0].rtt == nil)
        }
    }
}
