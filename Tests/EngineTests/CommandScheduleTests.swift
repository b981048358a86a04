import Testing
import Topology

@testable import Engine

@Suite("The order of hosts' commands")
struct CommandScheduleTests {
    private func commands(_ count: Int, waits: [Int: [String: Int]] = [:]) -> [HostCommand] {
        (0..<count).map { HostCommand(["c\($0)"], waits: waits[$0] ?? [:]) }
    }

    /// The hosts whose commands begin, round by round, where each round's end at once.
    private func rounds(_ hosts: [(name: String, commands: [HostCommand])], atMost count: Int = 10) -> [[String]] {
        var schedule = CommandSchedule(hosts)
        var rounds: [[String]] = []
        while !schedule.isOver, rounds.count < 100 {
            let items = schedule.begin(atMost: count)
            rounds.append(items.map { "\(hosts[$0.host].name)\($0.command)" })
            for item in items { schedule.end(of: item.host) }
        }
        return rounds
    }

    @Test("those of one host run one after the other, those of several side by side")
    func sideBySide() {
        #expect(rounds([("a", commands(2)), ("b", commands(1))]) == [["a0", "b0"], ["a1"]])
        #expect(rounds([("a", commands(1)), ("b", commands(1))], atMost: 1) == [["a0"], ["b0"]])
        #expect(rounds([]) == [])
    }

    @Test("one begins once what it waits for is over")
    func waits() {
        let waiting = commands(2, waits: [1: ["b": 2]])
        #expect(rounds([("a", waiting), ("b", commands(3))]) == [["a0", "b0"], ["b1"], ["a1", "b2"]])
    }

    @Test(
        "what is waited for and never comes keeps nobody waiting: other hosts, more commands than there are, a circle")
    func inVain() {
        #expect(rounds([("a", commands(1, waits: [0: ["elsewhere": 3]]))]) == [["a0"]])
        #expect(rounds([("a", commands(1, waits: [0: ["b": 9]])), ("b", commands(1))]) == [["b0"], ["a0"]])
        let circle = [("a", commands(1, waits: [0: ["b": 1]])), ("b", commands(1, waits: [0: ["a": 1]]))]
        #expect(rounds(circle) == [["a0"], ["b0"]])
    }

    @Test("how a command failed is told with the end of what it said, in one line that a terminal can show")
    func words() {
        func sentence(_ text: String) -> String? {
            CommandProcess.End(failure: "it failed", words: Array(text.utf8), output: []).sentence
        }
        #expect(sentence("") == "it failed")
        #expect(sentence("\n  \n") == "it failed")
        #expect(sentence("cat: x: No such file\n") == "it failed: cat: x: No such file")
        #expect(sentence("1\n2\n3\n4\n5\n") == "it failed: 2; 3; 4; 5")
        #expect(sentence("\u{1b}[31mred\u{7}\r\n") == "it failed: [31mred")
        #expect(
            sentence("nslab: warning: x; the command sees y\nnslab: ship: No such file")
                == "it failed: ship: No such file")
        #expect(sentence("nslab: warning: they were ended") == "it failed: they were ended")
        #expect(sentence(String(repeating: "x", count: 9000))?.utf8.count ?? 0 < 500)
        #expect(CommandProcess.End(failure: nil, words: [65], output: []).sentence == nil)
    }
}
