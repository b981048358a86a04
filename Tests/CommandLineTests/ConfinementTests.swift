import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("What a lab's files bring", .needsRoot, .timeLimit(.minutes(10)), .serialized)
struct ConfinementTests {
    /// Runs scripts with the rights of a lab's own commands in a host of a small lab.
    private static func withHost(_ body: (Program, (String) throws -> Witness.Testimony) throws -> Void) throws {
        let topology = """
            lab: confined
            hosts:
              h: { interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24] } } }
            routers:
              r:
                vlans: { 10: { addresses: [10.20.0.1/24] } }
                ports: { eth1: { access: 10 } }

            """
        let file = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).yaml"
        try Data(topology.utf8).write(to: URL(fileURLWithPath: file))
        defer { unlink(file) }
        try Program.with { nslab in
            try Witness.output([BuiltProgram.path, "up", file, "--name", nslab.lab, "--no-probe", "-q"])
            try body(nslab) { script in
                try Witness.run([
                    "env", "NSLABTEST_SECRET=secret", BuiltProgram.path, "exec", "--confined", "--lab", nslab.lab, "h",
                    "--", "sh", "-ec",
                    script,
                ])
            }
        }
    }

    /// The machine's files that nobody may have changed, its mounts and its settings.
    private static func machine() throws -> String {
        try Witness.output([
            "sh", "-c",
            """
            find /etc /usr/local/bin -xdev -type f -exec sha256sum {} + | sort
            ls -A /root
            # Where other tests work, mounts come and go.
            awk '$5 !~ "^/(tmp|run)/" { print $5, $6, $9 }' /proc/self/mountinfo
            cat /proc/sys/kernel/panic /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/hostname
            """,
        ])
    }

    /// Ways out that have to be refused, by what they are called. `$1` is a process of the machine's that runs as root.
    private static let ways = [
        "a setting of the machine's": "echo 7 >/proc/sys/kernel/panic",
        "the core pattern": "echo '|/bin/x' >/proc/sys/kernel/core_pattern",
        "memory's settings": "sysctl -w vm.overcommit_memory=2", "magic keys": "echo b >/proc/sysrq-trigger",
        "the first process's root": "ls /proc/1/root/", "the first process's directory": "ls /proc/1/cwd/",
        "a process's root": "ls /proc/$1/root/", "a process's environment": "cat /proc/$1/environ",
        "a process's memory": "head -c 1 /proc/$1/mem",
        "a process's descriptors": "readlink /proc/$1/fd/0", "a signal": "kill -0 $1 && kill $1",
        "a signal to all": "kill -9 -1",
        "a device": "mknod /tmp/device b 254 0", "a character device": "mknod /tmp/memory c 1 1",
        "a mount": "mount -t tmpfs none /mnt",
        "a mount of itself": "mount --bind / /mnt", "a mount taken away": "umount /proc/sys",
        "its mounts writable": "mount -o remount,rw /sys",
        "a mount namespace": "unshare -m true", "a user namespace": "unshare -Ur true",
        "a network namespace": "unshare -n true",
        "another's namespace": "nsenter -t $1 -m true", "power": "echo mem >/sys/power/state",
        "a group of processes": "mkdir /sys/fs/cgroup/nslabtest",
        "the kernel's memory": "head -c 1 /proc/kcore | grep -q .", "the kernel's log": "dmesg",
        "the host name": "hostname renamed",
        "the clock": "date -s @1",
        "tracing": "python3 -c 'import ctypes; exit(ctypes.CDLL(None).ptrace(16, int(\"'$1'\"), 0, 0) != 0)'",
        "a file by its handle":
            "python3 -c 'import ctypes; exit(ctypes.CDLL(None).open_by_handle_at(3, b\"x\" * 64, 0) < 0)'",
        "a program in the kernel": "python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(321, 0, 0, 0) < 0)'",
        "the hypervisor": "python3 -c 'import socket; socket.socket(40, 1)'",
        "more time for itself": "echo -1000 >/proc/self/oom_score_adj",
        "a disk": "find /dev -type b | grep .", "kept descriptors": "ls /proc/self/fd | grep -vx '[0-3]'",
        "the caller's secrets": "env | grep SECRET", "run-time files": "ls /run/nslab",
        "the caller's directory": "test \"$PWD\" != /",
        "a terminal": "exec 3</dev/tty",
    ]

    @Test("has no way to change or look into the machine")
    func waysOut() throws {
        let before = try Self.machine()
        let victim = try Witness.Process(["sleep", "600"])
        try victim.waitToBecome("sleep")
        try Self.withHost { (nslab, run) throws in
            for (name, script) in Self.ways.sorted(by: { $0.key < $1.key }) {
                let end = try run("set -- \(victim.pid); \(script)")
                #expect(end.status != 0, "\(name): \(end.output)")
            }
            #expect(kill(victim.pid, 0) == 0)
        }
        #expect(try Self.machine() == before)
        victim.send(SIGKILL)
    }

    @Test("has its network to itself, and files like a program in a container")
    func granted() throws {
        try Self.withHost { (nslab, run) throws in
            for script in [
                "ip link add x0 type veth peer name x1; ip addr add 192.0.2.1/24 dev x0; ip link set x0 up",
                "ping -c 1 -W 5 10.20.0.1",
                "sysctl -w net.ipv4.ip_forward=1; test $(cat /proc/sys/net/ipv4/ip_forward) = 1",
                "nft add table inet mine; nft list ruleset | grep -q mine",
                "echo x >/etc/x; chown nobody /etc/x; chmod 4755 /etc/x; mv /etc/x /var/y; ln /var/y /var/z",
                "su nobody -s /bin/sh -c 'test $(id -u) != 0'",
                "sleep 60 & kill $!", "test $(id -u) = 0; echo x >/run/x; echo y >/dev/shm/y",
                "python3 -c 'import threading; threading.Thread(target=print).start()'",
            ] {
                let end = try run(script)
                #expect(end.status == 0, "\(script): \(end.output)")
            }
            // What it wrote is there for the user, too.
            #expect(try nslab.run("exec", "--lab", nslab.lab, "h", "--", "cat", "/var/z", "/run/x").output == "x\nx\n")
            #expect(try Witness.run(["nft", "list", "table", "inet", "mine"]).status != 0)
        }
    }

    @Test("starts no more processes than a machine can do with")
    func tooManyProcesses() throws {
        let topology = """
            name: many
            topology:
              nodes:
                h: { kind: linux, exec: ["sh -c 'i=0; while [ $i -lt 8000 ]; do sleep 5000 & i=$((i+1)); done; wait'", "touch /run/later"] }
                o: { kind: linux }
              links:
              - endpoints: [ "h:eth1", "o:eth1" ]

            """
        try LabFolders.with(["x.clab.yaml": topology]) { folder in
            try Program.with { (nslab) throws in
                let result = try nslab.run("up", folder, "--name", nslab.lab, "--no-probe")
                #expect(result.status == 0)
                #expect(
                    result.output.contains("it was ended, for the host had more than 2000 processes"),
                    "\(result.output)")
                #expect(try Witness.run(["pgrep", "-f", "sleep 5000"]).status != 0)
                #expect(try nslab.run("exec", "--lab", nslab.lab, "h", "--", "ls", "/run/later").status == 0)
            }
        }
    }

    @Test("writes to the files of its host, and the machine is as before")
    func execLines() throws {
        let mark = "nslabtest-\(UUID().uuidString)"
        let topology = """
            name: ownfiles
            topology:
              nodes:
                box:
                  kind: linux
                  exec:
                  - touch /var/tmp/\(mark)
                  - sh -c "echo 192.0.2.9 \(mark) >> /etc/hosts"
                  - sh -c "echo \(mark) >> /etc/services; kill -9 -1; id -u >/root/\(mark)"
                other: { kind: linux }
              links:
              - endpoints: [ "box:eth1", "other:eth1" ]

            """
        let before = try Self.machine()
        try LabFolders.with(["x.clab.yaml": topology]) { folder in
            try Program.with { (nslab) throws in
                let result = try nslab.run("up", folder, "--name", nslab.lab, "--no-probe")
                #expect(result.status == 0, "\(result.output)")
                let box = ["exec", "--lab", nslab.lab, "box", "--", "sh", "-c"]
                let seen = try Witness.output(
                    [BuiltProgram.path] + box + [
                        "getent hosts \(mark) | cut -d' ' -f1; ls /var/tmp/\(mark); cat /root/\(mark)"
                    ])
                #expect(seen == "192.0.2.9\n/var/tmp/\(mark)\n0\n")
                #expect(try Self.machine() == before)
            }
        }
        #expect(try Self.machine() == before)
    }
}
