import Foundation
import KernelTestSupport
import Testing

@Suite("A router's answers, as the system's own tools tell them", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct RouterTests {
    @Test("show vlan and show mac address-table are what bridge and ip say")
    func switching() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-api")
            let router = nslab.pin("ceos01")
            let vlans = try show("show vlan", nslab)["vlans"] as? [[String: Any]] ?? []
            #expect(
                vlans.map { $0["id"] as? Int } == [10] && vlans.first?["name"] as? String == "K8s-DualStack-Network")
            let ports = (vlans.first?["ports"] as? [[String: Any]] ?? []).map { $0["port"] as? String }
            #expect(ports == ["Ethernet1", "Ethernet2", "Ethernet3"])
            let table = try show("show mac address-table", nslab)["entries"] as? [[String: Any]] ?? []
            let seen = Set(table.map { "\($0["macAddress"] ?? "") \($0["port"] ?? "") \($0["type"] ?? "")" })
            // Each node's MAC address, told by the node.
            var nodes: Set<String> = []
            for (number, node) in ["control-plane", "worker", "worker2"].enumerated() {
                let link = try Witness.json("ip -j link show eth1", in: nslab.pin("dual-stack-\(node)")).first
                nodes.insert("\(link?["address"] ?? "") Ethernet\(number + 1) dynamic")
            }
            #expect(seen == nodes)
            // One that somebody put there, as bridge lists it, with its VLAN where the kernel tells VLANs apart.
            let aware = try !Witness.json("bridge -j vlan show", in: router).isEmpty
            let put = "bridge fdb add 02:00:00:00:00:99 dev eth2 master static" + (aware ? " vlan 10" : "")
            #expect(try Witness.run(put.split(separator: " ").map(String.init), in: router).status == 0)
            let text = try nslab.run("cli", "--lab", nslab.lab, "ceos01", "-c", "show mac address-table vlan 10").output
            #expect(text.contains("  10    0200.0000.0099    STATIC      Et2\n"), "\(text)")
            #expect(
                try nslab.run("cli", "--lab", nslab.lab, "ceos01", "-c", "sh mac addr vl 11").output.contains(": 0\n"))
        }
    }

    @Test("routes, addresses and neighbours are what ip says, after somebody changed them too")
    func routing() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-api")
            let router = nslab.pin("ceos01")
            for (change, family) in [
                ("ip route add 203.0.113.0/24 via 10.10.10.11", "ip"),
                ("ip -6 route add fd00:99::/64 via fd00:10:10::11", "ipv6"),
            ] {
                #expect(try Witness.run(change.split(separator: " ").map(String.init), in: router).status == 0)
                let option = family == "ip" ? "-4" : "-6"
                let listed = try Witness.json("ip \(option) -j route show table main", in: router)
                    .compactMap { $0["dst"] as? String }.filter { !$0.hasPrefix("fe80") && !$0.hasPrefix("ff00") }
                let shown = try (show("show \(family) route", nslab)["routes"] as? [[String: Any]] ?? [])
                    .compactMap { $0["prefix"] as? String }
                let loopback = family == "ip" ? "1.1.1.1/32" : "2001:db8::1/128"
                #expect(Set(shown) == Set(listed.map { $0.contains("/") ? $0 : "\($0)/128" } + [loopback]))
            }
            let route = try nslab.run("cli", "--lab", nslab.lab, "ceos01", "-c", "show ip route 203.0.113.9").output
            #expect(route.contains(" S        203.0.113.0/24 [1/0]\n           via 10.10.10.11, Vlan10\n"), "\(route)")
            let brief = try nslab.run("cli", "--lab", nslab.lab, "ceos01", "-c", "show ip interface brief").output
            #expect(brief.contains("Vlan10           10.10.10.1/24        up         up"), "\(brief)")
            let neighbours = try Witness.json("ip -j neigh show dev vlan10", in: router)
            let known = Set(neighbours.map { "\($0["dst"] ?? "") \($0["lladdr"] ?? "")" })
            let tables = try ["show arp", "show ipv6 neighbors"].flatMap {
                try show($0, nslab)["neighbors"] as? [[String: Any]] ?? []
            }
            #expect(Set(tables.map { "\($0["address"] ?? "") \($0["macAddress"] ?? "")" }) == known && known.count >= 6)
        }
    }

    @Test("a conversation: enable, commands, what is no command, exit")
    func conversation() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe", "--no-api")
            let typed = "enable\n\n! a comment\nsh vl\nshow foo\nexit\nshow arp\n"
            let result = try Witness.run([BuiltProgram.path, "cli", "--lab", nslab.lab, "tor"], input: typed)
            #expect(result.status == 0)
            #expect(
                result.output.contains("VLAN  Name") && result.output.contains("% Invalid input"), "\(result.output)")
            // What stands after exit was not read.
            #expect(!result.output.contains("Hardware Addr"))
            let pod = try nslab.run("cli", "--lab", nslab.lab, "worker1", "-c", "show vlan")
            #expect(pod.status == 2 && pod.output.contains("worker1 is a node"), "\(pod.output)")
            let wrong = try nslab.run("cli", "--lab", nslab.lab, "tor", "-c", "show vlanx")
            #expect(wrong.status == 1 && wrong.output == "% Invalid input at line 1\n", "\(wrong.output)")
            let filtered = try nslab.run(
                "cli", "--lab", nslab.lab, "tor", "-p", "15", "-c", "show running-config | section ^vlan | wc -l")
            #expect(filtered.status == 0 && filtered.output == "2\n", "\(filtered.output)")
            let second = try nslab.run("cli", "--lab", nslab.lab, "tor", "-c", "enable\nshow hostname\nshow i")
            #expect(
                second.status == 1
                    && second.output == "Hostname: tor\nFQDN:     tor\n% Ambiguous command at line 3\n",
                "\(second.output)")
        }
    }

    private func show(_ command: String, _ nslab: Program) throws -> [String: Any] {
        try nslab.json("cli", "--lab", nslab.lab, "ceos01", "-c", command)
    }
}
