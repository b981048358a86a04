import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Nftables
import Testing

@testable import Engine

@Suite("Changes of a node's rules", .needsRoot, .timeLimit(.minutes(20)))
struct RuleChangeTests {
    /// What becomes of a table where both ways are tried.
    private func change(_ least: TableUpdate, orElse whole: TableUpdate) throws -> (table: String, error: EngineError?)
    {
        try NamespaceThread.run { thread in
            try thread.enterNew { inside in
                try Nftables.run("add table ip kept\nadd chain ip kept old", in: inside)
                do throws(EngineError) {
                    try changeRules([least], orElse: [whole], in: inside, of: "worker")
                } catch {
                    return (try Nftables.output(of: "list ruleset", in: inside), error)
                }
                return (try Nftables.output(of: "list ruleset", in: inside), nil)
            }
        }
    }

    /// A rule for a chain that there is not.
    private static func rule(in table: String) -> TableUpdate {
        .change([.addRules(.init(family: .ip, name: table), chain: "nowhere", [Rule([.verdict(.accept)])])])
    }

    @Test("steps that do not fit what the kernel holds are followed by the whole")
    func fallback() throws {
        var whole = RuleTable(.ip, "kept")
        whole.chains = [.init("new", [])]
        let (table, error) = try change(Self.rule(in: "kept"), orElse: .replace(whole))
        #expect(error == nil)
        #expect(table.contains("chain new") && !table.contains("chain old"))
    }

    @Test("where the whole is refused, too, both reasons are told and nothing has changed")
    func bothRefused() throws {
        let (table, error) = try change(Self.rule(in: "kept"), orElse: Self.rule(in: "absent"))
        let sentence = try #require(error).description
        #expect(sentence.hasPrefix("worker: nf_tables"))
        #expect(sentence.contains("changing it in place: "))
        #expect(sentence.contains("absent") && sentence.contains("kept"))
        #expect(table.contains("chain old"))
    }
}
