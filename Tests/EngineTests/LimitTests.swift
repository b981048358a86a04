import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing

/// Too little of what a lab takes. The built program runs under limits that the kernel enforces, in mount and user namespaces
/// of the test's own: the machine's `/run` and settings stay as they are.
@Suite("A machine that has too little", .needsRoot, .timeLimit(.minutes(20)))
struct LimitTests {
    /// Three namespaces, a tunnel and rules, and nothing that answers.
    private static let silent = """
        lab: limits
        nodes:
          a: { interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24] } } }
        routers:
          r:
            vlans: { 10: { addresses: [10.20.0.1/24] } }
            ports: { eth1: { access: 10 } }
        cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
        workloads:
          web: { kind: DaemonSet }

        """
    /// The same with a pod that answers.
    private static let answering = silent.replacing("{ kind: DaemonSet }", with: "{ kind: DaemonSet, ports: [8080] }")

    /// A lab's file and name, and ways to run the program on it.
    private struct Bench {
        let name = TestLab.newName()
        let topology: String

        init(_ yaml: String) throws {
            topology = FileManager.default.temporaryDirectory.path + "/\(name).yaml"
            try Data(yaml.utf8).write(to: URL(fileURLWithPath: topology))
            chmod(topology, 0o644)
        }

        static func with(_ yaml: String, _ body: (Bench) throws -> Void) throws {
            let bench = try Bench(yaml)
            defer {
                _ = try? Witness.run(bench.down)
                unlink(bench.topology)
            }
            try body(bench)
            try Witness.output(bench.down)
            #expect(Remains(of: bench.name).isEmpty, "\(Remains(of: bench.name))")
        }

        var up: [String] { [BuiltProgram.path, "up", topology, "--name", name, "--no-probe", "-q"] }
        var down: [String] { [BuiltProgram.path, "down", name, "-q"] }
        var verify: [String] { [BuiltProgram.path, "verify", name, "--strict"] }

        /// Runs `up` under a limit, which must be told in these words, and must leave nothing.
        func expectRefusal(_ prefix: [String], _ words: [String]) throws {
            let result = try Witness.run(prefix + up)
            #expect(result.status == 3, "\(prefix): \(result.output)")
            #expect(
                result.output.hasPrefix("nslab: ") && result.output.split(separator: "\n").count == 1,
                "\(result.output)")
            for word in words { #expect(result.output.contains(word), "\(prefix): \(result.output)") }
            #expect(Remains(of: name).isEmpty, "\(prefix): \(Remains(of: name))")
        }

        /// Runs lines of a shell with a `/run` of its own, where `up`, `down` and `verify` are the program's.
        func script(run options: String, _ lines: String) throws -> Witness.Testimony {
            func function(_ name: String, _ words: [String]) -> String {
                "\(name)() { \(words.map { "'\($0)'" }.joined(separator: " ")) \"$@\"; }\n"
            }
            let text =
                "set -u\n" + function("up", up) + function("down", down) + function("verify", verify)
                + "mount -t tmpfs -o \(options) tmpfs /run || exit 99\n" + lines
            return try Witness.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", text])
        }
    }

    // MARK: Descriptors

    @Test(
        "few descriptors: what is allowed, what the lab takes, and how to raise it", arguments: [4, 5, 8, 20, 40, 60])
    func descriptors(limit: Int) throws {
        try Bench.with(Self.answering) { bench in
            try bench.expectRefusal(
                ["prlimit", "--nofile=\(limit):\(limit)"], ["open files: \(limit) allowed", "ulimit -Hn"])
        }
    }

