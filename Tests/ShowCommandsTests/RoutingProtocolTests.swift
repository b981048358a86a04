import Addresses
import NetworkObjects
import ShowCommands
import Testing

@Suite("What BGP and OSPF would say")
struct RoutingProtocolTests {
    private static let lines = [
        "router bgp 65001", "   router-id 10.255.0.1", "   neighbor SPINES peer group",
        "   neighbor SPINES remote-as 65100",
        "   neighbor SPINES description spine", "   neighbor 10.0.12.1 remote-as 65002",
        "   neighbor 10.0.12.1 description to r2", "   neighbor 10.0.13.1 peer group SPINES",
        "   neighbor 10.0.14.1 remote-as 65001", "   neighbor 10.0.14.1 shutdown",
        "   bgp listen range 10.0.10.0/24 peer-group N remote-as 64512",
        "   network 10.255.0.1/32", "router ospf 7", "   router-id 10.255.0.1",
        "   network 10.0.13.0 0.0.0.255 area 0.0.0.0",
        "interface Ethernet4", "   ip ospf area 0.0.0.0",
    ]

    private static var tables: RouterTables {
        var tables = RouterTables(links: [
            ObservedLink(
                index: 1, link: Link("lo", .loopback, mtu: 65536), operationalState: .unknown, hasCarrier: true)
        ])
        for (index, name) in ["eth2", "eth3", "eth4"].enumerated() {
            let device = InterfaceName(name)!
            // Nothing is at the other end of eth3.
            tables.links.append(
                ObservedLink(
                    index: Int32(index + 2), link: Link(device, .veth(peer: nil), mtu: 1500),
                    operationalState: name == "eth3" ? .lowerLayerDown : .up, hasCarrier: name != "eth3"))
            tables.addresses.append(
                ObservedAddress(DeviceAddress(device, InterfaceAddress("10.0.1\(index + 2).0/31")!)))
        }
        tables.addresses.append(ObservedAddress(DeviceAddress("lo", InterfaceAddress("10.255.0.1/32")!)))
        tables.routes = [
            Route(Prefix("10.255.0.2/32")!, via: IPAddress("10.0.12.1"), device: "eth2", origin: .bgp),
            Route(Prefix("10.9.0.0/16")!, via: IPAddress("10.0.12.1"), device: "eth2", origin: .static),
        ]
        var protocols = RoutingProtocols(lines: lines)
        protocols.add(speakers: [
            IPAddress("10.0.12.1")!: .init(autonomousSystem: "65002", routerID: IPv4Address("10.255.0.2")),
            IPAddress("10.0.13.1")!: .init(autonomousSystem: "65100", routerID: nil),
            IPAddress("10.0.10.7")!: .init(autonomousSystem: "64512", routerID: nil),
        ])
        protocols.add(ospfNeighbours: [.init(routerID: IPv4Address("10.255.0.4")!, address: IPAddress("10.0.14.1")!)])
        tables.protocols = protocols
        return tables
    }

    private func text(_ command: String) throws -> String { ShowAnswer(try ShowCommand(command), Self.tables).text }

    @Test("neighbours by name, by group and out of a range; whom each speaks with")
    func reading() {
        let protocols = RoutingProtocols(lines: Self.lines)
        #expect(protocols.bgp?.autonomousSystem == "65001" && protocols.bgp?.neighbours.count == 3)
        #expect(protocols.bgp?.neighbours[1].autonomousSystem == "65100")
        #expect(protocols.bgp?.neighbours[1].description == "spine")
        #expect(
            protocols.speaksBGP(with: IPAddress("10.0.10.7")!) && !protocols.speaksBGP(with: IPAddress("10.0.14.1")!))
        #expect(protocols.runsOSPF("Ethernet3", IPAddress("10.0.13.0")!))
        #expect(protocols.runsOSPF("Ethernet4", IPAddress("10.0.14.0")!))
        #expect(!protocols.runsOSPF("Ethernet2", IPAddress("10.0.12.0")!))
    }

    @Test("a session is as its neighbour and the kernel's link are")
    func summary() throws {
        let summary = try text("show ip bgp summary")
        #expect(
            summary.hasPrefix(
                "BGP summary information for VRF default\nRouter identifier 10.255.0.1, local AS number 65001\n"))
        let rows = summary.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(rows.contains("to r2 10.0.12.1 4 65002 0 0 0 0 00:00:00 Estab 1 1"), "\(summary)")
        #expect(rows.contains("spine 10.0.13.1 4 65100 0 0 0 0 never Idle(NoIf)"), "\(summary)")
        #expect(rows.contains("10.0.14.1 4 65001 0 0 0 0 never Idle(Admin)"), "\(summary)")
        let peers = ShowAnswer(try ShowCommand("show ip bgp summary"), Self.tables).json?["vrfs", "default", "peers"]
        #expect(peers?["10.0.12.1", "peerState"] == "Established" && peers?["10.0.12.1", "prefixReceived"] == 1)
        #expect(peers?["10.0.13.1", "peerState"] == "Idle" && peers?["10.0.10.7", "peerState"] == "Established")
        #expect(ShowAnswer(try ShowCommand("show ip bgp summary"), RouterTables()).text == "% BGP inactive\n")
    }

    @Test("routes of BGP, its neighbours in full, OSPF's")
    func others() throws {
        let routes = try text("show ip bgp")
        #expect(
            routes.contains(" * >      10.255.0.1/32 ") && routes.contains("65002 i\n") && !routes.contains("10.9.0.0"))
        #expect(
            try text("show ip bgp neighbors 10.0.12.1").hasPrefix(
                "BGP neighbor is 10.0.12.1, remote AS 65002, external link\n"))
        #expect(try text("show ip ospf neighbor").contains("10.255.0.4      7        default  0   FULL"))
    }

    @Test("the configuration that comes to what the kernel has, with the protocols' lines")
    func configuration() throws {
        #expect(
            try text("show running-config section router ospf")
                == "router ospf 7\n   router-id 10.255.0.1\n   network 10.0.13.0 0.0.0.255 area 0.0.0.0\n")
        #expect(
            try text("show running-config interfaces Ethernet4")
                == "interface Ethernet4\n   no switchport\n   ip address 10.0.14.0/31\n   ip ospf area 0.0.0.0\n")
        let all = try text("show running-config")
        #expect(
            all.hasPrefix(
                "! Command: show running-config\n! device: router (cEOSLab, EOS-4.34.1F)\n!\nhostname router\n!\n"))
        #expect(all.contains("!\nip route 10.9.0.0/16 10.0.12.1\n!\n") && all.hasSuffix("!\nend\n"), "\(all)")
        let switching = ShowAnswer(try ShowCommand("show running-config"), AnswerTests.aware).text
        #expect(
            switching.contains(
                "vlan 10\n   name servers\n!\nvlan 20\n!\ninterface Ethernet1\n   switchport access vlan 10\n!\ninterface Ethernet2\n   shutdown\n   switchport access vlan 10\n"
            ), "\(switching)")
        #expect(switching.contains("   switchport trunk allowed vlan 10,20\n   switchport mode trunk\n"))
    }
}
