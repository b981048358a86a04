import Foundation
import KernelTestSupport
import Testing
import YAML

@Suite("The YAML writer")
struct YAMLWriterTests {
    /// Texts that some reader would take for something else, if they were plain.
    private static let words = [
        "", " ", "a ", " a", "~", "null", "Null", "NULL", "true", "True", "FALSE", "yes", "No", "on", "OFF", "y", "N",
        "0",
        "-1", "+1", "007", "0o7", "0x1F", "0b11", "1_000", "1.5", "1.", ".5", "-.5", "1e3", "1E-3", "1.5e+3", ".inf",
        "-.INF",
        ".NaN", "12:30", "12:30:45", "1:2.5", "-190:20:30", "2001-12-14", "2001-1-1", "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43", "=", "<<", "-", "- a", "?", "? a", ":", ": a", "a: b", "a:", "a #b", "#a", "&a", "*a",
        "!a",
        "|", ">", "'a'", "\"a\"", "%a", "@a", "`a`", "{a", "}", "[a", "]", ",a", "---", "...", "--- a", "a\nb", "\n",
        "a\tb",
        "\u{7f}", "\u{85}", "\u{2028}", "a\u{0}", "02:42:10:00:00:02",
    ]
    /// Texts that are plain, as they are in no reader anything else.
    private static let plain = [
        "a", "a b", "10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/48", "02:42:ac:11:00:02", "ceos01:eth1", "80/UDP",
        "default via 10.1.0.1 dev eth1", "-text=hello", "a-b_c.d/e", "it's", "a\"b", "a#b", "80:90", "1.2.3",
        "1.5.0-rc1",
        "2001-12-14x", "20ms", "0.5%", "e3", "0x", "ä", "𝄞", "nobody", "a\\b", "Nay", "_1", "1e",
    ]

    @Test("writes plain what every reader takes for the same text, and only that")
    func quoting() {
        for word in Self.words { #expect(YAMLWriter.scalar(word).hasPrefix("\""), "\(word.debugDescription)") }
        for word in Self.plain { #expect(YAMLWriter.scalar(word) == word) }
        #expect(YAMLWriter.scalar("a, [b] {c}?", in: .block) == "a, [b] {c}?")
        #expect(YAMLWriter.scalar("a, b") == "\"a, b\"")
    }

    /// All texts, and each of many characters alone, at the begin, inside and at the end.
    private static var texts: [String] {
        var characters = (0..<0x100).compactMap { Unicode.Scalar($0 as UInt32) }
        characters += ["\u{2028}", "\u{2029}", "\u{FFFD}", "\u{E000}", "\u{E010}", "\u{1D11E}", "\u{10FFFF}"]
        return words + plain + characters.flatMap { ["\($0)", "\($0)a", "a\($0)b", "a\($0)", "a \($0) b", "1\($0)2"] }
    }

    private static func value(_ text: String) -> YAMLValue { YAMLValue(.scalar(text, isPlain: false)) }

    @Test("gives back each text to the reader, in block and in flow style, as a value and as a key")
    func roundTrip() throws {
        for text in Self.texts {
            let quoted = YAMLWriter.scalar(text)
            for (yaml, depth) in [
                ("[\(quoted), x]\n", 0), ("{ k: \(quoted), x: y }\n", 1), ("\(quoted): x\n", 2),
                (YAMLWriter.document(YAMLValue(.sequence([Self.value(text)]))), 0),
            ] {
                let root = try #require(try YAMLDocument.documents(of: Array(yaml.utf8)).first?.read()?.root)
                let found: YAMLValue? =
                    switch root.content {
                    case .sequence(let items): items.first
                    case .mapping(let entries): depth == 1 ? entries.first?.value : entries.first?.key
                    default: nil
                    }
                #expect(found?.text == text, "\(yaml.debugDescription)")
            }
        }
    }

    @Test("gives back each text to another reader, of YAML 1.1 with all its types")
    func witness() throws {
        let items = Self.texts.map(Self.value)
        let pairs = Set(Self.texts).sorted().map { YAMLValue.Entry(key: Self.value($0), value: Self.value($0)) }
        let block = YAMLWriter.document(
            YAMLValue(.sequence([YAMLValue(.sequence(items)), YAMLValue(.mapping(pairs))])))
        let flow =
            "[\(YAMLWriter.list(Self.texts)), "
            + "\(YAMLWriter.flow(pairs.map { (YAMLWriter.scalar($0.key.text ?? ""), YAMLWriter.scalar($0.value.text ?? "")) }))]"
        for yaml in [block, flow] {
            let output = try Witness.output(
                ["python3", "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))"],
                input: yaml)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [Any])
            #expect(json[0] as? [String] == Self.texts)
            #expect(json[1] as? [String: String] == Dictionary(uniqueKeysWithValues: Set(Self.texts).map { ($0, $0) }))
        }
    }

    @Test("writes nothing plain that YAML 1.2 has another type for (10.3.2)")
    func coreSchema() throws {
        let types = try Regex(
            "null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
                + "|[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\\.inf|\\.Inf|\\.INF)|\\.nan|\\.NaN|\\.NAN|"
        )
        for text in Self.texts where YAMLWriter.scalar(text, in: .block) == text {
            #expect(text.wholeMatch(of: types) == nil, "\(text)")
        }
    }

    @Test("writes lists and maps in lines of their own")
    func document() {
        let yaml = """
            a:
            - b: 1
              c:
              - d
              - - e
                - f
            - []
            g: {}
            h:
              i: "yes"

            """
        let root = try? YAMLDocument.documents(of: Array(yaml.utf8)).first?.read()?.root
        #expect(root.map(YAMLWriter.document) == yaml)
    }
}
