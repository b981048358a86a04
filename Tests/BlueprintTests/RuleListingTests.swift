import Addresses
import NetworkObjects
import Testing
import Topology

@testable import Blueprint

@Suite("What nft lists, read back")
struct RuleListingTests {
    @Test("tables, chains with and without a hook, sets and maps")
    func parts() {
        let listing = RuleListing(
            """
            table ip calico {
            \tset pools {
            \t\ttype ipv4_addr
            \t\tflags interval
            \t\telements = { 10.244.0.0/16, 192.168.0.0/16 }
            \t}

            \tmap ports {
            \t\ttype inet_proto . inet_service : verdict
            \t\telements = { tcp . 80 : goto web,
            \t\t\t     udp . 53 : goto dns }
            \t}

            \tchain web {
            \t\tcounter packets 0 bytes 0 dnat to 10.244.0.5:8080
            \t}

            \tchain nat {
            \t\ttype nat hook postrouting priority srcnat; policy accept;
            \t\tip saddr @pools ip daddr != @pools counter packets 3 bytes 180 masquerade
            \t}
            }
            table ip6 empty {
            }
            """)
        #expect(listing.tables.map(\.name) == ["calico", "empty"])
        #expect(listing.tables.map(\.family) == [.ip, .ip6])
        let table = listing.tables[0]
        #expect(table.sets.map(\.name) == ["pools", "ports"] && table.sets.map(\.value) == [nil, "verdict"])
        #expect(
            table.sets[0].elements.map(\.key) == [
                [.prefix(Prefix("10.244.0.0/16")!)], [.prefix(Prefix("192.168.0.0/16")!)],
            ])
        #expect(
            table.sets[1].elements == [
                .init([.transport(.tcp), .number(80)], .verdict(.goto("web"))),
                .init([.transport(.udp), .number(53)], .verdict(.goto("dns"))),
            ])
        #expect(table.sets[0].key == ["ipv4_addr"] && table.sets[0].flags == [.interval])
        #expect(table.sets[1].key == ["inet_proto", "inet_service"])
        #expect(table.chains.map(\.name) == ["web", "nat"])
        #expect(
            table.chains[0].hook == nil
                && table.chains[0].rules.map(\.statements) == [
                    [.counter, .translation(to: .init(IPAddress("10.244.0.5")!, 8080))]
                ])
        #expect(table.chains[1].hook == .init("nat", "postrouting", 100))
        #expect(table.chains[1].rules.map(\.description) == ["ip saddr @pools ip daddr != @pools counter masquerade"])
        #expect(listing.touched == [RuleTable.ID(family: .ip, name: "calico")])
    }

    @Test("what packets added to a dynamic set is no part of the table, and counts as touched")
    func dynamic() {
        func listing(_ elements: String) -> RuleListing {
            RuleListing(
                """
                table ip6 kube-proxy {
                  set clients {
                    type ipv6_addr
                    flags dynamic,timeout
                    timeout 3h\(elements)
                  }
                }
                """)
        }
        let full = listing("\n    elements = { fd00::1 timeout 3h expires 2h59m, fd00::2 timeout 3h expires 1s }")
        #expect(full.tables == listing("").tables)
        #expect(full.touched.count == 1 && listing("").touched.isEmpty)
    }

    @Test("braces and counters in quotes are a comment's")
    func quotes() {
        let listing = RuleListing(
            """
            table inet t {
            \tcomment "a { b"
            \tchain c {
            \t\taccept comment "counter packets 7 bytes { 9"
            \t\tdrop
            \t}
            }
            table inet u {
            }
            """)
        #expect(listing.tables.map(\.name) == ["t", "u"])
        #expect(
            listing.tables[0].chains.last?.rules.first?.comment == "counter packets 7 bytes { 9"
                && listing.touched.isEmpty)
        #expect(listing.tables[0].comment == "a { b" && listing.tables[0].others.isEmpty)
        #expect(listing.tables[0].chains.last?.rules.last == Rule([.verdict(.drop)]))
    }

    @Test("IPv6 keys of maps keep their colons")
    func colons() {
        let listing = RuleListing("table ip6 t {\n map m {\n elements = { fd00::1 . 80 : goto a,\n ::1 : drop }\n }\n}")
        #expect(
            listing.tables.first?.sets.first?.elements.map(\.description) == ["fd00::1 . 80 : goto a", "::1 : drop"])
    }

    @Test(
        "what is no listing, or cut short, is read as far as it goes",
        arguments: [
            "", "\n\n", "table", "table ip {", "table ip t {", "table ip t {\n chain c {",
            "table ip t {\n set s {\n elements = {",
            "}}}}", "table ip t {\n elements = { } {\n", "\u{0}\u{fffd}{ { {", "table ip t {\n}\n}\ntable ip u {",
        ])
    func hostile(text: String) {
        let listing = RuleListing(text)
        #expect(listing.tables.count <= 2)
        // What can be read can be declared and compared.
        for table in listing.tables { #expect(table.commands(to: table).isEmpty) }
    }

    @Test("a user's list of a hundred thousand addresses is read in the time that its length asks for")
    func long() {
        let elements = (0..<100_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }
        let text =
            "table ip block {\n\tset all {\n\t\ttype ipv4_addr\n\t\telements = { "
            + elements.joined(separator: ",\n\t\t\t     ") + " }\n\t}\n}\n"
        let listing = RuleListing(text)
        #expect(listing.tables.first?.sets.first?.elements.count == 100_000)
    }

    @Test("what a blueprint declares is read back as the values that it has")
    func ownTables() throws {
        for topology in [Labs.dualStack] {
            let tables = try Blueprint(topology: topology).namespaces.flatMap(\.content.tables)
            #expect(!tables.isEmpty)
            for table in tables {
                let read = RuleListing(table.declaration).tables
                #expect(read == [table])
            }
        }
    }

    @Test(
        "a rule that is not known keeps all its words, and what is known of it is told",
        arguments: [
            "meta nftrace set 1", "tcp option maxseg size set rt mtu", "queue flags bypass to 0-3",
            "xt target \"MASQUERADE\"", "dnat to 10.0.0.1-10.0.0.9",
            "dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1 . 80 }",
            "dnat to 10.0.0.1:80 persistent", "ip daddr vmap { 10.0.0.1 : jump a, 10.0.0.2 : drop } accept",
            "iifname \"drop it\" goto c comment \"a, b : { c\"", "reject with tcp reset", "masquerade to :1024-2048",
            "counter name \"x\" drop", "limit rate 5/second burst 7 packets log prefix \"goto x \"", "jump", "dnat",
            "vmap", "ip saddr", "ip saddr !=", "meta mark set", "ip saddr & 255.0.0.0 == 10.0.0.0", "update @s",
            "update @s { ip saddr . tcp dport }", "ip daddr . th dport != { 10.0.0.1 . 80, 10.0.0.2 . 90-99 } return",
            "numgen random mod x vmap { 0 : drop }", "ct state established,related accept", "meta mark 0x00000001 drop",
            "meta mark & 0x000000ff == 0x00000001 drop", "ip daddr { 10.0.0.1 comment \"a b\", 10.0.0.2 } drop",
            "meta mark set ct mark", "fib saddr . iif oif missing drop", "masquerade",
        ])
    func unknown(line: String) {
        let listing = RuleListing("table ip t {\n\tchain c {\n\t\t\(line)\n\t}\n}\n")
        #expect(listing.tables.first?.chains.first?.rules.map(\.description) == [line])
    }
}
