import Addresses
import Blueprint
import BundledTopologies
import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Testing
import Topology

@testable import Nftables

@Suite("Tables by the kernel's messages", .needsRoot, .timeLimit(.minutes(20)))
struct MessageTests {
    /// What nft lists, in its own words and as JSON, where the numbers that the kernel gave are left out.
    private struct Listing: Equatable {
        var text: String
        var json: String

        init() throws {
            text = try Witness.output(["nft", "list", "ruleset"])
            json = try Witness.output(["nft", "-j", "list", "ruleset"])
                .replacing(/"handle": [0-9]+/) { _ in "\"handle\": 0" }
        }
    }

    /// The tables of a node in each bundled topology.
    private static func bundled(_ name: String) throws -> [RuleTable] {
        let topology = try #require(BundledTopology.named(name)).topology()
        return try Blueprint(topology: topology, features: .complete).namespaces.first { $0.content.hasTables }?
            .content.tables ?? []
    }

    @Test("nft lists a table that was made by messages like one that it made itself", arguments: SampleTables.all)
    func listing(_ table: RuleTable) async throws {
        let byText = try await inNamespace { inside in
            try Nftables.run(table.declaration, in: inside)
            return try Listing()
        }
        let byMessages = try await inNamespace { inside in
            let generation = try Nftables.update([.add(table)], in: inside)
            #expect(try Nftables.generation(in: inside) == generation)
            return try Listing()
        }
        #expect(byMessages.text == byText.text)
        #expect(byMessages.json == byText.json)
    }

    @Test("so it does with the tables of labs", arguments: BundledTopology.names.filter { $0 != "two-routers" })
    func tablesOfLabs(_ name: String) async throws {
        let tables = try Self.bundled(name)
        #expect(!tables.isEmpty)
        for table in tables {
            #expect(Nftables.readBack(table) != nil, "\(table) is not said by messages")
            try await listing(table)
            try await readingBack(table)
        }
    }

    @Test("a table is read back as nft's text says it, whichever way it was made", arguments: SampleTables.all)
    func readingBack(_ table: RuleTable) async throws {
        let expected = try #require(Nftables.readBack(table))
        for byMessages in [true, false] {
            try await inNamespace { inside in
                if byMessages {
                    try Nftables.update([.add(table)], in: inside)
                } else {
                    try Nftables.run(table.declaration, in: inside)
                }
                let listing = try Nftables.listing(in: inside)
                let unlistable = try Nftables.unlistable(in: inside)
                #expect(unlistable.isEmpty, "\(unlistable)")
                let text = RuleListing(try Nftables.output(of: "list ruleset", in: inside))
                #expect(listing.tables.count == 1 && text.tables.count == 1)
                for found in listing.tables {
                    #expect(expected.differences(from: found).isEmpty, "\(expected.differences(from: found))")
                    for listed in text.tables {
                        #expect(listed.differences(from: found).isEmpty, "\(listed.differences(from: found))")
                    }
                }
                #expect(listing.touched == text.touched)
            }
        }
    }

    /// Expects the table alone in a rule set.
    private static func expect(_ table: RuleTable, in listing: RuleListing) throws {
        let wanted = try #require(Nftables.readBack(table))
        let found = try #require(listing.tables.first)
        let differences = wanted.differences(from: found)
        #expect(listing.tables.count == 1 && differences.isEmpty, "\(differences)")
    }

