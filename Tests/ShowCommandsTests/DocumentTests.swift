import Addresses
import NetworkObjects
import ShowCommands
import Testing

/// The keys that NAPALM, ANTA and netlab read, at the places where EOS has them.
@Suite("A router's answers as EOS' documents")
struct DocumentTests {
    private func document(_ command: String, _ tables: RouterTables) throws -> JSONValue {
        try #require(ShowAnswer(try ShowCommand(command), tables).json)
    }

    @Test("every command that shows something has one")
    func all() throws {
        for typed in Grammar.exec.examples where typed.hasPrefix("show ") && typed != "show history" {
            for tables in [AnswerTests.plain, AnswerTests.aware, RouterTables()] {
                let answer = ShowAnswer(try ShowCommand(typed), tables)
                let json = try #require(answer.json, "\(typed)")
                #expect(json.text.hasPrefix("{\n"), "\(typed)")
            }
        }
    }

    @Test("what ANTA's tests of the system, the routing model, virtual routers and shut ports read")
    func anta() throws {
        var tables = AnswerTests.plain
        tables.machine = .init(
            kernel: "6.12", architecture: "x86_64", uptime: 90_061, totalMemory: 1, freeMemory: 1, software: "0")
        tables.machine?.load = [0.5, 1, 12.25]
        tables.now = 86400 * 20 + 3723
        tables.protocols = RoutingProtocols(lines: ["ip virtual-router mac-address 00:1c:73:00:00:99"])
        #expect(try document("show uptime", tables)["upTime"] == .number(90_061))
        #expect(
            ShowAnswer(try ShowCommand("show uptime"), tables).text
                == " 01:02:03 up 1 day,  1:01,  0 users,  load average: 0.50, 1.00, 12.25\n")
        let model = try document("show ip route summary", tables)["protoModelStatus", "operatingProtoModel"]
        #expect(model == "multi-agent")
        let macs = try document("show ip virtual-router", tables)["virtualMacs"]
        #expect(
            macs
                == .array([
                    .fields([
                        .init(name: "macAddress", value: "00:1c:73:00:00:99"), .init(name: "macType", value: "varp"),
                    ])
                ]))
        let shut = try document("show interfaces status errdisabled", tables)["interfaceStatuses"]
        #expect(shut == .fields([]))
        #expect(throws: Never.self) {
            try Grammar.exec.command("ping vrf default 10.0.0.1 source 10.0.0.2 size 100 repeat 1")
        }
    }

    @Test("routes by VRF and prefix; a connected one has no preference, one that leads nowhere no way")
    func routes() throws {
        let routes = try #require(try document("show ip route", AnswerTests.plain)["vrfs", "default", "routes"])
        #expect(
            routes["0.0.0.0/0"]
                == .fields([
                    .init(name: "hardwareProgrammed", value: true), .init(name: "routeType", value: "static"),
                    .init(name: "routeLeaked", value: false), .init(name: "kernelProgrammed", value: true),
                    .init(name: "preference", value: 1), .init(name: "metric", value: 0),
                    .init(name: "routeAction", value: "forward"), .init(name: "directlyConnected", value: false),
                    .init(
                        name: "vias",
                        value: [
                            .fields([
                                .init(name: "nexthopAddr", value: "10.0.10.254"),
                                .init(name: "interface", value: "Vlan10"),
                            ])
                        ]),
                ]))
        let connected = try #require(routes["10.0.10.0/24"])
        #expect(connected["preference"] == nil && connected["directlyConnected"] == true)
        #expect(connected["vias"] == [.fields([.init(name: "interface", value: "Vlan10")])])
        #expect(routes["10.0.0.0/8", "routeAction"] == "drop" && routes["10.0.0.0/8", "vias"] == [])
        let none = try document("show ip route 192.0.2.0/24", RouterTables())
        #expect(none["vrfs", "default", "routes"] == .fields([]))
    }

    @Test("neighbours, whose hardware addresses have dots, by VRF where all are asked for")
    func neighbours() throws {
        let table = try document("show arp", AnswerTests.plain)
        guard case .array(let entries)? = table["ipV4Neighbors"] else {
            Issue.record("no entries")
            return
        }
        #expect(entries[0]["hwAddress"] == "0200.0000.0001" && entries[0]["interface"] == "Vlan10, Ethernet1")
        #expect(entries[0]["age"] == 12 && entries[1]["age"] == nil)
        #expect(table["totalEntries"] == 2 && table["staticEntries"] == 1)
        #expect(try document("show arp vrf all", AnswerTests.plain)["vrfs", "default"] == table)
        let one = try document("show arp 10.0.10.12", AnswerTests.plain)
        #expect(one["totalEntries"] == 1)
    }

    @Test("VLANs, ports, addresses under the names that are whole")
    func switching() throws {
        var tables = AnswerTests.aware
        tables.now = 1000
        let vlan = try document("show vlan 10", tables)["vlans", "10"]
        #expect(vlan?["name"] == "servers" && vlan?["interfaces", "Ethernet1", "privatePromoted"] == false)
        let entries = try document("show mac address-table", tables)["unicastTable", "tableEntries"]
        guard case .array(let rows)? = entries else {
            Issue.record("no entries")
            return
        }
        #expect(rows[0]["macAddress"] == "02:00:00:00:00:01" && rows[0]["lastMove"] == .number(1000 - 65.9))
        #expect(rows[1]["entryType"] == "static" && rows[1]["moves"] == nil)
        let status = try document("show interfaces status", tables)["interfaceStatuses"]
        #expect(status?["Ethernet10", "vlanInformation", "interfaceMode"] == "trunk")
        #expect(status?["Ethernet1", "vlanInformation", "vlanId"] == 10)
        #expect(status?["Ethernet2", "linkStatus"] == "disabled")
        let brief = try document("show ip interface brief", AnswerTests.plain)["interfaces", "Vlan10"]
        #expect(brief?["interfaceAddress", "ipAddr", "address"] == "10.0.10.1")
        #expect(brief?["interfaceAddress", "ipAddr", "maskLen"] == 24 && brief?["interfaceStatus"] == "connected")
    }

    @Test("an interface in full, with what the kernel has counted")
    func interface() throws {
        var tables = AnswerTests.plain
        tables.counters = [
            "eth1": LinkCounters(
                received: .init(packets: 7, bytes: 700, errors: 1, dropped: 2), sent: .init(packets: 3, bytes: 300),
                receivedMulticast: 2, carrierChanges: 4)
        ]
        let port = try document("show interfaces Ethernet1", tables)["interfaces", "Ethernet1"]
        #expect(port?["forwardingModel"] == "bridged" && port?["interfaceAddress"] == [])
        #expect(port?["interfaceCounters", "inUcastPkts"] == 5 && port?["interfaceCounters", "inMulticastPkts"] == 2)
        #expect(
            port?["interfaceCounters", "totalInErrors"] == 1 && port?["interfaceCounters", "linkStatusChanges"] == 4)
        let svi = try document("show interfaces Vlan10", tables)["interfaces", "Vlan10"]
        guard case .array(let addresses)? = svi?["interfaceAddress"] else {
            Issue.record("no address")
            return
        }
        #expect(addresses[0]["primaryIp", "address"] == "10.0.10.1" && svi?["interfaceCounters"] == nil)
        let text = ShowAnswer(try ShowCommand("show interfaces counters"), tables).text
        #expect(text.contains("\nEt1                  700             5             2             0\n"), "\(text)")
    }

    @Test("what a router says of itself")
    func device() throws {
        var tables = RouterTables()
        tables.hostname = "ceos"
        tables.now = 1_700_000_000
        tables.machine = .init(
            kernel: "6.12", architecture: "x86_64", uptime: 329_640, totalMemory: 8,
            freeMemory: 4, software: "1")
        #expect(ShowAnswer(try ShowCommand("show hostname"), tables).text == "Hostname: ceos\nFQDN:     ceos\n")
        #expect(
            ShowAnswer(try ShowCommand("show clock"), tables).text
                == "Tue Nov 14 22:13:20 2023\nTimezone: UTC\nClock source: local\n")
        #expect(
            ShowAnswer(try ShowCommand("show version"), tables).text.contains(
                "\nUptime: 3 days, 19 hours and 34 minutes\n"))
        let start = try document("show version", tables)["bootupTimestamp"]
        #expect(start == .number(1_699_670_360))
    }
}
