import Addresses
import NetworkObjects
import Testing

extension Rule: ExpressibleByStringLiteral {
    /// A rule in nft's words.
    public init(stringLiteral value: String) { self.init([.other(value)]) }
}

@Suite("What changes from one rule table to another")
struct RuleTableTests {
    private func table(_ change: (inout RuleTable) -> Void = { _ in }) -> RuleTable {
        var table = RuleTable(.ip, "t")
        table.sets = [
            .init("kept", key: ["ipv4_addr"], flags: [.dynamic, .timeout]),
            .init(
                "m", key: ["inet_service"], value: "verdict",
                elements: [.init([.number(1)], .verdict(.goto("a"))), .init([.number(2)], .verdict(.goto("b")))]),
        ]
        table.chains = [
            .init("a", ["accept"]), .init("b", ["drop"]),
            .init("in", hook: .init("nat", "prerouting", -100), ["tcp dport vmap @m"]),
        ]
        change(&table)
        return table
    }

    @Test("nothing, where nothing changes")
    func same() { #expect(table().commands(to: table()).isEmpty) }

    @Test("a chain's rules are replaced, and the other chains and sets left alone")
    func rules() {
        let new = table { $0.chains[0].rules = ["counter", "accept"] }
        #expect(table().commands(to: new) == "flush chain ip t a\nadd rule ip t a counter\nadd rule ip t a accept\n")
    }

    @Test("what is new comes before what refers to it, what is gone after")
    func order() {
        let new = table {
            $0.chains[1] = .init("c", ["return"])
            $0.sets[1].elements = [
                .init([.number(1)], .verdict(.goto("c"))), .init([.number(3)], .verdict(.goto("a"))),
            ]
            $0.sets[0] = .init(
                "s", key: ["ipv4_addr"], elements: [.init([.address(IPAddress("10.0.0.1")!)])])
        }
        #expect(
            table().commands(to: new) == """
                add set ip t s { type ipv4_addr; }
                add chain ip t c
                add rule ip t c return
                delete element ip t m { 1, 2 }
                add element ip t s { 10.0.0.1 }
                add element ip t m { 1 : goto c, 3 : goto a }
                flush chain ip t b
                delete chain ip t b
                delete set ip t kept

                """)
    }

