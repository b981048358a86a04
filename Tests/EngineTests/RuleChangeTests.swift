import KernelTestSupport
import NetworkNamespaces
import Nftables
import Testing

@testable import Engine

@Suite("Changes of a node's rules", .needsRoot, .timeLimit(.minutes(5)))
struct RuleChangeTests {
    /// What becomes of a table where both ways are tried.
    private func change(_ commands: String, orElse whole: String) throws -> (table: String, error: EngineError?) {
        try NamespaceThread.run { thread in
            try thread.enterNew { inside in
                try Nftables.run("add table ip kept\nadd chain ip kept old", in: inside)
                do throws(EngineError) {
                    try changeRules(commands, orElse: whole, in: inside, of: "worker")
                } catch {
                    return (try Nftables.output(of: "list ruleset", in: inside), error)
                }
                return (try Nftables.output(of: "list ruleset", in: inside), nil)
            }
        }
    }

    @Test("commands that do not fit what the kernel holds are followed by the whole")
    func fallback() throws {
        let whole = "delete table ip kept\nadd table ip kept\nadd chain ip kept new"
        let (table, error) = try change("add rule ip kept nowhere accept", orElse: whole)
        #expect(error == nil)
        #expect(table.contains("chain new") && !table.contains("chain old"))
    }

    @Test("where the whole is refused, too, both reasons are told and nothing has changed")
    func bothRefused() throws {
        let (table, error) = try change(
            "add rule ip kept nowhere accept", orElse: "add rule ip absent nowhere accept")
        let sentence = try #require(error).description
        #expect(sentence.hasPrefix("worker: nf_tables"))
        #expect(sentence.contains("changing it in place: "))
        #expect(sentence.contains("absent") && sentence.contains("kept"))
        #expect(table.contains("chain old"))
    }
}