    @Test("a low limit that may be raised is, for nslab and not for what it starts")
    func softLimit() throws {
        try Bench.with(Self.answering) { bench in
            // With one that it was started with, too.
            let start = #"exec 7</dev/null; exec prlimit --nofile=8:4096 "$@""#
            try Witness.output(["bash", "-c", start, "bash"] + bench.up)
            for words in [
                ["verify", bench.name], ["reset", bench.name], ["probe", "--lab", bench.name], ["down", bench.name],
            ] {
                let result = try Witness.run(["prlimit", "--nofile=6:4096", BuiltProgram.path] + words)
                #expect(result.status == 0, "\(words): \(result.output)")
            }
            let run = [
                BuiltProgram.path, "run", bench.topology, "--name", bench.name, "-q", "--", "sh", "-c", "ulimit -n",
            ]
            #expect(try Witness.output(["prlimit", "--nofile=64:4096"] + run) == "64\n")
        }
    }

    @Test("a low limit that may be raised is not raised for the lab's own commands")
    func limitOfCommands() throws {
        let yaml = Self.answering.replacing(
            "addresses: [10.20.0.11/24] } } }",
            with: "addresses: [10.20.0.11/24] } }, commands: [[sh, -c, 'echo limit $(ulimit -n)']] }")
        try Bench.with(yaml) { bench in
            let loud = bench.up.filter { $0 != "-q" } + ["-v"]
            let output = try Witness.output(["prlimit", "--nofile=64:4096"] + loud)
            #expect(output.contains("limit 64\n"), "\(output)")
        }
    }

    @Test("few descriptors: down takes the lab down with all that is inside, or says what it lacks and leaves it whole")
    func downWithFewDescriptors() throws {
        for limit in 4...12 {
            try Bench.with(Self.answering) { bench in
                try Witness.output(bench.up)
                let sleepers = try (0..<12).map { _ in
                    try Witness.Process(["sleep", "1000"], in: "\(bench.name)-a")
                }
                let identity = try #require(NamedNamespaces.identity("\(bench.name)-a"))
                try eventually { try NamespaceProcesses.find(in: [identity]).count >= sleepers.count }
                let result = try Witness.run(["prlimit", "--nofile=\(limit):\(limit)"] + bench.down)
                if result.status == 0 {
                    #expect(Remains(of: bench.name).isEmpty, "\(limit): \(Remains(of: bench.name))")
                    for sleeper in sleepers { #expect(try sleeper.wait().status > 128) }
                } else {
                    #expect(limit < 8, "\(limit): \(result.output)")
                    #expect(result.status == 3)
                    #expect(result.output.contains("Too many open files") && result.output.contains("ulimit -n"))
                    try Witness.output(bench.down)
                    #expect(Remains(of: bench.name).isEmpty, "\(limit): \(Remains(of: bench.name))")
                }
            }
        }
    }

    @Test("few descriptors: verify finds the lab as it is, or says what it lacks")
    func verifyWithFewDescriptors() throws {
        try Bench.with(Self.answering) { bench in
            try Witness.output(bench.up)
            var lacking = 0
            for limit in 4...24 {
                let result = try Witness.run(["prlimit", "--nofile=\(limit):\(limit)"] + bench.verify)
                if result.status == 0 { continue }
                lacking += 1
                #expect(result.status == 3, "\(limit): \(result.output)")
                #expect(result.output.contains("Too many open files"), "\(limit): \(result.output)")
            }
            #expect(lacking > 0)
        }
    }

    @Test("more descriptors than select(2) takes do not keep rules from being installed, read and changed")
    func manyDescriptors() throws {
        try Bench.with(Self.answering) { bench in
            let crowd = [
                "bash", "-c", "for ((i = 10; i < 1100; i++)); do eval \"exec $i</dev/null\"; done; exec \"$@\"", "bash",
            ]
            try Witness.output(crowd + bench.up)
            #expect(try Witness.run(crowd + bench.verify).status == 0)
            try Witness.output(["nft", "flush", "ruleset"], in: "\(bench.name)-a")
            #expect(try Witness.run(crowd + bench.verify).status == 1)
            try Witness.output(crowd + bench.up)
            #expect(try Witness.run(bench.verify).status == 0)
        }
    }

    // MARK: /run

    @Test("a /run without room for the next file, whichever that is: the file, the kernel's words, and nothing is left")
    func fullRun() throws {
        try Bench.with(Self.answering) { bench in
            var refused: [String] = []
            for inodes in 1... {
                // The script's own status tells whether the lab came up.
                let result = try bench.script(
                    run: "size=8m,nr_inodes=\(inodes)",
                    """
                    up 2>&1; status=$?
                    if [ $status = 0 ]; then down || exit 98; fi
                    left=$(find /run -mindepth 1; ls /etc/netns 2>/dev/null | grep -F '\(bench.name)'; grep -F '\(bench.name)' /proc/self/mounts)
                    [ -z "$left" ] || { echo "left: $left"; exit 97; }
                    exit $status
                    """)
                if result.status == 0 { break }
                refused.append(result.output)
                #expect(result.status == 3, "\(inodes): \(result.output)")
                #expect(
                    result.output.contains("/run/n") && result.output.contains("No space left on device")
                        && result.output.contains("df -i"), "\(inodes): \(result.output)")
                #expect(Remains(of: bench.name).processes.isEmpty)
                if inodes > 100 { break }
            }
            // Folders, topology, journal, the process's files, resolv.conf, and pins, whichever thread comes last.
            #expect(refused.count > 12)
            for file in ["/topology.yaml", "/journal.json", "/responders.sock", "/run/netns/\(bench.name)-"] {
                #expect(refused.contains { $0.contains(file) }, "\(file): \(refused)")
            }
        }
    }

