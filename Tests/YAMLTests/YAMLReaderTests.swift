import Testing
import YAML

@Suite("The YAML reader")
struct YAMLReaderTests {
    @Test("gives each value its line and column, counted in characters")
    func marks() {
        #expect(
            outlines("ä: [é, \"ü\", {𝄞: x}]\nb:\n  - |\n    text\n  - 'q': ~\n", places: true) == [
                "{ä@1:1:[é@1:5 \"ü\"@1:8 {𝄞@1:14:x@1:17}@1:13]@1:4 b@2:1:[\"text\n\"@3:5 {\"q\"@5:5:~@5:10}@5:5]@3:3}@1:1"
            ])
        #expect(outlines("a: 1\r\nb: 2\rc: 3\n", places: true) == ["{a@1:1:1@1:4 b@2:1:2@2:4 c@3:1:3@3:4}@1:1"])
        // The line of a file, and not of the document.
        #expect(outlines("a: 1\n---\n# c\nb: 2\n", places: true)[1] == "{b@4:1:2@4:4}@4:1")
        #expect(
            YAMLDocument.documents(of: Array("a: 1\n---\nb: [".utf8), firstLine: 7).map(\.firstLine) == [7, 8])
    }

    @Test(
        "tells of each key that its map has twice, and keeps all pairs",
        arguments: [
            (
                "a: 1\nb: 2\na: 3\n\"a\": 4\n",
                "{a:1 b:2 a:3 \"a\":4} ! 3:1 duplicate key a (first at line 1)"
                    + " ! 4:1 duplicate key a (first at line 1)"
            ),
            ("x: { c: 1, c: 2 }\ny: { c: 1 }\n", "{x:{c:1 c:2} y:{c:1}} ! 1:12 duplicate key c (first at line 1)"),
            ("a: &m { c: 1, c: 2 }\nb: *m\n", "{a:{c:1 c:2} b:{c:1 c:2}} ! 1:15 duplicate key c (first at line 1)"),
            ("? [x]\n: 1\n? [x]\n: 2\n", "{[x]:1 [x]:2}"),
        ])
    func duplicates(text: String, expected: String) { #expect(outlines(text) == [expected]) }

    @Test("follows aliases and merge keys; what is written beside a merge key wins")
    func aliases() {
        #expect(outlines("a: &x [1, &y b]\nc: *x\n*y : d\n") == ["{a:[1 b] c:[1 b] b:d}"])
        #expect(outlines("a: &x 1\nb: &x 2\nc: *x\n") == ["{a:1 b:2 c:2}"])
        #expect(
            outlines("a: &a { x: 1, y: 2 }\nb: &b { y: 3, z: 4 }\nc: { z: 5, <<: [*a, *b] }\nd: { <<: *b }\n") == [
                "{a:{x:1 y:2} b:{y:3 z:4} c:{z:5 x:1 y:2} d:{y:3 z:4}}"
            ])
        #expect(outlines("\"<<\": 1\na: { <<: { b: c }, \"<<\": 2 }\n")[0].hasPrefix("{\"<<\":1 a:{\"<<\":2 b:c}}"))
        #expect(outlines("<<: [1]\n") == ["1:6 only maps can be merged with <<, and this is a single value"])
        #expect(outlines("a: &a { <<: *a }\n") == ["1:13 the alias *a names no anchor above it"])
        #expect(outlines("a: *b\n") == ["1:4 the alias *b names no anchor above it"])
    }

    @Test("repeats single values alone where that is asked for")
    func scalarAliases() {
        #expect(outlines("a: &x 1\nb: *x\n<<: { c: d }\n", .scalars) == ["{a:1 b:1 <<:{c:d}}"])
        for text in ["a: &x [1]\nb: *x", "a: &x { b: *x }", "[&x {a: 1}, *x]"] {
            #expect(outlines(text, .scalars)[0].contains("*x repeats a list or map"))
        }
    }

    @Test("bounds what aliases repeat, and how deep values go, without taking long")
    func bounds() {
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            laughs += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(outlines(laughs)[0].contains("more than 200000 values, aliases followed"))
        #expect(outlines(laughs + "? *a9\n: x\n")[0].contains("more than 200000 values, aliases followed"))
        var merges = "m0: &m0 { " + (0..<1000).map { "k\($0): v" }.joined(separator: ", ") + " }\n"
        for level in 1...400 { merges += "m\(level): &m\(level) { <<: *m\(level - 1) }\n" }
        #expect(outlines(merges)[0].contains("more than 200000 values, aliases followed"))
        let text =
            "a: &a '" + String(repeating: "x", count: 1 << 19) + "'\nb: [" + String(repeating: "*a, ", count: 8) + "]\n"
        for policy in [AliasPolicy.all, .scalars] {
            #expect(outlines(text, policy)[0].contains("more than 4 MiB of text, aliases followed"))
        }
        // Each level is shallow, and all of them together are not.
        var stairs = "s0: &s0 [[[[x]]]]\n"
        for level in 1...50 { stairs += "s\(level): &s\(level) [[[[*s\(level - 1)]]]]\n" }
        #expect(outlines(stairs)[0].contains("deeper than 100"))
        for piece in ["[", "{", "- ", "? ", "{a: ", "[[]: ", "&a [", "!!map {", "!x ["] {
            #expect(outlines(String(repeating: piece, count: 100_000))[0].contains("deeper than 100"), "\(piece)")
        }
        #expect(outlines(String(repeating: "[", count: 99) + String(repeating: "]", count: 99)).count == 1)
        #expect(outlines(String(repeating: "a", count: 1 << 20) + "b")[0].contains("more than 1 MiB"))
    }

    @Test("takes YAML's own tags for what they are and others for something else")
    func tags() {
        #expect(
            outlines("[!!str 1, !!int 1, ! 1, !!seq [a], !!map {a: b}, !!bool \"no\", !x 1, !x [1], !x {a: b}]") == [
                "[\"1\" 1 \"1\" [a] {a:b} \"no\" <!x> <!x> <!x>]"
            ])
        #expect(outlines("a: !all()\n") == ["{a:<!all()>}"])
    }

    @Test(
        "leaves text as it is, private characters, control characters and all, but for byte order marks",
        arguments: [
            ("\"\u{E000}\u{E100}a \u{E010}b\"", "\"\u{E000}\u{E100}a \u{E010}b\""),
            ("\u{E010}a: \u{E000}*b", "{\u{E010}a:\u{E000}*b}"), ("a\u{FEFF}b", "ab"),
            ("\"\\0\\x07\\u2028\\U0001D11E\"", "\"\0\u{7}\u{2028}\u{1D11E}\""), ("'it''s'", "\"it's\""),
            ("|+\n  a\n\n", "\"a\n\n\""), (">-\n  a\n  b\n", "\"a b\""), ("a*b&c", "a*b&c"),
        ])
    func text(text: String, expected: String) { #expect(outlines(text) == [expected]) }

    @Test(
        "says where bytes are no text",
        arguments: [
            ([0x61, 0xff], 1, 2, "UTF-8"), ([0x61, 0x0a, 0xc3, 0x28], 2, 1, "UTF-8"),
            ([0xff, 0xfe, 0x61, 0], 1, 1, "UTF-8"),
            ([0xed, 0xa0, 0x80], 1, 1, "UTF-8"), ([0xc0, 0x80], 1, 1, "UTF-8"),
            ([0xf4, 0x90, 0x80, 0x80], 1, 1, "UTF-8"),
            ([0xc3], 1, 1, "UTF-8"), ([0x61, 0x0d, 0x0a, 0xc3, 0xa4, 0x00], 2, 2, "(U+0000)"),
            ([0x61, 0x7f], 1, 2, "(U+007F)"),
            ([0x61, 0xef, 0xbf, 0xbf], 1, 2, "(U+FFFF)"), ([0x61, 0xc2, 0x80], 1, 2, "(U+0080)"),
        ] as [([UInt8], Int, Int, String)])
    func bytes(bytes: [UInt8], line: Int, column: Int, word: String) throws {
        let error = #expect(throws: YAMLSyntaxError.self) { try YAMLDocument.documents(of: bytes)[0].read() }
        #expect(error?.mark == YAMLValue.Mark(line: line, column: column))
        #expect(error?.sentence.contains(word) == true, "\(error?.sentence ?? "")")
    }

    @Test("says what is wrong with what is not YAML, and that a tab is")
    func errors() {
        #expect(
            outlines("a:\n\tb: 1\n") == [
                "2:1 this is not YAML: found character that cannot start any token while scanning for the next token "
                    + "that began in line 2; YAML is indented with spaces, and this line has a tab"
            ])
        #expect(outlines("a: b: c\n") == ["1:5 this is not YAML: mapping values are not allowed in this context"])
        #expect(outlines("a: \"\\ud800\"\n")[0].contains("invalid Unicode character escape code"))
    }
}
