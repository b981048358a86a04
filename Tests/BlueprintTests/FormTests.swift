import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

/// Labs of other forms than the built-in one: what differs.
@Suite("Other forms of labs")
struct FormTests {
    private func ip(_ text: String) -> IPAddress { IPAddress(text)! }

    private func route(_ content: NamespaceContent, to prefix: String) -> Route? {
        content.routes.first { $0.destination == Prefix(prefix) }
    }

    @Test("pods of an IPv4-only lab have MTU 1450, and nodes no IPv6 tunnel")
    func ipv4Only() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([Labs.pool("v4", "192.168.0.0/16", .vxlan)]))
        let node = try blueprint.content("dual-stack-worker")
        #expect(node.links.map(\.name).filter { $0.description.hasPrefix("vxlan") } == ["vxlan.calico"])
        #expect(node.links.last?.mtu == 1450)
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        #expect(pod.content.links.last?.mtu == 1450)
        #expect(pod.addresses.map(\.family) == [.ipv4])
        #expect(pod.content.routes.allSatisfy { $0.destination.family == .ipv4 })
        #expect(node.tables.map(\.family) == [.ip])
        // Always VXLAN: the block lies behind the tunnel, though the node is near.
        #expect(
            route(node, to: "192.168.183.64/26")
                == Route(Prefix("192.168.183.64/26")!, via: ip("192.168.183.64"), device: "vxlan.calico", onlink: true))
        #expect(
            route(node, to: "192.168.183.64/32")
                == Route(Prefix("192.168.183.64/32")!, device: "vxlan.calico", scope: .link))
    }

    @Test("without encapsulation there are no tunnels, pods have the whole MTU, and blocks lie behind the nodes")
    func noEncapsulation() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([
                Labs.pool("v4", "192.168.0.0/16", .none), Labs.pool("v6", "fd00:10:244::/48", .none, nat: false),
            ]))
        let node = try blueprint.content("dual-stack-worker")
        #expect(node.links.count == 3 && node.links.last?.mtu == 1500)
        #expect(node.neighbours.isEmpty && node.forwarding.isEmpty)
        #expect(
            route(node, to: "192.168.183.64/26")
                == Route(
                    Prefix("192.168.183.64/26")!, via: ip("10.10.10.12"), device: "eth1", origin: .calico, onlink: true)
        )
        #expect(route(node, to: "fd00:10:244:b742:2d01:58:8f51:b000/122")?.gateway == ip("fd00:10:10::12"))
        #expect(node.tables.map(\.family) == [.ip])
        #expect(try blueprint.content("ceos01").routes.count == 2)
        #expect(blueprint.pods(on: "dual-stack-worker").first?.addresses.first == ip("192.168.77.0"))
        #expect(blueprint.notes.filter { $0.contains("no encapsulation") }.count == 2)
    }

    @Test("a given MTU is the pods' and the tunnels'")
    func givenMTU() throws {
        var topology = Labs.dualStack
        topology.cluster.mtu = 1400
        let node = try Blueprint(topology: topology).content("dual-stack-worker")
        #expect(node.links.map(\.mtu) == [nil, 1500, 1400, 1400, 1400])
    }

    @Test("a cable's MTU reaches its ends, the SVI and what is left for pods")
    func jumbo() throws {
        var topology = Labs.dualStack
        for index in topology.cables.indices { topology.cables[index].mtu = 9000 }
        topology.routers[0].vlans[0].mtu = 9214
        let blueprint = try Blueprint(topology: topology)
        #expect(try blueprint.content("dual-stack-worker").links.map(\.mtu) == [nil, 9000, 8950, 8930, 8930])
        let router = try blueprint.content("ceos01").links
        // The kernel makes no VLAN link larger than the bridge under it.
        #expect(router.map(\.mtu) == [nil, nil, 9000, 9000, 9000, 9000])
    }

    @Test("CrossSubnet tunnels between subnets and routes natively within one")
    func twoVLANs() throws {
        let node = try Blueprint(topology: Labs.twoVLANs(.vxlanCrossSubnet, .vxlanCrossSubnet)).content("edge-a")
        // edge-b is near, edge-c is not.
        let near = try #require(node.routes.first { $0.gateway == ip("10.10.10.12") })
        #expect(near.device == "eth1" && near.onlink && near.origin == .calico)
        #expect(node.routes.filter { $0.device == "vxlan.calico" && $0.onlink }.count == 2)
        #expect(node.routes.filter { $0.device == "vxlan-v6.calico" && $0.onlink }.count == 2)
        #expect(node.neighbours.count == 6 && node.forwarding.count == 6)
        // A node with a default route needs no other for the pods' next hop.
        #expect(route(node, to: "169.254.1.1/32") == nil)
    }

    @Test("without encapsulation across subnets, nodes route by their own next hop and routers learn the blocks")
    func noneAcrossSubnets() throws {
        let blueprint = try Blueprint(topology: Labs.twoVLANs(.none, .none))
        let node = try blueprint.content("edge-a")
        let far = try #require(node.routes.first { $0.gateway == ip("10.10.10.1") && $0.origin == .calico })
        #expect(far.device == "eth1" && !far.onlink)
        let announced = try blueprint.content("tor").routes.filter { $0.origin == .bgp }
        #expect(announced.count == 8)
        #expect(Set(announced.compactMap(\.device)) == ["vlan10", "vlan20"])
        #expect(announced.first?.gateway == ip("10.10.10.11"))
    }

    @Test("two routers: routed ports, static routes over each other, a blackhole")
    func twoRouters() throws {
        let r1 = try Blueprint(topology: Labs.twoRouters).content("r1")
        #expect(
            r1.links.map(\.withoutChosenAddress) == [
                Link("lo", .loopback),
                Link("eth1", .veth(peer: VethPeer(namespace: "edge-a", name: "eth1")), mtu: 1500),
                Link("eth2", .veth(peer: VethPeer(namespace: "r2", name: "eth2")), mtu: 1500),
            ])
        #expect(
            r1.routes == [
                Route(Prefix("10.10.20.0/24")!, via: ip("172.16.0.1"), device: "eth2"),
                Route(Prefix("fd00:10:20::/64")!, via: ip("fd00:12::1"), device: "eth2", metric: 1024),
                Route(Prefix("2.2.2.2/32")!, via: ip("172.16.0.1"), device: "eth2"),
                Route(Prefix("10.99.0.0/16")!, .blackhole),
            ])
    }

    @Test("trunk ports of a VLAN-aware bridge carry the known VLANs, the native one without a tag")
    func trunks() throws {
        let blueprint = try Blueprint(topology: Labs.trunks)
        #expect(
            try blueprint.content("spine").bridgeVLANs == [
                BridgeVLAN("eth1", id: 20, isPVID: true, isUntagged: true), BridgeVLAN("eth1", id: 10),
                BridgeVLAN("br0", id: 10, isSelf: true), BridgeVLAN("br0", id: 20, isSelf: true),
            ])
        let leaf = try blueprint.content("leaf")
        #expect(leaf.bridgeVLANs.count == 4 && !leaf.bridgeVLANs.contains { $0.isSelf })
        #expect(leaf.links.map(\.name) == ["lo", "br0", "eth1", "eth2", "eth3"])
        let sub = try blueprint.content("stick").links.last
        #expect(sub?.withoutChosenAddress == Link("eth1.30", .vlan(VLAN(parent: "eth1", id: 30)), mtu: 1500))
        #expect(try blueprint.content("stick").routes.first?.device == "eth1.30")
    }

    @Test("on plain bridges a trunk is a VLAN link in each VLAN's bridge")
    func plainTrunks() throws {
        let blueprint = try Blueprint(
            topology: Labs.trunks, features: KernelFeatures.complete.subtracting([.vlanFiltering]))
        let links = try blueprint.content("spine").links
        #expect(links.map(\.name) == ["lo", "vlan10", "vlan20", "eth1", "eth1.10", "eth2", "eth2.30"])
        #expect(links[3].master == "vlan20")
        #expect(
            links[4].withoutChosenAddress
                == Link("eth1.10", .vlan(VLAN(parent: "eth1", id: 10)), mtu: 1500, master: "vlan10"))
    }

    @Test("without 802.1Q links in the kernel each VLAN of a trunk has a veth of its own, and a note says so")
    func trunksWithoutTags() throws {
        let features = KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks])
        let blueprint = try Blueprint(topology: Labs.trunks, features: features)
        let spine = try blueprint.content("spine")
        let tagged = try #require(spine.links.first { $0.name == "eth1.10" })
        #expect(tagged.kind == .veth(peer: VethPeer(namespace: "leaf", name: "eth1.10")))
        #expect(tagged.master == "vlan10")
        let routed = try #require(spine.links.first { $0.name == "eth2.30" })
        #expect(routed.kind == .veth(peer: VethPeer(namespace: "stick", name: "eth1.30")))
        #expect(routed.master == nil)
        #expect(spine.addresses.contains { $0.device == "eth2.30" })
        // The native VLAN keeps the cable itself.
        #expect(spine.links.first { $0.name == "eth1" }?.master == "vlan20")
        #expect(blueprint.notes.contains { $0.hasPrefix("spine:eth1 – leaf:eth1: this kernel has no 802.1Q links") })
        let plane = PacketSimulator(blueprint)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        for address in pods[1].addresses {
            #expect(plane.roundTrip(from: pods[0].name, to: address).expectedReplyTTL == 62)
        }
    }

    @Test("tagged frames into a shared segment need 802.1Q links, and the error names the port")
    func taggedSegment() throws {
        var topology = Labs.trunks
        topology.networks = [Network(name: "segment")]
        topology.cables[0] = Cable(Endpoint("spine", "eth1"), Endpoint("segment", "port1"))
        let error = try #require(throws: BlueprintError.self) {
            try Blueprint(
                topology: topology, features: KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks]))
        }
        #expect(error.problems == [.needsVLANLinks(Endpoint("spine", "eth1"))])
        #expect(error.description.contains("spine:eth1 carries tagged frames"))
    }

    @Test("a shared segment is a bridge with the gateway's addresses")
    func network() throws {
        let blueprint = try Blueprint(topology: Labs.kindNetwork)
        #expect(blueprint.namespaces.map(\.kind) == [.network, .node, .node, .pod, .pod])
        let content = try blueprint.content("kind")
        #expect(content.links.map(\.name) == ["lo", "br0", "port1", "port2"])
        #expect(content.links[2...].allSatisfy { $0.master == "br0" })
        #expect(content.addresses.map(\.device) == ["br0", "br0"])
        #expect(content.sysctls.first == Sysctl("ipv4/ip_forward", "1"))
    }

    @Test("an address in another node's block has a route of its own, everywhere but on its node")
    func borrowed() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([
                Labs.pool("v4", "192.168.0.0/29", .vxlanCrossSubnet, blockSize: 30),
                Labs.pool("v6", "fd00:10:244::/125", .vxlan, blockSize: 126),
            ]))
        // Two blocks for three nodes: worker2 has none.
        let worker2 = try #require(blueprint.pods(on: "dual-stack-worker2").first)
        for node in ["dual-stack-control-plane", "dual-stack-worker"] {
            let routes = try blueprint.content(node).routes
            let v4 = try #require(routes.first { $0.destination == worker2.addresses[0].hostPrefix })
            #expect(v4.gateway == ip("10.10.10.12") && v4.onlink)
            let v6 = try #require(routes.first { $0.destination == worker2.addresses[1].hostPrefix })
            #expect(v6.device == "vxlan-v6.calico")
        }
        let own = try blueprint.content("dual-stack-worker2").routes
        #expect(!own.contains { $0.kind == .blackhole })
        #expect(own.filter { $0.destination == worker2.addresses[0].hostPrefix }.count == 1)
    }

    @Test("blocks of one address have no blackhole, and the tunnel's own no second route")
    func blocksOfOne() throws {
        let blueprint = try Blueprint(
            topology: Labs.dualStack([
                Labs.pool("v4", "192.168.0.0/24", .vxlan, blockSize: 32),
                Labs.pool("v6", "fd00:10:244::/120", .vxlan, blockSize: 128),
            ]))
        for name in ["dual-stack-control-plane", "dual-stack-worker"] {
            let routes = try blueprint.content(name).routes
            #expect(!routes.contains { $0.kind == .blackhole })
            #expect(Set(routes.map(\.destination)).count == routes.count)
        }
    }

    @Test("a node whose block is full routes and drops the second one too")
    func secondBlock() throws {
        var topology = Labs.dualStack
        topology.workloads = [
            Workload(
                name: "many", kind: .deployment(replicas: 70),
                nodeSelector: ["kubernetes.io/hostname": "dual-stack-worker"])
        ]
        let blueprint = try Blueprint(topology: topology)
        let own = try blueprint.content("dual-stack-worker").routes.filter { $0.kind == .blackhole }
        #expect(
            own.map(\.destination.description).prefix(2) == [
                "192.168.77.0/26", "fd00:10:244:1b38:1133:7e2c:be1e:4d00/122",
            ])
        #expect(own.count == 4)
        let others = try blueprint.content("dual-stack-worker2").routes
        #expect(others.contains { $0.destination == Prefix("192.168.77.64/26") && $0.gateway == ip("10.10.10.11") })
        #expect(others.contains { $0.destination == Prefix("fd00:10:244:1b38:1133:7e2c:be1e:4d40/122") })
    }

    @Test("a static route that leads nowhere is left out with a note, a port without a cable without one")
    func inactive() throws {
        var topology = Labs.dualStack
        topology.routers[0].ports.append(.init(name: "eth9", mode: .access(vlan: 10)))
        topology.routers[0].routes.append(Labs.route("0.0.0.0/0", "172.20.20.1"))
        topology.routers[0].routes.append(Labs.route("10.0.0.0/8", "10.10.10.10", "eth7"))
        let blueprint = try Blueprint(topology: topology)
        let router = try blueprint.content("ceos01")
        #expect(router.routes.count == 2)
        #expect(!router.links.contains { $0.name == "eth9" })
        #expect(blueprint.notes.filter { $0.contains("inactive") }.count == 2)
    }

    @Test("two static routes of a router to one prefix are two ways, and none is taken to a prefix on link")
    func conflictingRoutes() throws {
        var topology = Labs.dualStack
        let second = Labs.route("192.168.0.0/16", "10.10.10.11")
        topology.routers[0].routes += [second, Labs.route("10.10.10.0/24", "10.10.10.12")]
        var blueprint = try Blueprint(topology: topology)
        let shared = try #require(blueprint.content("ceos01").routes.first { $0.destination == second.destination })
        #expect(shared.gateway == nil && shared.nextHops.map(\.gateway) == [ip("10.10.10.10"), ip("10.10.10.11")])
        #expect(try blueprint.content("ceos01").routes.map(\.metric) == [0, 1024])
        #expect(blueprint.notes.filter { $0.contains("inactive") }.count == 1)
        topology.routers[0].routes[2].metric = 200
        blueprint = try Blueprint(topology: topology)
        #expect(try blueprint.content("ceos01").routes.map(\.metric) == [0, 1024, 200])
    }

    @Test("a node without an address of a family has no tunnel and no routes of it, and the note says so")
    func missingFamily() throws {
        var topology = Labs.dualStack
        topology.nodes[1].interfaces[0].addresses.removeLast()
        topology.nodes[1].routes.removeLast()
        let blueprint = try Blueprint(topology: topology)
        #expect(blueprint.notes.contains { $0.hasPrefix("dual-stack-worker has no IPv6 address") })
        let worker = try blueprint.content("dual-stack-worker")
        #expect(!worker.links.contains { $0.name == "vxlan-v6.calico" })
        #expect(try blueprint.content("dual-stack-worker2").neighbours.count == 3)
    }

    @Test("what is shut down is down, and nothing is routed there")
    func shutdown() throws {
        var topology = Labs.trunks
        topology.routers[0].ports[1].isShutdown = true
        topology.routers[0].vlans[1].isShutdown = true
        topology.routers[0].routes = [Labs.route("10.0.0.0/8", "10.10.30.2"), Labs.route("10.1.0.0/16", "10.10.20.11")]
        let blueprint = try Blueprint(topology: topology)
        let content = try blueprint.content("spine")
        #expect(content.links.filter { !$0.isUp }.map(\.name) == ["eth2", "eth2.30", "vlan20"])
        #expect(content.routes.isEmpty)
        // On plain bridges the VLAN is switched on: only its addresses are gone.
        let plain = try Blueprint(
            topology: topology, features: KernelFeatures.complete.subtracting([.vlanFiltering])
        ).content("spine")
        #expect(plain.links.first { $0.name == "vlan20" }?.isUp == true)
        #expect(!plain.addresses.contains { $0.device == "vlan20" })
    }

    @Test("cables that lead nowhere, twice to one place, or are missing, are all named")
    func badCables() throws {
        var topology = Labs.dualStack
        topology.cables = [
            Labs.cable("ceos01:eth1", "dual-stack-control-plane:eth1"), Labs.cable("ceos01:eth1", "gone:eth1"),
            Labs.cable("ceos01:a name", "dual-stack-worker:eth1"),
        ]
        let error = try #require(throws: BlueprintError.self) { try Blueprint(topology: topology) }
        #expect(
            Set(error.problems) == [
                .secondCable(Endpoint("ceos01", "eth1")), .noSuchDevice(Endpoint("gone", "eth1")),
                .interfaceName(Endpoint("ceos01", "a name")), .noCable(Endpoint("dual-stack-worker", "eth1")),
                .noCable(Endpoint("dual-stack-worker2", "eth1")),
            ])
    }

    @Test("which settings are a link's, and where a new link takes them from")
    func settings() {
        #expect(Sysctl("ipv4/conf/eth0/proxy_arp", "1").link == "eth0")
        #expect(Sysctl("ipv4/conf/eth1.20/forwarding", "1").link == "eth1.20")
        #expect(Sysctl("ipv4/conf/all/rp_filter", "0").link == nil)
        #expect(Sysctl("ipv6/conf/default/accept_dad", "0").link == nil)
        #expect(Sysctl("ipv4/ip_forward", "1").link == nil)
        #expect(Sysctl("ipv4/neigh/vxlan.calico/proxy_delay", "0").link == "vxlan.calico")
        #expect(Sysctl("ipv4/conf/eth0/proxy_arp", "1").defaultPath == "ipv4/conf/default/proxy_arp")
        #expect(Sysctl("ipv4/neigh/eth0/proxy_delay", "0").defaultPath == nil)
        #expect(Sysctl("ipv4/conf/tunl0/rp_filter", "0").defaultPath == nil)
        #expect(Sysctl("ipv4/conf/all/rp_filter", "0").defaultPath == nil)
    }
}
