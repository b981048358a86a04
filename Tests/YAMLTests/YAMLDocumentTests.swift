import Testing
import YAML

@Suite("Documents of a YAML stream")
struct YAMLDocumentTests {
    @Test(
        "are found, with the line that each begins in",
        arguments: [
            ("", []), ("# a\n\n", []), ("a: 1", [1]), ("---\na: 1\n", [1]), ("# a\n---\na: 1\n", [2]),
            ("a: 1\n---\nb: 2\n---\nc: 3", [1, 2, 4]), ("a: 1\n...\n# bye\n", [1]), ("a: 1\n...\nb: 2\n", [1, 3]),
            ("a: |\n  x\n---\nb: 2\n", [1, 3]), ("--- a\n--- b\n", [1, 2]), ("---a: 1\n", [1]), ("a:\n ---\n", [1]),
            ("a: 1\r\n---\r\nb: 2\r\n", [1, 2]), ("a: 1\r---\rb: 2", [1, 2]), ("---\n---\n---\n", [1, 2, 3]),
            ("...\n...\na: 1\n", [3]),
        ] as [(String, [Int])])
    func split(text: String, lines: [Int]) {
        #expect(YAMLDocument.documents(of: Array(text.utf8)).map(\.firstLine) == lines)
    }

    @Test("keep their directives, and a byte order mark before each is no text")
    func directives() {
        #expect(outlines("%YAML 1.2\n%TAG !e! tag:e,2000:\n# c\n---\na: !e!x b\n") == ["{a:<tag:e,2000:x>}"])
        #expect(outlines("\u{FEFF}a: 1\n---\n\u{FEFF}b: 2\n\u{FEFF}---\nc: 3\n") == ["{a:1}", "{b:2}", "{c:3}"])
        #expect(outlines("\u{FEFF}a: 1", places: true) == ["{a@1:1:1@1:4}@1:1"])
        #expect(outlines("\u{FEFF}# c\n\u{FEFF}a: 1\n  \n") == ["{a:1}"])
    }

    @Test("without content are none, and an error in one leaves the others readable")
    func recovery() {
        #expect(outlines("---\n---\n# c\n---\na: 1\n---\n") == ["{a:1}"])
        #expect(
            outlines("a: 1\n---\nb: [\n---\nc: 3\n...\nd: \"\n") == [
                "{a:1}",
                "4:1 this is not YAML: did not find expected node content while parsing a flow node that began in line 4",
                "{c:3}",
                "8:1 this is not YAML: found unexpected end of stream while scanning a quoted scalar that began in line 7",
            ])
    }

    @Test(
        "are looked into without being read whole",
        arguments: [
            ("kind: Pod\napiVersion: v1\nx: [", ["kind": "Pod", "apiVersion": "v1"], false),
            (
                "{\"apiVersion\": \"v1\", \"a\": [{}, [1]], \"kind\": \"Pod\"}", ["kind": "Pod", "apiVersion": "v1"],
                false
            ),
            ("# c\n---\nmetadata: { kind: x }\nspec:\n  kind: y\n'kind': \"Pod\" # c\n", ["kind": "Pod"], false),
            ("apiVersion: v1\nkind: Pod\n\tx: 1", ["apiVersion": "v1"], true), ("{{ a }}\n", [:], false),
            ("- kind: x", [:], false),
            ("kind: { a: b }\napiVersion: [", ["kind": "", "apiVersion": ""], true), ("x: [\n", [:], true),
            ("? [a, b]\n: { c: d }\nkind: &k Pod\napiVersion: *k\n", ["kind": "Pod", "apiVersion": ""], false),
        ] as [(String, [String: String], Bool)])
    func head(text: String, fields: [String: String], isWrong: Bool) {
        let head = YAMLDocument.documents(of: Array(text.utf8))[0].head(["kind", "apiVersion"])
        #expect(head.fields == fields)
        #expect((head.error != nil) == isWrong)
        #expect(head.mark != nil)
    }

    @Test("that go on for ever are looked into in little time")
    func longHead() {
        for piece in ["[", "a: {b: ", "- ", "a\n", "? ", "\"", "&a [", "# "] {
            let bytes = Array(("x: 1\n" + String(repeating: piece, count: (4 << 20) / piece.utf8.count)).utf8)
            let time = ContinuousClock().measure {
                for document in YAMLDocument.documents(of: bytes) { #expect(document.head(["kind"]).fields.isEmpty) }
            }
            #expect(time < .seconds(20), "\(piece)")
        }
    }
}
