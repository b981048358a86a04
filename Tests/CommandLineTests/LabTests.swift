import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("A lab from the command line", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct LabTests {
    @Test("the default lab comes up with every probe green, and goes without a trace")
    func upAndDown() throws {
        try Program.with { nslab in
            let before = try HostState(lab: nslab.lab)
            let report = try nslab.json("up", "--name", nslab.lab)
            let probes = try #require(report["probes"] as? [String: Any])
            #expect(probes["failed"] as? Int == 0)
            let results = try #require(probes["results"] as? [[String: Any]])
            #expect(probes["passed"] as? Int == results.count)
            // Five pods, three nodes; what services and names add is counted where they are planned.
            let paths = results.filter { !["DNS", "pod → service"].contains($0["check"] as? String ?? "") }
            #expect(paths.count == 2 * (5 * 4 + 5 + 3) && results.count > paths.count)
            let namespaces = try #require(report["namespaces"] as? [[String: Any]])
            #expect(namespaces.count == 9)
            #expect(namespaces.allSatisfy { $0["state"] as? String == "up" })
            for namespace in namespaces {
                #expect(Directory.names(NamedNamespaces.directory).contains(namespace["netns"] as? String ?? ""))
            }
            #expect(try nslab.run("down", nslab.lab).status == 0)
            #expect(try HostState(lab: nslab.lab) == before)
            #expect(try nslab.run("down", nslab.lab).status == 0)
        }
    }

    @Test("the control plane prints the prefixes and MAC addresses of a real cluster")
    func fidelity() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            let node = nslab.pin("dual-stack-control-plane")
            let routes = try Witness.ip("-6 route", in: node)
            #expect(routes.contains("fd00:10:244:1b38:1133:7e2c:be1e:4d00/122 via"))
            #expect(routes.contains("fd00:10:244:b742:2d01:58:8f51:b000/122 via"))
            let neighbours = try Witness.ip("-6 neigh show dev vxlan-v6.calico", in: node)
            #expect(neighbours.contains("fd00:10:244:1b38:1133:7e2c:be1e:4d00 lladdr 66:ee:a7:ef:78:65 PERMANENT"))
            #expect(neighbours.contains("fd00:10:244:b742:2d01:58:8f51:b000 lladdr 66:52:6a:03:c1:3b PERMANENT"))
            let fdb = try Witness.output(["bridge", "fdb", "show", "dev", "vxlan-v6.calico"], in: node)
            #expect(fdb.contains("66:ee:a7:ef:78:65 dst fd00:10:10::11 self permanent"))
            #expect(fdb.contains("66:52:6a:03:c1:3b dst fd00:10:10::12 self permanent"))
        }
    }

    @Test("the system's own ping sees the TTL that each path implies")
    func pings() throws {
        try Program.with { nslab in
            let report = try nslab.json("up", "--name", nslab.lab, "--no-probe")
            let pods = try #require(report["namespaces"] as? [[String: Any]]).filter {
                ($0["name"] as? String)?.hasPrefix("multitool") == true
            }
            let pod = try #require(pods.first?["netns"] as? String)
            let other = try #require(pods.last?["addresses"] as? [String])
            for (address, ttl) in [("1.1.1.1", 63), ("2001:db8::1", 63), (other[0], 62), (other[1], 62)] {
                let output = try Witness.output(["ping", "-n", "-c", "1", "-W", "2", address], in: pod)
                #expect(output.contains("ttl=\(ttl) "), "\(address): \(output)")
            }
        }
    }

    @Test("a missing neighbour fails the probes that need it, and is named")
    func diagnosis() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            let node = nslab.pin("dual-stack-worker")
            try Witness.ip(
                "-6 neigh del fd00:10:244:b742:2d01:58:8f51:b000 dev vxlan-v6.calico", in: node)
            let result = try nslab.run("probe", "--lab", nslab.lab)
            #expect(result.status == 1)
            #expect(
                result.output.contains(
                    "dual-stack-worker: neighbour fd00:10:244:b742:2d01:58:8f51:b000 dev vxlan-v6.calico "
                        + "lladdr 66:52:6a:03:c1:3b PERMANENT is missing: "), "\(result.output)")
        }
    }

    @Test("an answer that comes by another way fails although it comes")
    func wrongPath() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            // Over the router, which sends it on: one hop more.
            try Witness.ip(
                "route replace 192.168.183.64/26 via 10.10.10.1 dev eth1 proto 80", in: nslab.pin("dual-stack-worker"))
            try Witness.ip("route add 192.168.183.64/26 via 10.10.10.12", in: nslab.pin("ceos01"))
            try Witness.ip(
                "route replace 192.168.77.0/26 via 10.10.10.1 dev eth1 proto 80", in: nslab.pin("dual-stack-worker2"))
            try Witness.ip("route add 192.168.77.0/26 via 10.10.10.11", in: nslab.pin("ceos01"))
            let result = try nslab.run("probe", "--lab", nslab.lab)
            #expect(result.status == 1)
            #expect(result.output.contains("expected an answer with TTL 62, got one with TTL 61"), "\(result.output)")
            #expect(result.output.contains("is expected, found 192.168.183.64/26 via 10.10.10.1"), "\(result.output)")
        }
    }

    @Test("a second up finds nothing to change; with another topology the lab becomes that one")
    func twice() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            let second = try nslab.run("up", "--name", nslab.lab, "--no-probe")
            #expect(second.status == 0)
            #expect(second.output.contains("nothing had to change"))
            let other = try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe")
            #expect(other.status == 0, "\(other.output)")
            #expect(other.output.contains("was changed"))
            let verified = try nslab.run("verify", nslab.lab, "--strict")
            #expect(verified.status == 0, "\(verified.output)")
        }
    }

    @Test("a namespace of another tool is left alone: exit 4")
    func clash() throws {
        try Program.with { nslab in
            let name = nslab.pin("ceos01")
            try Witness.ip("netns add \(name)")
            defer { _ = try? Witness.ip("netns del \(name)") }
            let identity = NamedNamespaces.identity(name)
            let result = try nslab.run("up", "--name", nslab.lab)
            #expect(result.status == 4)
            #expect(result.output.contains("/run/netns/\(name) is in the way"))
            #expect(NamedNamespaces.identity(name) == identity)
            #expect(try nslab.run("down", nslab.lab).status == 0)
            #expect(NamedNamespaces.identity(name) == identity)
        }
    }

    @Test("exec passes the exit status on, and shows the host name and resolv.conf")
    func exec() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            #expect(try nslab.run("exec", "--lab", nslab.lab, "ceos01", "--", "sh", "-c", "exit 7").status == 7)
            #expect(try nslab.run("exec", "--lab", nslab.lab, "ceos01", "--", "hostname").output == "ceos-dualstack\n")
            let resolver = try nslab.run("exec", "--lab", nslab.lab, "pod/multitool-k", "--", "cat", "/etc/resolv.conf")
            #expect(resolver.output.contains("nameserver 10.96.0.10"))
            // What stands for the host name, the files and the links is seen by the command alone.
            let own = try Witness.output(["hostname"])
            let links = try nslab.run("exec", "--lab", nslab.lab, "pod/multitool-k", "--", "ls", "/sys/class/net")
            #expect(links.output == "eth0\nlo\n")
            let renamed = try nslab.run("exec", "--lab", nslab.lab, "ceos01", "--", "hostname", "renamed")
            #expect(renamed.status == 0)
            #expect(try Witness.output(["hostname"]) == own)
            let missing = try nslab.run("exec", "--lab", nslab.lab, "ceos01", "--", "no-such-command")
            #expect(missing.status != 0)
            #expect(missing.output.contains("no-such-command"))
            let nobody = try nslab.run("exec", "--lab", nslab.lab, "no-such", "--", "true")
            #expect(nobody.status == 2)
        }
    }

    @Test("down ends the processes inside, also one that ignores SIGTERM")
    func processesInside() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe")
            let ready = "/tmp/\(nslab.lab).ready"
            defer { unlink(ready) }
            let process = try Witness.Process(
                ["sh", "-c", "trap '' TERM HUP; echo >'\(ready)'; while :; do sleep 0.1; done"],
                in: nslab.pin("dual-stack-worker"))
            try eventually { access(ready, F_OK) == 0 }
            #expect(try nslab.run("down", nslab.lab).status == 0)
            #expect(try process.wait().status == 128 + SIGKILL)
        }
    }
}

@Suite("The command line without a lab")
struct UsageTests {
    private let nslab = Program(lab: "nslabtest-none")

    @Test(
        "bad usage and bad input exit with 2",
        arguments: [["up", "--nonsense"], ["validate", "/no/such/file"], ["frobnicate"]])
    func badInput(arguments: [String]) throws {
        #expect(try Witness.run([BuiltProgram.path] + arguments).status == 2)
    }

    @Test("help exits with 0")
    func help() throws { #expect(try nslab.run("--help").status == 0) }

    @Test("every error of a topology is told with its line", .needsRoot, .timeLimit(.minutes(20)))
    func validation() throws {
        let path = "/tmp/nslabtest-\(getpid()).yaml"
        try "lab: Bad_Name\nnodes:\n  worker:\n    interface: {}\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        let result = try nslab.run("validate", path)
        #expect(result.status == 2)
        #expect(result.output.contains("\(path):4:"))
        #expect(result.output.contains("interfaces"))
    }
}
