import Foundation
import Glibc
import KernelTestSupport
import System
import Testing

/// The lab folders that the readers' tests have.
enum LabFolders {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "LabFoldersTests/Fixtures").path

    static let names: [String] = Directory.names(root)

    static func path(_ name: String) -> String { "\(root)/\(name)" }

    /// Gives `body` a folder of these files, and removes it again.
    static func with(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = "/tmp/nslabtest-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (path, text) in files {
            let file = URL(filePath: "\(folder)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder)
    }
}

@Suite("Lab folders from the command line")
struct FolderTests {
    @Test("the default lab as a folder of other tools' files has the same plan, but for the source")
    func samePlan() throws {
        try Program.with { nslab in
            let path = LabFolders.path("dual-stack")
            var (builtIn, folder) = (try nslab.json("plan"), try nslab.json("plan", path, "--no-mgmt"))
            #expect(folder["source"] as? String == path)
            builtIn["source"] = nil
            folder["source"] = nil
            #expect(NSDictionary(dictionary: folder) == NSDictionary(dictionary: builtIn))
            // The tools bring a network each, and all else is there besides.
            func names(_ plan: [String: Any]) -> [String] {
                (plan["namespaces"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }.sorted()
            }
            #expect(names(try nslab.json("plan", path)) == (names(builtIn) + ["clab", "kind"]).sorted())
        }
    }

    @Test("of a folder with several topologies the one that is named is the lab's, whatever its name ends in")
    func namedTopology() throws {
        func topology(_ name: String) -> String {
            "name: \(name)\ntopology:\n  nodes: { \(name): { kind: linux, exec: [ip addr add 192.0.2.1/24 dev lo] } }\n"
        }
        let files = [
            "one.clab.yaml": topology("one"), "two.clab.yml": topology("two"), "three.yaml": topology("three"),
        ]
        try LabFolders.with(files) { folder in
            try Program.with { nslab in
                for (file, name) in [("one.clab.yaml", "one"), ("two.clab.yml", "two"), ("three.yaml", "three")] {
                    let plan = try nslab.json("plan", "\(folder)/\(file)", "--no-mgmt")
                    #expect((plan["namespaces"] as? [[String: Any]])?.map { $0["name"] as? String } == [name])
                }
                let all = try nslab.run("plan", folder)
                #expect(all.status == 2 && all.output.contains("(one.clab.yaml, two.clab.yml)"), "\(all.output)")
            }
        }
    }

    @Test("what convert prints has the folder's plan", arguments: LabFolders.names)
    func converted(name: String) throws {
        try Program.with { nslab in
            let yaml = try Witness.output([BuiltProgram.path, "convert", LabFolders.path(name), "-q"])
                .split(separator: "\n").filter { !$0.hasPrefix("nslab: warning") }.joined(separator: "\n")
            try LabFolders.with(["native.yaml": yaml]) { folder in
                // The file is elsewhere, and binds are of the folder.
                var native = try nslab.json("plan", "\(folder)/native.yaml", "--allow-bind", LabFolders.path(name))
                var original = try nslab.json("plan", LabFolders.path(name))
                native["source"] = nil
                original["source"] = nil
                #expect(NSDictionary(dictionary: native) == NSDictionary(dictionary: original))
            }
        }
    }

    @Test(
        "comes up with every probe green, and goes without a trace", .needsRoot, .timeLimit(.minutes(20)),
        arguments: LabFolders.names)
    func upAndDown(name: String) throws {
        try Program.with { nslab in
            let before = try HostState(lab: nslab.lab)
            let report = try nslab.json("up", LabFolders.path(name), "--name", nslab.lab, "--no-api")
            let probes = try #require(report["probes"] as? [String: Any])
            #expect(probes["failed"] as? Int == 0)
            #expect((probes["passed"] as? Int ?? 0) > 0)
            let namespaces = try #require(report["namespaces"] as? [[String: Any]])
            #expect(namespaces.allSatisfy { $0["state"] as? String == "up" })
            let verified = try nslab.run("verify", "--strict", nslab.lab)
            #expect(verified.status == 0, "\(verified.output)")
            #expect(try nslab.run("down", nslab.lab).status == 0)
            #expect(try HostState(lab: nslab.lab) == before)
        }
    }

    @Test(
        "a pod that cannot run is told by up, with status 0, and by inspect, with its reason", .needsRoot,
        .timeLimit(.minutes(20)))
    func pending() throws {
        try Program.with { nslab in
            let result = try nslab.run("up", LabFolders.path("duplicate-address"), "--name", nslab.lab, "--no-api")
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("pod default/second on pair-worker stays ContainerCreating"))
            let report = try nslab.json("inspect", nslab.lab)
            let pods = try #require(report["pendingPods"] as? [[String: Any]])
            #expect(pods.count == 4)
            #expect(pods.contains { ($0["reason"] as? String)?.contains("192.168.55.7") == true })
        }
    }

    @Test(
        "a pod with hostNetwork answers on its node's address, and is entered by its name", .needsRoot,
        .timeLimit(.minutes(20)))
    func hostNetwork() throws {
        try Program.with { nslab in
            try nslab.run("up", LabFolders.path("services"), "--name", nslab.lab, "--no-probe", "--no-api")
            let output = try Witness.output(
                ["curl", "-s", "-m", "5", "http://172.18.0.3:9100"], in: nslab.pin("svc-control-plane"))
            #expect(output.contains("agent"))
            let inside = try nslab.run("exec", "--lab", nslab.lab, "agent", "--", "ip", "-br", "addr", "show", "eth0")
            #expect(inside.output.contains("172.18.0.3/16"))
        }
    }

