import BundledTopologies
import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing
import Topology

@Suite("Drift: what is changed behind nslab's back", .needsRoot, .timeLimit(.minutes(20)))
struct DriftTests {
    /// A change by another tool, and what verify has to say of it.
    struct Drift {
        /// The namespace that the tool works in; nil for the host's own.
        var namespace: String?
        /// The words of one command or of several, as they are typed.
        var commands: [String]
        /// What the only difference says.
        var difference: String
        /// How many operations repair it; nil where what went along with it is made again too.
        var operations: Int? = 1
    }

    private static let node = "dual-stack-worker"
    private static let link = "dual-stack-worker: link vxlan.calico "
    private static let cali = "cali7476f26c3f9"
    private static let tunnel = "192.168.183.64"
    private static let mac = "66:52:6a:03:c1:3b"

    private static let drifts: [Drift] = [
        // Links.
        Drift(namespace: node, commands: ["ip link del vxlan.calico"], difference: ": missing", operations: nil),
        Drift(namespace: node, commands: ["ip link del eth1"], difference: "link eth2", operations: nil),
        Drift(
            namespace: node, commands: ["ip link del vxlan.calico", vxlan(4097)],
            difference: "vxlan id: want 4096, found 4097", operations: nil),
        Drift(
            namespace: node, commands: ["ip link set vxlan.calico mtu 1400"], difference: "mtu: want 1450, found 1400"),
        Drift(
            namespace: node, commands: ["ip link set vxlan.calico address 02:00:00:00:00:01"],
            difference: "address: want 66:9f:32:6d:7b:c8, found 02:00:00:00:00:01", operations: nil),
        Drift(namespace: node, commands: ["ip link set \(cali) group 7"], difference: "group: want 0, found 7"),
        Drift(
            namespace: node, commands: ["ip link set eth1 down"], difference: "state: want up, found down",
            operations: nil),
        Drift(
            namespace: "ceos01", commands: ["ip link set eth2 nomaster"], difference: "master: want "),
        // Addresses.
        Drift(
            namespace: node, commands: ["ip addr del 10.10.10.11/24 dev eth1"],
            difference: "address 10.10.10.11/24 dev eth1: missing", operations: nil),
        Drift(
            namespace: node, commands: ["ip addr del fd00:10:10::11/64 dev eth1"],
            difference: "address fd00:10:10::11/64 dev eth1 nodad: missing"),
        Drift(
            namespace: "ceos01",
            commands: ["ip addr add 1.1.1.1/30 dev lo", "ip addr del 1.1.1.1/32 dev lo"],
            difference: "prefix length: want 32, found 30", operations: 2),
        Drift(
            namespace: node, commands: ["ip addr change 10.10.10.11/24 dev eth1 preferred_lft 0"],
            difference: "flags: want none, found deprecated", operations: nil),
        Drift(
            namespace: "ceos01", commands: ["ip addr add 10.10.10.12/32 dev lo"],
            difference: "address 10.10.10.12/32 dev lo: extra"),
        // Routes.
        Drift(namespace: node, commands: ["ip route del 1.1.1.1"], difference: "route 1.1.1.1/32 via 10.10.10.1"),
        Drift(
            namespace: node, commands: ["ip route replace 1.1.1.1 via 10.10.10.12"],
            difference: "via: want 10.10.10.1, found 10.10.10.12"),
        Drift(
            namespace: node, commands: ["ip -6 route replace blackhole 2001:db8::/32"],
            difference: "type: want unicast, found blackhole", operations: 2),
        Drift(
            namespace: node,
            commands: ["ip route replace 1.1.1.1 nexthop via 10.10.10.1 dev eth1 nexthop via 10.10.10.99 dev eth1"],
            difference: "found nexthop via 10.10.10.1 dev eth1 weight 1 nexthop via 10.10.10.99 dev eth1 weight 1"),
        Drift(
            namespace: node, commands: ["ip -6 route append 2001:db8::/32 via fd00:10:10::99 dev eth1"],
            difference: "via: want fd00:10:10::1, found nexthop via fd00:10:10::1 dev eth1 weight 1 nexthop",
            operations: 2),
        Drift(
            namespace: node, commands: ["ip route change 1.1.1.1 via 10.10.10.1 dev eth1 mtu lock 1300"],
            difference: "mtu: want none, found 1300"),
        Drift(
            namespace: node, commands: ["ip route add 1.1.1.1 via 10.10.10.12 tos 0x10"],
            difference: "route 1.1.1.1/32 tos 0x10 via 10.10.10.12 dev eth1: extra"),
        Drift(
            namespace: node, commands: ["ip route add 192.168.183.65 via 10.10.10.10"],
            difference: "route 192.168.183.65/32 via 10.10.10.10 dev eth1: extra"),
        // Rules that choose a table.
        Drift(
            namespace: node, commands: ["ip rule del pref 32766"],
            difference: "rule pref 32766 from all lookup main: missing"),
        Drift(
            namespace: node, commands: ["ip -6 rule del pref 0"],
            difference: "rule -6 pref 0 from all lookup local: missing"),
        Drift(
            namespace: node, commands: ["ip addrlabel del prefix fc00::/7 label 5"],
            difference: "addrlabel prefix fc00::/7 label 5: missing"),
        // Neighbours.
        Drift(
            namespace: node, commands: ["ip neigh del \(tunnel) dev vxlan.calico"],
            difference: "neighbour \(tunnel) dev vxlan.calico lladdr"),
        Drift(
            namespace: node,
            commands: ["ip neigh change \(tunnel) dev vxlan.calico lladdr 02:00:00:00:00:02 nud permanent"],
            difference: ", found 02:00:00:00:00:02"),
        Drift(
            namespace: node, commands: ["ip neigh change \(tunnel) dev vxlan.calico nud reachable"],
            difference: "state: want PERMANENT, found REACHABLE"),
        Drift(
            namespace: node, commands: ["ip neigh add 10.10.10.1 lladdr 02:00:00:00:00:03 dev eth1 nud permanent"],
            difference: "neighbour 10.10.10.1 dev eth1 lladdr 02:00:00:00:00:03 PERMANENT: extra"),
        // Forwarding entries.
        Drift(
            namespace: node, commands: ["bridge fdb del \(mac) dev vxlan-v6.calico"],
            difference: "fdb \(mac) dev vxlan-v6.calico dst fd00:10:10::12 self permanent: missing"),
        Drift(
            namespace: node, commands: ["bridge fdb replace \(mac) dev vxlan-v6.calico dst fd00:10:10::10"],
            difference: "dst: want fd00:10:10::12, found fd00:10:10::10"),
        Drift(
            namespace: node, commands: ["bridge fdb append 00:00:00:00:00:00 dev vxlan.calico dst 10.10.10.10"],
            difference: "fdb 00:00:00:00:00:00 dev vxlan.calico dst 10.10.10.10 self permanent: extra"),
        // Settings.
        Drift(
            namespace: node, commands: ["sysctl -qw net.ipv4.conf.\(cali).proxy_arp=0"],
            difference: "\(cali): proxy_arp: want 1, found 0"),
        Drift(
            namespace: node, commands: ["sysctl -qw net.ipv4.neigh.\(cali).proxy_delay=80"],
            difference: "\(cali): proxy_delay (ipv4 neigh): want 0, found 80"),
        Drift(
            namespace: node, commands: ["sysctl -qw net.ipv6.conf.\(cali).proxy_ndp=0"],
            difference: "\(cali): proxy_ndp: want 1, found 0"),
        Drift(
            namespace: node, commands: ["sysctl -qw net.ipv4.ip_forward=0"],
            difference: "net.ipv4.ip_forward: want 1, found 0",
            operations: nil),
        // Rules.
        Drift(
            namespace: node, commands: ["nft delete table ip calico"], difference: "table ip calico: missing"),
        Drift(
            namespace: node, commands: ["nft flush chain ip calico nat-cali-nat-outgoing"],
            difference: "chain nat-cali-nat-outgoing rule: want ip saddr"),
        Drift(
            namespace: node, commands: ["nft insert rule ip calico nat-cali-nat-outgoing accept"],
            difference: "chain nat-cali-nat-outgoing rule: want none, found accept"),
        Drift(
            namespace: node, commands: ["nft add chain ip6 calico another"],
            difference: "table ip6 calico: chain another: want none, found present"),
        Drift(
            namespace: node, commands: ["nft delete element ip calico cali40masq-ipam-pools { 192.168.0.0/16 }"],
            difference: "set cali40masq-ipam-pools element: want 192.168.0.0/16"),
        Drift(
            namespace: node, commands: ["nft add element ip calico cali40all-ipam-pools { 172.16.0.0/12 }"],
            difference: "set cali40all-ipam-pools element: want none, found 172.16.0.0/12"),
        Drift(
            namespace: node, commands: ["nft delete element ip kube-proxy cluster-ips { 10.96.0.10 }"],
            difference: "set cluster-ips element: want 10.96.0.10"),
    ]

