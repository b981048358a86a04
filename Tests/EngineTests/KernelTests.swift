import Addresses
import Blueprint
import BundledTopologies
import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import NetworkObjects
import Synchronization
import System
import Testing
import Topology

@Suite("A lab in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct KernelTests {
    @Test(
        "holds each object of the blueprint and no other, as ip, bridge, nft and /proc tell",
        arguments: ["dual-stack", "two-vlans", "two-routers", "ipip", "nodes-20x10"])
    func sameAsBlueprint(topology: String) throws {
        try TestLab.with(topology) { try compare($0) }
    }

    @Test("conditions of cables are at the ends that frames leave by, as tc tells")
    func conditions() throws {
        let hasNetem = try TemporaryNamespaces.with("a") { names in
            let words = "tc qdisc add dev lo root netem delay 1ms".split(separator: " ").map(String.init)
            return try Witness.run(words, in: names["a"]).status == 0
        }
        var topology = try #require(BundledTopology.named("two-routers")).topology()
        topology.cables[0].conditions[0] = LinkConditions(rate: 8_000_000)
        topology.cables[1].conditions[1] = LinkConditions(delay: hasNetem ? 20_000_000 : 0, rate: 80_000_000)
        try TestLab.with(topology) { lab in
            #expect(lab.blueprint.namespaces.filter { !$0.content.qdiscs.isEmpty }.count == 2)
            try compare(lab)
        }
        if !hasNetem {
            topology.cables[0].conditions[0] = LinkConditions(delay: 1_000_000)
            let error = #expect(throws: NSLabError.self) { try TestLab.with(topology) { _ in } }
            #expect(error?.description.contains("this kernel has no netem: ") == true)
        }
    }

    private func compare(_ lab: TestLab) throws {
        let differences = Mutex<[String]>([])
        try NamespaceThread.forEach(lab.blueprint.namespaces.count) { _, index in
            let namespace = lab.blueprint.namespaces[index]
            let view = try ToolView(lab.pin(namespace.name), settings: namespace.content.sysctls.map(\.path))
            let found = Differences(namespace.content, view).found.map { "\(namespace.name): \($0)" }
            differences.withLock { $0 += found }
        }
        let found = differences.withLock { $0 }
        #expect(found.isEmpty, "\(found.prefix(20).joined(separator: "\n"))")
    }

    @Test("a bring-up that was killed before it wrote what it would make leaves nothing that down does not remove")
    func killedAtOnce() throws {
        let name = "nslabtest-\(getpid())-cut"
        let folder = "\(StateDirectory.root)/\(name)"
        // What is there between the first mkdir(2) and the journal.
        for files in [[], ["topology.yaml.new"], ["topology.yaml", "journal.json.new"]] {
            try TestLab.beingThere { mkdir(folder, 0o755) }
            for file in files { _ = try FileDescriptor(opening: "\(folder)/\(file)", O_CREAT | O_WRONLY) }
            let report = try Lab.down(.named([name]))
            #expect(report.labs.map(\.wasThere) == [false])
            #expect(access(folder, F_OK) != 0)
        }
    }

    @Test("labs that come and go side by side do not take each other's folders along")
    func sideBySide() throws {
        try NamespaceThread.forEach(12, width: 3) { _, _ in try TestLab.with("ipv4-only") { _ in } }
    }

    @Test("two ends of a cable are each other's, as their numbers tell")
    func cables() throws {
        try TestLab.with("dual-stack") { lab in
            var links: [String: [String: ToolView.Object]] = [:]
            for namespace in lab.blueprint.namespaces {
                links[namespace.name] = try ToolView(lab.pin(namespace.name), settings: []).links
            }
            var ends = 0
            for namespace in lab.blueprint.namespaces {
                for link in namespace.content.links {
                    guard case .veth(let peer?) = link.kind else { continue }
                    let near = try #require(links[namespace.name]?[link.name.description])
                    let far = try #require(links[peer.namespace]?[peer.name.description])
                    #expect(near["link_index"] as? Int == far["ifindex"] as? Int)
                    #expect(far["link_index"] as? Int == near["ifindex"] as? Int)
                    ends += 1
                }
            }
            // A cable for each of three nodes and five pods.
            #expect(ends == 2 * (3 + 5))
        }
    }

    @Test("what was changed by hand is a difference: the comparison is not blind")
    func notBlind() throws {
        try TestLab.with("dual-stack") { lab in
            let node = try #require(lab.blueprint.namespaces.first { $0.name == "dual-stack-worker" })
            let pin = lab.pin(node.name)
            func found() throws -> [String] {
                Differences(node.content, try ToolView(pin, settings: node.content.sysctls.map(\.path))).found
            }
            for (change, difference) in [
                ("link set eth1 mtu 1400", "eth1: mtu is 1400, not 1500"),
                ("address add 10.77.0.1/24 dev eth1", "address 10.77.0.1/24 dev eth1 scope 0 is too much"),
                ("address del fd00:10:10::11/64 dev eth1", "address fd00:10:10::11/64 dev eth1 scope 0 is missing"),
                ("route del 1.1.1.1 via 10.10.10.1", "route type 1 1.1.1.1 via 10.10.10.1 proto 3 scope 0"),
                ("route add 9.9.9.9 via 10.10.10.1", "route type 1 9.9.9.9 via 10.10.10.1"),
                ("neigh add 10.10.10.99 lladdr 2:0:0:0:0:1 dev eth1", "neighbour 10.10.10.99 dev eth1 lladdr"),
                ("link add stray type bridge", "link stray is too much"),
                ("link set vxlan.calico down", "vxlan.calico: up is false, not true"),
            ] {
                try Witness.ip(change, in: pin)
                let all = try found()
                #expect(all.contains { $0.hasPrefix(difference) }, "\(change): \(all)")
            }
            try Witness.output(["bridge", "fdb", "del", "66:52:6a:03:c1:3b", "dev", "vxlan-v6.calico"], in: pin)
            #expect(try found().contains { $0.hasPrefix("forwarding entry 66:52:6a:03:c1:3b dev vxlan-v6.calico") })
            try Witness.sysctl("net.ipv4.ip_forward=0", in: pin)
            #expect(try found().contains("ipv4/ip_forward is 0, not 1"))
            try Witness.output(["nft", "flush", "ruleset"], in: pin)
            #expect(try found().contains { $0.hasPrefix("table ip ") && $0.hasSuffix("is missing") })
        }
    }
}
