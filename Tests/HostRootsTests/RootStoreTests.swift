import CLinux
import Foundation
import Glibc
import HostRoots
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("The roots of hosts", .needsRoot, .timeLimit(.minutes(20)))
struct RootStoreTests {
    /// A store in a directory of the test's, and a network namespace; both go with the test.
    private struct Bench {
        let store: RootStore
        let directory: String
        let pin: String

        static func with(_ body: (Bench) throws -> Void) throws {
            try TemporaryNamespaces.with("a") { names in
                let directory = FileManager.default.temporaryDirectory.path + "/nslabtest-\(UUID().uuidString)"
                mkdir(directory, 0o755)
                let bench = Bench(
                    store: RootStore(path: "\(directory)/roots", mark: "nslabtest"), directory: directory,
                    pin: names["a"])
                defer {
                    for path in ["roots", "disk"] { while umount2("\(directory)/\(path)", CInt(MNT_DETACH)) == 0 {} }
                    try? FileManager.default.removeItem(atPath: directory)
                }
                try body(bench)
            }
        }

        func make(_ name: String, _ etc: [String: String] = [:]) throws {
            try store.make(
                name, RootContent(hostname: name, etc: etc.mapValues { Array($0.utf8) }),
                namespace: NamedNamespaces.path(pin))
        }

        /// Runs a script in a root, by a witness that is not ours.
        func inside(_ name: String, _ script: String) throws -> Witness.Testimony {
            let host = "\(store.path)/\(name)"
            return try Witness.run(
                [
                    "nsenter", "--mount=\(host)/mnt", "--uts=\(host)/uts", "--net=\(NamedNamespaces.path(pin))",
                    "--", "env", "-C", "/", "sh", "-ec", script,
                ])
        }
    }

    @Test("what is written in a root is seen in it alone, and stays")
    func writing() throws {
        try Bench.with { bench in
            try bench.make("one")
            try bench.make("two")
            let script = "echo 192.0.2.9 upstream >>/etc/services; touch /var/tmp/left-by-\(bench.pin); rm /etc/passwd"
            let before = try Witness.output(["sha256sum", "/etc/services", "/etc/passwd"])
            #expect(try bench.inside("one", script).status == 0)
            #expect(try bench.inside("one", "tail -n 1 /etc/services").output == "192.0.2.9 upstream\n")
            #expect(try bench.inside("one", "test ! -e /etc/passwd && ls /var/tmp/left-by-\(bench.pin)").status == 0)
            #expect(try bench.inside("two", "sha256sum /etc/services /etc/passwd").output == before)
            #expect(try Witness.output(["sha256sum", "/etc/services", "/etc/passwd"]) == before)
            #expect(access("/var/tmp/left-by-\(bench.pin)", F_OK) != 0)
        }
    }

