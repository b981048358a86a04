import Foundation
import KernelTestSupport
import Testing

@Suite("Reports of probes for continuous integration", .needsRoot)
struct ProbeFormatTests {
    @Test("JUnit's XML is well-formed and counts what passed and failed; TAP numbers every probe")
    func formats() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe")
            let report = try nslab.json("probe", "--lab", nslab.lab)
            let count = try #require(report["passed"] as? Int)
            let reader = """
                import sys, xml.etree.ElementTree as tree
                root = tree.fromstring(sys.stdin.read())
                cases = root.findall("testsuite/testcase")
                print(root.get("tests"), root.get("failures"), len(cases), len(root.findall("testsuite/testcase/failure")))
                """
            func junit() throws -> (String, Int32) {
                let document = try Witness.run(
                    ["sh", "-c", "\(BuiltProgram.path) probe --lab \(nslab.lab) --format junit 2>/dev/null"])
                let read = try Witness.output(
                    [
                        "sh", "-c",
                        "cat > \(nslab.lab).xml; python3 -c '\(reader)' < \(nslab.lab).xml; rm \(nslab.lab).xml",
                    ],
                    input: String(document.output.prefix(60000)))
                return (read, document.status)
            }
            let whole = try junit()
            #expect(whole.0 == "\(count) 0 \(count) 0\n" && whole.1 == 0)
            let tap = try nslab.run("probe", "--lab", nslab.lab, "--format", "tap")
            #expect(tap.status == 0 && tap.output.hasPrefix("TAP version 14\n1..\(count)\nok 1 - "))
            #expect(tap.output.split(separator: "\n").count { $0.hasPrefix("ok ") } == count)

            let router = try #require(
                (try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]])?.first?["netns"] as? String)
            try Witness.ip("link set lo down", in: router)
            try Witness.ip("address flush dev lo", in: router)
            let broken = try nslab.run("probe", "--lab", nslab.lab, "--format", "tap")
            let failed = broken.output.split(separator: "\n").count { $0.hasPrefix("not ok ") }
            #expect(broken.status == 1 && failed > 0 && broken.output.contains("  message: \""))
            let partly = try junit()
            #expect(partly.0 == "\(count) \(failed) \(count) \(failed)\n" && partly.1 == 1)
        }
    }
}
