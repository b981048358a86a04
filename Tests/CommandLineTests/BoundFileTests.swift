import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Files of a lab folder in its hosts", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct BoundFileTests {
    /// A folder with a host that has these binds, and its lab; `exec` runs a script in the host.
    private static func withLab(
        _ binds: String, _ files: [String: String], options: [String] = [], prepare: (String) throws -> Void = { _ in },
        _ body: (_ folder: String, _ up: Witness.Testimony, _ exec: (String) throws -> Witness.Testimony) throws -> Void
    ) throws {
        let topology =
            "name: x\ntopology:\n  nodes:\n    h: { kind: linux, binds: [\(binds)] }\n    o: { kind: linux }\n"
            + "  links: [{ endpoints: [\"h:eth1\", \"o:eth1\"] }]\n"
        try LabFolders.with(files.merging(["x.clab.yaml": topology]) { $1 }) { (folder) throws in
            try prepare(folder)
            try Program.with { (nslab) throws in
                let up = try Witness.run(
                    [BuiltProgram.path, "up", folder, "--name", nslab.lab, "--no-probe", "--no-api", "-q"] + options)
                try body(folder, up) { script in
                    try Witness.run([
                        "env", "-C", "/", BuiltProgram.path, "exec", "--lab", nslab.lab, "h", "--", "sh", "-ec", script,
                    ])
                }
            }
        }
    }

    @Test("files and directories are there, and what is written to them stays the lab's")
    func seen() throws {
        let files = ["setup.sh": "echo ran\n", "conf/a": "one\n", "conf/b": "two\n"]
        try Self.withLab("\"setup.sh:/opt/tools/setup.sh\", \"conf:/etc/conf\", \"conf:/etc/fixed:ro\"", files) {
            (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            #expect(try exec("sh /opt/tools/setup.sh; cat /etc/conf/a /etc/fixed/b").output == "ran\none\ntwo\n")
            #expect(
                try exec("echo more >>/opt/tools/setup.sh; echo x >/etc/conf/a; rm /etc/conf/b; echo y >/etc/conf/c")
                    .status == 0)
            #expect(
                try exec("tail -n 1 /opt/tools/setup.sh; cat /etc/conf/a; ls /etc/conf").output == "more\nx\na\nc\n")
            #expect(try exec("echo x >/etc/fixed/a").output.contains("Read-only file system"))
            for (path, text) in files { #expect(try Witness.output(["cat", "\(folder)/\(path)"]) == text) }
            #expect(access("\(folder)/conf/c", F_OK) != 0)
        }
    }

    @Test("the files of a fixture are where its hosts expect them")
    func fixture() throws {
        try Program.with { (nslab) throws in
            let up = try nslab.run("up", LabFolders.path("bound-files"), "--name", nslab.lab, "--no-api")
            #expect(up.status == 0, "\(up.output)")
            #expect(try nslab.run("exec", "--lab", nslab.lab, "web", "--", "cat", "/run/started").output == "started\n")
            #expect(try Witness.run(["ping", "-c", "1", "-W", "5", "198.51.100.1"], in: nslab.pin("web")).status == 0)
            #expect(
                try nslab.run("exec", "--lab", nslab.lab, "tor", "--", "head", "-n", "1", "/mnt/flash/startup-config")
                    .output == "hostname tor\n")
        }
    }

    @Test("a link out of the folder shows nothing of the machine, also one that is made while the lab runs")
    func links() throws {
        try Self.withLab(
            "\"data/file:/seen\", \"data:/all\"", ["data/file": "mine\n", "data/other": "other\n"],
            prepare: { try Witness.output(["ln", "-s", "/etc/shadow", "\($0)/data/out"]) }
        ) { (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            // Made after the folder was read, and before the host is used.
            try Witness.output(["ln", "-sf", "/etc/shadow", "\(folder)/data/file"])
            let first = try exec("test ! -e /seen && echo nothing")
            #expect(
                first.output.contains("the bind is left out of the host's root") && first.output.hasSuffix("nothing\n"),
                "\(first.output)")
            // A link leads where it leads in the host.
            #expect(try exec("readlink /all/out; cat /all/other").output == "/etc/shadow\nother\n")
        }
    }

    @Test("binds that change while the lab runs are there for the next command, and what else was written stays")
    func changed() throws {
        let files = ["one": "1\n", "two": "2\n", "conf/a": "a\n", "conf/b": "b\n"]
        try Self.withLab("\"one:/opt/one\", \"conf:/etc/conf\", \"one:/opt/fixed:ro\"", files) {
            (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            func again() throws {
                let name = try Witness.output([
                    "sh", "-c", "grep -ls '\(folder)' /run/nslab/*/topology.yaml | cut -d/ -f4",
                ])
                let end = try Witness.run([
                    BuiltProgram.path, "up", folder, "--name", name.trimmingCharacters(in: .whitespacesAndNewlines),
                    "--no-probe", "-q",
                ])
                #expect(end.status == 0, "\(end.output)")
            }
            #expect(
                try exec("cat /opt/one /opt/fixed; echo written >/etc/conf/a; echo mine >/var/mine").output == "1\n1\n")
            // One that runs goes on with what it has.
            #expect(
                try exec("(until test -e /var/asked; do sleep 0.05; done; cat /opt/one >/var/answer) >/dev/null 2>&1 &")
                    .status == 0)
            let file = "\(folder)/x.clab.yaml"
            let before = try String(contentsOfFile: file, encoding: .utf8)
            let changed = before.replacing("\"one:/opt/one\", ", with: "\"two:/opt/two\", ")
            try changed.write(toFile: file, atomically: true, encoding: .utf8)
            try again()
            #expect(
                try exec("cat /opt/two /etc/conf/a /var/mine /opt/fixed; test ! -s /opt/one").output
                    == "2\nwritten\nmine\n1\n")
            // A file that is replaced, as editors do, and one in a directory.
            for (name, text) in ["two": "22\n", "one": "11\n", "conf/b": "bb\n"] {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            #expect(try exec("cat /opt/two /opt/fixed /etc/conf/b /etc/conf/a").output == "22\n11\nbb\nwritten\n")
            #expect(try exec("touch /var/asked").status == 0)
            try eventually { try exec("cat /var/answer 2>/dev/null || true").output == "1\n" }
            // Back, and none at all.
            try before.write(toFile: file, atomically: true, encoding: .utf8)
            try again()
            #expect(try exec("cat /opt/one /etc/conf/a /opt/fixed").output == "11\nwritten\n11\n")
            try before.replacing(/binds: \[.*?\]/, with: "binds: []").write(
                toFile: file, atomically: true, encoding: .utf8)
            try again()
            #expect(try exec("ls -A /etc/conf; cat /var/mine; test ! -s /opt/fixed").output == "mine\n")
        }
    }

    @Test("no path of a bind leads out of the host, and nothing is made on the machine")
    func targets() throws {
        let machine = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
        mkdir(machine, 0o755)
        defer { try? FileManager.default.removeItem(atPath: machine) }
        let binds = [
            "data:/opt/data", "file:/opt/data/out/one", "file:/./proc/1/root\(machine)/two",
            "file:/opt/data/settings/three",
            "file:/opt/data/inside/four",
        ]
        try Self.withLab(
            binds.map { "\"\($0)\"" }.joined(separator: ", "), ["file": "mine\n", "data/other": "other\n"],
            prepare: { folder in
                for (name, target) in [
                    "out": "/proc/1/root\(machine)", "settings": "/proc/sys/kernel", "inside": "/srv",
                ] {
                    try Witness.output(["ln", "-s", target, "\(folder)/data/\(name)"])
                }
            }
        ) { (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            let first = try exec("cat /srv/four /opt/data/other")
            #expect(first.output.hasSuffix("mine\nother\n"), "\(first.output)")
            #expect(
                first.output.components(separatedBy: "the bind is left out of the host's root").count == 4,
                "\(first.output)")
            #expect(try Witness.output(["ls", "-A", machine]) == "")
            #expect(access("/srv/four", F_OK) != 0)
        }
    }

    @Test("a folder in whose place there is a link when the host is first used shows nothing")
    func movedFolder() throws {
        try Self.withLab("\"data:/seen\"", ["data/file": "mine\n"]) { (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            try Witness.output([
                "sh", "-c",
                "mv '\(folder)' '\(folder)-moved'; mkdir '\(folder)-other'; mkdir '\(folder)-other/data'; ln -s '\(folder)-other' '\(folder)'",
            ])
            defer {
                _ = try? Witness.output([
                    "sh", "-c", "rm '\(folder)'; rm -r '\(folder)-other'; mv '\(folder)-moved' '\(folder)'",
                ])
            }
            let seen = try exec("test ! -e /seen && echo nothing")
            #expect(
                seen.output.contains("the bind is left out") && seen.output.hasSuffix("nothing\n"), "\(seen.output)")
        }
    }

    @Test("a directory and a link out of the folder that change places all the time show nothing of the machine")
    func swapped() throws {
        let machine = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
        mkdir(machine, 0o755)
        defer { try? FileManager.default.removeItem(atPath: machine) }
        for name in ["file", "other"] {
            try "secret\n".write(toFile: "\(machine)/\(name)", atomically: true, encoding: .utf8)
        }
        let binds = "\"data:/all\", \"data:/fixed:ro\", \"data/file:/one\", \"data/file:/single:ro\""
        try Self.withLab(binds, ["data/file": "mine\n"]) { (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            let lab = try Witness.output(["sh", "-c", "grep -ls '\(folder)' /run/nslab/*/topology.yaml | cut -d/ -f4"])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            // RENAME_EXCHANGE.
            let swapper = try Witness.Process([
                "python3", "-c",
                """
                import ctypes, os
                os.symlink("\(machine)", "\(folder)/link")
                rename = ctypes.CDLL(None).renameat2
                while True: rename(-100, b"\(folder)/link", -100, b"\(folder)/data", 2)
                """,
            ])
            defer { swapper.send(SIGKILL) }
            for _ in 0..<40 {
                let seen = try exec("cat /all/* /fixed/* /one /single 2>/dev/null || true")
                #expect(!seen.output.contains("secret"), "\(seen.output)")
                try Witness.output([BuiltProgram.path, "reset", lab, "-q"])
            }
        }
    }

    @Test("what is outside of the folder is seen where the user allows it, read-only")
    func outside() throws {
        let shared = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
        mkdir(shared, 0o755)
        defer { try? FileManager.default.removeItem(atPath: shared) }
        try Witness.output(["sh", "-c", "echo shared >'\(shared)/file'"])
        try Self.withLab("\"\(shared)/file:/seen\"", [:]) { (folder, up, exec) throws in
            #expect(up.status == 0)
            #expect(try exec("test ! -e /seen").status == 0)
        }
        try Self.withLab("\"\(shared)/file:/seen\"", [:], options: ["--allow-bind", shared]) {
            (folder, up, exec) throws in
            #expect(up.status == 0, "\(up.output)")
            #expect(try exec("cat /seen").output == "shared\n")
            #expect(try exec("echo x >/seen").output.contains("Read-only file system"))
        }
    }
}