    @Test("one table becomes another by messages, and keeps what it remembers")
    func change() async throws {
        let was = SampleTables.everything(.ipv4)
        var will = was
        will.sets.removeAll { $0.name == "ports" }
        will.sets[0].elements.removeFirst()
        will.sets[0].elements.append(.init([.address(IPAddress("10.9.9.9")!)], comment: "new"))
        will.sets[1].elements.removeFirst(2)
        will.sets[1].elements.append(.init([.prefix(Prefix("10.99.0.0/16")!)]))
        will.sets[2].elements.append(.init([.prefix(Prefix("10.98.0.0/16")!)]))
        will.sets[4].elements[0].value = .verdict(.goto("fresh"))
        will.sets.append(.init("more", key: ["ipv4_addr"], elements: [.init([.address(IPAddress("10.1.1.1")!)])]))
        for index in will.chains.indices where will.chains[index].name == "maps" {
            will.chains[index].rules.remove(at: 1)
            will.chains[index].rules.append(
                Rule([.verdictMap(.random(below: 1), .elements([.init([.number(0)], .verdict(.goto("fresh")))]))]))
        }
        will.chains.removeAll { $0.name == "marking" || $0.name == "filter-forward" }
        will.chains.append(.init("fresh", [Rule([.counter, .verdict(.jump("target"))])]))
        let (before, after) = (was, will)
        try await inNamespace { inside in
            try Nftables.update([.add(before)], in: inside)
            try Witness.output(["nft", "add", "element", "ip", "sample", "clients", "{ 10.3.3.3 }"])
            try Nftables.update([.change(before.changes(to: after))], in: inside)
            var found = try Nftables.listing(in: inside)
            try Self.expect(after, in: found)
            #expect(found.touched == [before.id])
            try Nftables.update([.replace(before)], in: inside)
            found = try Nftables.listing(in: inside)
            try Self.expect(before, in: found)
            try Nftables.update([.remove(before.id)], in: inside)
            #expect(try Nftables.listing(in: inside).tables.isEmpty)
        }
    }

    @Test("what nft writes in one word is read as the two comparisons that the kernel has")
    func sameBytes() async throws {
        try await inNamespace { inside in
            try Nftables.run("table ip t { chain c { tcp dport 80 accept; }; }", in: inside)
            let found = try Nftables.listing(in: inside).tables.first?.chains.first?.rules
            let wanted = Rule([
                .match(.transport, .value(.transport(.tcp))), .match(.destinationPort, .value(.number(80))),
                .verdict(.accept),
            ])
            #expect(found == [wanted])
        }
    }

    @Test("more elements than a message can have come in several")
    func manyElements() async throws {
        var table = RuleTable(.ip, "many")
        table.sets = [
            .init(
                "many", key: ["ipv4_addr"],
                elements: (0..<20_000).map {
                    .init([.address(.v4(IPv4Address(0x0a00_0000 + $0)))], comment: "number \($0)")
                })
        ]
        let many = table
        try await inNamespace { inside in
            try Nftables.update([.add(many)], in: inside)
            // A set that has grown is moved to a larger table, and some of what is moved is passed over by who asks meanwhile
            // (`rhashtable_walk_next` in lib/rhashtable.c).
            let wanted = try #require(Nftables.readBack(many))
            try eventually("the whole set is listed") {
                try Nftables.listing(in: inside).tables.first.map { wanted.differences(from: $0).isEmpty } ?? false
            }
            try Self.expect(many, in: try Nftables.listing(in: inside))
            var none = many
            none.sets[0].elements = []
            try Nftables.update([.change(many.changes(to: none))], in: inside)
            try Self.expect(none, in: try Nftables.listing(in: inside))
        }
    }

    @Test("a refusal names what was refused, in the kernel's words, and nothing is changed")
    func refusal() async throws {
        try await inNamespace { inside in
            var table = RuleTable(.ip, "wrong")
            table.chains = [.init("first", [Rule([.verdict(.jump("absent"))])])]
            let error = #expect(throws: NftablesError.self) { try Nftables.update([.add(table)], in: inside) }
            #expect(error?.message == "add rule in chain ip wrong first: No such file or directory")
            let gone = RuleTable.ID(family: .ip, name: "gone")
            let other = #expect(throws: NftablesError.self) { try Nftables.update([.remove(gone)], in: inside) }
            #expect(other?.message.hasPrefix("delete table ip gone: No such file or directory") == true)
            let left = try Nftables.listing(in: inside).tables
            #expect(left.isEmpty)
        }
    }

