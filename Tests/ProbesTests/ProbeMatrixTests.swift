import Addresses
import Blueprint
import BundledTopologies
import NetworkObjects
import Testing
import Topology

@testable import Probes

/// Blueprints of bundled labs, perhaps changed.
enum Blueprints {
    static func bundled(_ name: String, _ change: (inout Topology) -> Void = { _ in }) throws -> Blueprint {
        var topology = try #require(BundledTopology.named(name)).topology()
        change(&topology)
        return try Blueprint(topology: topology)
    }
}

extension ProbeMatrix {
    /// The number of probes of a sort, way and expected TTL.
    func count(_ kind: Kind, _ path: PathKind, _ family: AddressFamily, ttl: Int?) -> Int {
        probes.count {
            $0.kind == kind && $0.path == path && $0.address.family == family && $0.expectedTTL == ttl
        }
    }
}

@Suite("What is probed")
struct ProbeMatrixTests {
    @Test(
        "the default lab: each pod to each other and to both loopbacks, each node to its gateway, with the TTL of each way"
    )
    func dualStack() throws {
        let matrix = ProbeMatrix(try Blueprints.bundled("dual-stack"))
        // Five pods: one a node, and the two name servers on the control plane.
        #expect(matrix.probes.count == 2 * (5 * 4 + 5 + 3))
        #expect(matrix.complete == matrix.probes.count)
        #expect(matrix.count(.podToPod, .native, .ipv4, ttl: 62) == 14)
        #expect(matrix.count(.podToPod, .vxlan, .ipv6, ttl: 62) == 14)
        for family in AddressFamily.allCases {
            #expect(matrix.count(.podToPod, .sameNode, family, ttl: 63) == 6)
            #expect(matrix.count(.podToLoopback, .external, family, ttl: 63) == 5)
            #expect(matrix.count(.nodeToGateway, .link, family, ttl: 64) == 3)
        }
        #expect(Set(matrix.probes).count == matrix.probes.count)
        #expect(matrix.probes.allSatisfy { $0.from != $0.to })
        let loopbacks = Set(matrix.probes.filter { $0.kind == .podToLoopback }.map(\.address.description))
        #expect(loopbacks == ["1.1.1.1", "2001:db8::1"])
        let gateways = Set(matrix.probes.filter { $0.kind == .nodeToGateway }.map(\.address.description))
        #expect(gateways == ["10.10.10.1", "fd00:10:10::1"])
    }

    @Test("two subnets: VXLAN crosses the router and costs no hop, and nodes do not ping the other subnet's gateway")
    func twoSubnets() throws {
        let matrix = ProbeMatrix(try Blueprints.bundled("two-vlans"))
        for family in AddressFamily.allCases {
            // Both name servers are in the first rack: four pods there, two in the second.
            #expect(matrix.count(.podToPod, .vxlan, family, ttl: 62) == 2 * 4 * 2)
            #expect(matrix.count(.podToPod, .native, family, ttl: 62) == 8 + 2)
            #expect(matrix.count(.podToPod, .sameNode, family, ttl: 63) == 4)
            #expect(matrix.count(.nodeToGateway, .link, family, ttl: 64) == 4)
        }
        let rack1 = matrix.probes.filter { $0.from == "rack1-node1" }
        #expect(rack1.map(\.address.description) == ["10.10.10.1", "fd00:10:10::1"])
    }

    @Test("without encapsulation the router between two subnets is a hop more")
    func routed() throws {
        let matrix = ProbeMatrix(
            try Blueprints.bundled("two-vlans") { topology in
                for index in topology.cluster.pools.indices { topology.cluster.pools[index].encapsulation = .none }
            })
        for family in AddressFamily.allCases {
            #expect(matrix.count(.podToPod, .routed, family, ttl: 61) == 2 * 4 * 2)
            #expect(matrix.count(.podToPod, .native, family, ttl: 62) == 8 + 2)
            #expect(matrix.count(.podToPod, .vxlan, family, ttl: 62) == 0)
        }
    }

