import Foundation
import KernelTestSupport
import Testing

/// Files that would keep a careless reader busy for ever, or fill the memory. The kernel is the witness: the program runs
/// under its limits, and one that passes them is ended by a signal.
@Suite("Hostile topology files")
struct HostileFileTests {
    /// A file to be read, and a word of what has to be said about it.
    struct File: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var content: @Sendable () -> Data
        var word: String

        init(_ name: String, _ word: String, _ content: @escaping @Sendable () -> String) {
            (testDescription, self.word) = (name, word)
            self.content = { Data(content().utf8) }
        }
    }

    private static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private static let files = [
        File("one line of 10 MB", "more than 1 MiB") { "lab: " + many("x", 10_000_000) },
        File("20 MB of zeros", "File too large") { many("\0", 20_000_000) },
        File("brackets a million deep", "deeper than 100") { many("[", 1_000_000) },
        File("maps a hundred thousand deep", "deeper than 100") { many("{a: ", 100_000) },
        File("billion laughs", "repeats a list or map") {
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
                + zip("abcdefghijk", "bcdefghijkl").map { "\($1): &\($1) [" + many("*\($0), ", 9) + "*\($0)]\n" }
                .joined()
        },
        File("an anchor that holds itself", "repeats a list or map") { "lab: x\nnodes: &n { n: *n }\n" },
        File("an anchor that is its own merge", "repeats a list or map") { "lab: &l\n  <<: *l\n" },
        File("a megabyte of anchors", "found a single value") { many("&a b ", 200_000) },
        File("a megabyte of one key", "duplicate key a (first at line 1)") { many("a: b\n", 200_000) },
        File("ranges upon ranges", "at most 10000 entries") {
            "lab: x\nnodes:\n  n{1..9999}:\n    interfaces:\n      eth{1..9999}: { connect: \"r{1..9999}:p{1..9999}\" }\n"
        },
        File("a thousand unknown fields ten thousand times", "there is no field") {
            "lab: x\nnodes:\n  n{1..9999}: { " + (0..<1000).map { "k\($0): v" }.joined(separator: ", ") + " }\n"
        },
        File("a long text that aliases repeat", "more than 4 MiB of text, aliases followed") {
            "lab: x\nrouters:\n  r: { loopbacks: { Loopback0: [&a '" + many("x", 400_000) + "'" + many(", *a", 100_000)
                + "] } }\n"
        },
        File("a long name in a range", "repeat more than 250000 values") {
            "lab: x\nnodes:\n  " + many("x", 1000) + "{1..9999}: {}\n"
        },
        File("a long text below a range", "repeat more than 250000 values") {
            "lab: x\nhosts:\n  h{1..9999}: { hostname: " + many("x", 400_000) + " }\n"
        },
        File("ten thousand wrong cables", "there is no router") {
            "lab: x\nnodes:\n"
                + (0..<10_000).map { "  n\($0): { interfaces: { eth1: { connect: no:eth1 } } }\n" }.joined()
        },
    ]

    @Test("are refused with a sentence, in seconds and little memory", arguments: files)
    func bounded(file: File) throws {
        let path = "/tmp/nslabtest-\(UUID().uuidString).yaml"
        try file.content().write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        // RLIMIT_DATA counts all that is allocated; an unoptimised build needs several times a release build's seconds.
        let limits = ["prlimit", "--cpu=20", "--data=\(512 << 20)"]
        let result = try Witness.run(limits + [BuiltProgram.path, "validate", path])
        #expect(result.status == 2, "\(result.output.prefix(500))")
        #expect(result.output.contains(file.word), "\(result.output.prefix(500))")
    }

    @Test(
        "bytes that are no text are refused with their place",
        arguments: [[0xff, 0xfe], [0x61, 0x0a, 0xc3, 0x28]] as [[UInt8]])
    func notText(bytes: [UInt8]) throws {
        let path = "/tmp/nslabtest-\(UUID().uuidString).yaml"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        let result = try Witness.run([BuiltProgram.path, "validate", path])
        #expect(result.status == 2)
        #expect(result.output.contains("\(path):\(bytes.contains(0x0a) ? 2 : 1):1: this is not UTF-8 text"))
    }
}