    @Test("what is mounted below the machine's root is seen and not changed, and keeps its permissions")
    func submounts() throws {
        try Bench.with { bench in
            let disk = "\(bench.directory)/disk"
            mkdir(disk, 0o755)
            try Witness.output(["mount", "-t", "tmpfs", "-o", "mode=1751,uid=7,gid=8", "none", disk])
            try Witness.output(["sh", "-c", "echo machine >'\(disk)/file'"])
            try bench.make("one")
            #expect(
                try bench.inside("one", "stat -c %a:%u:%g \(disk); cat \(disk)/file").output == "1751:7:8\nmachine\n")
            #expect(try bench.inside("one", "echo host >\(disk)/file; cat \(disk)/file").output == "host\n")
            #expect(try Witness.output(["cat", "\(disk)/file"]) == "machine\n")
        }
    }

    @Test("a file system that is read-only on the machine is so in a root")
    func readOnlyMounts() throws {
        try Bench.with { bench in
            let disk = "\(bench.directory)/disk"
            mkdir(disk, 0o755)
            try Witness.output(["mount", "-t", "tmpfs", "-o", "ro", "none", disk])
            try bench.make("one")
            #expect(try bench.inside("one", "touch \(disk)/file").output.contains("Read-only file system"))
        }
    }

    @Test("the mount table of a root has nothing of the machine's but its files, and no pins")
    func mountTable() throws {
        try Bench.with { bench in
            try bench.make("one")
            let table = try bench.inside("one", "cat /proc/self/mountinfo").output.split(separator: "\n")
            #expect(table.count { $0.contains(" - nsfs ") } == 0)
            let types = Set(table.compactMap { $0.components(separatedBy: " - ").last?.split(separator: " ").first })
            #expect(types.isDisjoint(with: ["debugfs", "tracefs", "securityfs", "binfmt_misc"]))
            let top = try bench.inside(
                "one",
                "findmnt -rn -o FSTYPE,PROPAGATION /; findmnt -n -o FSTYPE /run; findmnt -n -o FSTYPE /tmp || true")
            #expect(top.output.hasPrefix("overlay private\ntmpfs\n"))
        }
    }

    @Test("a root has devices, terminals and run-time files of its own, and the interfaces of its namespace")
    func privateTrees() throws {
        try Bench.with { bench in
            try bench.make("one")
            #expect(
                try bench.inside("one", "ls /run; ls /dev/pts; ls /dev/shm; ls /sys/class/net").output
                    == "lock\nptmx\nlo\n")
            #expect(try bench.inside("one", "ls /dev | grep -E 'sd|vd|nvme|mem|kmsg' || true").output == "")
            #expect(
                try bench.inside("one", "head -c 4 /dev/zero | wc -c; echo x >/dev/null; stat -c %a /dev/shm /run/lock")
                    .output == "4\n1777\n1777\n")
            #expect(try bench.inside("one", "echo x >/dev/shm/x; echo y >/run/y").status == 0)
            #expect(try bench.inside("one", "script -qc 'tty' /dev/null").output.contains("/dev/pts/0"))
            #expect(access("/dev/shm/x", F_OK) != 0 && access("/run/y", F_OK) != 0)
        }
    }

    @Test("a root has a host name and files in /etc of its own, in the place of links, too")
    func names() throws {
        try Bench.with { bench in
            let before = try Witness.output(["hostname"])
            try bench.make(
                "one",
                [
                    "hosts": "127.0.0.1 localhost\n10.0.0.1 one.example one\n", "hostname": "one\n",
                    "resolv.conf": "nameserver 10.96.0.10\n",
                ])
            #expect(
                try bench.inside("one", "hostname; hostname -f; cat /etc/hostname").output == "one\none.example\none\n")
            #expect(
                try bench.inside("one", "cat /etc/resolv.conf; stat -c %F /etc/resolv.conf").output
                    == "nameserver 10.96.0.10\nregular file\n")
            #expect(try bench.inside("one", "hostname renamed").status == 0)
            #expect(try bench.inside("one", "hostname").output == "renamed\n")
            #expect(try Witness.output(["hostname"]) == before)
        }
    }

    @Test("the store is root's alone, bounded, and no program in it gives anybody root")
    func store() throws {
        try Bench.with { bench in
            try bench.make("one")
            let own = try Witness.output(["findmnt", "-rn", "-o", "PROPAGATION,OPTIONS", bench.store.path])
            #expect(own.hasPrefix("private rw,nosuid,nodev,"))
            #expect(own.contains("size=") && own.contains("nr_inodes="))
            #expect(try Witness.output(["stat", "-c", "%a %u", bench.store.path]) == "700 0\n")
        }
    }

    @Test("a root that is given up is made anew, empty")
    func discard() throws {
        try Bench.with { bench in
            try bench.make("one")
            try bench.make("two")
            #expect(try bench.inside("one", "echo x >/etc/left").status == 0)
            #expect(try bench.inside("two", "echo x >/etc/left").status == 0)
            try bench.store.discard("one")
            #expect(try bench.store.root(of: "one") == nil)
            try bench.make("one")
            #expect(try bench.inside("one", "test ! -e /etc/left").status == 0)
            #expect(try bench.inside("two", "test -e /etc/left").status == 0)
            try bench.store.discard("one")
            try bench.store.discard("one")
            try bench.store.discard("never")
        }
    }

    @Test("a removed store leaves no mount, no file and no namespace")
    func remove() throws {
        try Bench.with { bench in
            try bench.make("one")
            try bench.make("two")
            let host = "\(bench.store.path)/one"
            let inode = try Witness.output(["stat", "-c", "%i", "\(host)/mnt"])
            try bench.store.remove()
            #expect(
                try KernelFile.text("/proc/self/mountinfo").contains(bench.directory) == false)
            #expect(access(bench.store.path, F_OK) != 0)
            let holders = try Witness.output(["sh", "-c", "stat -Lc %i /proc/[0-9]*/ns/mnt 2>/dev/null | sort -u"])
            #expect(
                !holders.split(separator: "\n").contains(
                    Substring(inode.trimmingCharacters(in: .whitespacesAndNewlines))))
            try bench.store.remove()
            try bench.make("one")
            #expect(try bench.inside("one", "true").status == 0)
        }
    }

    @Test("what a cut-short making left is in nobody's way")
    func remains() throws {
        try Bench.with { bench in
            try bench.make("one")
            try Witness.output(["umount", "\(bench.store.path)/one/mnt"])
            #expect(try bench.store.root(of: "one") == nil)
            try bench.make("one")
            #expect(try bench.inside("one", "hostname").output == "one\n")
        }
    }
}