    @Test("pods of one node are told from those of others")
    func sameNode() throws {
        let matrix = ProbeMatrix(
            try Blueprints.bundled("ipv4-only") { topology in
                topology.workloads = [
                    Workload(name: "w", kind: .deployment(replicas: 2), nodeName: topology.nodes[1].name)
                ]
            })
        #expect(matrix.count(.podToPod, .sameNode, .ipv4, ttl: 63) == 2)
        #expect(matrix.probes.filter { $0.kind == .podToPod }.count == 2)
    }

    @Test("nodes without pods ping each other's tunnel addresses, which nothing else would")
    func noPods() throws {
        let matrix = ProbeMatrix(try Blueprints.bundled("dual-stack") { $0.workloads = [] })
        // The IPv4 pool tunnels between subnets alone, and so a tunnel's own address is reached natively too.
        #expect(matrix.count(.nodeToTunnel, .native, .ipv4, ttl: 64) == 6)
        #expect(matrix.count(.nodeToTunnel, .vxlan, .ipv6, ttl: 64) == 6)
        #expect(matrix.probes.count { $0.kind == .podToPod } == 0)
        let onePod = ProbeMatrix(
            try Blueprints.bundled("dual-stack") { topology in
                topology.workloads = [Workload(name: "w", kind: .pod, nodeName: "dual-stack-worker")]
            })
        #expect(onePod.probes.count { $0.kind == .nodeToTunnel } == 12)
    }

    @Test("filters keep what is asked for, and say how much there would be")
    func filters() throws {
        let blueprint = try Blueprints.bundled("dual-stack")
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        let from = ProbeMatrix(blueprint, from: { $0 == pods[0].name })
        #expect(from.probes.count == 2 * (4 + 1))
        #expect(from.complete == ProbeMatrix(blueprint).probes.count)
        #expect(Set(from.probes.map(\.from)) == [pods[0].name])
        let both = ProbeMatrix(blueprint, from: { $0 == pods[0].name }, to: { name, _ in name == pods[1].name })
        #expect(both.probes.map(\.address) == pods[1].addresses)
        let address = ProbeMatrix(blueprint, to: { $1 == IPAddress("2001:db8::1") })
        #expect(address.probes.count == pods.count)
        #expect(ProbeMatrix(blueprint, from: { _ in false }).probes.isEmpty)
    }

    @Test("where the blueprint itself has no way, no TTL is expected")
    func noWay() throws {
        var blueprint = try Blueprints.bundled("dual-stack")
        let node = try #require(blueprint.namespaces.firstIndex { $0.name == "dual-stack-worker" })
        blueprint.namespaces[node].content.neighbours = []
        let matrix = ProbeMatrix(blueprint)
        let pod = try #require(blueprint.namespaces.first { $0.kind == .pod && $0.node == "dual-stack-worker" }).name
        let between = matrix.probes.filter {
            $0.kind == .podToPod && $0.path != .sameNode && $0.address.family == .ipv6
        }
        #expect(between.count == 14)
        for probe in between {
            #expect(probe.expectedTTL == (probe.from == pod || probe.to == pod ? nil : 62))
        }
    }

    @Test("a large lab gets a cover that leaves out no pod and no pair of nodes")
    func cover() throws {
        // 240 pods: 57,360 ordered pairs in two families are more than the limit.
        let blueprint = try Blueprints.bundled("nodes-20x10") { topology in
            topology.workloads[0].kind = .deployment(replicas: 240)
        }
        let matrix = ProbeMatrix(blueprint)
        #expect(matrix.complete == 240 * 239 * 2 + 240 * 2 + 20 * 2)
        #expect(matrix.probes.count < 3000)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        let node = Dictionary(uniqueKeysWithValues: pods.map { ($0.name, $0.node) })
        for family in AddressFamily.allCases {
            let pings = matrix.probes.filter { $0.kind == .podToPod && $0.address.family == family }
            #expect(Set(pings.map(\.from)).count == 240)
            #expect(Set(pings.map(\.to)).count == 240)
            #expect(Set(pings.map { [node[$0.from]!, node[$0.to]!] }).count == 400)
            #expect(matrix.count(.podToLoopback, .external, family, ttl: 63) == 240)
        }
    }
}
