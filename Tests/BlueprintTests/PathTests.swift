import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

@Suite("The way of a packet")
struct PathTests {
    private func ip(_ text: String) -> IPAddress { IPAddress(text)! }

    private static let forms = [
        KernelFeatures.complete, KernelFeatures.complete.subtracting([.vlanFiltering]),
        KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks]),
    ]

    @Test("pods of two nodes, both families, native and VXLAN", arguments: forms)
    func betweenNodes(features: KernelFeatures) throws {
        let blueprint = try Blueprint(topology: Labs.dualStack, features: features)
        let plane = PacketSimulator(blueprint)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        for from in pods {
            for to in pods where to.name != from.name {
                for (address, own) in zip(to.addresses, from.addresses) {
                    let trip = plane.roundTrip(from: from.name, to: address)
                    #expect(trip.expectedReplyTTL == 62)
                    #expect(trip.sourceSeen == own)
                    #expect((trip.request.tunnel != nil) == (address.family == .ipv6))
                    #expect(trip.request.hops.map(\.namespace) == [from.name, from.node, to.node, to.name])
                    #expect(trip.stop == nil)
                }
            }
        }
    }

    @Test("pods of one node")
    func oneNode() throws {
        var topology = Labs.dualStack
        topology.workloads.append(Workload(name: "web", kind: .deployment(replicas: 2)))
        let blueprint = try Blueprint(topology: topology)
        let pods = blueprint.pods(on: "dual-stack-worker")
        let plane = PacketSimulator(blueprint)
        for address in pods[1].addresses {
            let trip = plane.roundTrip(from: pods[0].name, to: address)
            #expect(trip.expectedReplyTTL == 63)
            #expect(trip.request.forwardingCount == 1)
        }
    }

    @Test("pod to the router's loopback: the node's address is seen", arguments: forms)
    func external(features: KernelFeatures) throws {
        let blueprint = try Blueprint(topology: Labs.dualStack, features: features)
        let plane = PacketSimulator(blueprint)
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        for (target, node) in [("1.1.1.1", "10.10.10.11"), ("2001:db8::1", "fd00:10:10::11")] {
            let trip = plane.roundTrip(from: pod.name, to: ip(target))
            #expect(trip.expectedReplyTTL == 63)
            #expect(trip.sourceSeen == ip(node))
            #expect(trip.request.hops.map(\.namespace) == [pod.name, "dual-stack-worker", "ceos01"])
            let masquerade = try #require(trip.request.hops[1].masquerade)
            #expect(masquerade.to == ip(node) && pod.addresses.contains(masquerade.from))
            let reply = try #require(trip.reply)
            #expect(reply.hops[1].restoration == Path.Translation(from: masquerade.to, to: masquerade.from))
        }
    }

    @Test("node to the router's SVI and loopback, to other nodes and to its own pod")
    func fromNode() throws {
        let blueprint = try Blueprint(topology: Labs.dualStack)
        let plane = PacketSimulator(blueprint)
        for target in ["10.10.10.1", "1.1.1.1", "fd00:10:10::1", "2001:db8::1", "10.10.10.12", "fd00:10:10::12"] {
            #expect(plane.roundTrip(from: "dual-stack-worker", to: ip(target)).expectedReplyTTL == 64)
        }
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        for address in pod.addresses {
            #expect(plane.roundTrip(from: "dual-stack-worker", to: address).expectedReplyTTL == 64)
            #expect(plane.roundTrip(from: pod.name, to: address).expectedReplyTTL == 64)
        }
        // To a pod of another node a node speaks from its tunnel's address in VXLAN, and from eth1's natively.
        let far = try #require(blueprint.pods(on: "dual-stack-worker2").first)
        let trips = far.addresses.map { plane.roundTrip(from: "dual-stack-worker", to: $0) }
        #expect(trips.map(\.expectedReplyTTL) == [63, 63])
        #expect(trips.map(\.sourceSeen) == [ip("10.10.10.11"), ip("fd00:10:244:1b38:1133:7e2c:be1e:4d00")])
    }

    @Test("a tunnelled hop names the entries that decided it, and the outer packet")
    func evidence() throws {
        let blueprint = try Blueprint(topology: Labs.dualStack)
        let (from, to) = try (
            #require(blueprint.pods(on: "dual-stack-worker").first),
            #require(blueprint.pods(on: "dual-stack-worker2").first)
        )
        let hop = PacketSimulator(blueprint).path(from: from.name, to: to.addresses[1]).hops[1]
        let content = try blueprint.content("dual-stack-worker")
        #expect(hop.route.map(content.routes.contains) == true)
        #expect(hop.neighbour.map(content.neighbours.contains) == true)
        #expect(hop.forwardingEntry.map(content.forwarding.contains) == true)
        #expect(hop.egress == "vxlan-v6.calico" && hop.nextHop == ip("fd00:10:244:b742:2d01:58:8f51:b000"))
        let tunnel = try #require(hop.tunnel)
        #expect(
            tunnel.kind == .vxlan(vni: 4096) && tunnel.source == ip("fd00:10:10::11")
                && tunnel.destination == ip("fd00:10:10::12"))
        #expect(tunnel.hops.map(\.namespace) == ["dual-stack-worker", "dual-stack-worker2"])
    }

    @Test(
        "two VLANs behind one router, whatever the encapsulation",
        arguments: [
            Pool.Encapsulation.none, .vxlan, .vxlanCrossSubnet, .ipip, .ipipCrossSubnet,
        ])
    func twoVLANs(encapsulation: Pool.Encapsulation) throws {
        let isIPIP = encapsulation == .ipip || encapsulation == .ipipCrossSubnet
        let blueprint = try Blueprint(topology: Labs.twoVLANs(encapsulation, isIPIP ? .vxlan : encapsulation))
        let plane = PacketSimulator(blueprint)
        let from = try #require(blueprint.pods(on: "edge-a").first)
        let (near, far) = try (
            #require(blueprint.pods(on: "edge-b").first), #require(blueprint.pods(on: "edge-c").first)
        )
        for (near, far) in zip(near.addresses, far.addresses) {
            #expect(plane.roundTrip(from: from.name, to: near).expectedReplyTTL == 62)
            let trip = plane.roundTrip(from: from.name, to: far)
            // A tunnel hides the router from the inner packet; without one the router is a hop as any other.
            #expect(trip.expectedReplyTTL == (encapsulation == .none ? 61 : 62))
            #expect((trip.request.tunnel != nil) == (encapsulation != .none))
            if isIPIP, far.family == .ipv4 {
                #expect(trip.request.tunnel?.kind == .ipip && trip.request.tunnel?.source == ip("10.10.10.11"))
            }
            let names = (trip.request.hops[1].tunnel?.hops ?? trip.request.hops).map(\.namespace)
            #expect(names.contains("tor"))
        }
        #expect(plane.roundTrip(from: "edge-a", to: ip("10.10.20.11")).expectedReplyTTL == 63)
        #expect(plane.roundTrip(from: from.name, to: ip("10.10.20.11")).sourceSeen == ip("10.10.10.11"))
    }

    @Test("two routers in a row")
    func twoRouters() throws {
        let blueprint = try Blueprint(topology: Labs.twoRouters)
        let plane = PacketSimulator(blueprint)
        #expect(plane.roundTrip(from: "edge-a", to: ip("10.10.20.11")).expectedReplyTTL == 62)
        let (from, to) = try (
            #require(blueprint.pods(on: "edge-a").first), #require(blueprint.pods(on: "edge-b").first)
        )
        let trip = plane.roundTrip(from: from.name, to: to.addresses[0])
        #expect(trip.expectedReplyTTL == 62)
        #expect(trip.request.hops[1].tunnel?.hops.map(\.namespace) == ["edge-a", "r1", "r2", "edge-b"])
        #expect(plane.roundTrip(from: from.name, to: ip("2.2.2.2")).expectedReplyTTL == 62)
        #expect(plane.roundTrip(from: "edge-a", to: ip("10.99.1.1")).stop?.namespace == "r1")
    }

    @Test("trunks with a native VLAN, and a router on a stick", arguments: forms.prefix(2))
    func trunks(features: KernelFeatures) throws {
        let blueprint = try Blueprint(topology: Labs.trunks, features: features)
        let plane = PacketSimulator(blueprint)
        #expect(plane.roundTrip(from: "edge-a", to: ip("10.10.10.1")).expectedReplyTTL == 64)
        #expect(plane.roundTrip(from: "edge-c", to: ip("fd00:10:20::1")).expectedReplyTTL == 64)
        #expect(plane.roundTrip(from: "edge-a", to: ip("10.10.20.11")).expectedReplyTTL == 63)
        #expect(plane.roundTrip(from: "stick", to: ip("1.1.1.1")).expectedReplyTTL == 64)
        #expect(plane.roundTrip(from: "stick", to: ip("fd00:10:20::11")).expectedReplyTTL == 63)
        // The VLANs are apart: edge-a's segment does not have edge-c on it.
        #expect(
            plane.path(from: "edge-a", to: ip("10.10.20.11")).hops.map(\.namespace) == ["edge-a", "spine", "edge-c"])
    }

    @Test("borrowed addresses and blocks of one address are reached")
    func oddBlocks() throws {
        for pools in [
            [
                Labs.pool("v4", "192.168.0.0/29", .vxlanCrossSubnet, blockSize: 30),
                Labs.pool("v6", "fd00:10:244::/125", .vxlan, blockSize: 126),
            ],
            [
                Labs.pool("v4", "192.168.0.0/24", .vxlan, blockSize: 32),
                Labs.pool("v6", "fd00:10:244::/120", .vxlan, blockSize: 128),
            ],
        ] {
            let blueprint = try Blueprint(topology: Labs.dualStack(pools))
            let plane = PacketSimulator(blueprint)
            let pods = blueprint.namespaces.filter { $0.kind == .pod }
            for from in pods {
                for address in pods.filter({ $0.name != from.name }).flatMap(\.addresses) {
                    #expect(plane.roundTrip(from: from.name, to: address).expectedReplyTTL == 62)
                }
            }
        }
    }

    @Test("contents without the veths' other ends are walked by the blueprint's cables")
    func observed() throws {
        let blueprint = try Blueprint(topology: Labs.dualStack)
        let contents = blueprint.namespaces.map { namespace in
            var content = namespace.content
            for index in content.links.indices {
                if case .veth = content.links[index].kind { content.links[index].kind = .veth(peer: nil) }
            }
            return (namespace: namespace.name, content: content)
        }
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        #expect(
            PacketSimulator(contents, cablesOf: blueprint).roundTrip(from: pod.name, to: ip("1.1.1.1")).expectedReplyTTL
                == 63)
        #expect(PacketSimulator(contents).roundTrip(from: pod.name, to: ip("1.1.1.1")).expectedReplyTTL == nil)
    }
}
