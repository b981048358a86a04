import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("What a lab's files bring", .needsRoot, .timeLimit(.minutes(20)), .serialized)
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
            try Witness.output([BuiltProgram.path, "up", file, "--name", nslab.lab, "--no-probe", "--no-api", "-q"])
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
            find /etc /usr/local /var -xdev -type f -not -path '/var/log/*' -not -path '/var/tmp/*' -exec sha256sum {} + | sort
            find /root -xdev -maxdepth 1 -type f -exec sha256sum {} + | sort
            ls -A /root
            # Where other tests work, mounts come and go.
            awk '$5 !~ "^/(tmp|run)/" { print $5, $6, $9 }' /proc/self/mountinfo
            cat /proc/sys/kernel/panic /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/hostname
            """,
        ])
    }

    /// A script that makes a system call, and succeeds if the kernel does not refuse it.
    private static func call(_ name: String, _ x86: Int, _ arm: Int, _ arguments: String) -> String {
        #if arch(x86_64)
            let number = x86
        #else
            let number = arm
        #endif
        return "python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(\(number), \(arguments)) < 0)'"
    }

    /// Ways out that have to be refused, by what they are called. `$1` is a process of the machine's that runs as root, `$2` a
    /// directory of the machine's with a device and a socket, `$3` an abstract socket's name.
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
        "a device that is in a file system": "head -c 1 $2/device",
        "a link put into the machine's network":
            "ip link add nslabtest0 type veth peer name nslabtest1; ip link set nslabtest0 netns $1",
        "a link made in the machine's network": "ip link add nslabtest0 netns $1 type veth peer name nslabtest1",
        "a number for the machine's network": "ip netns set $1 7",
        "a process's limits": "prlimit --pid $1 --nofile=5:5", "a process's memory policy": "migratepages $1 0 0",
        "how soon a process is ended": "echo 900 >/proc/$1/oom_score_adj",
        "a process's priority": "renice -n 5 -p $1",
        "everybody's priority": "python3 -c 'import os; os.setpriority(2, 0, 5)'",
        "a process's processor": "taskset -p 1 $1",
        "a socket of the machine's": "python3 -c 'import socket; socket.socket(1).connect(\"'$2'/socket\")'",
        "an abstract socket of the machine's": "python3 -c 'import socket; socket.socket(1).connect(\"\\0'$3'\")'",
        "the machine's packets": "ip -o link | grep -v ' lo: ' | grep -v ' eth1@'",
        "a user namespace by clone":
            "python3 -c 'import ctypes; exit(ctypes.CDLL(None).clone(0, 0, 0x10000000, 0) < 0)'",
        "the first process's namespaces":
            "for n in mnt net pid ipc uts; do nsenter --$n=/proc/1/ns/$n true && exit; done; false",
        "another kernel": call("kexec_load", 246, 104, "0, 0, 0, 0"),
        "restart": call("reboot", 169, 142, "0xfee1dead, 672274793, 0"),
        "the clock by its number": call("clock_settime", 227, 112, "0, (ctypes.c_long * 2)(1, 0)"),
        "keys": call("keyctl", 250, 219, "0, -3, 1"),
        "a ring of requests": call("io_uring_setup", 425, 425, "1, (ctypes.c_char * 256)()"),
        "faults of pages": call("userfaultfd", 323, 282, "0"), "swap": call("swapon", 167, 224, "b\"/x\", 0"),
        "a module": call("init_module", 175, 105, "b\"\", 0, b\"\""),
        "events": call("perf_event_open", 298, 241, "(ctypes.c_char * 256)(), 0, -1, -1, 0"),
        "all files' events": call("fanotify_init", 300, 262, "0, 0"),
        "files without a bound": call("memfd_create", 319, 279, "b\"x\", 0"),
        "a file system": call("fsopen", 430, 430, "b\"tmpfs\", 0"),
        "another root": call("pivot_root", 155, 41, "b\"/\", b\"/\""),
        "the kernel's ciphers": "python3 -c 'import socket; socket.socket(16, 3, 21)'",
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
        defer { victim.send(SIGKILL) }
        let status = try Witness.output(["prlimit", "--pid", "\(victim.pid)"])
        let directory = FileManager.default.temporaryDirectory.path + "/nslabtest-\(UUID().uuidString)"
        mkdir(directory, 0o755)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Witness.output(["mknod", "\(directory)/device", "c", "1", "5"])
        let name = "nslabtest-\(getpid())"
        let listener = try Witness.Process([
            "python3", "-c",
            "import socket, time; s = socket.socket(1); s.bind('\(directory)/socket'); s.listen(); "
                + "t = socket.socket(1); t.bind('\\0\(name)'); t.listen(); time.sleep(600)",
        ])
        defer { listener.send(SIGKILL) }
        try eventually { try Witness.run(["grep", "-c", name, "/proc/net/unix"]).status == 0 }
        try Self.withHost { (nslab, run) throws in
            for (name, script) in Self.ways.sorted(by: { $0.key < $1.key }) {
                let end = try run("set -- \(victim.pid) \(directory) \(name); \(script)")
                #expect(end.status != 0, "\(name): \(end.output)")
            }
            #expect(kill(victim.pid, 0) == 0)
        }
        #expect(try Self.machine() == before)
        #expect(try Witness.output(["prlimit", "--pid", "\(victim.pid)"]) == status)
        #expect(try Witness.output(["cat", "/proc/\(victim.pid)/oom_score_adj"]) == "0\n")
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
                "sleep 60 & kill $!", "sleep 60 & renice -n 5 -p $!; prlimit --pid $! --nofile=5:5; pkill sleep",
                "test $(ls -d /proc/[0-9]* | wc -l) -lt 10", "test $(id -u) = 0; echo x >/run/x; echo y >/dev/shm/y",
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

    @Test("ends as its command does, and with whoever waits for it")
    func ends() throws {
        try Self.withHost { (nslab, run) throws in
            #expect(try run("exit 7").status == 7)
            // What the shell has for a program that a signal ended.
            #expect(
                try Witness.run([
                    "sh", "-c",
                    "\(BuiltProgram.path) exec --confined --lab \(nslab.lab) h -- sh -c 'kill -TERM $$'; exit $?",
                ]).status == 143)
            let missing = try nslab.run("exec", "--confined", "--lab", nslab.lab, "h", "--", "no-such-program")
            #expect(missing.status == 127 && missing.output.contains("no-such-program: No such file or directory"))
            func processes(_ words: String) throws -> Int {
                try Witness.run(["pgrep", "-fx", words]).output.split(separator: "\n").count
            }
            for signal in [SIGTERM, SIGKILL] {
                let command = try Witness.Process([
                    BuiltProgram.path, "exec", "--confined", "--lab", nslab.lab, "h", "--", "sleep", "6063",
                ])
                try eventually { try processes("sleep 6063") == 1 }
                command.send(signal)
                _ = try command.wait()
                try eventually { try processes("sleep 6063") == 0 }
            }
        }
    }

    @Test("has the processes of its host's earlier commands beside it, and leaves none when they have ended")
    func together() throws {
        try Self.withHost { (nslab, run) throws in
            func inside() throws -> [pid_t] {
                try Witness.run(["ip", "netns", "pids", nslab.pin("h")]).output.split(separator: "\n").compactMap {
                    pid_t($0)
                }
            }
            #expect(try run("true").status == 0)
            try eventually { try inside().isEmpty }
            #expect(try run("sleep 6064 >/dev/null 2>&1 & echo $! >/run/pid").status == 0)
            #expect(try run("tr '\\0' ' ' </proc/$(cat /run/pid)/cmdline").output == "sleep 6064 ")
            #expect(try run("kill $(cat /run/pid)").status == 0)
            try eventually { try inside().isEmpty }
            // The first one of them was killed, and all with it.
            #expect(try run("sleep 6064 >/dev/null 2>&1 &").status == 0)
            for pid in try inside() where try Witness.run(["cat", "/proc/\(pid)/comm"]).output == "nslab-init\n" {
                kill(pid, SIGKILL)
            }
            try eventually { try inside().isEmpty }
            #expect(try run("echo again").output == "again\n")
        }
    }

    @Test("does not take the machine's processes and time away by starting ever more, and goes with the lab")
    func forkBomb() throws {
        try Self.withHost { (nslab, run) throws in
            let bombs = [
                ":(){ :|:& };:; sleep 20", "i=0; while [ $i -lt 9000 ]; do sleep 6065 & i=$((i+1)); done; wait",
                """
                python3 -c 'import threading, time; threading.stack_size(32768)
                while True: threading.Thread(target=time.sleep, args=(60,)).start()'
                """,
            ]
            for bomb in bombs {
                let end = try nslab.run("exec", "--confined", "--lab", nslab.lab, "h", "--", "bash", "-c", bomb)
                #expect(end.status != 0 && end.output.contains("processes"), "\(bomb): \(end.output.suffix(300))")
            }
            // One that was left behind.
            #expect(try run("bash -c 'sleep 1; :(){ :|:& };:' >/dev/null 2>&1 &").status == 0)
            let before = ContinuousClock.now
            #expect(try nslab.run("down", nslab.lab).status == 0)
            #expect(before.duration(to: .now) < .seconds(30))
            let state = try HostState(lab: nslab.lab)
            #expect(state.mounts.isEmpty && state.files.isEmpty && state.namespaces.isEmpty)
            #expect(try Witness.run(["pgrep", "-f", "sleep 6065"]).status == 1)
        }
    }

    @Test("fills no more than its lab's share of the machine's memory with files, and is told so")
    func tooManyFiles() throws {
        try Self.withHost { (nslab, run) throws in
            let full = try run("head -c 2G /dev/zero >/var/tmp/large")
            #expect(full.status != 0 && full.output.contains("No space left on device"), "\(full.output)")
            // Whoever looks into it can do so, and make room.
            #expect(try run("ls /var/tmp/large").status == 0)
            #expect(try nslab.run("exec", "--lab", nslab.lab, "h", "--", "rm", "/var/tmp/large").status == 0)
            #expect(try run("echo x >/var/tmp/small").status == 0)
            let shared = try run(
                "python3 -c 'import ctypes; exit(ctypes.CDLL(None).shmget(0, ctypes.c_size_t(2 << 30), 0o1600) < 0)'")
            #expect(shared.status != 0)
            let files = try run("i=0; mkdir /var/tmp/many; cd /var/tmp/many; seq 400000 | xargs touch")
            #expect(files.output.contains("No space left on device"))
            #expect(try nslab.run("reset", nslab.lab).status == 0)
            #expect(try run("test ! -e /var/tmp/many").status == 0)
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
                let result = try nslab.run("up", folder, "--name", nslab.lab, "--no-probe", "--no-api")
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
                let result = try nslab.run("up", folder, "--name", nslab.lab, "--no-probe", "--no-api")
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
