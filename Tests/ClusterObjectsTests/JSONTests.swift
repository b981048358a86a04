import ClusterObjects
import Testing

@Suite("JSON values")
struct JSONTests {
    @Test(
        "texts are read and written as they were",
        arguments: [
            #"{"b":1,"a":[true,false,null,"x"]}"#, #"[]"#, #"{}"#, #""é\n\t\"\\""#, "-12", "1.5e-7",
            #"{"a":{"b":[{}]}}"#,
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSON(parsing: text.utf8).description == text)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "{\"a\":}", "01", "1.", "tru", "\"\u{1}\"", "\"\\x\"", "[1] 2", "{a:1}", "+1",
            "\"\\u12\"", "-",
        ])
    func refused(_ text: String) { #expect(throws: JSONError.self) { try JSON(parsing: text.utf8) } }

    @Test("escapes of two units are one character, and half of one is none")
    func surrogates() throws {
        #expect(try JSON(parsing: #""\ud83d\ude00""#.utf8).text == "😀")
        #expect(try JSON(parsing: #""\ud83dx""#.utf8).text == "\u{fffd}x")
        #expect(try JSON(parsing: #""\ud83d\u0041""#.utf8).text == "\u{fffd}A")
    }

    @Test("what is too deep is refused and not followed")
    func depth() throws {
        let levels = JSON.mostLevels
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        _ = try JSON(parsing: nested(levels + 1).utf8)
        #expect(throws: JSONError.self) { try JSON(parsing: nested(levels + 2).utf8) }
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000).utf8) }
    }

    @Test("of two members of one name the later one counts")
    func duplicates() throws { #expect(try JSON(parsing: #"{"a":1,"a":2}"#.utf8) == ["a": 2]) }

    @Test("members are found and set on the way down")
    func members() {
        var value: JSON = ["a": 1]
        value["b"]["c"] = "x"
        #expect(value.description == #"{"a":1,"b":{"c":"x"}}"#)
        #expect(value.at("b", "c", "d").isNull)
        value["b"] = .null
        #expect(value == ["a": 1])
    }

    @Test("objects are the same whatever the order of their members")
    func order() throws {
        let (one, two) = (try JSON(parsing: #"{"a":1,"b":2}"#.utf8), try JSON(parsing: #"{"b":2,"a":1}"#.utf8))
        #expect(one == two)
        #expect(Set([one, two]).count == 1)
    }

    @Test("one object is laid over another")
    func overlay() {
        let below: JSON = ["a": ["x": 1, "y": 2], "b": [1, 2]]
        #expect(below.overlaid(with: ["a": ["y": 3], "b": [4]]) == ["a": ["x": 1, "y": 3], "b": [4]])
    }

    @Test(
        "paths of columns",
        arguments: [
            (".a.b", ["1"]), (".l[0].n", ["\"x\""]), (".l[-1].n", ["\"y\""]), (".l[*].n", ["\"x\"", "\"y\""]),
            (".l[?(@.n==\"y\")].v", ["2"]), (".l[?(@.n!='y')].v", ["1"]), (".none.at.all", []), ("['a'].b", ["1"]),
            ("{.a.b}", ["1"]), (".d\\.e", ["3"]),
        ] as [(String, [String])])
    func paths(_ text: String, _ expected: [String]) throws {
        let object: JSON = ["a": ["b": 1], "l": [["n": "x", "v": 1], ["n": "y", "v": 2]], "d.e": 3]
        #expect(try #require(JSONPath(text)).values(in: object).map(\.description) == expected)
    }

    @Test("what is no path", arguments: [".a[", ".a[?(@.b=1)]", ".a[x]", "a b..c"])
    func noPath(_ text: String) { #expect(JSONPath(text) == nil) }
}
