import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Nftables
import Testing

@Suite("Which rules a packet meets", .needsRoot, .timeLimit(.minutes(20)))
struct RuleTracingTests {
    @Test("are told in order with what became of it, and of those packets alone; the table goes with the socket")
    func events() async throws {
        try await inNamespace { inside in
            try Witness.ip("link set lo up")
            let rules = """
                table ip mine {
                    chain leads { ip daddr 127.0.0.2 drop comment "no way" ; }
                    chain first { type filter hook output priority 0; ip protocol icmp jump leads; counter; }
                }
                """
            try Witness.output(["nft", "-f", "-"], input: rules)
            // An echo request with this pattern in it, from where ping puts its own time on.
            let packets = TracedBytes("request", [(0, [8]), (8 + 16, [0xbb, 0xcc, 0xaa])])
            var tracing: RuleTracing? = try RuleTracing(of: [packets], table: "followed", in: inside)
            #expect(try Witness.output(["nft", "list", "tables"]).contains("table inet followed"))
            _ = try Witness.run(["ping", "-c", "1", "-W", "1", "-p", "010203", "127.0.0.2"])
            #expect(try tracing!.events() == [])
            _ = try Witness.run(["ping", "-c", "1", "-W", "1", "-p", "aabbcc", "127.0.0.2"])
            let events = try tracing!.events()
            #expect(events.first?.begins == "request")
            let told = events.dropFirst().map { "\($0.table) \($0.chain)" }
            #expect(told == ["ip mine first", "ip mine leads"], "\(events)")
            #expect(events.map(\.verdict).dropFirst() == [.jump("leads"), .drop])
            let last = try #require(events.last?.rule)
            let texts = try Nftables.texts(of: Set(events.dropFirst().compactMap(\.rule)), in: inside)
            #expect(texts[last] == "ip daddr 127.0.0.2 drop comment \"no way\"")
            #expect(texts.count == 2 && texts.values.contains("ip protocol icmp jump leads"))
            tracing = nil
            #expect(try Witness.output(["nft", "list", "tables"]) == "table ip mine\n")
        }
    }

    @Test("a chain's policy is told, too")
    func policy() async throws {
        try await inNamespace { inside in
            try Witness.ip("link set lo up")
            try Witness.output(
                ["nft", "-f", "-"],
                input: "table inet mine { chain c { type filter hook input priority 0; policy drop; }; }\n")
            var tracing = try RuleTracing(
                of: [TracedBytes("request", [(0, [8])])], table: "followed", in: inside)
            _ = try Witness.run(["ping", "-c", "1", "-W", "1", "127.0.0.1"])
            let events = try tracing.events().filter { $0.begins == nil && $0.kind != .end }
            #expect(events.map(\.kind) == [.policy] && events.map(\.verdict) == [.drop], "\(events)")
        }
    }
}
