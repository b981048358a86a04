import Addresses
import Testing
import Topology

@Suite("Hosts, and what nodes and hosts have besides cables")
struct MachineFormatTests {
    private static let yaml = """
        lab: machines
        allowPendingPods: true
        routers:
          r:
            vlans:
              10: { addresses: [10.0.0.1/24] }
            ports:
              eth{1..2}: { access: 10 }
            forwards: [IPv4]
            learnsBlocks: true
        nodes:
          n:
            role: control-plane
            tainted: false
            interfaces:
              eth1: { connect: "r:eth1", master: br0, mac: "02:00:00:00:00:01" }
              eth1.20: { vlan: { parent: eth1, id: 20 }, shutdown: true }
              br0: { kind: bridge, addresses: [10.0.0.2/24] }
            sysctls:
              ipv4/ip_forward: "0"
            commands:
              - [tc, qdisc, show, "{x}"]
        hosts:
          h:
            hostname: elsewhere
            interfaces:
              eth1: { connect: "r:eth2", addresses: [10.0.0.3/24] }
              lo: { kind: dummy, addresses: [10.9.9.9/32] }
            routes:
              - default via 10.0.0.1
        cluster:
          pools:
            p: { cidr: 192.168.0.0/16, nodeSelector: "zone == 'a' && !has(edge)", allowedUses: [Workload], assignmentMode: Manual, disableBGPExport: true }
        workloads:
          w: { kind: ReplicaSet, replicas: 2, affinity: { required: [{ labels: [{ key: zone, operator: In, values: [a] }] }], preferred: [{ weight: 5, names: [{ key: metadata.name, operator: Exists }] }] }, hostNetwork: true }
          w-2: { kind: Pod, mac: "02:00:00:00:00:02", name: w }
        """

    @Test("are read, and written so that they are read again")
    func roundTrip() throws {
        let topology = try Topology.read(Self.yaml, file: "lab.yaml")
        #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
        #expect(topology.routers[0].forwards == [.ipv4])
        #expect(topology.routers[0].learnsBlocks)
        let node = topology.nodes[0]
        #expect(!node.isTainted)
        #expect(node.interfaces.map(\.kind) == [.cable, .vlan(parent: "eth1", id: 20), .bridge])
        #expect(node.interfaces[0].master == "br0")
        #expect(node.interfaces[1].isShutdown)
        #expect(node.sysctls == ["ipv4/ip_forward": "0"])
        #expect(node.commands.map(\.words) == [["tc", "qdisc", "show", "{x}"]])
        #expect(topology.hosts[0].hostname == "elsewhere")
        #expect(topology.cables.count == 2)
        let pool = topology.cluster.pools[0]
        #expect(pool.allowedUses == [.workload] && !pool.assignsAutomatically && pool.disablesBGPExport)
        #expect(topology.workloads.map(\.name) == ["w", "w"])
        #expect(topology.workloads[0].usesHostNetwork)
        #expect(topology.workloads[0].affinity.preferred.map(\.weight) == [5])
    }

    @Test("what a real cluster takes is tolerated where that is asked for, and an error elsewhere")
    func tolerated() throws {
        let topology = try Topology.read(Self.yaml, file: "lab.yaml")
        #expect(topology.problems().isEmpty)
        #expect(topology.tolerated().contains { $0.path.description.hasPrefix("workloads.w") })
        var strict = topology
        strict.allowsPendingPods = false
        #expect(!strict.problems().isEmpty)
        #expect(strict.tolerated().isEmpty)
    }

    @Test(
        "what is wrong with them has its place",
        arguments: [
            (
                "vlan: { parent: eth1, id: 20 }", "vlan: { parent: eth9, id: 20 }",
                "nodes.n.interfaces.eth1.20.vlan.parent"
            ),
            ("vlan: { parent: eth1, id: 20 }", "vlan: { parent: eth1, id: 0 }", "nodes.n.interfaces.eth1.20.vlan.id"),
            ("master: br0", "master: br7", "nodes.n.interfaces.eth1.master"),
            ("ipv4/ip_forward", "kernel/hostname", "nodes.n.sysctls.kernel/hostname"),
            ("ipv4/ip_forward", "ipv4/../../kernel/x", "nodes.n.sysctls.ipv4/../../kernel/x"),
            ("[tc, qdisc, show, \"{x}\"]", "[]", "nodes.n.commands[0]"),
            ("[tc, qdisc, show, \"{x}\"]", "{ after: { h: 1 } }", "nodes.n.commands[0]"),
            ("[tc, qdisc, show, \"{x}\"]", "{ run: [a], after: { g: 1 } }", "nodes.n.commands[0].after.g"),
            ("[tc, qdisc, show, \"{x}\"]", "{ run: [a], after: { h: 1 } }", "nodes.n.commands[0].after.h"),
            ("[tc, qdisc, show, \"{x}\"]", "{ run: [a], after: { h: none } }", "nodes.n.commands[0].after.h"),
            ("connect: \"r:eth2\", addresses", "addresses", "hosts.h.interfaces.eth1"),
            ("via 10.0.0.1\n", "via fe80::1\n", "hosts.h.routes[0]"),
            ("zone == 'a' && !has(edge)", "zone = 'a'", "cluster.pools.p.nodeSelector"),
            ("mac: \"02:00:00:00:00:02\"", "mac: x", "workloads.w-2.mac"),
            ("operator: In", "operator: Within", "workloads.w.affinity.required[0].labels[0].operator"),
        ])
    func wrong(part: String, with wrong: String, path: String) {
        let yaml = Self.yaml.replacing("allowPendingPods: true", with: "").replacing(part, with: wrong)
        let error = #expect(throws: TopologyErrors.self) { try Topology.read(yaml, file: "lab.yaml") }
        #expect(error?.errors.contains { $0.path.description == path } == true, "\(error?.description ?? "")")
    }
}