    @Test("a /run that has filled up: what changes a lab is refused with a sentence, and down takes it down")
    func filledRun() throws {
        try Bench.with(Self.answering) { bench in
            let result = try bench.script(
                run: "size=4m",
                """
                up || exit 1
                cat /dev/zero >/run/fill 2>/dev/null
                verify || exit 2
                \(BuiltProgram.path) pod stop --lab \(bench.name) web; [ $? = 3 ] || exit 3
                \(BuiltProgram.path) up ipv4-only --name \(bench.name) -q; [ $? = 3 ] || exit 4
                down || exit 5
                left=$(find /run -mindepth 1 ! -name fill)
                [ -z "$left" ] || { echo "left: $left"; exit 6; }
                up; [ $? = 3 ] || exit 7
                """)
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("stopped-pods.json.new: No space left on device"), "\(result.output)")
            #expect(result.output.contains("remove what fills /run"), "\(result.output)")
        }
    }

    @Test("a /run that is read-only: nothing is made, nothing that is there is harmed, and down goes on once it is not")
    func readOnlyRun() throws {
        try Bench.with(Self.answering) { bench in
            let none = try bench.script(run: "size=4m,ro", "up")
            #expect(none.status == 3)
            #expect(none.output.contains("/run/nslab: Read-only file system") && none.output.contains("remount,rw"))
            // The same file system, mounted again.
            let result = try bench.script(
                run: "size=4m",
                """
                up || exit 1
                readonly() {
                    unshare --mount --propagation private bash -c 'mount --rbind /run /run && mount -o remount,bind,ro /run && "$@"' bash "$@"
                }
                readonly \(bench.verify.joined(separator: " ")) | grep -F ': missing' && exit 2
                readonly \(BuiltProgram.path) pod stop --lab \(bench.name) web; [ $? = 3 ] || exit 3
                verify || exit 4
                readonly \(bench.down.joined(separator: " ")); [ $? = 3 ] || exit 5
                down || exit 6
                left=$(find /run -mindepth 1 ! -path '/run/mount*')
                [ -z "$left" ] || { echo "left: $left"; exit 7; }
                """)
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("Read-only file system"), "\(result.output)")
        }
    }

    // MARK: Namespaces, processes, memory

    /// A user namespace in which nslab is root, started by a user whom limits bind.
    private static let confined = [
        "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
        "unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private", "bash", "-c",
    ]

    /// Runs lines of a shell in such a namespace, with a `/run` of its own.
    private func confined(_ bench: Bench, _ lines: String) throws -> Witness.Testimony {
        let words = bench.up.map { "'\($0)'" }.joined(separator: " ")
        return try Witness.run(
            Self.confined + [
                """
                mount -t tmpfs tmpfs /run || exit 99
                up() { \(words) "$@"; }
                down() { \(BuiltProgram.path) down \(bench.name) -q; }
                left() {
                    local left=$(find /run -mindepth 1 ! -path '/run/mount*'; grep -F '\(bench.name)' /proc/self/mounts)
                    [ -z "$left" ] || echo "left: $left"
                }
                \(lines)
                """
            ])
    }

    @Test("max_net_namespaces is reached, at once or in the middle: the limit, what the lab takes, and nothing is left")
    func namespaces() throws {
        try Bench.with(Self.silent) { bench in
            // Those that are counted beforehand, and those that are not there in the middle.
            var told = (before: 0, meanwhile: 0)
            // Others may have some of those that are allowed, so what is counted beforehand is not what there is.
            for (limit, others) in (1...10).flatMap({ [($0, 0), ($0, 2)] }) {
                let result = try confined(
                    bench,
                    """
                    others=()
                    for ((i = 0; i < \(others); i++)); do
                        # Without the pipe that the test reads to its end.
                        unshare --net sleep 60 >/dev/null 2>&1 &
                        others+=($!)
                    done
                    for other in "${others[@]}"; do
                        until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
                    done
                    echo \(limit) > /proc/sys/user/max_net_namespaces || exit 98
                    up; status=$?
                    [ $status != 0 ] || down
                    [ "${#others[@]}" = 0 ] || kill "${others[@]}"
                    left
                    exit $status
                    """)
                #expect(!result.output.contains("left:"), "\(limit): \(result.output)")
                if limit == 10 { #expect(result.status == 0, "\(result.output)") }
                if result.status == 0 { continue }
                #expect(result.status == 3, "\(limit): \(result.output)")
                #expect(result.output.contains("user.max_net_namespaces"), "\(limit): \(result.output)")
                if result.output.contains(" allowed, ") { told.before += 1 } else { told.meanwhile += 1 }
            }
            #expect(told.before >= 1 && told.meanwhile >= 3, "\(told)")
        }
    }

    @Test("a full process table: a lab without a process of its own comes up, and goes, on one thread")
    func oneThread() throws {
        try Bench.with(Self.silent) { bench in
            let result = try confined(
                bench,
                """
                prlimit --nproc=1 \(bench.up.joined(separator: " ")) || exit 1
                \(bench.verify.joined(separator: " ")) || exit 2
                prlimit --nproc=1 \(bench.down.joined(separator: " ")) || exit 3
                left
                """)
            #expect(result.status == 0 && !result.output.contains("left:"), "\(result.output)")
        }
    }

    @Test("a full process table: a lab with a process is refused with the limits to raise, and nothing is left")
    func noProcess() throws {
        try Bench.with(Self.answering) { bench in
            let words = bench.up.joined(separator: " ")
            let result = try confined(bench, "prlimit --nproc=1 \(words); status=$?; left; exit $status")
            #expect(result.status == 3, "\(result.output)")
            #expect(result.output.contains("Resource temporarily unavailable (posix_spawn)"), "\(result.output)")
            #expect(result.output.contains("ulimit -u") && !result.output.contains("left:"), "\(result.output)")
        }
    }

    @Test("little memory is told before anything is made", arguments: ["as", "data"])
    func memory(kind: String) throws {
        try Bench.with(Self.answering) { bench in
            try bench.expectRefusal(
                ["prlimit", "--\(kind)=\((kind == "as" ? 160 : 40) << 20)"],
                ["memory: ", " allowed, \(bench.name) takes up to ", kind == "as" ? "ulimit -v" : "ulimit -d"])
        }
    }
}
