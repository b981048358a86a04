import Foundation
import KernelTestSupport
import Testing

@Suite("nslab doctor")
struct DoctorCommandTests {
    private func examine(_ arguments: String...) throws -> (report: [String: Any], status: Int32) {
        let testimony = try Witness.run([BuiltProgram.path, "doctor", "-o", "json"] + arguments)
        let report = try JSONSerialization.jsonObject(with: Data(testimony.output.utf8)) as? [String: Any]
        return (try #require(report, "\(testimony.output)"), testimony.status)
    }

    private func checks(_ report: [String: Any]) throws -> [String: [String: Any]] {
        let checks = try #require(report["checks"] as? [[String: Any]])
        return Dictionary(checks.map { ($0["name"] as? String ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test(
        "tells the kernel, what was looked at, and whether the built-in lab can be built", .needsRoot,
        .timeLimit(.minutes(20)))
    func builtIn() throws {
        let (report, status) = try examine()
        let kernel = try #require(report["kernel"] as? [String: Any])
        #expect(
            kernel["release"] as? String
                == (try Witness.output(["uname", "-r"])).split(separator: "\n").first.map(String.init))
        #expect(status == 0 && report["ready"] as? Bool == true)
        let checks = try checks(report)
        #expect(Set(checks.values.compactMap { $0["group"] as? String }) == ["privileges", "kernel", "limits", "host"])
        #expect(checks["veth"]?["state"] as? String == "ok")
        for check in checks.values where check["state"] as? String != "ok" {
            #expect(check["consequence"] != nil && check["remedy"] != nil, "\(check)")
        }
    }

    @Test("judges for the lab that is named, and up says the same sentence", .needsRoot, .timeLimit(.minutes(20)))
    func conditions() throws {
        let hasNetem = try TemporaryNamespaces.with("a") { names in
            let words = "tc qdisc add dev lo root netem delay 1ms".split(separator: " ").map(String.init)
            return try Witness.run(words, in: names["a"]).status == 0
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("nslabtest-\(getpid())-doctor.yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let yaml = """
            lab: far
            routers:
              r1: { ports: { eth1: { addresses: [10.9.0.1/24] } } }
            nodes:
              n1:
                interfaces:
                  eth1: { connect: { to: r1:eth1, conditions: { delay: 5ms } }, addresses: [10.9.0.2/24] }
            """
        try Data(yaml.utf8).write(to: file)
        let (report, status) = try examine(file.path)
        let check = try #require(try checks(report)["netem"])
        #expect(status == (hasNetem ? 0 : 1))
        #expect(check["state"] as? String == (hasNetem ? "ok" : "failed"))
        try Program.with { nslab in
            let up = try nslab.run("up", file.path, "--name", nslab.lab, "--no-api")
            #expect(up.status == (hasNetem ? 0 : 3), "\(up.output)")
            for key in ["consequence", "remedy"] where !hasNetem {
                #expect(up.output.contains(try #require(check[key] as? String)), "\(up.output)")
            }
        }
    }

    @Test("without privilege says what is missing and what to do, and fails", .needsRoot, .timeLimit(.minutes(20)))
    func unprivileged() throws {
        let testimony = try Witness.run([
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", BuiltProgram.path,
            "doctor", "-q",
        ])
        #expect(testimony.status == 1)
        #expect(testimony.output.contains("CAP_SYS_ADMIN and CAP_NET_ADMIN missing"))
        #expect(testimony.output.contains("run nslab with sudo"))
    }
}
