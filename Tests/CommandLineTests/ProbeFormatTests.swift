import Foundation
import KernelTestSupport
import Testing

@Suite("Reports of probes for continuous integration", .needsRoot, .timeLimit(.minutes(20)))
struct ProbeFormatTests {
    @Test("JUnit's XML is well-formed and counts what passed and failed; TAP numbers every probe")
    func formats() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe", "--no-api")
            let report = try nslab.json("probe", "--lab", nslab.lab)
            let count = try #require(report["passed"] as? Int)
            let reader = """
                import sys, xml.etree.ElementTree as tree
                root = tree.fromstring(sys.stdin.read())
                cases = root.findall("testsuite/testcase")
                print(root.get("tests"), root.get("failures"), len(cases), len(root.findall("testsuite/testcase/failure")))
                """
            /// What another reader makes of the document, and the exit status.
            func junit() throws -> String {
                let probe = "\(BuiltProgram.path) probe --lab \(nslab.lab) --format junit"
                return try Witness.output(["bash", "-c", "\(probe) | python3 -c '\(reader)'; echo ${PIPESTATUS[0]}"])
            }
            #expect(try junit() == "\(count) 0 \(count) 0\n0\n")
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
            // Another run, which may find one more or less: what it says agrees with itself.
            let told = try junit().split(whereSeparator: \.isWhitespace).map { Int($0) ?? -1 }
            #expect(
                told.count == 5 && told[0] == count && told[2] == count && told[1] == told[3] && told[4] == 1, "\(told)"
            )
            #expect(told[1] > 0)
        }
    }

    @Test("of a lab where nothing can be asked, or not everybody reached, it is not said that all probes passed")
    func notAll() throws {
        try Program.with(topology: "lab: alone\nhosts: { a: {} }\n") { nslab in
            let output = try nslab.run("probe", "--lab", nslab.lab)
            #expect(output.status == 0 && output.output.hasPrefix("! nothing was probed"), "\(output.output)")
        }
        let hosts = """
            name: apart
            topology:
              nodes:
                a: { kind: linux, exec: [ip addr add 192.0.2.1/24 dev eth1] }
                b: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1, ip addr add 198.51.100.2/24 dev eth2] }
                c: { kind: linux, exec: [ip addr add 198.51.100.3/24 dev eth1] }
              links:
                - endpoints: [a:eth1, b:eth1]
                - endpoints: [b:eth2, c:eth1]

            """
        try LabFolders.with(["t.clab.yaml": hosts]) { folder in
            try Program.with { nslab in
                let output = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
                #expect(output.status == 0, "\(output.output)")
                #expect(!output.output.contains("all "), "\(output.output)")
                #expect(output.output.contains("probes passed; not everything in this lab can be reached"))
            }
        }
    }
}
