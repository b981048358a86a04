import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

/// One thing taken out of the built-in lab, and what the walk then names as missing.
@Suite("The missing entry")
struct FaultTests {
    private let blueprint: Blueprint
    private let from: Blueprint.Namespace
    private let to: Blueprint.Namespace

    init() throws {
        blueprint = try Blueprint(topology: Labs.dualStack)
        from = try #require(blueprint.pods(on: "dual-stack-worker").first)
        to = try #require(blueprint.pods(on: "dual-stack-worker2").first)
    }

    private static let tunnel = IPAddress("fd00:10:244:b742:2d01:58:8f51:b000")!
    private static let mac = MACAddress("66:52:6a:03:c1:3b")!

    /// Where a pod's packet to the other node's pod stops after a change of one namespace.
    private func stop(
        _ family: AddressFamily, _ namespace: String, _ change: (inout NamespaceContent) -> Void
    ) throws -> (namespace: String, reason: Path.DropReason) {
        var broken = blueprint
        let index = try #require(broken.namespaces.firstIndex { $0.name == namespace })
        change(&broken.namespaces[index].content)
        let address = try #require(to.addresses.first { $0.family == family })
        let trip = PacketSimulator(broken).roundTrip(from: from.name, to: address)
        #expect(trip.expectedReplyTTL == nil)
        return try #require(trip.stop)
    }

    @Test("a block's route")
    func route() throws {
        let found = try stop(.ipv6, "dual-stack-worker") { $0.routes.removeAll { $0.gateway == Self.tunnel } }
        #expect(found == ("dual-stack-worker", .noRoute(to: to.addresses[1])))
    }

    @Test("a tunnel end's neighbour entry")
    func neighbour() throws {
        let found = try stop(.ipv6, "dual-stack-worker") { $0.neighbours.removeAll { $0.address == Self.tunnel } }
        #expect(found == ("dual-stack-worker", .noNeighbour(Self.tunnel, on: "vxlan-v6.calico")))
    }

    @Test("a tunnel end's forwarding entry")
    func forwardingEntry() throws {
        let found = try stop(.ipv6, "dual-stack-worker") { $0.forwarding.removeAll { $0.mac == Self.mac } }
        #expect(found == ("dual-stack-worker", .noForwardingEntry(Self.mac, on: "vxlan-v6.calico")))
    }

    @Test("the way back is told apart from the way there")
    func reply() throws {
        let found = try stop(.ipv6, "dual-stack-worker2") { content in
            content.forwarding.removeAll { $0.mac == MACAddress("66:ee:a7:ef:78:65") }
        }
        #expect(
            found == ("dual-stack-worker2", .noForwardingEntry(MACAddress("66:ee:a7:ef:78:65")!, on: "vxlan-v6.calico"))
        )
    }

    @Test("a tunnel end of another MAC address, or without its device")
    func tunnelEnd() throws {
        let wanted = Path.DropReason.noTunnelEnd(at: IPAddress("fd00:10:10::12")!, Self.mac)
        for change: (inout Link) -> Void in [{ $0.mac = MACAddress(1) }, { $0.isUp = false }] {
            let found = try stop(.ipv6, "dual-stack-worker2") { content in
                for index in content.links.indices where content.links[index].name == "vxlan-v6.calico" {
                    change(&content.links[index])
                }
            }
            #expect(found == ("dual-stack-worker", wanted))
        }
    }

    @Test("the underlay")
    func underlay() throws {
        let found = try stop(.ipv6, "dual-stack-worker2") { content in
            content.addresses.removeAll { $0.address.address == IPAddress("fd00:10:10::12") }
        }
        #expect(found == ("dual-stack-worker", .noUnderlay(to: IPAddress("fd00:10:10::12")!)))
    }

    @Test("a router's port that is down, or out of its VLAN")
    func port() throws {
        let wanted = Path.DropReason.nobodyAnswers(IPAddress("10.10.10.12")!, on: "eth1")
        let down = try stop(.ipv4, "ceos01") { content in
            for index in content.links.indices where content.links[index].name == "eth3" {
                content.links[index].isUp = false
            }
        }
        #expect(down == ("dual-stack-worker", wanted))
        let out = try stop(.ipv4, "ceos01") { $0.bridgeVLANs.removeAll { $0.device == "eth3" } }
        #expect(out == ("dual-stack-worker", wanted))
    }

    @Test("forwarding, the pod's own route, proxy ARP and what it needs")
    func pod() throws {
        let forwarding = try stop(.ipv6, "dual-stack-worker2") { content in
            content.sysctls.removeAll { $0.path == "ipv6/conf/all/forwarding" }
        }
        #expect(forwarding == ("dual-stack-worker2", .notForwarding(.ipv6)))
        let hostRoute = try stop(.ipv4, "dual-stack-worker2") { content in
            content.routes.removeAll { $0.destination == to.addresses[0].hostPrefix }
        }
        let blackhole = Route(Prefix("192.168.183.64/26")!, .blackhole, origin: .calico)
        #expect(hostRoute == ("dual-stack-worker2", .dropped(by: blackhole)))
        let gateway = IPAddress("169.254.1.1")!
        let unanswered = (from.name, Path.DropReason.nobodyAnswers(gateway, on: "eth0"))
        let noProxy = try stop(.ipv4, "dual-stack-worker") { content in
            content.sysctls.removeAll { $0.path.hasSuffix("proxy_arp") }
        }
        #expect(noProxy == unanswered)
        let noRoute = try stop(.ipv4, "dual-stack-worker") { content in
            content.routes.removeAll { $0.destination == gateway.hostPrefix }
        }
        #expect(noRoute == unanswered)
    }

    @Test("a loop ends, and a namespace that is not there is said to be so")
    func loop() throws {
        var broken = blueprint
        for index in broken.namespaces.indices where broken.namespaces[index].kind == .node {
            let next = broken.namespaces[index].name == "dual-stack-worker" ? "10.10.10.12" : "10.10.10.11"
            broken.namespaces[index].content.routes.append(
                Route(Prefix("9.9.9.9/32")!, via: IPAddress(next)!, device: "eth1"))
        }
        let plane = PacketSimulator(broken)
        #expect(plane.roundTrip(from: from.name, to: IPAddress("9.9.9.9")!).stop?.reason == .loop)
        #expect(plane.roundTrip(from: "nobody", to: IPAddress("9.9.9.9")!).stop?.reason == .noNamespace)
    }
}
