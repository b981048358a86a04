import CLinux
import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("The files of a lab's hosts", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct RootTests {
    private static let topology = """
        lab: roots
        \(TwoNodeLab.devices)cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
            six: { cidr: "fd00:30::/48" }
          serviceSubnets: [10.96.0.0/16]
        workloads:
          member: { kind: StatefulSet, replicas: 1, subdomain: grp, labels: { app: member }, ports: [8080] }
        services:
          grp: { clusterIP: None, selector: { app: member }, ports: [{ port: 8080 }] }

        """

    /// A lab that is up, and a directory of the machine's for the test.
    private struct Bench {
        let nslab: Program
        let directory: String

        static func with(_ body: (Bench) throws -> Void) throws {
            try Program.with { nslab in
                let directory = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
                mkdir(directory, 0o755)
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let file = "\(directory)/lab.yaml"
                try Data(topology.utf8).write(to: URL(fileURLWithPath: file))
                try Witness.output([BuiltProgram.path, "up", file, "--name", nslab.lab, "--no-probe", "--no-api", "-q"])
                try body(Bench(nslab: nslab, directory: directory))
            }
        }

        /// Runs a script in a host, from a working directory.
        func exec(
            _ host: String, _ script: String, options: [String] = [], from directory: String = "/"
        ) throws -> Witness.Testimony {
            try Witness.run(
                ["env", "-C", directory, BuiltProgram.path, "exec", "--lab", nslab.lab] + options + [
                    host, "--", "sh", "-ec", script,
                ])
        }
    }

    /// What a test must not change, as checksums of its files.
    private func machine() throws -> String {
        try Witness.output(["sh", "-c", "find /etc /var/tmp /usr/local/bin -xdev -type f -exec sha256sum {} + | sort"])
    }

    @Test("what a command writes stays in the host, and the machine is as before")
    func writing() throws {
        let before = try machine()
        try Bench.with { (bench) throws in
            let script =
                "echo 192.0.2.9 upstream >>/etc/hosts; touch /var/tmp/left-by-the-lab /usr/local/bin/left; rm /etc/passwd"
            #expect(try bench.exec("a", script).status == 0)
            #expect(
                try bench.exec("a", "getent hosts upstream | cut -d' ' -f1; ls /var/tmp/left-by-the-lab").output
                    == "192.0.2.9\n/var/tmp/left-by-the-lab\n")
            #expect(try bench.exec("b", "test ! -e /var/tmp/left-by-the-lab; test -e /etc/passwd").status == 0)
            #expect(try bench.exec("b", "getent hosts upstream || true").output == "")
            #expect(try machine() == before)
            // What users did to the lab's network is another matter.
            #expect(try bench.nslab.run("verify", bench.nslab.lab, "--strict").status == 0)
        }
        #expect(try machine() == before)
    }

    @Test("every host has its names: its own, and its pod's and service's where it has them")
    func names() throws {
        try Bench.with { (bench) throws in
            #expect(
                try bench.exec("member-0", "hostname; hostname -f; cat /etc/hostname").output
                    == "member-0\nmember-0.grp.default.svc.cluster.local\nmember-0\n")
            #expect(try bench.exec("member-0", "cat /etc/resolv.conf").output.contains("nameserver 10.96.0.10\n"))
            let hosts = try bench.exec("member-0", "cat /etc/hosts").output
            #expect(hosts.hasPrefix("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"))
            #expect(
                hosts.split(separator: "\n").count {
                    $0.hasSuffix("\tmember-0.grp.default.svc.cluster.local\tmember-0")
                } == 2)
            #expect(
                try bench.exec("a", "hostname -f; getent ahostsv4 a | head -n 1 | cut -d' ' -f1").output
                    == "a\n10.20.0.11\n")
            #expect(
                try bench.exec("r", "hostname; getent hosts localhost >/dev/null; cat /etc/hosts").output.contains(
                    "10.20.0.1\tr\n"))
        }
    }

    @Test("the working directory is the machine's own, and nothing above it is")
    func workingDirectory() throws {
        try Bench.with { (bench) throws in
            mkdir("\(bench.directory)/work", 0o755)
            let place = "\(bench.directory)/work"
            #expect(try bench.exec("a", "pwd; echo result >out; echo no >../above", from: place).output == place + "\n")
            #expect(try Witness.output(["cat", "\(place)/out"]) == "result\n")
            #expect(access("\(bench.directory)/above", F_OK) != 0)
            #expect(
                try bench.exec("a", "cat ../above \(bench.directory)/work/out", from: place).output == "no\nresult\n")
            // From elsewhere it is copy on write like all else.
            #expect(try bench.exec("a", "echo changed >\(place)/out; cat \(place)/out").output == "changed\n")
            #expect(try Witness.output(["cat", "\(place)/out"]) == "result\n")
            for system in ["/etc", "/usr/local/bin", "/var/lib"] {
                #expect(try bench.exec("a", "touch left-by-the-lab; pwd", from: system).output == system + "\n")
                #expect(access("\(system)/left-by-the-lab", F_OK) != 0)
            }
        }
    }

    @Test("--host-files gives the machine's files as they are")
    func hostFiles() throws {
        try Bench.with { (bench) throws in
            let file = "\(bench.directory)/written"
            let script = "echo x >\(file); hostname; test -d /run/nslab/\(bench.nslab.lab)"
            let seen = try bench.exec("a", script, options: ["--host-files"])
            #expect(seen.output == "a\n" && seen.status == 0)
            #expect(access(file, F_OK) == 0)
        }
    }

    @Test("a file of the machine's that is replaced or made later is seen in the next command")
    func laterFiles() throws {
        try Bench.with { (bench) throws in
            let file = "\(bench.directory)/script"
            #expect(try bench.exec("a", "cat \(file) || true").output.contains("No such file"))
            try Witness.output(["sh", "-c", "echo first >'\(file)'"])
            #expect(try bench.exec("a", "cat \(file)").output == "first\n")
            try Witness.output(["sh", "-c", "echo second >'\(file).new'; mv '\(file).new' '\(file)'"])
            #expect(try bench.exec("a", "cat \(file)").output == "second\n")
        }
    }

    @Test(
        "a file of the host's own that the lab changes is written anew, and one that it does not stays as the user left it"
    )
    func changedNames() throws {
        try Bench.with { (bench) throws in
            #expect(try bench.exec("a", "echo mine >>/etc/hosts; echo mine >/etc/hostname").status == 0)
            let file = "\(bench.directory)/lab.yaml"
            let changed = Self.topology.replacing(
                "[10.20.0.11/24, \"fd00:20::11/64\"]", with: "[10.20.0.21/24, \"fd00:20::11/64\"]")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: file))
            try Witness.output([
                BuiltProgram.path, "up", file, "--name", bench.nslab.lab, "--no-probe", "--no-api", "-q",
            ])
            let hosts = try bench.exec("a", "cat /etc/hosts").output
            #expect(hosts.contains("10.20.0.21\ta\n") && !hosts.contains("10.20.0.11") && !hosts.contains("mine"))
            #expect(try bench.exec("a", "cat /etc/hostname").output == "mine\n")
        }
    }

    @Test("a command does not follow what programs of the lab's files have made of the host's paths")
    func links() throws {
        try Bench.with { (bench) throws in
            for name in ["work", "target"] { mkdir("\(bench.directory)/\(name)", 0o755) }
            let (work, target) = ("\(bench.directory)/work", "\(bench.directory)/target")
            func confined(_ script: String) throws {
                let end = try bench.exec("a", script, options: ["--confined"])
                #expect(end.status == 0, "\(end.output)")
            }
            // The working directory.
            try confined("mv \(work) \(work)-moved; ln -s /proc/1/root\(target) \(work)")
            let seen = try bench.exec("a", "pwd -P; echo x >left", from: work)
            #expect(seen.output.contains("the working directory is not the machine's own"), "\(seen.output)")
            #expect(try Witness.output(["ls", "-A", target]) == "")
            // The files that are written for the host.
            try confined("mv /etc /etc-moved; ln -s /proc/1/root\(target) /etc")
            let file = "\(bench.directory)/lab.yaml"
            let changed = Self.topology.replacing(
                "[10.20.0.11/24, \"fd00:20::11/64\"]", with: "[10.20.0.21/24, \"fd00:20::11/64\"]")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: file))
            try Witness.output([
                BuiltProgram.path, "up", file, "--name", bench.nslab.lab, "--no-probe", "--no-api", "-q",
            ])
            #expect(try bench.exec("a", "true").output.contains("/etc"))
            #expect(try Witness.output(["ls", "-A", target]) == "")
            try confined("rm /etc; mv /etc-moved /etc")
            #expect(try bench.exec("a", "cat /etc/hosts").output.contains("10.20.0.21\ta\n"))
        }
    }

    @Test("reset empties the hosts' files, and down removes them")
    func resetAndDown() throws {
        try Bench.with { (bench) throws in
            func mounts() throws -> [String] { try HostState(lab: bench.nslab.lab).mounts }
            let before = try mounts()
            #expect(try bench.exec("a", "echo x >/etc/left; sleep 600 >/dev/null 2>&1 &").status == 0)
            #expect(try bench.exec("member-0", "echo x >/etc/left").status == 0)
            #expect(try bench.nslab.run("reset", bench.nslab.lab).status == 0)
            #expect(try bench.exec("a", "test ! -e /etc/left").status == 0)
            #expect(try bench.exec("member-0", "test ! -e /etc/left").status == 0)
            #expect(try bench.nslab.run("reset", bench.nslab.lab).status == 0)
            let after = try mounts()
            #expect(after == before, "\(after.difference(from: before))")
            // One that has left the host's network is in its root all the same.
            #expect(try bench.exec("a", "unshare -n sleep 6061 >/dev/null 2>&1 &").status == 0)
            try eventually { try Witness.run(["pgrep", "-f", "^sleep 6061"]).status == 0 }
            #expect(try bench.nslab.run("down", bench.nslab.lab).output.contains("1 processes inside ended"))
            #expect(try Witness.run(["pgrep", "-f", "^sleep 6061"]).status == 1)
            let state = try HostState(lab: bench.nslab.lab)
            #expect(state.mounts.isEmpty && state.files.isEmpty && state.namespaces.isEmpty)
        }
    }

    @Test("a pod that goes and comes again begins with the machine's files")
    func comesAgain() throws {
        try Bench.with { (bench) throws in
            let file = "\(bench.directory)/lab.yaml"
            func up(_ topology: String) throws {
                try Data(topology.utf8).write(to: URL(fileURLWithPath: file))
                try Witness.output([
                    BuiltProgram.path, "up", file, "--name", bench.nslab.lab, "--no-probe", "--no-api", "-q",
                ])
            }
            #expect(try bench.exec("member-0", "echo x >/etc/left").status == 0)
            try up(Self.topology.replacing("replicas: 1", with: "replicas: 0"))
            try up(Self.topology)
            #expect(try bench.exec("member-0", "test ! -e /etc/left; ls /sys/class/net").output == "eth0\nlo\n")
            // A namespace that was taken away and is made again.
            #expect(try bench.exec("member-0", "true").status == 0)
            try Witness.ip("netns del \(bench.nslab.pin("member-0"))")
            try up(Self.topology)
            #expect(try bench.exec("member-0", "ls /sys/class/net").output == "eth0\nlo\n")
        }
    }

    @Test("many commands at once make one root")
    func atOnce() throws {
        try Bench.with { (bench) throws in
            let commands = try (0..<12).map { number in
                try Witness.Process([
                    BuiltProgram.path, "exec", "--lab", bench.nslab.lab, "a", "--", "sh", "-c",
                    "echo \(number) >>/etc/all",
                ])
            }
            for command in commands {
                let end = try command.wait()
                #expect(end.status == 0, "\(end.output)")
            }
            #expect(try bench.exec("a", "sort -n /etc/all | tr '\\n' ' '").output == (0..<12).map { "\($0) " }.joined())
        }
    }

    /// Runs a command whose system call of this number the kernel refuses with an error (seccomp(2)).
    private static let refusing = """
        import ctypes, os, struct, sys
        number, error = int(sys.argv[1]), int(sys.argv[2])
        code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | error), (0x06, 0, 0, 0x7fff0000)]
        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
        program = Program(4, b"".join(struct.pack("HBBI", *line) for line in code))
        if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(program), 0, 0): sys.exit("no filter")
        os.execvp(sys.argv[3], sys.argv[3:])
        """

    @Test(
        "a call that the kernel refuses while a root is made is told with the host, the kernel's words and a next step, and leaves nothing",
        arguments: [EPERM, ENOMEM, ENOSPC])
    func refusedCalls(error: CInt) throws {
        let calls = [
            "fsopen": SYS_fsopen, "fsconfig": SYS_fsconfig, "fsmount": SYS_fsmount, "open_tree": SYS_open_tree,
            "move_mount": SYS_move_mount, "mount_setattr": 442, "mount": SYS_mount, "umount": SYS_umount2,
            "pivot_root": SYS_pivot_root, "unshare": SYS_unshare, "setns": SYS_setns, "sethostname": SYS_sethostname,
            "openat2": SYS_openat2, "clone": SYS_clone,
        ]
        try Bench.with { (bench) throws in
            func state() throws -> [String] {
                // Where other tests work, mounts come and go, and so does what they leave a lab of the neighbour table.
                try HostState(lab: bench.nslab.lab).mounts
                    + Directory.names("/run/nslab/\(bench.nslab.lab)").filter { $0 != "neighbours" }
            }
            let before = try state()
            for (name, number) in calls.sorted(by: { $0.key < $1.key }) {
                for options in [[], ["--confined"]] {
                    let end = try Witness.run(
                        [
                            "python3", "-c", Self.refusing, "\(number)", "\(error)", BuiltProgram.path, "exec", "--lab",
                            bench.nslab.lab,
                        ]
                            + options + ["a", "--", "true"])
                    let words = SystemCallError(name, "", errno: error)
                    if end.status == 0 || error == EPERM && end.output.contains("there can be no overlay") {
                        // Without what was refused a root is possible: it is said what is missing.
                        #expect(
                            ["clone", "mount_setattr"].contains(name) || end.output.contains(words.words),
                            "\(name): \(end.output)")
                        #expect(try bench.nslab.run("reset", bench.nslab.lab).status == 0)
                    } else {
                        #expect(end.status == 3, "\(name): \(end.output)")
                        #expect(
                            end.output.hasPrefix("nslab: a: ") && end.output.contains(words.words),
                            "\(name): \(end.output)")
                        #expect(end.output.contains("; "), "\(name): \(end.output)")
                        if !["clone", "mount_setattr", "umount"].contains(name) {
                            let now = try state()
                            #expect(now == before, "\(name): \(end.output)")
                        }
                    }
                }
                // What was not made by half is made now.
                #expect(try bench.exec("a", "echo x >/etc/written; hostname").output == "a\n", "\(name)")
                #expect(try bench.nslab.run("reset", bench.nslab.lab).status == 0)
                let now = try state()
                #expect(now == before)
            }
            // Nor is one removed by half.
            #expect(try bench.exec("a", "true").status == 0)
            let left = try Witness.run([
                "python3", "-c", Self.refusing, "\(SYS_umount2)", "\(error)", BuiltProgram.path, "reset",
                bench.nslab.lab,
            ])
            #expect(
                left.status == 3 && left.output.contains(SystemCallError("umount", "", errno: error).words),
                "\(left.output)")
            #expect(try bench.nslab.run("reset", bench.nslab.lab).status == 0)
            let now = try state()
            #expect(now == before)
        }
    }

    @Test(
        "where there can be no overlay, the machine's files are read-only in a host, which is said, and never written")
    func withoutOverlay() throws {
        try Bench.with { (bench) throws in
            // Overlays on overlays come to an end (FILESYSTEM_MAX_STACK_DEPTH): the root is one on one here.
            let script = """
                mount --make-rprivate /
                mount -t tmpfs none '\(bench.directory)'
                cd '\(bench.directory)'
                mkdir u1 w1 m1 u2 w2 m2
                mount -t overlay overlay -o lowerdir=/,upperdir=u1,workdir=w1 m1
                mount -t overlay overlay -o lowerdir=m1,upperdir=u2,workdir=w2 m2
                for tree in proc sys dev run; do mount --rbind "/$tree" "m2/$tree"; done
                mkdir -p "m2$(dirname "$1")" && touch "m2$1" && mount --bind "$1" "m2$1"
                cd m2 && mkdir old && pivot_root . old && cd /
                nslab="$1 exec --lab \(bench.nslab.lab) b --"
                cd /etc
                $nslab sh -c 'hostname; hostname -f; echo x >/etc/written || echo refused; echo y >/tmp/written || echo refused; echo z >/run/written && echo done'
                cat /etc/written /tmp/written /run/written 2>/dev/null || echo untouched
                """
            let seen = try Witness.run(["unshare", "-m", "sh", "-ec", script, "sh", BuiltProgram.path])
            #expect(seen.output.contains("warning: there can be no overlay of / here"), "\(seen.output)")
            #expect(seen.output.contains("\nb\nb\n") && seen.output.hasSuffix("done\nuntouched\n"), "\(seen.output)")
            #expect(seen.output.components(separatedBy: "refused\n").count == 3, "\(seen.output)")
        }
    }
}
