import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("A command in a lab of its own", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct RunTests {
    private func start(_ nslab: Program, _ command: [String]) throws -> Witness.Process {
        try Witness.Process(
            [BuiltProgram.path, "run", "ipv4-only", "--name", nslab.lab, "-q", "--no-api", "--"] + command)
    }

    @Test("kubectl knows the lab, unless it is to have no API")
    func api() throws {
        try Program.with { nslab in
            let kubectl = "\(try KubernetesLab.clients.get())/new/kubectl"
            let home = FileManager.default.temporaryDirectory.path + "/\(nslab.lab).home"
            // What kubectl keeps of discovery.
            defer { try? FileManager.default.removeItem(atPath: home) }
            let nodes = try nslab.run(
                "run", "ipv4-only", "--name", nslab.lab, "-q", "--", "env", "HOME=\(home)", kubectl, "get", "nodes",
                "-o",
                "name")
            #expect(nodes.status == 0 && nodes.output.hasPrefix("node/"), "\(nodes.output)")
            let without = try start(nslab, ["sh", "-c", "echo ${KUBECONFIG-none}"]).wait()
            #expect(without.output == "none\n")
        }
    }

    /// Whether anything of the lab is there.
    private func isThere(_ nslab: Program) -> Bool {
        Directory.names(NamedNamespaces.directory).contains { $0.hasPrefix(nslab.lab) }
            || Directory.names("/run/nslab").contains(nslab.lab)
    }

    @Test("the command has the lab's name and state, its exit status is passed on, and nothing is left")
    func status() throws {
        try Program.with { nslab in
            let before = try HostState(lab: nslab.lab)
            let script = "echo $NSLAB_LAB $NSLAB_STATE; \(BuiltProgram.path) exec tor -- hostname; exit 7"
            let result = try start(nslab, ["sh", "-c", script]).wait()
            #expect(result.status == 7)
            #expect(result.output.hasPrefix("\(nslab.lab) /run/nslab/\(nslab.lab)\n"))
            #expect(try HostState(lab: nslab.lab) == before)
        }
    }

    @Test(
        "a command that is not there is 127, one that cannot be executed 126, one that a signal ended 128 and its number"
    )
    func badCommands() throws {
        try Program.with { nslab in
            let ends = try [["/nonexistent"], ["/etc/passwd"], ["sh", "-c", "kill -9 $$"]].map { command in
                try start(nslab, command).wait().status
            }
            #expect(ends == [127, 126, 137])
            #expect(try nslab.run("run", "ipv4-only").status == 2)
            #expect(!isThere(nslab))
        }
    }

    @Test(
        "signals reach the command; the lab goes with it", arguments: [SIGINT, SIGTERM, SIGHUP],
        ["while the lab is built", "while the command runs"])
    func signals(signal: CInt, moment: String) throws {
        try Program.with { nslab in
            let ready = FileManager.default.temporaryDirectory.path + "/\(nslab.lab).ready"
            defer { unlink(ready) }
            let run = try start(nslab, ["sh", "-c", "echo >'\(ready)'; exec sleep 60"])
            try eventually(moment) {
                moment == "while the lab is built"
                    ? Directory.names("/run/nslab/\(nslab.lab)").contains("journal.json") : access(ready, F_OK) == 0
            }
            run.send(signal)
            #expect(try run.wait().status == 128 + signal)
            #expect(!isThere(nslab))
        }
    }

    @Test("where nslab itself is killed the lab is removed all the same")
    func killed() throws {
        try Program.with { nslab in
            let run = try start(nslab, ["sleep", "3"])
            try eventually("the lab") {
                Directory.names(NamedNamespaces.directory).contains { $0.hasPrefix(nslab.lab) }
            }
            run.send(SIGKILL)
            #expect(try run.wait().status == 137)
            try eventually("its end") { !isThere(nslab) }
        }
    }

    @Test("where nslab itself is killed and the lab cannot be removed, the system's log says so")
    func killedForNothing() throws {
        try Program.with { nslab in
            let state = "/run/nslab/\(nslab.lab)"
            defer { chmod(state, 0o755) }
            // With a log of its own, as the machine's is not to be asked.
            let listener = """
                import os, socket, stat, subprocess, sys
                subprocess.run(["mount", "-t", "tmpfs", "none", "/dev"], check=True)
                for name, minor in [("null", 3), ("zero", 5), ("urandom", 9)]:
                    os.mknod("/dev/" + name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
                log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                log.bind("/dev/log")
                log.settimeout(60)
                print(subprocess.run(sys.argv[1:]).returncode, log.recv(4096).decode())
                """
            // What others may write to is not believed.
            let result = try Witness.run(
                ["unshare", "--mount", "--propagation", "private", "python3", "-c", listener]
                    + [BuiltProgram.path, "run", "ipv4-only", "--name", nslab.lab, "-q", "--"]
                    + ["sh", "-c", "chmod 777 $NSLAB_STATE; kill -KILL $PPID"])
            #expect(result.output.hasPrefix("-9 "), "\(result.output)")
            for words in ["lab \(nslab.lab) is left behind: \(state) is not", "`nslab down \(nslab.lab)` removes it"] {
                #expect(result.output.contains(words), "\(result.output)")
            }
        }
    }

    @Test("a lab that is there already is not taken down: exit 4")
    func inTheWay() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe")
            #expect(try start(nslab, ["true"]).wait().status == 4)
            #expect(isThere(nslab))
        }
    }

    @Test("runs inside runs and many at once get labs of their own")
    func many() throws {
        let program = BuiltProgram.path
        let runs = try (0..<4).map { _ in
            try Witness.Process(
                [program, "run", "ipv4-only", "--", program, "run", "ipv4-only", "--", "sh", "-c", "echo $NSLAB_LAB"])
        }
        let names = try runs.map { run in
            let result = try run.wait()
            #expect(result.status == 0, "\(result.output)")
            return result.output.split(separator: "\n").last.map(String.init) ?? ""
        }
        #expect(Set(names).count == 4 && names.allSatisfy { $0.hasPrefix("ipv4-only-") })
        for name in names { #expect(!Directory.names("/run/nslab").contains(name)) }
    }

    @Test("names that are no DNS labels never become paths")
    func hostileNames() throws {
        for name in ["../../tmp", "..", "a/b", "A", "-a", ""] {
            #expect(try Witness.run([BuiltProgram.path, "down", name]).status == 2)
            #expect(try Witness.run([BuiltProgram.path, "up", "ipv4-only", "--name", name]).status == 2)
            #expect(try Witness.run([BuiltProgram.path, "run", "ipv4-only", "--name", name, "--", "true"]).status == 2)
            #expect(try Witness.run([BuiltProgram.path, "inspect", name]).status == 2)
        }
    }
}
