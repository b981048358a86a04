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
            .init("in", hook: .init("nat", "prerouting", "dstnat"), ["tcp dport vmap @m"]),
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
                flush chain ip t b
                delete element ip t m { 1, 2 }
                add element ip t s { 10.0.0.1 }
                add element ip t m { 1 : goto c, 3 : goto a }
                add rule ip t c return
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
}
