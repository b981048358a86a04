import ShowCommands
import Testing

@Suite("What an answer passes")
struct PipedLineTests {
    private static let text = """
        interface Ethernet1
           description Link to A
           mtu 9000
        !
        interface Ethernet2
           shutdown
        !
        router bgp 65001
           neighbor 10.0.0.1 remote-as 65002

        """

    private func filtered(_ filters: String) throws -> String { try PipedLine("show x \(filters)").filtered(Self.text) }

    @Test("EOS' own filters, by any beginning of their names")
    func filters() throws {
        #expect(
            try filtered("| include ethernet[12]|bgp") == "interface Ethernet1\ninterface Ethernet2\nrouter bgp 65001\n"
        )
        #expect(try filtered("| i MTU") == "   mtu 9000\n")
        #expect(try filtered("| exclude '^ |!'") == "interface Ethernet1\ninterface Ethernet2\nrouter bgp 65001\n")
        #expect(try filtered("| begin router").hasPrefix("router bgp 65001\n"))
        #expect(try filtered("| section mtu") == "interface Ethernet1\n   description Link to A\n   mtu 9000\n")
        #expect(try filtered("| s \"bgp 65\"").hasPrefix("router bgp"))
        #expect(try filtered("| count") == "8\n" || filtered("| count") == "9\n")
        #expect(try filtered("| no-more") == Self.text)
        #expect(try filtered("| inc interface | exc 2") == "interface Ethernet1\n")
        #expect(try PipedLine("show x | nz").filtered("Et1 0 0\nEt2 0 5\nPort In Out\n") == "Et2 0 5\nPort In Out\n")
        // What is no expression is text.
        #expect(try PipedLine("show x | include a[").filtered("a[b\nc\n") == "a[b\n")
    }

    @Test("what is no filter is a shell's, with all that follows")
    func shell() throws {
        let line = try PipedLine("show ip route | include C | grep -v \"a | b\" | wc -l")
        #expect(line.command == "show ip route")
        #expect(line.filters == [.include("C")])
        #expect(line.shellCommand == "grep -v \"a | b\" | wc -l")
        #expect(try PipedLine("show x | g foo").shellCommand == "grep foo")
        #expect(try PipedLine("show x|json").asksForDocument)
        #expect(try PipedLine("show x | json revision 1 | head -3").shellCommand == "head -3")
    }

    @Test(
        "what is wrong with a filter",
        arguments: [
            ("show x |", CommandError.Problem.incomplete), ("show x | n", .ambiguous),
            ("show x | include", .incomplete),
        ])
    func wrong(line: String, problem: CommandError.Problem) {
        let error = #expect(throws: CommandError.self) { try PipedLine(line) }
        #expect(error?.problem == problem)
    }

    @Test("a document keeps the order of its fields and quotes what JSON asks for")
    func document() {
        let value: JSONValue = .fields([
            .init(name: "b", value: ["x\"\n\u{1}", 1, 2.5, true, .null]), .init(name: "a", value: .fields([])),
        ])
        #expect(
            value.text
                == "{\n    \"b\": [\n        \"x\\\"\\n\\u0001\",\n        1,\n        2.5,\n        true,\n        null\n    ],\n    \"a\": {}\n}\n"
        )
    }
}
