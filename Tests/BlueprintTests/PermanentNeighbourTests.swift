import Addresses
import Blueprint
import BundledTopologies
import NetworkObjects
import Testing

@Suite("Neighbours that a lab knows by itself")
struct PermanentNeighbourTests {
    private func blueprint(_ name: String, isPermanent: Bool) throws -> Blueprint {
        var blueprint = try Blueprint(topology: #require(BundledTopology.named(name)).topology())
        if isPermanent { blueprint.makeNeighboursPermanent() }
        return blueprint
    }

    @Test("whoever is asked on a link has an entry, with the MAC address of the link that answers")
    func entries() throws {
        let blueprint = try blueprint("dual-stack", isPermanent: true)
        func namespace(_ name: String) throws -> NamespaceContent {
            try #require(blueprint.namespaces.first { $0.name.hasPrefix(name) }).content
        }
        func mac(_ link: InterfaceName, _ name: String) throws -> String {
            try #require(namespace(name).links.first { $0.name == link }?.mac).description
        }
        func entries(_ device: InterfaceName, _ name: String) throws -> [String: String?] {
            let all = try namespace(name).neighbours.filter { $0.device == device && $0.state == .permanent }
            return Dictionary(uniqueKeysWithValues: all.map { ($0.address.description, $0.mac?.description) })
        }
        let (worker2, control, router) = try (
            mac("eth1", "dual-stack-worker2"), mac("eth1", "dual-stack-control-plane"),
            #require(namespace("ceos01").links.first { $0.name == "vlan10" }?.mac).description
        )
        #expect(
            try entries("eth1", "dual-stack-worker") == [
                "10.10.10.12": worker2, "fd00:10:10::12": worker2, "10.10.10.10": control, "fd00:10:10::10": control,
                "10.10.10.1": router, "fd00:10:10::1": router,
            ])
        #expect(try entries("vlan10", "ceos01").count == 6)
        // A pod's next hops are answered by its node, and the pod's addresses by the pod.
        #expect(
            try entries("eth0", "multitool-kj598") == [
                "169.254.1.1": "ee:ee:ee:ee:ee:ee", "fe80::ecee:eeff:feee:eeee": "ee:ee:ee:ee:ee:ee",
            ])
        let pod = try mac("eth0", "multitool-kj598")
        #expect(
            try entries("cali7476f26c3f9", "dual-stack-worker") == [
                "192.168.77.1": pod, "fd00:10:244:1b38:1133:7e2c:be1e:4d01": pod,
            ])
        #expect(Set([worker2, control, router, pod]).count == 4)
    }

    @Test("who does not forward asks for no routers, so that nobody learns its link-local address")
    func solicitations() throws {
        let setting = Sysctl("ipv6/conf/default/router_solicitations", "0")
        for isPermanent in [false, true] {
            for namespace in try blueprint("dual-stack", isPermanent: isPermanent).namespaces {
                let isQuiet = namespace.content.sysctls.contains(setting)
                #expect(isQuiet == (isPermanent && namespace.kind == .pod), "\(namespace.name)")
            }
        }
    }

    @Test("packets take the same ways", arguments: ["dual-stack", "two-vlans", "two-routers", "no-encapsulation"])
    func paths(name: String) throws {
        let (learned, permanent) = try (
            blueprint(name, isPermanent: false), blueprint(name, isPermanent: true)
        )
        let (before, after) = (PacketSimulator(learned), PacketSimulator(permanent))
        let ends = learned.namespaces.flatMap { namespace in namespace.addresses.map { (namespace.name, $0) } }
        func names(_ path: Path) -> [String] { path.hops.map(\.namespace) + ["\(path.end)"] }
        for (from, _) in ends {
            for (_, to) in ends {
                let (one, other) = (names(before.path(from: from, to: to)), names(after.path(from: from, to: to)))
                #expect(one == other)
            }
        }
    }

    @Test("a lab that has them keeps them, whatever changes")
    func kept() throws {
        let first = try blueprint("dual-stack", isPermanent: true)
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        #expect(try Blueprint(topology: topology, keeping: first.allocations) == first)
    }
}