    @Test("an update of a rule set that is another one meanwhile is refused")
    func otherGeneration() async throws {
        try await inNamespace { inside in
            let generation = try Nftables.update([.add(RuleTable(.ip, "one"))], in: inside)
            try Witness.output(["nft", "add", "table", "ip", "two"])
            #expect(throws: NftablesError.otherGeneration) {
                try Nftables.update([.add(RuleTable(.ip, "three"))], of: generation, in: inside)
            }
            #expect(try Nftables.listing(in: inside).tables.map(\.name) == ["one", "two"])
        }
    }

    @Test("what only nft can say is made and listed by libnftables, beside the rest")
    func otherTables() async throws {
        try await inNamespace { inside in
            var table = RuleTable(.inet, "mixed")
            table.chains = [.init("a", [Rule([.other("tcp flags syn"), .verdict(.accept)])])]
            try Nftables.update([.add(SampleTables.everything(.ipv4)), .add(table)], in: inside)
            let listing = try Nftables.listing(in: inside)
            let text = RuleListing(try Witness.output(["nft", "list", "ruleset"]))
            #expect(listing.tables.map(\.id) == text.tables.map(\.id))
            for (found, listed) in zip(listing.tables, text.tables) { #expect(listed.differences(from: found).isEmpty) }
        }
    }

    /// One rule, set or table each that has something no value says: were it read as something less, nobody would be told of it.
    @Test(
        "what no value says is left to nft's words",
        arguments: [
            "add rule ip t c ip saddr 10.0.0.0-10.0.0.5 accept", "add rule ip t c meta length 100 accept",
            "add rule ip t c ip daddr & 0xff00ff00 == 10.0.1.0 accept", "add rule ip t c masquerade",
            "add rule ip t c limit rate 5/second accept", "add rule ip t c ct state established,related accept",
            "add rule ip t c numgen inc mod 3 vmap { 0 : accept }", "add rule ip t c dnat to 10.0.0.1",
            "add rule ip t c meta l4proto tcp dnat to 10.0.0.1:80-90",
            "add rule ip t c reject with icmp type host-unreachable",
            "add rule ip t c ip saddr vmap { 10.0.0.0/8 : accept }", "add rule ip t c log prefix \"x\" accept",
            "add rule ip t c ip daddr 10.0.0.0/8 ip ttl 5 accept", "add rule ip t c meta l4proto icmp accept",
            "add rule ip t c th sport 5 accept", "add rule ip t c mark set numgen random mod 4 offset 3",
            "add set ip t s { type ipv4_addr; policy memory; }", "add set ip t s { typeof ip saddr; }",
            "add set ip t s { type ipv4_addr; timeout 1500ms; }", "add set ip t s { type ether_addr; }",
            "add set ip t s { type ipv4_addr . ipv4_addr; flags interval; }",
            "add set ip t s { type ipv4_addr; flags interval; elements = { 10.0.0.1-10.0.0.6 }; }",
            "add map ip t s { type ipv4_addr : inet_service; elements = { 10.0.0.1 : 80 }; }",
            "add counter ip t s", "add table ip t { flags dormant; }",
            "add chain ip t d { type filter hook prerouting priority 0; policy drop; }; add rule ip t d counter name \"none\"",
        ])
    func unsayable(_ command: String) async throws {
        try await inNamespace { inside in
            try Witness.output([
                "nft", "add table ip t; add chain ip t c { type nat hook prerouting priority dstnat; }",
            ])
            guard try Witness.run(["nft", command]).status == 0 else { return }
            let listing = try Nftables.listing(in: inside)
            let text = RuleListing(try Witness.output(["nft", "list", "ruleset"]))
            #expect(listing.tables == text.tables)
        }
    }
}
