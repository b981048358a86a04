import Testing

@testable import LabFolders

@Suite("Words of exec lines")
struct CommandWordsTests {
    @Test("blanks, quotes, backslashes and comments as a shell splits them")
    func splitting() throws {
        #expect(
            try CommandWords("  ip   addr\tadd 10.0.0.1/24 dev eth1 ").words == [
                "ip", "addr", "add", "10.0.0.1/24", "dev", "eth1",
            ])
        #expect(
            try CommandWords(#"sh -c "echo \"a b\"" 'c d' e\ f"#).words == ["sh", "-c", "echo \"a b\"", "c d", "e f"])
        #expect(try CommandWords("ip a # the rest is a comment").words == ["ip", "a"])
        #expect(try CommandWords("echo a'b'c\"d\"").words == ["echo", "abcd"])
        #expect(try CommandWords("echo '' x").words == ["echo", "", "x"])
    }

    @Test("an open quote and an empty line have no words")
    func refusals() {
        #expect(throws: CommandWords.SyntaxError.unclosedQuote) { try CommandWords("echo 'a") }
        #expect(throws: CommandWords.SyntaxError.unclosedQuote) { try CommandWords("echo a\\") }
        #expect(throws: CommandWords.SyntaxError.empty) { try CommandWords("   ") }
        #expect(throws: CommandWords.SyntaxError.empty) { try CommandWords("# nothing") }
    }

    @Test("what a shell would do is not done, and is told")
    func metacharacters() throws {
        let chained = try CommandWords("ip addr add 10.0.0.1/24 dev eth1; rm -rf /tmp/x")
        #expect(chained.metacharacter == ";")
        #expect(chained.words.contains("eth1;"))
        #expect(try CommandWords("echo $HOME").words == ["echo", "$HOME"])
        #expect(try CommandWords("echo $(id)").metacharacter == "$")
        #expect(try CommandWords("sh -c 'a; b | c'").metacharacter == nil)
        #expect(try CommandWords("ip a\nip r").metacharacter == "\n")
    }

    @Test("a script of simple commands is those commands")
    func simpleScripts() {
        func words(_ script: String) -> [[String]]? { CommandWords.simpleCommands(ofScript: script)?.map(\.words) }
        #expect(
            words("ip link set eth1 up && ip addr add 10.0.0.1/24 dev eth1; true") == [
                ["ip", "link", "set", "eth1", "up"], ["ip", "addr", "add", "10.0.0.1/24", "dev", "eth1"], ["true"],
            ])
        #expect(words("ip route del default || true\nip a") == [["ip", "route", "del", "default"], ["ip", "a"]])
        #expect(words("echo 'a; b'") == [["echo", "a; b"]])
    }

    @Test(
        "any other script is left whole",
        arguments: [
            "a | b", "a > /etc/hosts", "echo $X", "echo `id`", "a || b", "if true; then a; fi", "X=1 a", "cd /; a",
            "a &",
            "echo \"$(id)\"", "a || trueish", "'open", "", "; ;",
        ])
    func otherScripts(script: String) {
        #expect(CommandWords.simpleCommands(ofScript: script) == nil)
    }

    @Test("a mark over a quote, a blank or a semicolon does not hide it")
    func combiningMarks() throws {
        #expect(try CommandWords("a '\u{301}b c' d").words == ["a", "\u{301}b c", "d"])
        #expect(try CommandWords("a \u{301}b").words == ["a", "\u{301}b"])
        #expect(CommandWords.simpleCommands(ofScript: "a ;\u{301}b")?.map(\.words) == [["a"], ["\u{301}b"]])
        #expect(throws: CommandWords.SyntaxError.unclosedQuote) { try CommandWords("'\u{301}") }
    }
}
