import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("exec lines from the command line", .needsRoot, .timeLimit(.minutes(20)))
struct ExecLineTests {
    /// A lab folder of a topology with nodes of these lines.
    private func with(_ topology: String, _ body: (Program, String) throws -> Void) throws {
        try LabFolders.with(["t.clab.yaml": topology]) { folder in
            try Program.with { (nslab) throws in try body(nslab, folder) }
        }
    }

    /// Whether a host of the lab gets an answer.
    private func pings(_ nslab: Program, _ host: String, _ address: String) throws -> Bool {
        try Witness.run(["ping", "-c", "1", "-W", "5", address], in: nslab.pin(host)).status == 0
    }

    @Test(
        "run in their order and that of the stages, with the container's environment and its files, and lead to a working network"
    )
    func network() throws {
        try Program.with { nslab in
            let up = try nslab.run("up", LabFolders.path("exec-lines"), "--name", nslab.lab, "--no-api")
            #expect(up.status == 0, "\(up.output)")
            // What runs on the machine does not run.
            #expect(
                up.output.contains(
                    "second: touch /tmp/on-the-machine: it would run on the machine itself (target: host)"))
            #expect(!up.output.contains("it failed"), "\(up.output)")
            #expect(access("/tmp/on-the-machine", F_OK) != 0)
            #expect(
                try Witness.ip("-d link show over", in: nslab.pin("second")).contains("vxlan id 61 remote 198.51.100.1")
            )
            #expect(try pings(nslab, "first", "10.61.0.2"))
            #expect(try pings(nslab, "third", "198.51.100.22"))
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
            // As reset leaves it, too, and without more than a first up says.
            #expect(try nslab.run("reset", nslab.lab).status == 0)
            #expect(try pings(nslab, "second", "10.61.0.1"))
            let after = try nslab.run("verify", "--strict", nslab.lab)
            #expect(after.status == 0, "\(after.output)")
        }
    }

    @Test("that fail are warnings with file, line and the program's words, and the lab is up")
    func failures() throws {
        let topology = """
            name: telling
            topology:
              nodes:
                left:
                  kind: linux
                  exec:
                    - cat /nslabtest/no/such/file
                    - sysctl -w net.ipv4.conf.wan9.proxy_arp=1
                    - ip link add nowhere type nslabtest
                    - ip addr add 192.0.2.1/24 dev nowhere
                    - nslabtest-no-such-program
                    - sh -c 'echo out; echo one >&2; echo two >&2; exit 7'
                    - sh -c 'kill -9 $$'
                    - ip addr add 192.0.2.1/24 dev eth1
                right: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1] }
              links:
                - endpoints: ["left:eth1", "right:eth1"]
            """
        try with(topology) { nslab, folder in
            let up = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
            #expect(up.status == 0, "\(up.output)")
            for (line, words) in [
                (
                    7,
                    "cat /nslabtest/no/such/file: it failed with exit status 1: cat: /nslabtest/no/such/file: No such file or directory"
                ),
                (8, "net.ipv4.conf.wan9.proxy_arp=1: it failed with exit status 1: sysctl: cannot stat"),
                (9, "nslabtest"),
                (10, "Cannot find device \"nowhere\""),
                (11, "nslabtest-no-such-program: it failed with exit status 127: "),
                (12, "it failed with exit status 7: one; two"), (13, "it was ended by signal 9"),
            ] {
                let place = "nslab: warning: \(folder)/t.clab.yaml:\(line): left: "
                #expect(
                    up.output.split(separator: "\n").contains { $0.hasPrefix(place) && $0.contains(words) },
                    "\(line): \(words): \(up.output)")
            }
            #expect(try pings(nslab, "left", "192.0.2.2"))
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
            let report = try nslab.json("up", folder, "--name", nslab.lab, "--no-probe", "--no-api")
            #expect(report["commandFailures"] == nil && report["wasThere"] as? Bool == true)

            // A lab for one command says it as well, on standard error.
            _ = try nslab.run("down", nslab.lab)
            let run = try nslab.run("run", folder, "--name", nslab.lab, "--", "echo", "in the lab")
            #expect(run.status == 0 && run.output.contains("in the lab"))
            #expect(run.output.contains("t.clab.yaml:12: left: "), "\(run.output)")
        }
    }

    @Test("of a node of the cluster run before what stands on them, and the cluster works")
    func node() throws {
        let files = [
            "t.clab.yaml": """
            name: nodes
            topology:
              nodes:
                k: { kind: k8s-kind, startup-config: kind.yaml }
                k-control-plane: { kind: ext-container, exec: [ip addr add 192.0.2.1/24 dev eth1] }
                k-worker:
                  kind: ext-container
                  exec:
                    - sh -c "ip addr flush dev eth1 || true"
                    - ip addr add 192.0.2.2/24 dev eth1
                    - ip route add 203.0.113.0/24 via 192.0.2.1
                    - sh -c "echo 192.0.2.9 upstream >> /etc/hosts"
              links:
                - endpoints: ["k-control-plane:eth1", "k-worker:eth1"]
            """,
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: k
            nodes: [{ role: control-plane }, { role: worker }]
            """,
            "pods.yaml": """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: { name: agent }
            spec:
              selector: { matchLabels: { app: agent } }
              template:
                metadata: { labels: { app: agent } }
                spec:
                  tolerations: [{ operator: Exists }]
                  containers: [{ name: agent, image: nginx, ports: [{ containerPort: 80 }] }]
            """,
        ]
        try LabFolders.with(files) { folder in
            try Program.with { (nslab) throws in
                let up = try nslab.json("up", folder, "--name", nslab.lab, "--no-api")
                #expect((up["probes"] as? [String: Any])?["failed"] as? Int == 0)
                #expect(up["commandFailures"] == nil)
                let hosts = try nslab.run("exec", "--lab", nslab.lab, "k-worker", "--", "getent", "hosts", "upstream")
                #expect(hosts.output.hasPrefix("192.0.2.9 "))
                #expect(
                    try Witness.ip("route show 203.0.113.0/24", in: nslab.pin("k-worker")).contains("via 192.0.2.1"))
                #expect(try nslab.run("verify", "--strict", nslab.lab).output.contains("is as its blueprint says"))
                try Witness.ip("addr flush dev eth1", in: nslab.pin("k-worker"))
                #expect(try nslab.run("up", folder, "--name", nslab.lab, "--no-api").status == 0)
                #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
                #expect(try nslab.run("reset", nslab.lab).status == 0)
                let after = try nslab.run("verify", "--strict", nslab.lab)
                #expect(after.status == 0, "\(after.output)")
                #expect(try nslab.run("probe", "--lab", nslab.lab).status == 0)
            }
        }
    }

    @Test("that give an end of a link another name leave it that name, and the link works")
    func renamed() throws {
        let topology = """
            name: names
            topology:
              nodes:
                left:
                  kind: linux
                  exec:
                    - ip link set eth1 down
                    - ip link set eth1 name wan0
                    - ip link set wan0 up
                    - sh -c 'ip addr add 192.0.2.1/24 dev wan0'
                right: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1] }
              links:
                - endpoints: ["left:eth1", "right:eth1"]
            """
        try with(topology) { nslab, folder in
            let up = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
            #expect(up.status == 0 && !up.output.contains("it failed"), "\(up.output)")
            #expect(try pings(nslab, "right", "192.0.2.1"))
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
            try Witness.ip("link del wan0", in: nslab.pin("left"))
            let again = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
            #expect(again.status == 0, "\(again.output)")
            #expect(try pings(nslab, "right", "192.0.2.1"))
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
            #expect(try nslab.run("reset", nslab.lab).status == 0)
            #expect(try pings(nslab, "right", "192.0.2.1"))
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
        }
    }

    @Test(
        "that leave a program in the background are over, it answers on, and verify knows it; what drifts says where it was made"
    )
    func background() throws {
        let topology = """
            name: daemons
            topology:
              nodes:
                left:
                  kind: linux
                  exec:
                    - ip addr add 192.0.2.1/24 dev eth1
                    - sh -c 'echo found >/srv/page; cd /srv; python3 -m http.server 8080 &'
                    - sh -c 'i=0; until curl -sf -m 1 http://192.0.2.1:8080/page; do sleep 0.1; i=$((i+1)); test $i -lt 100; done'
                right: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1] }
              links:
                - endpoints: ["left:eth1", "right:eth1"]
            """
        try with(topology) { nslab, folder in
            let up = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
            #expect(up.status == 0 && !up.output.contains("it failed"), "\(up.output)")
            // It writes a line to standard error for each request.
            for _ in 0..<3 {
                #expect(
                    try Witness.output(["curl", "-s", "-m", "5", "http://192.0.2.1:8080/page"], in: nslab.pin("right"))
                        == "found\n")
            }
            #expect(try nslab.run("verify", "--strict", nslab.lab).status == 0)
            try Witness.ip("addr flush dev eth1", in: nslab.pin("left"))
            let report = try Witness.run([BuiltProgram.path, "verify", nslab.lab, "-o", "json"]).output
            #expect(report.contains("\"madeBy\" : \"\(folder)/t.clab.yaml:7\""), "\(report)")
            #expect(try nslab.run("up", folder, "--name", nslab.lab, "--no-api").status == 0)
            #expect(
                try Witness.output(["curl", "-s", "-m", "5", "http://192.0.2.1:8080/page"], in: nslab.pin("right"))
                    == "found\n")
        }
    }
}
