import Addresses
import Testing

@testable import LabFolders

@Suite("EOS startup configuration")
struct EOSConfigurationTests {
    private func read(_ text: String) -> EOSConfiguration { EOSConfiguration(text, file: "tor.cfg") }

    private func interface(_ name: String, _ configuration: EOSConfiguration) throws -> EOSConfiguration.Interface {
        let name = try #require(EOSInterfaceName(name))
        return try #require(configuration.interfaces.first { $0.name == name })
    }

    @Test("the lines of routing protocols are kept as they were written, those of interfaces too")
    func protocolLines() throws {
        let configuration = read(
            """
            interface Ethernet1-2
               ip ospf area 0.0.0.0
               channel-group 4 mode on
            router bgp 65001
               neighbor 10.0.0.1 remote-as 65002
               address-family ipv4
                  neighbor 10.0.0.1 activate
            !
            router ospf 1
               network 10.0.0.0/8 area 0.0.0.0
            ip routing
            """)
        #expect(
            configuration.protocolLines == [
                "interface Ethernet1", "   ip ospf area 0.0.0.0", "interface Ethernet2", "   ip ospf area 0.0.0.0",
                "router bgp 65001", "   neighbor 10.0.0.1 remote-as 65002", "   address-family ipv4",
                "      neighbor 10.0.0.1 activate", "router ospf 1", "   network 10.0.0.0/8 area 0.0.0.0",
            ])
        #expect(try interface("Ethernet1", configuration).isStaticMember)
        #expect(configuration.routesIPv4)
    }

    @Test("a top-of-rack switch: VLANs, access ports, SVI, loopback, routes")
    func topOfRack() throws {
        let configuration = read(
            """
            ! a comment
            hostname leaf-1
            ipv6 unicast-routing
            vlan 20
               name servers
            !
            interface Ethernet1
               description to node-a
               switchport access vlan 20
            interface Vlan20
               ip address 10.20.0.1/24
               ip address 10.21.0.1/24 secondary
               ipv6 address 2001:db8:20::1/64
               mtu 9000
            interface Loopback0
               ip address 192.0.2.1/32
            interface Management0
               ip address dhcp
            ip routing
            ip route 10.244.0.0/16 10.20.0.10
            ipv6 route fd00:10:244::/48 2001:db8:20::10 200
            ip route 198.51.100.0 255.255.255.0 Null0
            username admin privilege 15 secret admin
            management api http-commands
               no shutdown
            end
            """)
        #expect(configuration.hostname?.value == "leaf-1")
        #expect(configuration.routesIPv4 && configuration.routesIPv6)
        #expect(configuration.vlans.map(\.id) == [20])
        #expect(configuration.vlans.first?.name == "servers")
        let port = try interface("Ethernet1", configuration)
        #expect(port.isSwitchport && !port.isTrunk && port.accessVLAN == 20)
        let svi = try interface("Vlan20", configuration)
        #expect(svi.addresses.map(\.description) == ["10.20.0.1/24", "10.21.0.1/24", "2001:db8:20::1/64"])
        #expect(svi.mtu == 9000)
        #expect(try interface("Loopback0", configuration).addresses.map(\.description) == ["192.0.2.1/32"])
        #expect(configuration.interfaces.count == 3)
        #expect(configuration.routes.count == 3)
        #expect(configuration.routes[0].gateway == IPAddress("10.20.0.10"))
        #expect(configuration.routes[0].distance == nil)
        #expect(configuration.routes[1].distance == 200)
        #expect(configuration.routes[2].destination == Prefix("198.51.100.0/24"))
        #expect(configuration.routes[2].interface?.kind == .null)
        #expect(configuration.warnings.isEmpty)
    }

    @Test("trunk ports: allowed VLANs, native VLAN, and what changes them")
    func trunks() throws {
        let configuration = read(
            """
            interface Ethernet1
               switchport mode trunk
               switchport trunk allowed vlan 10,20-22
               switchport trunk native vlan 10
            interface Ethernet2
               switchport trunk allowed vlan 10-20
               switchport trunk allowed vlan add 30
               switchport trunk allowed vlan remove 12-18
               switchport trunk native vlan tag
               switchport mode trunk
            interface Ethernet3
               switchport trunk allowed vlan except 2-4094
            """)
        let first = try interface("Ethernet1", configuration)
        #expect(first.isTrunk && first.nativeVLAN == 10 && first.allowedVLANs.ranges == [10...10, 20...22])
        let second = try interface("Ethernet2", configuration)
        #expect(second.nativeVLAN == nil && second.allowedVLANs.ranges == [10...11, 19...20, 30...30])
        let third = try interface("Ethernet3", configuration)
        #expect(!third.isTrunk && third.allowedVLANs.ranges == [1...1])
    }

    @Test("routed ports, sub-interfaces and port channels")
    func routedPorts() throws {
        let configuration = read(
            """
            interface Ethernet1/1
               no switchport
               ip address 10.0.0.0/31
               ipv6 address fe80::1/64 link-local
               shutdown
            interface Ethernet2.100
               encapsulation dot1q vlan 100
               ip address 10.1.0.1 255.255.255.0
            interface Ethernet3-4
               channel-group 7 mode active
            interface Port-Channel7
               switchport access vlan 30
            """)
        let routed = try interface("Ethernet1/1", configuration)
        #expect(!routed.isSwitchport && routed.isShutdown)
        #expect(routed.addresses.map(\.description) == ["10.0.0.0/31", "fe80::1/64"])
        #expect(routed.name.containerlabName == "eth1_1")
        let sub = try interface("Ethernet2.100", configuration)
        #expect(sub.dot1qVLAN == 100 && !sub.isSwitchport && sub.addresses.map(\.description) == ["10.1.0.1/24"])
        #expect(try interface("Ethernet4", configuration).channelGroup == 7)
        #expect(try interface("Port-Channel7", configuration).accessVLAN == 30)
        #expect(configuration.vlans.map(\.id) == [30])
        #expect(configuration.warnings.isEmpty)
    }

    @Test("abbreviated commands and lines that are not indented")
    func abbreviations() throws {
        let configuration = read(
            """
            int et1
            sw mode tr
            sw tr allowed vl 5
            int vl 5
            ip addr 10.5.0.1/24
            no shut
            ip routing
            vlan 5
            name five
            """)
        #expect(try interface("Ethernet1", configuration).allowedVLANs.ranges == [5...5])
        #expect(try interface("Vlan5", configuration).addresses.map(\.description) == ["10.5.0.1/24"])
        #expect(configuration.routesIPv4)
        #expect(configuration.vlans.first?.name == "five")
        #expect(configuration.warnings.isEmpty)
    }

    @Test("what matters to a dataplane and is not supported is a warning with its line")
    func unsupported() {
        let configuration = read(
            """
            router bgp 65001
               neighbor 10.0.0.1 remote-as 65002
               address-family ipv4
                  neighbor 10.0.0.1 activate
            interface Vxlan1
               vxlan vlan 10 vni 10010
            interface Ethernet1
               ip access-group BLOCK in
            ip route vrf MGMT 0.0.0.0/0 172.20.20.1
            """)
        #expect(configuration.warnings.map(\.place.line) == [1, 5, 8])
        #expect(configuration.warnings.allSatisfy { $0.place.file == "tor.cfg" })
        #expect(configuration.warnings[0].sentence.hasPrefix("BGP is not supported"))
    }

    @Test("a route and an interface in one VRF are both told")
    func virtualRouting() {
        let configuration = read(
            """
            vrf instance RED
            interface Ethernet1
               no switchport
               vrf RED
            ip route vrf RED 0.0.0.0/0 10.0.0.1
            """)
        #expect(configuration.warnings.map(\.place.line) == [4, 5])
        #expect(configuration.routes.isEmpty)
    }

    @Test("text up to EOF is no configuration")
    func bannerText() {
        let configuration = read(
            """
            banner login
            interface Ethernet1
            vlan 10
            EOF
            event-handler x
               action bash
            ip routing
            EOF
            hostname after
            """)
        #expect(configuration.interfaces.isEmpty && configuration.vlans.isEmpty && !configuration.routesIPv4)
        #expect(configuration.hostname?.value == "after")
        #expect(configuration.warnings.isEmpty)
    }

    @Test("addresses that routers share")
    func virtualRouters() throws {
        let configuration = read(
            """
            ip virtual-router mac-address 00:1c:73:00:00:99
            interface Vlan10
               ip address 10.10.10.2/24
               ip virtual-router address 10.10.10.1
               ipv6 virtual-router address fd00:10:10::1
            interface Vlan20
               ip address virtual 10.20.0.1/24
            """)
        let svi = try interface("Vlan10", configuration)
        #expect(svi.virtualAddresses.map(\.address.description) == ["10.10.10.1", "fd00:10:10::1"])
        #expect(try interface("Vlan20", configuration).virtualAddresses.first?.prefixLength == 24)
        #expect(configuration.warnings.map(\.place.line) == [1])
        #expect(
            configuration.protocolLines == [
                "ip virtual-router mac-address 00:1c:73:00:00:99", "interface Vlan10",
                "   ip virtual-router address 10.10.10.1", "interface Vlan10",
                "   ipv6 virtual-router address fd00:10:10::1", "interface Vlan20",
                "   ip address virtual 10.20.0.1/24",
            ])
    }

    @Test("Windows line ends, bad numbers and unknown words")
    func oddLines() throws {
        let configuration = read(
            "hostname a\r\ninterface Ethernet1\r\n   switchport access vlan 5000\r\n   frobnicate 3\r\nwibble\r\nvlan 4095\r\n"
        )
        #expect(configuration.hostname?.value == "a")
        #expect(configuration.warnings.map(\.place.line) == [3, 4, 5, 6])
        #expect(try interface("Ethernet1", configuration).accessVLAN == 1)
    }

    @Test(
        "containerlab's port names and EOS's",
        arguments: [
            ("eth1", "Ethernet1"), ("et2", "Ethernet2"), ("eth1_1", "Ethernet1/1"), ("Ethernet1/2/3", "Ethernet1/2/3"),
            ("Et4", "Ethernet4"),
        ])
    func portNames(containerlab: String, eos: String) {
        #expect(EOSInterfaceName(containerlabName: containerlab)?.description == eos)
    }

    @Test("ranges of ranges end in time", .timeLimit(.minutes(20)))
    func boundedWork() {
        let line = "interface Ethernet1-4000\n mtu 1500\n"
        let configuration = read(String(repeating: line, count: 20_000))
        #expect(configuration.warnings.last?.sentence.contains("more interfaces") == true)
    }
}
