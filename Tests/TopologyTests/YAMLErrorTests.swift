import Testing
import Topology

@Suite struct YAMLErrorTests {
    @Test("a file with nothing in it", arguments: ["", "\n\n", "# only a comment\n", "---\n", "~", "\u{FEFF}"])
    func empty(text: String) {
        #expect(places(of: text) == ["1:1 "])
        #expect(sentences(of: text)[0].contains("empty"))
    }

    @Test("what is not YAML is told with line and column, and what people mostly did")
    func syntax() {
        #expect(places(of: "lab: x\nnodes:\n\tn: {}") == ["3:1 "])
        #expect(sentences(of: "lab: x\nnodes:\n\tn: {}")[0].contains("has a tab"))
        #expect(places(of: "lab: x\nnodes: { n: { ]") == ["2:15 "])
        let range = "lab: x\nnodes:\n  n{1..2}:\n    interfaces: { eth1: { connect: r:eth{1..2} } }"
        #expect(errors(of: range).map(\.line) == [4])
        #expect(sentences(of: range)[0].contains("a range needs quotes"))
    }

    @Test("a second document")
    func documents() {
        #expect(places(of: "lab: x\n---\nlab: y\n") == ["2:1 "])
        #expect(sentences(of: "lab: x\n---\nlab: y\n")[0].contains("one file is one lab"))
        #expect(errors(of: "---\nlab: x\n...\n").isEmpty)
    }

    @Test(
        "bytes that are not UTF-8, or no text",
        arguments: [
            ([0x6c, 0x61, 0x62, 0x3a, 0x0a, 0x78, 0xff], 2, 2), ([0xff, 0xfe, 0x6c, 0x00], 1, 1), ([0xc0, 0x80], 1, 1),
            ([0x6c, 0x61, 0x62, 0x3a, 0x0a, 0x0a, 0x00], 3, 1), ([0xed, 0xa0, 0x80], 1, 1),
        ] as [([UInt8], Int, Int)])
    func notUTF8(bytes: [UInt8], line: Int, column: Int) throws {
        let error = #expect(throws: TopologyErrors.self) { try Topology.read(bytes, file: "f") }
        #expect(error?.errors.map { [$0.line, $0.column] } == [[line, column]])
    }

    @Test("a key that stands twice is told with both lines and its field, beside all other errors")
    func duplicates() {
        let yaml = """
            lab: x
            nodes:
              n: { routes: [], role: worker, routes: [], roel: x }
              m: {}
              "n": {}
            lab: y
            cluster: { mtu: 1, "mtu": 2, mtu: [] }
            """
        #expect(
            places(of: yaml) == [
                "3:34 nodes.n.routes", "3:46 nodes.n.roel", "5:3 nodes.n", "6:1 lab", "7:17 cluster.mtu",
                "7:20 cluster.mtu", "7:30 cluster.mtu",
            ])
        #expect(sentences(of: yaml)[0] == "duplicate key routes (first at line 3)")
        #expect(sentences(of: yaml)[2] == "duplicate key n (first at line 3)")
    }

    @Test("more duplicates than anyone makes by hand are still an error")
    func manyDuplicates() {
        #expect(!errors(of: String(repeating: "lab: x\n", count: 1000)).isEmpty)
        #expect(!errors(of: String(repeating: "lab: x\n", count: 100_000)).isEmpty)
    }
}

@Suite struct HostileYAMLTests {
    private func sentence(_ text: String) -> String { sentences(of: text).first ?? "" }

    @Test(
        "brackets that are nested a hundred thousand deep",
        arguments: ["[", "{", "- ", "? ", "{a: ", "[[]: ", "&a [", "!!map {"])
    func nesting(piece: String) {
        #expect(errors(of: String(repeating: piece, count: 100_000)).count == 1)
    }

    @Test("lists that repeat each other by alias")
    func laughs() {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (earlier, name) in zip("abcdefghijk", "bcdefghijkl") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(earlier)", count: 9).joined(separator: ", ") + "]\n"
        }
        #expect(places(of: text) == ["2:8 "])
        #expect(sentence(text).contains("*a repeats a list or map"))
        // As a key, the library would hash all of it.
        #expect(errors(of: "\(text)? *l\n: x\n").count == 1)
    }

    @Test(
        "each way to anchor a list or map is seen",
        arguments: [
            "a: &x [1]\nb: *x", "a: &x\n  b: 1\nc: *x", "a: &x\r\n  - 1\nc: *x", "a: &x # c\n  - 1\nc: *x",
            "a: &x !!seq [1]\nc: *x", "a: !!seq &x [1]\nc: *x", "a: &x\u{85}  - 1\nc: *x", "[&x {a: 1}, *x]",
        ])
    func collectionAnchors(text: String) {
        #expect(sentence(text).contains("*x repeats a list or map"))
    }

    @Test("an anchor that holds itself, and an alias of nothing")
    func cycles() {
        #expect(sentence("a: &a [*a]").contains("repeats a list or map"))
        #expect(sentence("lab: *a").contains("names no anchor"))
    }

    @Test("ampersands, asterisks and question marks in comments are no anchors")
    func comments() {
        #expect(errors(of: "# R&D: *what* is a lab? &\nlab: x # &y\n# *z & so on ?\n").isEmpty)
    }

    @Test(
        "a file of more than a MiB, and one of a MiB of anything",
        arguments: ["a", "\n", "#", "[", "a: b\n", "&a b ", "\"", "{1..2}", "- "])
    func size(piece: String) {
        let text = String(repeating: piece, count: (1 << 20) / piece.utf8.count)
        #expect(!errors(of: text).isEmpty)
        #expect(sentence(text + piece + piece).contains("1 MiB"))
    }

    @Test("ranges that multiply long lists")
    func products() {
        let list = Array(repeating: "10.0.0.1", count: 1000).joined(separator: ", ")
        let text = "lab: x\nnodes:\n  n{1..9999}: { nodeAddresses: [\(list)] }"
        #expect(sentence(text).contains("repeat more than 250000 values"))
        let keys = (0..<1000).map { "k\($0): v" }.joined(separator: ", ")
        #expect(!errors(of: "lab: x\nnodes:\n  n{1..9999}: { \(keys) }").isEmpty)
        #expect(!errors(of: "lab: x\nnodes:\n  n{1..9999}: { labels: { \(keys) } }").isEmpty)
        let ranges = String(repeating: "{1..9999}", count: 10_000)
        #expect(!errors(of: "lab: x\nnodes:\n  n{1..9999}: { role: \"\(ranges)\" }").isEmpty)
    }

    @Test("ten thousand problems are told as a thousand")
    func manyProblems() {
        let nodes = (0..<10_000).map { "  n\($0): { interfaces: { eth1: { connect: none:eth1 } } }\n" }.joined()
        #expect(errors(of: "lab: x\nnodes:\n" + nodes).count == 1000)
    }
}
