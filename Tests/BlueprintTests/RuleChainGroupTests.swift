import NetworkObjects
import Synchronization
import Testing

@Suite("Chains that are worked out when they are asked for")
struct RuleChainGroupTests {
    /// Counts how often chains were worked out.
    private final class Work: Sendable {
        let count = Atomic(0)

        func group(_ name: String, _ rule: Rule) -> RuleTable.ChainGroup {
            var digest = RuleDigest()
            digest.add(name)
            digest.add("\(rule)")
            return RuleTable.ChainGroup(digest) { [self] in
                count.wrappingAdd(1, ordering: .relaxed)
                return [.init(name, [rule]), .init("\(name)-more", [])]
            }
        }

        var done: Int { count.load(ordering: .relaxed) }
    }

    private func table(_ groups: [RuleTable.ChainGroup]) -> RuleTable {
        var table = RuleTable(.ip, "t")
        table.chains = [.init("in", hook: .init("filter", "input", 0), ["accept"])]
        table.add(groups)
        return table
    }

    @Test("what two tables share is not worked out to compare them, wherever it is in them; the rest is, once")
    func shared() {
        let work = Work()
        let (a, b, c) = (work.group("a", "accept"), work.group("b", "drop"), work.group("c", "drop"))
        let other = work.group("b", "return")
        let (one, two) = (table([a, b, c]), table([a, other, c]))
        #expect(one == table([a, b, c]) && work.done == 0)
        #expect(RuleDigest([one]) == RuleDigest([table([a, b, c])]) && RuleDigest([one]) != RuleDigest([two]))
        #expect(work.done == 0)
        #expect(one != two && work.done == 2)
        #expect(one.commands(to: two) == "flush chain ip t b\nadd rule ip t b return\n")
        #expect(two.differences(from: one).map(\.name.description) == ["chain b rule"])
        #expect(work.done == 2)
        // Moved and gone.
        #expect(one.commands(to: table([c, a, b])).isEmpty && work.done == 2)
        #expect(
            one.commands(to: table([c, b])) == "flush chain ip t a\ndelete chain ip t a\ndelete chain ip t a-more\n")
        #expect(work.done == 3)
    }

    @Test("a table is the same as one whose chains were written, and has their hash")
    func written() {
        let work = Work()
        var written = RuleTable(.ip, "t")
        written.chains = table([work.group("a", "accept")]).chains
        let lazy = table([work.group("a", "accept")])
        #expect(written == lazy && lazy == written && written.hashValue == lazy.hashValue)
        #expect(written.commands(to: lazy).isEmpty && lazy.chains.map(\.name) == ["in", "a", "a-more"])
        written.chains[1].rules.append("drop")
        #expect(written != lazy)
        #expect(lazy.groups.map(\.isWorkedOut) == [false, true])
    }
}
