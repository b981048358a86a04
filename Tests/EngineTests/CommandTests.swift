import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import System
import Testing
import Topology

/// What hosts' commands make is what the lab should hold.
@Suite("What the commands of hosts made", .needsRoot, .timeLimit(.minutes(20)))
struct CommandTests {
    private static let yaml = """
        lab: commands
        networks:
          n: { addresses: [10.71.0.254/24] }
        hosts:
          a:
            interfaces:
              eth1: { connect: "n:p1", addresses: [10.71.0.1/24] }
            environment: { MARK: "made in a" }
            commands:
              - [sh, -c, "echo $MARK >>/etc/mark"]
              - [ip, route, add, 10.72.0.0/16, via, 10.71.0.254]
              - [ip, addr, add, 10.73.0.1/24, dev, eth1]
              - [ip, rule, add, from, 10.73.0.1, table, "77"]
              - [ip, route, add, blackhole, default, table, "77"]
              - [ip, neigh, add, 10.71.0.9, lladdr, "02:00:00:00:00:09", dev, eth1]
              - [ip, link, add, br0, type, bridge]
              - [ip, link, add, v0, type, veth, peer, name, v1]
              - [ip, link, set, v0, master, br0, up]
              - [sysctl, -q, -w, net.ipv4.conf.eth1.proxy_arp=1]
              - [sh, -c, "sleep 600 &"]
          b:
            interfaces:
              eth1: { connect: "n:p2", addresses: [10.71.0.2/24] }
            commands:
              - [sh, -c, "echo made in b >>/etc/mark"]
              - [ip, route, add, 10.72.0.0/16, via, 10.71.0.254]
              - [ip, route, add, 10.74.0.0/16, via, 10.99.0.1]
          c:
            interfaces:
              eth1: { connect: "n:p3", addresses: [10.71.0.3/24] }
        """

    private func with(_ body: (TestLab) throws -> Void) throws { try TestLab.with(yaml: Self.yaml, body) }

    /// What hosts wrote when their commands ran: a line each time.
    private func marks(_ lab: TestLab) throws -> [String] {
        try ["a", "b"].map { host in
            try Witness.output([BuiltProgram.path, "exec", "--lab", lab.name, host, "--", "cat", "/etc/mark"])
        }
    }

    private let once = ["made in a\n", "made in b\n"]

