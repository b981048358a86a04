import Addresses
import Blueprint
import Probes
import Testing
import Topology

@Suite("What is probed of hosts and routers")
struct HostProbeTests {
    private func address(_ text: String) throws -> InterfaceAddress { try #require(InterfaceAddress(text)) }

    /// Two routers with a link between them, each with a host; the second router knows no way to the first one's host
    /// unless it is given one.
    private func lab(_ routes: [StaticRoute], isTolerant: Bool = true) throws -> Blueprint {
        func router(_ number: Int, _ link: String, _ lan: String, _ routes: [StaticRoute]) throws -> Router {
            Router(
                name: "r\(number)",
                ports: [
                    .init(name: "eth1", mode: .routed(addresses: [try address(link)], subinterfaces: [])),
                    .init(name: "eth2", mode: .routed(addresses: [try address(lan)], subinterfaces: [])),
                ], loopbacks: [.init(name: "Loopback0", addresses: [try address("10.255.0.\(number)/32")])],
                routes: routes)
        }
        func host(_ number: Int) throws -> Host {
            Host(
                name: "h\(number)",
                interfaces: [.init(name: "eth1", addresses: [try address("10.0.\(number).10/24")])],
                routes: [StaticRoute(.all(.ipv4), .gateway(try address("10.0.\(number).1/24").address, interface: nil))]
            )
        }
        let first = try StaticRoute(
            address("10.0.2.0/24").prefix, .gateway(address("10.0.12.2/30").address, interface: nil))
        return try Blueprint(
            topology: Topology(
                name: "hosts",
                routers: [
                    try router(1, "10.0.12.1/30", "10.0.1.1/24", [first]),
                    try router(2, "10.0.12.2/30", "10.0.2.1/24", routes),
                ],
                cables: [
                    Cable(Endpoint("r1", "eth1"), Endpoint("r2", "eth1")),
                    Cable(Endpoint("r1", "eth2"), Endpoint("h1", "eth1")),
                    Cable(Endpoint("r2", "eth2"), Endpoint("h2", "eth1")),
                ], hosts: [try host(1), try host(2)], allowsPendingPods: isTolerant))
    }

    private func back() throws -> StaticRoute {
        try StaticRoute(address("10.0.1.0/24").prefix, .gateway(address("10.0.12.1/30").address, interface: nil))
    }

    @Test("hosts reach each other, their gateways and the loopbacks that are led to; routers their neighbours")
    func all() throws {
        let matrix = ProbeMatrix(try lab([back()]))
        let counts = Dictionary(grouping: matrix.probes, by: \.kind).mapValues(\.count)
        #expect(counts == [.hostToHost: 2, .hostToGateway: 2, .hostToLoopback: 2, .routerToRouter: 2])
        #expect(matrix.probes.filter { $0.kind == .hostToHost }.map(\.expectedTTL) == [62, 62])
        #expect(matrix.probes.filter { $0.kind == .hostToHost }.map(\.path) == [.routed, .routed])
        // Each host's own router has its loopback at hand; the other's is led to by nothing.
        #expect(matrix.unreachable.count == 2)
    }

    @Test("what the lab's own files lead no way to is left out and said; where it may not be so, it is probed")
    func unreachable() throws {
        let matrix = ProbeMatrix(try lab([]))
        #expect(!matrix.probes.contains { $0.kind == .hostToHost })
        #expect(matrix.unreachable.contains { $0.hasPrefix("h1 (10.0.1.10): no way there and back") })
        #expect(matrix.complete == matrix.probes.count)
        let strict = ProbeMatrix(try lab([], isTolerant: false))
        #expect(strict.probes.filter { $0.kind == .hostToHost }.map(\.expectedTTL) == [nil, nil])
        #expect(strict.unreachable.isEmpty)
    }
}