    private static func vxlan(_ vni: Int) -> String {
        "ip link add vxlan.calico type vxlan id \(vni) local 10.10.10.11 dev eth1 dstport 4789 nolearning"
    }

    @Test("of each kind, one object that is deleted, changed or added is named alone, and up repairs it alone")
    func eachKind() throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        try TestLab.with("dual-stack") { lab in
            let fresh = try lab.differences(strict: true)
            #expect(fresh == [])
            for drift in Self.drifts {
                let title = "\(drift.commands)"
                for command in drift.commands { try Self.run(command, in: drift.namespace.map(lab.pin)) }
                let differences = try lab.differences()
                #expect(differences.count == 1, "\(title): \(differences.joined(separator: "\n"))")
                #expect(differences.first?.contains(drift.difference) == true, "\(title): \(differences)")
                #expect(try lab.differences(strict: true) == differences, "\(title)")
                let planned = try lab.plan(topology).map(\.text)
                if let operations = drift.operations { #expect(planned.count == operations, "\(title): \(planned)") }
                let report = try lab.up(topology)
                #expect(report.changes.map(\.text) == planned, "\(title)")
                #expect(!report.wasThere)
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "\(title): \(left.joined(separator: "\n"))")
            }
            #expect(try lab.up(topology).wasThere)
            // By the eyes of other tools too.
            for namespace in lab.blueprint.namespaces {
                let view = try ToolView(lab.pin(namespace.name), settings: namespace.content.sysctls.map(\.path))
                let found = Differences(namespace.content, view).found
                #expect(found.isEmpty, "\(namespace.name): \(found)")
            }
        }
    }

    @Test("what users add beside the lab is told with --strict alone, left alone by up, and removed by reset")
    func additions() throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin(Self.node)
            for command in [
                "ip addr add 10.77.0.1/24 dev eth1", "ip addr add 10.78.0.1/24 dev eth1 scope link",
                "ip addr add fe80::77/64 dev eth1", "ip rule add pref 100 from 10.77.0.0/24 lookup 100",
                "ip route add 9.9.9.9 via 10.10.10.1",
                "ip route add 9.9.9.0/24 via 10.10.10.1 table 100", "ip link add stray type bridge",
                "ip neigh add 10.10.10.99 lladdr 02:00:00:00:00:09 dev eth1 nud permanent",
                "nft add table inet mine",
            ] { try Self.run(command, in: node) }
            try Self.run("nft add table inet mine", in: lab.pin("ceos01"))
            let process = try Witness.Process(["sleep", "1000"], in: node)
            try process.waitToBecome("sleep")

            #expect(try lab.differences() == [])
            let all = try lab.differences(strict: true)
            #expect(all.count == 11, "\(all.joined(separator: "\n"))")
            for difference in [
                "address 10.77.0.1/24 dev eth1: added", "address 10.78.0.1/24 dev eth1 scope link: added",
                "address fe80::77/64 dev eth1 scope link: added",
                "rule pref 100 from 10.77.0.0/24 lookup 100: added",
                "route 9.9.9.9/32 via 10.10.10.1 dev eth1: added",
                "route 9.9.9.0/24 via 10.10.10.1 dev eth1 table 100: added", "link stray ",
                "neighbour 10.10.10.99", "process \(process.pid) (sleep): added",
                "ceos01: table inet mine: added",
            ] { #expect(all.contains { $0.contains(difference) }, "\(difference): \(all)") }
            #expect(try lab.plan(topology).isEmpty)
            #expect(try lab.up(topology).wasThere)
            #expect(try lab.differences(strict: true) == all)

            let reset = try Lab.running(lab.name).reset()
            #expect(reset.processes == [process.pid])
            #expect(reset.changes.count == 10, "\(reset.changes.map(\.text))")
            #expect(try process.wait().status != 0)
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("pins, namespaces, files and the background process that are gone are named and made again")
    func lost() throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        try TestLab.with("dual-stack") { lab in
            func mend(_ expected: String) throws {
                let differences = try lab.differences()
                #expect(differences.count == 1, "\(expected): \(differences.joined(separator: "\n"))")
                #expect(differences.first?.contains(expected) == true, "\(differences)")
                try lab.up(topology)
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "\(expected): \(left.joined(separator: "\n"))")
                for namespace in lab.blueprint.namespaces { try Witness.waitForCarriers(in: lab.pin(namespace.name)) }
                let probes = try Lab.running(lab.name).probe()
                #expect(probes.failed == 0, "\(expected): \(probes.failures)")
            }
            let pod = try lab.pod(on: Self.node)
            try Witness.ip("netns del \(lab.pin(pod.name))")
            try mend("\(pod.name): namespace \(lab.pin(pod.name)): missing")
            let gateway = try Witness.ip("-br link show vlan10", in: lab.pin("ceos01")).split(separator: " ")[2]
            try Witness.ip("netns del \(lab.pin(Self.node))")
            try mend("\(Self.node): namespace \(lab.pin(Self.node)): missing")
            // The others know the gateway by its address, and do not ask again.
            #expect(try Witness.ip("-br link show vlan10", in: lab.pin("ceos01")).split(separator: " ")[2] == gateway)
            try Witness.ip("netns del \(lab.pin("ceos01"))")
            try mend("ceos01: namespace \(lab.pin("ceos01")): missing")
            unlink("/etc/netns/\(lab.pin(pod.name))")
            try mend("\(pod.name): file /etc/netns/\(lab.pin(pod.name))/resolv.conf: missing")
            let responders = try #require(
                Remains(of: lab.name).processes.first.flatMap { $0.split(separator: ":").first })
            kill(try #require(pid_t(responders)), SIGKILL)
            try eventually { Remains(of: lab.name).processes.isEmpty }
            try mend("process that answers for pods: missing")
            #expect(Remains(of: lab.name).processes.count == 1)
            // Answers come again from where a namespace was lost.
            let answer = try Witness.output(
                ["curl", "-sS", "--max-time", "5", "http://\(try #require(pod.addresses.first)):8080/"],
                in: lab.pin(try lab.pod(on: "dual-stack-worker2").name))
            #expect(answer.contains(pod.name))
        }
    }

    private static func run(_ command: String, in pin: String?) throws {
        try Witness.output(command.split(separator: " ").map(String.init), in: pin)
    }
}
