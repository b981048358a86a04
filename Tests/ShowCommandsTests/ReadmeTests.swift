import Foundation
import ShowCommands
import Testing

@Suite("The README's list of a router's commands")
struct ReadmeTests {
    private static let path =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/README.md"

    /// The commands as the table has them, under the prompts where they are typed.
    private static var list: String {
        let interface = ConfigurationMode.interfaces(InterfaceNames("Et1")!)
        let vlan = ConfigurationMode.vlans(VLANNumbers("10")!)
        let global = Grammar.configuration(.global).syntaxes
        let shown = Set(Grammar.exec.syntaxes)
        let parts: [(String, [String])] = [
            ("ceos#", Grammar.exec.syntaxes), ("ceos(config)#", global.filter { !shown.contains($0) }),
            ("ceos(config-if-Et1)#", Grammar.configuration(interface).syntaxes.filter { !global.contains($0) }),
            ("ceos(config-vlan-10)#", Grammar.configuration(vlan).syntaxes.filter { !global.contains($0) }),
        ]
        return parts.map { prompt, syntaxes in "\(prompt)\n" + syntaxes.map { "  \($0)\n" }.joined() }.joined()
    }

    @Test("is the table's")
    func isTheTables() throws {
        var text = try String(contentsOfFile: Self.path, encoding: .utf8)
        let mark = try #require(text.range(of: "NSLAB_RECORD_README=1 writes them anew. -->\n```text\n"))
        let end = try #require(text.range(of: "```", range: mark.upperBound..<text.endIndex))
        if ProcessInfo.processInfo.environment["NSLAB_RECORD_README"] != nil {
            text.replaceSubrange(mark.upperBound..<end.lowerBound, with: Self.list)
            try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
        } else {
            #expect(text[mark.upperBound..<end.lowerBound] == Self.list)
        }
    }
}
