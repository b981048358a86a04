import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

@Suite("Pools with IPIP")
struct IPIPTests {
    private static let without = KernelFeatures.complete.subtracting([.ipip])

    private func ip(_ text: String) -> IPAddress { IPAddress(text)! }

    private func routes(_ content: NamespaceContent, _ prefix: String) -> [Route] {
        content.routes.filter { $0.destination == Prefix(prefix) }
    }

    @Test("tunl0 has the block's first address, and blocks lie behind it at the nodes' own addresses, as BIRD has them")
    func always() throws {
        let topology = Labs.dualStack([
            Labs.pool("v4", "192.168.0.0/16", .ipip), Labs.pool("v6", "fd00:10:244::/48", .vxlan),
        ])
        let blueprint = try Blueprint(topology: topology)
        let node = try blueprint.content("dual-stack-worker")
        #expect(node.links.filter(\.isTunnel).map(\.name) == ["tunl0", "vxlan-v6.calico"])
        #expect(node.links.first { $0.name == "tunl0" } == Link("tunl0", .ipip(IPIP()), mtu: 1480))
        #expect(
            node.addresses.filter { $0.device == "tunl0" }
                == [DeviceAddress("tunl0", InterfaceAddress("192.168.77.0/32")!)])
        #expect(
            routes(node, "192.168.183.64/26") == [
                Route(
                    Prefix("192.168.183.64/26")!, via: ip("10.10.10.12"), device: "tunl0", origin: .bird, onlink: true)
            ])
        #expect(
            "\(routes(node, "192.168.183.64/26")[0])" == "192.168.183.64/26 via 10.10.10.12 dev tunl0 proto bird onlink"
        )
        #expect(
            routes(node, "192.168.77.0/26") == [Route(Prefix("192.168.77.0/26")!, .blackhole, origin: .bird)])
        // No entry of the link layer: the route's next hop is the outer destination.
        #expect(node.neighbours.allSatisfy { $0.device == "vxlan-v6.calico" } && node.neighbours.count == 2)
        #expect(node.sysctls.contains(Sysctl("ipv4/conf/tunl0/rp_filter", "0")))
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        #expect(pod.addresses.first == ip("192.168.77.1"))
        #expect(pod.content.links.last?.mtu == 1430)
        #expect(!blueprint.notes.contains { $0.contains("IPIP") })
    }

    @Test("a node sends to a pod elsewhere from its tunnel's address, and is answered through the tunnel")
    func source() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([Labs.pool("v4", "192.168.0.0/16", .ipip)]))
        let pod = try #require(blueprint.pods(on: "dual-stack-worker2").first)
        let trip = PacketSimulator(blueprint).roundTrip(from: "dual-stack-worker", to: pod.addresses[0])
        #expect(trip.sourceSeen == ip("192.168.77.0"))
        #expect(trip.request.tunnel?.kind == .ipip && trip.reply?.tunnel?.kind == .ipip)
        #expect(trip.expectedReplyTTL == 63)
        let tunnels = PacketSimulator(blueprint).roundTrip(from: "dual-stack-worker", to: ip("192.168.183.64"))
        #expect(tunnels.expectedReplyTTL == 64)
    }

    @Test("CrossSubnet crosses tunl0 between subnets and is routed natively within one, both as BIRD has it")
    func crossSubnet() throws {
        let blueprint = try Blueprint(topology: Labs.twoVLANs(.ipipCrossSubnet, .vxlan))
        let node = try blueprint.content("edge-a")
        let near = try #require(node.routes.first { $0.gateway == ip("10.10.10.12") })
        #expect(near.device == "eth1" && !near.onlink && near.origin == .bird)
        let far = node.routes.filter { $0.device == "tunl0" }
        #expect(far.compactMap(\.gateway) == [ip("10.10.20.11"), ip("10.10.20.12")])
        #expect(far.allSatisfy { $0.onlink && $0.origin == .bird })
        #expect(blueprint.notes.contains { $0.contains("IPIPCrossSubnet") && $0.contains("crosses IPIP") })
        // The router has to know nothing of the pods.
        #expect(try blueprint.content("tor").routes.allSatisfy { $0.origin != .bgp })
    }

    @Test("a kernel without the module routes natively, with the same addresses and MTU, and a note says so")
    func withoutModule() throws {
        let topology = Labs.twoVLANs(.ipip, .vxlan)
        let (complete, native) = try (
            Blueprint(topology: topology), Blueprint(topology: topology, features: Self.without)
        )
        let node = try native.content("edge-a")
        #expect(!node.links.contains { $0.name == "tunl0" } && !node.routes.contains { $0.origin == .bird })
        #expect(node.routes.contains { $0.gateway == ip("10.10.10.12") && $0.origin == .calico && $0.onlink })
        #expect(node.routes.contains { $0.gateway == ip("10.10.10.1") && $0.origin == .calico })
        #expect(try native.content("tor").routes.contains { $0.origin == .bgp })
        #expect(native.notes.contains { $0.contains("this kernel has no IPIP") })
        let pods = { (blueprint: Blueprint) in blueprint.namespaces.filter { $0.kind == .pod } }
        #expect(pods(complete) == pods(native))
        let trip = try PacketSimulator(native).roundTrip(
            from: #require(native.pods(on: "edge-a").first).name,
            to: #require(native.pods(on: "edge-c").first).addresses[0])
        #expect(trip.expectedReplyTTL == 61 && trip.request.tunnel == nil)
    }

    @Test("two IPv4 pools, one with each tunnel: a node has both, IPIP's address first")
    func both() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([
                Labs.pool("a", "192.168.0.0/17", .vxlan), Labs.pool("b", "192.168.128.0/17", .ipip),
            ]))
        let node = try blueprint.content("dual-stack-worker")
        #expect(node.links.filter(\.isTunnel).map(\.name) == ["tunl0", "vxlan.calico"])
        #expect(node.links.filter(\.isTunnel).map(\.mtu) == [1480, 1450])
        let devices = Set(node.routes.filter { $0.gateway != nil }.compactMap(\.device))
        #expect(devices.isSuperset(of: ["tunl0", "vxlan.calico"]))
        #expect(blueprint.pods(on: "dual-stack-worker").first?.content.links.last?.mtu == 1450)
    }

    @Test("what is missing on the way: the device there, the route here")
    func faults() throws {
        var blueprint = try Blueprint(topology: Labs.dualStack([Labs.pool("v4", "192.168.0.0/16", .ipip)]))
        let (from, to) = try (
            #require(blueprint.pods(on: "dual-stack-worker").first),
            #require(blueprint.pods(on: "dual-stack-worker2").first)
        )
        for index in blueprint.namespaces.indices where blueprint.namespaces[index].name == "dual-stack-worker2" {
            let links = blueprint.namespaces[index].content.links
            let tunnel = try #require(links.firstIndex { $0.name == "tunl0" })
            blueprint.namespaces[index].content.links[tunnel].isUp = false
        }
        let stop = PacketSimulator(blueprint).roundTrip(from: from.name, to: to.addresses[0]).stop
        #expect(stop?.namespace == "dual-stack-worker" && stop?.reason == .noIPIPEnd(at: ip("10.10.10.12")))
    }

    @Test("routers that speak with nodes learn the blocks of tunnelled pools as well, as BIRD tells its peers of them")
    func announced() throws {
        var topology = Labs.dualStack([Labs.pool("v4", "192.168.0.0/16", .ipip)])
        topology.routers[0].routes = []
        topology.routers[0].learnsBlocks = true
        let learned = try Blueprint(topology: topology).content("ceos01").routes
        #expect(learned.filter { $0.origin == .bgp }.count == 3)
        #expect(learned.contains { $0.destination == Prefix("192.168.77.0/26") && $0.gateway == ip("10.10.10.11") })
    }
}
