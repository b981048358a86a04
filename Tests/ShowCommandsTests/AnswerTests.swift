import Addresses
import NetworkObjects
import ShowCommands
import Testing

@Suite("A router's answers")
struct AnswerTests {
    @Test("a VLAN-aware bridge: access and trunk ports, SVIs, and what it learned")
    func aware() throws {
        #expect(
            try answer("show vlan", Self.aware) == """
                VLAN  Name                             Status    Ports
                ----- -------------------------------- --------- -------------------------------
                1     default                          active
                10    servers                          active    Cpu, Et1, Et10
                20    VLAN0020                         active    Cpu, Et10

                """)
        #expect(
            try answer("show mac address-table", Self.aware) == """
                          Mac Address Table
                ------------------------------------------------------------------

                Vlan    Mac Address       Type        Ports      Moves   Last Move
                ----    -----------       ----        -----      -----   ---------
                  10    0200.0000.0001    DYNAMIC     Et1        1       0:01:05 ago
                  20    0200.0000.0002    STATIC      Et10
                Total Mac Addresses for this criterion: 2

                          Multicast Mac Address Table
                ------------------------------------------------------------------

                Vlan    Mac Address       Type        Ports
                ----    -----------       ----        -----
                Total Mac Addresses for this criterion: 0

                """)
        #expect(
            try answer("show interfaces status", Self.aware) == """
                Port       Name Status       Vlan     Duplex Speed  Type            Flags Encapsulation
                Et1             connected    10       full   1G     EbraTestPhyPort
                Et2             disabled     10       full   1G     EbraTestPhyPort
                Et10            connected    trunk    full   1G     EbraTestPhyPort
                Et11            notconnect   routed   full   1G     EbraTestPhyPort

                """)
    }

    @Test("a bridge for each VLAN tells the same")
    func plain() throws {
        #expect(
            try answer("show vlan", Self.plain) == """
                VLAN  Name                             Status    Ports
                ----- -------------------------------- --------- -------------------------------
                1     default                          active
                10    servers                          active    Cpu, Et1, Et10
                20    VLAN0020                         active    Et10

                """)
        #expect(try answer("show vlan 20", Self.plain).contains("\n20    VLAN0020"))
        #expect(try !answer("show vlan 20", Self.plain).contains("servers"))
        #expect(
            try answer("show mac address-table vlan 10", Self.plain).contains(
                "  10    0200.0000.0001    DYNAMIC     Et1 "))
        #expect(try answer("show interfaces status", Self.plain).contains("Et10            connected    trunk "))
        #expect(
            try answer("show ip interface brief", Self.plain) == """
                                                                                        Address
                Interface        IP Address           Status     Protocol           MTU Owner
                ---------------- -------------------- ---------- ------------ --------- -------
                Loopback0        1.1.1.1/32           up         up               65535
                Loopback1        2.2.2.2/32           up         up               65535
                Vlan10           10.0.10.1/24         up         up                1500
                Vlan20           unassigned           up         up                1500


                """)
    }

    @Test("addresses that cannot be used yet, or not at all, say so")
    func states() throws {
        #expect(
            try answer("show ipv6 interface brief", Self.aware) == """
                Interface Status         MTU IPv6 Address                 Addr State    Addr Source
                --------- ---------- ------- ---------------------------- ------------- -----------
                Et11      down          9000 fe80::11/64                  down          link local
                                             fd00:11::1/64                duplicate     config
                                             fd00:11::2/64                tentative     config

                """)
    }

    @Test("routes by prefix, with their source, next hops and distance; loopbacks count as connected")
    func routes() throws {
        let text = try answer("show ip route", Self.plain)
        #expect(text.hasPrefix("\nVRF: default\nSource Codes:\n       C - connected, S - static, K - kernel,\n"))
        let rows = text.ranges(of: "Gateway")[0]
        #expect(
            text[rows.lowerBound...] == """
                Gateway of last resort:
                 S        0.0.0.0/0 [1/0]
                           via 10.0.10.254, Vlan10

                 C        1.1.1.1/32
                           directly connected, Loopback0
                 C        2.2.2.2/32
                           directly connected, Loopback1
                 S        10.0.0.0/8 [250/0]
                           directly connected, Null0
                 C        10.0.10.0/24
                           directly connected, Vlan10
                 B        10.244.1.0/26 [200/0]
                           via 10.0.10.11, Vlan10

                """ + "\n")
        // What was asked for alone, without the way out.
        let filtered = try answer("show ip route static", Self.plain)
        #expect(
            !filtered.contains("Gateway")
                && filtered.hasSuffix(
                    "Leaked Route\n\n S        0.0.0.0/0 [1/0]\n           via 10.0.10.254, Vlan10\n S        10.0.0.0/8 [250/0]\n           directly connected, Null0\n\n"
                ), "\(filtered)")
        #expect(try prefixes("show ip route 10.0.10.7", Self.plain) == ["10.0.10.0/24"])
        #expect(try prefixes("show ip route 10.9.0.0/16", Self.plain) == ["10.0.0.0/8"])
        #expect(try prefixes("show ip route 192.0.2.1", Self.plain) == ["0.0.0.0/0"])
        #expect(try prefixes("show ip route bgp", Self.plain) == ["10.244.1.0/26"])
        #expect(try prefixes("show ip route static", Self.plain) == ["0.0.0.0/0", "10.0.0.0/8"])
    }

    @Test("neighbours with their state and the port they are behind")
    func neighbours() throws {
        #expect(
            try answer("show arp", Self.plain) == """
                Address         Age (sec)  Hardware Addr   Interface
                10.0.10.11        0:00:12  0200.0000.0001  Vlan10, Ethernet1
                10.0.10.12            N/A  0200.0000.00ff  Vlan10

                """)
        #expect(
            try answer("show ipv6 neighbors", Self.plain) == """
                IPv6 Address                                  Age Hardware Addr   Interface
                fd00:10::11                               2:00:00 0200.0000.0001  Vl10, Ethernet1

                """)
    }

    @Test("several next hops stand under one prefix; of several routes the better ones alone; IPv6 in its own form")
    func ways() throws {
        var tables = Self.plain
        var multipath = Route(Prefix("198.51.100.0/24")!, origin: .static)
        multipath.nextHops = ["10.0.10.11", "10.0.10.12"].map { Route.NextHop(via: IPAddress($0), device: "vlan10") }
        tables.routes = [
            multipath,
            Route(
                Prefix("203.0.113.0/24")!, via: IPAddress("10.0.10.11"), device: "vlan10", metric: 50, origin: .static),
            Route(
                Prefix("203.0.113.0/24")!, via: IPAddress("10.0.10.12"), device: "vlan10", metric: 20, origin: .static),
            Route(Prefix("10.255.0.2/32")!, via: IPAddress("10.0.10.12"), device: "vlan10", origin: .bgp),
            Route(Prefix("10.255.0.3/32")!, via: IPAddress("10.0.10.12"), device: "vlan10", origin: .ospf),
            Route(Prefix("2001:db8:10::/64")!, device: "vlan10", metric: 256, origin: .kernel),
            Route(Prefix("::/0")!, via: IPAddress("2001:db8:10::2"), device: "vlan10", metric: 1024, origin: .static),
        ]
        tables.learned = [Prefix("10.255.0.2/32")!: .external, Prefix("10.255.0.3/32")!: .ospf(cost: 20)]
        #expect(
            try answer("show ip route 198.51.100.9", tables).hasSuffix(
                " S        198.51.100.0/24 [1/0]\n           via 10.0.10.11, Vlan10\n           via 10.0.10.12, Vlan10\n\n"
            ))
        let all = try answer("show ip route", tables)
        #expect(
            all.contains(" S        203.0.113.0/24 [20/0]\n           via 10.0.10.12, Vlan10\n")
                && !all.contains("[50/0]"))
        #expect(all.contains(" B E      10.255.0.2/32 [200/0]\n") && all.contains(" O        10.255.0.3/32 [110/20]\n"))
        let ipv6 = try answer("show ipv6 route", tables)
        #expect(ipv6.hasPrefix("\nVRF: default\nDisplaying 2 of 2 IPv6 routing table entries\nSource Codes:\n"))
        #expect(
            ipv6.hasSuffix(
                "\n\n S        ::/0 [1/0]\n           via 2001:db8:10::2, Vlan10\n C        2001:db8:10::/64 [0/0]\n"
                    + "           via Vlan10, directly connected\n\n"))
    }

    @Test("a port channel stands for its ports")
    func bundles() throws {
        var tables = Self.aware
        tables.bundles = ["eth1": .init(1, carrier: "eth1", description: "to sw2"), "eth2": .init(1, carrier: "eth1")]
        tables.bundles["eth2"]?.description = "to sw2"
        #expect(try answer("show vlan 10", tables).contains("active    Cpu, Et10, Po1\n"))
        let status = try answer("show interfaces status", tables)
        #expect(status.contains("Et2               connected    in Po1 "))
        #expect(status.contains("Po1        to sw2 connected    10       full   1G     N/A\n"), "\(status)")
    }

    // MARK: Routers

    private func answer(_ command: String, _ tables: RouterTables) throws -> String {
        ShowAnswer(try ShowCommand(command), tables).text
    }

    private func prefixes(_ command: String, _ tables: RouterTables) throws -> [String] {
        ShowAnswer(try ShowCommand(command), tables).as(RouteList.self)?.routes.map(\.prefix) ?? []
    }

    private static func link(_ link: Link, _ index: Int32, carrier: Bool = true) -> ObservedLink {
        ObservedLink(
            index: index, link: link, operationalState: carrier ? .up : .lowerLayerDown, hasCarrier: carrier)
    }

    private static let lo = ObservedLink(
        index: 1, link: Link("lo", .loopback, mtu: 65536), operationalState: .unknown, hasCarrier: true)

    static let one = MACAddress("02:00:00:00:00:01")!

    static let aware: RouterTables = {
        var tables = RouterTables(links: [
            lo, link(Link("br0", .bridge(Bridge(vlanFiltering: true, defaultPVID: 0)), mtu: 1500), 2),
            link(Link("eth10", .veth(peer: nil), mtu: 1500, master: "br0"), 3),
            link(Link("eth1", .veth(peer: nil), mtu: 1500, master: "br0"), 4),
            link(Link("eth2", .veth(peer: nil), mtu: 1500, master: "br0", isUp: false), 5, carrier: false),
            link(Link("eth11", .veth(peer: nil), mtu: 9000), 6, carrier: false),
            link(Link("vlan10", .vlan(VLAN(parent: "br0", id: 10)), mtu: 1500), 7),
            link(Link("vlan20", .vlan(VLAN(parent: "br0", id: 20)), mtu: 1500), 8),
        ])
        tables.addresses = [
            ObservedAddress(DeviceAddress("eth11", InterfaceAddress("fd00:11::1/64")!), isDuplicate: true),
            ObservedAddress(DeviceAddress("eth11", InterfaceAddress("fd00:11::2/64")!), isTentative: true),
            ObservedAddress(DeviceAddress("eth11", InterfaceAddress("fe80::11/64")!, scope: .link)),
            ObservedAddress(DeviceAddress("lo", InterfaceAddress("::1/128")!, scope: .host)),
        ]
        tables.vlans = [
            BridgeVLAN("br0", id: 10, isSelf: true), BridgeVLAN("br0", id: 20, isSelf: true),
            BridgeVLAN("eth1", id: 10, isPVID: true, isUntagged: true),
            BridgeVLAN("eth2", id: 10, isPVID: true, isUntagged: true),
            BridgeVLAN("eth10", id: 10), BridgeVLAN("eth10", id: 20),
        ]
        var local = ForwardingEntry("eth1", MACAddress("02:00:00:00:00:0a")!, destination: nil, vlan: 10, isSelf: false)
        local.isLocal = true
        tables.forwarding = [
            CachedEntry(
                ForwardingEntry("eth1", one, destination: nil, vlan: 10, isSelf: false, isPermanent: false),
                CacheInfo(used: 3, confirmed: 3, updated: 65.9)),
            CachedEntry(
                ForwardingEntry("eth10", MACAddress("02:00:00:00:00:02")!, destination: nil, vlan: 20, isSelf: false),
                nil),
            CachedEntry(local, nil),
            CachedEntry(ForwardingEntry("eth1", MACAddress("33:33:00:00:00:01")!, destination: nil), nil),
        ]
        tables.vlanNames = [10: "servers"]
        return tables
    }()

    static let plain: RouterTables = {
        var tables = RouterTables(links: [
            lo, link(Link("vlan10", .bridge(Bridge()), mtu: 1500), 2),
            link(Link("vlan20", .bridge(Bridge()), mtu: 1500), 3),
            link(Link("eth1", .veth(peer: nil), mtu: 1500, master: "vlan10"), 4),
            link(Link("eth10", .veth(peer: nil), mtu: 1500), 5),
            link(Link("eth10.10", .vlan(VLAN(parent: "eth10", id: 10)), mtu: 1500, master: "vlan10"), 6),
            link(Link("eth10.20", .vlan(VLAN(parent: "eth10", id: 20)), mtu: 1500, master: "vlan20"), 7),
        ])
        tables.addresses = ["127.0.0.1/8"].map {
            ObservedAddress(DeviceAddress("lo", InterfaceAddress($0)!, scope: .host))
        }
        tables.addresses += ["1.1.1.1/32", "2.2.2.2/32"].map {
            ObservedAddress(DeviceAddress("lo", InterfaceAddress($0)!))
        }
        tables.addresses.append(ObservedAddress(DeviceAddress("vlan10", InterfaceAddress("10.0.10.1/24")!)))
        tables.loopbacks = [IPAddress("1.1.1.1")!: "Loopback0", IPAddress("2.2.2.2")!: "Loopback1"]
        tables.vlanNames = [10: "servers"]
        tables.routes = [
            Route(
                Prefix("10.244.1.0/26")!, via: IPAddress("10.0.10.11"), device: "vlan10", origin: .init(rawValue: 186)),
            Route(Prefix("10.0.10.0/24")!, device: "vlan10", scope: .link, origin: .kernel),
            Route(Prefix("0.0.0.0/0")!, via: IPAddress("10.0.10.254"), device: "vlan10", origin: .static),
            Route(Prefix("10.0.0.0/8")!, .blackhole, metric: 250),
            Route(Prefix("10.0.10.1/32")!, .local, device: "vlan10", origin: .kernel, table: 255),
        ]
        tables.forwarding = [
            CachedEntry(
                ForwardingEntry("eth1", one, destination: nil, isSelf: false, isPermanent: false),
                CacheInfo(used: 3, confirmed: 3, updated: 3))
        ]
        tables.neighbours = [
            CachedEntry(
                Neighbour("vlan10", IPAddress("10.0.10.11")!, mac: one, state: .reachable),
                CacheInfo(used: 1, confirmed: 12.7, updated: 20)),
            CachedEntry(Neighbour("vlan10", IPAddress("10.0.10.12")!, mac: MACAddress("02:00:00:00:00:ff")!), nil),
            CachedEntry(Neighbour("vlan10", IPAddress("10.0.10.13")!, mac: nil, state: .failed), nil),
            CachedEntry(
                Neighbour("vlan10", IPAddress("fd00:10::11")!, mac: one, state: .stale),
                CacheInfo(used: 1, confirmed: 7200, updated: 7300)),
            CachedEntry(
                Neighbour("vlan10", IPAddress("fd00:10::13")!, mac: nil, state: .failed),
                CacheInfo(used: 1, confirmed: 3, updated: 3)),
        ]
        return tables
    }()
}
