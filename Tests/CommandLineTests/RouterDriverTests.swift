import Foundation
import KernelTestSupport
import Testing

/// NAPALM's and netmiko's own drivers for EOS, which `tools/drivers` fetches, reading and configuring a lab's router.
@Suite("Drivers for switches", .needsRoot, .timeLimit(.minutes(20)))
struct RouterDriverTests {
    private static let topology = """
        lab: x
        routers:
          sw:
            hostname: ceos
            vlans: { 10: { name: USERS, addresses: [10.0.10.1/24, "2001:db8:10::1/64"] } }
            ports:
              eth1: { access: 10, connect: "h1:eth1" }
              eth2: { addresses: [10.0.2.1/31], connect: "r2:eth1", description: to r2 }
            loopbacks: { Loopback0: [10.255.0.1/32] }
            routes: ["10.255.0.2/32 via 10.0.2.0 proto ebgp", 10.9.0.0/16 via 10.0.2.0]
            protocols: [router bgp 65001, "   router-id 10.255.0.1", "   neighbor 10.0.2.0 remote-as 65002"]
          r2:
            ports:
              eth1: { addresses: [10.0.2.0/31] }
            loopbacks: { Loopback0: [10.255.0.2/32] }
            routes: [10.0.10.0/24 via 10.0.2.1]
            protocols: [router bgp 65002, "   neighbor 10.0.2.1 remote-as 65001"]
        hosts:
          h1: { interfaces: { eth1: { addresses: [10.0.10.11/24] } }, routes: [default via 10.0.10.1] }
        allowPendingPods: true
        """

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    private static let tool =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/tools/drivers"

    @Test("read what the router has, and configure it")
    func drivers() throws {
        let python = try Witness.output([Self.tool]).split(separator: "\n").last.map(String.init) ?? ""
        try Program.with(topology: Self.topology) { nslab in
            try Witness.output(["ping", "-c", "1", "10.0.10.1"], in: nslab.pin("h1"))
            let text = try Witness.output(
                [python, "\(Self.folder)/Drivers/drivers.py", BuiltProgram.path, nslab.lab, "sw"])
            let start = try #require(text.firstIndex(of: "{"))
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(text[start...].utf8)) as? [String: [String: Any]])
            let (netmiko, napalm) = (report["netmiko"] ?? [:], report["napalm"] ?? [:])
            for (getter, value) in napalm where (value as? String)?.contains("Error") == true {
                Issue.record("\(getter): \(value)")
            }
            #expect(netmiko["prompt"] as? String == "ceos#")
            #expect((netmiko["version"] as? [[String: Any]])?.first?["model"] as? String == "cEOSLab")
            #expect((netmiko["brief"] as? [[String: Any]])?.count == 3, "\(netmiko["brief"] ?? "")")
            #expect(netmiko["long"] as? String == "")
            #expect((netmiko["description"] as? String)?.hasSuffix("Description: by netmiko") == true)

            #expect((napalm["get_facts"] as? [String: Any])?["hostname"] as? String == "ceos")
            // What the kernel says of the same.
            let link = try #require(try Witness.json("ip -j link show eth1", in: nslab.pin("sw")).first)
            let interface = (napalm["get_interfaces"] as? [String: [String: Any]])?["Ethernet1"]
            #expect(
                interface?["description"] as? String == link["ifalias"] as? String && interface?["mtu"] as? Int == 1450)
            #expect((interface?["mac_address"] as? String)?.lowercased() == link["address"] as? String)
            let addresses = napalm["get_interfaces_ip"] as? [String: [String: [String: Any]]]
            #expect(addresses?["Vlan10"]?["ipv4"]?.keys.sorted() == ["10.0.10.1"])
            #expect(addresses?["Vlan10"]?["ipv6"]?.keys.contains("2001:db8:10::1") == true)
            let neighbour = try #require(try Witness.json("ip -j neigh show 10.0.10.11", in: nslab.pin("sw")).first)
            let arp = napalm["get_arp_table"] as? [[String: Any]] ?? []
            #expect(
                arp.contains {
                    $0["ip"] as? String == "10.0.10.11"
                        && ($0["mac"] as? String)?.lowercased() == neighbour["lladdr"] as? String
                }, "\(arp)")
            #expect((napalm["get_vlans"] as? [String: [String: Any]])?["10"]?["name"] as? String == "USERS")
            let lldp = (napalm["get_lldp_neighbors"] as? [String: [[String: Any]]])?["Ethernet2"]?.first
            #expect(lldp?["hostname"] as? String == "r2" && lldp?["port"] as? String == "Ethernet1")
            let peers = (napalm["get_bgp_neighbors"] as? [String: [String: Any]])?["global"]?["peers"]
            let peer = (peers as? [String: [String: Any]])?["10.0.2.0"]
            #expect(peer?["is_up"] as? Bool == true && peer?["remote_as"] as? Int == 65002, "\(peers ?? "")")
            let route = (napalm["get_route_to"] as? [String: [[String: Any]]])?["10.9.0.0/16"]?.first
            #expect(route?["next_hop"] as? String == "10.0.2.0", "\(napalm["get_route_to"] ?? "")")
            #expect(try nslab.run("verify", nslab.lab).status == 0)
        }
    }
}