    @Test("is there, as nslab's own, and verify finds nothing, not even the programs that they left running")
    func verified() throws {
        try with { lab in
            #expect(
                try Witness.ip("route show 10.72.0.0/16", in: lab.pin("a")).hasPrefix("10.72.0.0/16 via 10.71.0.254"))
            #expect(try Witness.ip("-br link show v0", in: lab.pin("a")).hasPrefix("v0@v1"))
            #expect(try lab.differences(strict: true) == [])
            #expect(try marks(lab) == once)
            #expect(try lab.up(Topology.read(Self.yaml, file: "test.yaml")).changes.map(\.text) == [])
            #expect(try marks(lab) == once)
            // A user's program is not the lab's.
            let sleeper = try Witness.Process(["sleep", "600"], in: lab.pin("a"))
            try sleeper.waitToBecome("sleep")
            #expect(try lab.differences(strict: true) == ["a: process \(sleeper.pid) (sleep): added"])
        }
    }

    @Test("is told where it was made when it drifts, and repaired without running anything again")
    func drift() throws {
        try with { lab in
            let pin = lab.pin("a")
            try Witness.ip("route del blackhole default table 77", in: pin)
            try Witness.ip("addr del 10.73.0.1/24 dev eth1", in: pin)
            try Witness.ip("rule del from 10.73.0.1 table 77", in: pin)
            try Witness.ip("neigh del 10.71.0.9 dev eth1", in: pin)
            try Witness.ip("link del br0", in: pin)
            try Witness.sysctl("net.ipv4.conf.eth1.proxy_arp=0", in: pin)
            let differences = try lab.differences()
            for (part, line) in [
                ("route blackhole", 14), ("address 10.73.0.1/24 dev eth1: missing", 12),
                ("from 10.73.0.1", 13), ("neighbour 10.71.0.9", 15), ("link br0", 16),
                ("eth1: proxy_arp: want 1, found 0", 19),
            ] {
                #expect(
                    differences.contains { $0.contains(part) && $0.hasSuffix("(made by exec, test.yaml:\(line))") },
                    "\(part) \(line): \(differences)")
            }
            let report = try lab.up(Topology.read(Self.yaml, file: "test.yaml"))
            #expect(
                report.changes.allSatisfy { $0.namespace == "a" && $0.action != "run" }, "\(report.changes.map(\.text))"
            )
            #expect(try lab.differences(strict: true) == [])
            #expect(try marks(lab) == once)
            #expect(try Witness.ip("-br link show v0", in: pin).contains("v0@v1"))
        }
    }

    @Test("that only commands can make has the commands of its host run again, from the beginning, and no other's")
    func again() throws {
        try with { lab in
            let pin = lab.pin("a")
            try Witness.ip("link del v1", in: pin)
            let found = try lab.differences()
            #expect(
                found.contains { $0.hasPrefix("a: link v0") && $0.hasSuffix("missing (made by exec, test.yaml:17)") },
                "\(found)")
            let topology = try Topology.read(Self.yaml, file: "test.yaml")
            let planned = try lab.plan(topology).filter { $0.action == "run" }
            #expect(planned.count == 11 && planned.allSatisfy { $0.namespace == "a" && $0.kind == "command" })
            let report = try lab.up(topology)
            #expect(report.commandFailures == nil)
            #expect(try lab.differences(strict: true) == [])
            #expect(try marks(lab) == once)
            #expect(try Witness.ip("-br link show v1", in: pin).hasPrefix("v1@v0"))
        }
    }

    @Test(
        "comes back with a reset, which ends what they left running and empties files, and with a namespace that was lost"
    )
    func reset() throws {
        try with { lab in
            let pin = lab.pin("a")
            try Witness.ip("addr flush dev eth1", in: pin)
            try Witness.ip("link add extra type bridge", in: pin)
            try Witness.output([
                BuiltProgram.path, "exec", "--lab", lab.name, "b", "--", "sh", "-c", "echo x >>/etc/mark",
            ])
            let report = try Lab.running(lab.name).reset()
            // The program that was left running, and the first process of its host's.
            #expect(report.processes.count == 2)
            #expect(report.changes.contains { $0.text.contains("remove link extra") }, "\(report.changes.map(\.text))")
            #expect(report.changes.allSatisfy { $0.namespace == "a" })
            #expect(report.commandFailures?.count == 1)
            #expect(try marks(lab) == once)
            #expect(try lab.differences(strict: true) == [])
            #expect(try Lab.running(lab.name).reset().changes.map(\.text) == [])
            try Witness.output(["ip", "netns", "del", pin])
            try lab.up(Topology.read(Self.yaml, file: "test.yaml"))
            #expect(try marks(lab) == once)
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("follows an edit of the commands: those of that host run again, on what it is without them")
    func edit() throws {
        try with { lab in
            let edited = Self.yaml.replacing("10.74.0.0/16, via, 10.99.0.1", with: "10.75.0.0/16, via, 10.71.0.254")
                .replacing(
                    "      - [sh, -c, \"echo made in b >>/etc/mark\"]\n",
                    with: "      - [sh, -c, \"echo again >>/etc/mark\"]\n")
            let report = try lab.up(Topology.read(edited, file: "test.yaml"))
            #expect(report.commandFailures == nil)
            #expect(try marks(lab) == ["made in a\n", "again\n"])
            #expect(try Witness.ip("route show 10.75.0.0/16", in: lab.pin("b")).contains("via 10.71.0.254"))
            #expect(try lab.differences(strict: true) == [])
            let without = try lab.up(
                Topology.read(
                    edited.replacing("      - [ip, route, add, 10.75", with: "      - [true]\n      - [echo, 10.75"),
                    file: "test.yaml"))
            #expect(
                without.changes.first?.text == "b: rebuild namespace \(lab.pin("b"))", "\(without.changes.map(\.text))")
            #expect(without.changes.allSatisfy { $0.namespace == "b" })
            #expect(try Witness.ip("route show 10.75.0.0/16", in: lab.pin("b")) == "")
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("that fails is told with file, line, host and the program's own words, and keeps nothing from running")
    func failure() throws {
        var topology = try Topology.read(Self.yaml, file: "test.yaml")
        topology.name = TestLab.newName()
        defer { #expect(throws: Never.self) { try Lab.down(.named([topology.name])) } }
        let report = try Lab.up(topology, source: "test", probing: false)
        #expect(report.commandFailures?.count == 1)
        let failure = try #require(report.commandFailures?.first)
        #expect(
            failure.hasPrefix(
                "test.yaml:27: b: ip route add 10.74.0.0/16 via 10.99.0.1: it failed with exit status 2: "))
        #expect(failure.hasSuffix("Nexthop has invalid gateway."))
    }

    @Test(
        "is not there for an up that is killed while they run: the next one runs them from the beginning, and down leaves nothing"
    )
    func killed() throws {
        let name = TestLab.newName()
        let file = FileManager.default.temporaryDirectory.path + "/\(name).yaml"
        defer { unlink(file) }
        // The first time it waits in vain.
        let go = "/tmp/\(name)-go"
        defer { unlink(go) }
        let wait = "      - [sh, -c, \"until test -e \(go); do sleep 0.1; done\"]\n"
        let yaml = Self.yaml.replacing("      - [sh, -c, \"sleep 600 &\"]\n", with: wait)
        try yaml.write(toFile: file, atomically: true, encoding: .utf8)
        defer {
            #expect(throws: Never.self) { try Lab.down(.named([name])) }
            #expect(Remains(of: name).isEmpty, "\(Remains(of: name))")
        }
        let up = [BuiltProgram.path, "up", file, "--name", name, "--no-probe"]
        let first = try Witness.Process(up)
        try eventually("the commands run") {
            try Witness.run(["ip", "netns", "exec", "\(name)-a", "sysctl", "-n", "net.ipv4.conf.eth1.proxy_arp"]).output
                == "1\n"
        }
        first.send(SIGKILL)
        _ = try first.wait()
        let found = try Lab.running(name).verify(strict: false).differences.map(\.text)
        #expect(found.contains("a: commands 11 of its own: missing"), "\(found)")
        close(open(go, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        let second = try Witness.run(up)
        #expect(second.status == 0, "\(second.output)")
        let after = try Lab.running(name).verify(strict: true).differences.map(\.text)
        #expect(after == [], "\(second.output)")
        let lab = ["exec", "--lab", name, "a", "--", "cat", "/etc/mark"]
        #expect(try Witness.output([BuiltProgram.path] + lab) == "made in a\n")
    }
}