    @Test("a chain with a hook is added with it")
    func hooks() {
        let old = table { $0.chains.removeLast() }
        #expect(
            old.commands(to: table()) == """
                add chain ip t in { type nat hook prerouting priority dstnat; policy accept; }
                add rule ip t in tcp dport vmap @m

                """)
    }

    @Test("comments of tables, sets, maps, chains and elements are declared, added and told")
    func comments() {
        func commented(_ word: String) -> RuleTable {
            table {
                $0.comment = "\(word) table"
                $0.sets[1].comment = "\(word) map"
                $0.sets[1].elements[0].comment = "\(word)/element:p"
                $0.chains[0].comment = "\(word) chain"
            }
        }
        let old = commented("old")
        let read = RuleListing(old.declaration).tables
        #expect(read.map(\.declaration) == [old.declaration] && read.first?.comment == "old table")
        #expect(read.first?.sets == old.sets && read.first?.chains.map(\.comment) == old.chains.map(\.comment))
        #expect(
            commented("new").differences(from: old).map(\.name.text) == [
                "comment", "map m", "map m element", "map m element", "chain a",
            ])
        // The kernel changes an element's comment by a new element, and the others' not at all.
        #expect(commented("new").commands(from: old) == nil)
        let element = table { $0.sets[1].elements[0].comment = "ns/svc:p" }
        #expect(
            element.commands(from: table()) == """
                delete element ip t m { 1 }
                add element ip t m { 1 comment "ns/svc:p" : goto a }

                """)
        var bare = table()
        bare.chains = [.init("b", ["drop"])]
        bare.sets = []
        let full = bare.commands(to: old)
        #expect(full.contains("add map ip t m { type inet_service : verdict; comment \"old map\"; }\n"))
        #expect(full.contains("add chain ip t a { comment \"old chain\"; }\n"))
        #expect(full.contains("add element ip t m { 1 comment \"old/element:p\" : goto a, 2 : goto b }\n"))
    }

    @Test(
        "a hook's priority is a number, by the names that nft has for it at its point in its family",
        arguments: [
            ("ip", "prerouting", -100, "dstnat"), ("ip", "prerouting", -110, "dstnat - 10"),
            ("ip", "output", -100, "-100"),
            ("ip6", "output", -110, "-110"), ("inet", "postrouting", 110, "srcnat + 10"),
            ("ip", "forward", 0, "filter"),
            ("ip", "input", 5, "filter + 5"), ("ip", "forward", 11, "11"), ("bridge", "prerouting", -300, "dstnat"),
            ("bridge", "forward", -200, "filter"), ("bridge", "output", 100, "out"), ("arp", "input", 0, "filter"),
            ("ip", "prerouting", -300, "raw"), ("ip", "output", -151, "mangle - 1"), ("ip", "input", 50, "security"),
        ] as [(String, String, Int32, String)])
    func priorities(family: String, point: String, priority: Int32, words: String) throws {
        var table = RuleTable(try #require(RuleTable.Family(rawValue: family)), "t")
        table.chains = [.init("c", hook: .init("filter", point, priority), [])]
        let line = "type filter hook \(point) priority \(words); policy accept;"
        #expect(table.declaration == "table \(family) t {\n\tchain c {\n\t\t\(line)\n\t}\n}\n")
        #expect(RuleListing(table.declaration).tables == [table])
    }

    @Test("as kube-proxy writes it, a table is read back as the value that was written")
    func reading() {
        let (to, from) = (Rule.Expression.destinationAddress(.ipv4), Rule.Expression.sourceAddress(.ipv4))
        let arrival = Rule.Expression.concatenation([to, .transport, .destinationPort])
        let name = "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80"
        var table = RuleTable(.ip, "kube-proxy")
        table.comment = "rules for kube-proxy"
        table.sets = [
            .init("cluster-ips", key: ["ipv4_addr"], comment: "Active ClusterIPs"),
            .init(
                "no-endpoint-services", key: ["ipv4_addr", "inet_proto", "inet_service"], value: "verdict",
                comment: "vmap to drop or reject",
                elements: [
                    .init(
                        [.address(IPAddress("172.30.0.46")!), .transport(.tcp), .number(80)],
                        .verdict(.goto("reject-chain")), comment: "ns6/svc6:p80"),
                    .init(
                        [.address(IPAddress("1.2.3.4")!), .transport(.udp), .number(53)], .verdict(.drop),
                        comment: "a, b : { c"),
                ]),
            .init(
                "affinity-\(name)", key: ["ipv4_addr"], flags: [.dynamic, .timeout], size: 65535, timeout: 10800),
        ]
        table.chains = [
            .init("reject-chain", comment: "helper for @no-endpoint-services", [Rule([.reject])]),
            .init(
                "filter-input", hook: .init("filter", "input", 0),
                [
                    Rule([.match(.connectionState, .value(.other("new"))), .verdict(.jump("reject-chain"))])
                ]),
            .init(
                "rules",
                [
                    Rule([.match(to, .named("cluster-ips")), .reject], comment: "Reject traffic"),
                    Rule([.match(to, .value(.prefix(Prefix("172.30.0.0/16")!))), .verdict(.drop)]),
                    Rule([
                        .mismatch(
                            from,
                            .elements([
                                .init([.address(IPAddress("1.2.3.4")!)]), .init([.prefix(Prefix("203.0.113.0/25")!)]),
                            ])), .verdict(.drop),
                    ]),
                    Rule([.set(.mark, to: .or(.mark, 0x4000))]),
                    Rule([.match(.and(.mark, 0x4000), .value(.bits(0))), .verdict(.return)]),
                    Rule([.set(.mark, to: .xor(.mark, 0x4000))]),
                    Rule([.masquerade]),
                    Rule([.verdictMap(arrival, .named("no-endpoint-services"))]),
                    Rule([.match(from, .value(.address(IPAddress("10.180.0.1")!))), .verdict(.jump("rules"))]),
                    Rule(
                        [.match(.sourceAddressType, .value(.other("local"))), .verdict(.goto("rules"))], comment: "x"),
                    Rule([.match(.destinationAddressType, .value(.other("local"))), .counter, .verdict(.accept)]),
                    Rule([.match(from, .named("affinity-\(name)")), .verdict(.goto("endpoint-\(name)"))]),
                    Rule([
                        .verdictMap(
                            .random(below: 2),
                            .elements([
                                .init([.number(0)], .verdict(.goto("endpoint-\(name)"))),
                                .init([.number(1)], .verdict(.goto("rules"))),
                            ]))
                    ]),
                ]),
            .init(
                "endpoint-\(name)",
                [
                    Rule([.update(set: "affinity-\(name)", from)]),
                    Rule([
                        .match(.transport, .value(.transport(.tcp))),
                        .translation(to: .init(IPAddress("10.180.0.1")!, 80)),
                    ]),
                    Rule([.translation(to: .init(IPAddress("fd00::1")!, 80))]),
                ]),
        ]
        #expect(RuleListing(table.declaration).tables == [table])
    }
}