    @Test(
        "what a topology cannot say runs inside, without a shell; what fails is told and no error", .needsRoot,
        .timeLimit(.minutes(20)))
    func commands() throws {
        let marker = "/tmp/nslabtest-\(UUID().uuidString)"
        let topology = """
            name: x
            topology:
              nodes:
                h:
                  kind: linux
                  exec:
                    - "ip rule add from 10.0.0.1 table 77"
                    - "touch \(marker)-a; \(marker)-b"
                    - "sh -c 'ip -br link > \(marker)'"
                    - "false"
                    - "nslabtest-no-such-program"
            """
        try LabFolders.with(["x.clab.yaml": topology]) { folder in
            try Program.with { nslab in
                let result = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
                #expect(result.status == 0, "\(result.output)")
                #expect(result.output.contains("h: false: it failed with exit status 1"))
                #expect(result.output.contains("h: nslabtest-no-such-program: it failed"))
                #expect(try Witness.ip("rule", in: nslab.pin("h")).contains("from 10.0.0.1 lookup 77"))
                let inside = ["exec", "--lab", nslab.lab, "h", "--"]
                let links = try Witness.output([BuiltProgram.path] + inside + ["cat", marker])
                // Its lines have removed their own; what containerlab brings is there.
                #expect(links.split(separator: "\n").map { $0.prefix(4) } == ["lo  ", "eth0"])
                // Without a shell the semicolon is part of a file's name. None of the files is the machine's.
                let files = try Witness.output([BuiltProgram.path] + inside + ["sh", "-c", "ls \(marker)*"])
                #expect(files == "\(marker)\n\(marker)-a;\n\(marker)-b\n")
                #expect(try Witness.run(["sh", "-c", "ls \(marker)*"]).status != 0)
            }
        }
    }

    @Test("validate lists each file with what was taken and what was not; files can be left out and added")
    func validate() throws {
        try Program.with { nslab in
            let services = LabFolders.path("services")
            let all = try nslab.run("validate", services)
            #expect(all.status == 0)
            for line in ["tools/app.yaml", "  taken    Service web", "  ignored  Frobnicator: not known"] {
                #expect(all.output.contains(line + "\n"), "\(line)")
            }
            #expect(all.output.contains("\(services)/tools/app.yaml:64: Frobnicator (example.org/v1) is not known"))
            let without = try nslab.json("plan", services, "--exclude", "tools")
            let names = try #require(without["services"] as? [[String: Any]]).compactMap { $0["name"] as? String }
            #expect(names == ["kubernetes", "kube-dns"])
            let added = try nslab.json(
                "plan", LabFolders.path("kind-alone"), "--file", "\(LabFolders.path("static-address"))/pods.yaml")
            let namespaces = try #require(added["namespaces"] as? [[String: Any]])
            #expect(namespaces.contains { $0["name"] as? String == "free" })
        }
    }

    @Test("a path out of the folder is an error with file, line and field, unless the file was named")
    func outside() throws {
        let files = [
            "lab/x.clab.yaml": "name: x\ntopology:\n  nodes:\n    r: { kind: ceos, startup-config: ../r.cfg }\n",
            "r.cfg": "hostname outside\n",
        ]
        try LabFolders.with(files) { folder in
            try Program.with { nslab in
                let refused = try nslab.run("up", "\(folder)/lab", "--name", nslab.lab, "--no-probe", "--no-api")
                #expect(refused.status == (geteuid() == 0 ? 2 : 77))
                let checked = try nslab.run("validate", "\(folder)/lab")
                #expect(checked.status == 2)
                #expect(
                    checked.output.contains(
                        "\(folder)/lab/x.clab.yaml:4:1: topology.nodes.r.startup-config: ../r.cfg is outside of the folder"
                    ))
                let named = try nslab.json("plan", "\(folder)/lab", "--file", "\(folder)/r.cfg")
                let router = try #require((named["namespaces"] as? [[String: Any]])?.first)
                #expect(router["hostname"] as? String == "outside")
            }
        }
    }

    @Test("links out of the folder, pipes and devices are not read")
    func links() throws {
        try LabFolders.with([
            "x.clab.yaml": "name: x\ntopology: { nodes: { r: { kind: ceos, startup-config: s.cfg } } }"
        ]) {
            folder in
            #expect(symlink("/etc/hostname", "\(folder)/s.cfg") == 0)
            #expect(symlink("/etc", "\(folder)/etc") == 0)
            #expect(mkfifo("\(folder)/pipe.yaml", 0o600) == 0)
            let result = try Witness.run([BuiltProgram.path, "validate", folder])
            #expect(result.status == 2)
            #expect(result.output.contains("there is no file s.cfg"))
        }
    }

    @Test(
        "folders that would keep a careless reader busy are refused in seconds and little memory",
        arguments: ["laughs", "line", "deep"])
    func bounded(form: String) throws {
        let text: String
        switch form {
        case "laughs":
            let levels = zip("abcdefghijk", "bcdefghijkl").map {
                "\($1): &\($1) [" + String(repeating: "*\($0), ", count: 9) + "*\($0)]\n"
            }
            text = "a: &a [x, x, x, x, x, x, x, x, x]\n" + levels.joined()
        case "line": text = "name: " + String(repeating: "x", count: 10_000_000)
        default: text = "name: " + String(repeating: "[", count: 500_000)
        }
        try LabFolders.with(["x.clab.yaml": text]) { folder in
            let limits = ["prlimit", "--cpu=20", "--data=\(512 << 20)"]
            let result = try Witness.run(limits + [BuiltProgram.path, "validate", folder])
            #expect(result.status == 2, "\(result.output.prefix(500))")
            #expect(result.output.contains("x.clab.yaml:"))
        }
    }
}
