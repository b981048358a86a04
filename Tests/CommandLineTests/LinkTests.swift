import Foundation
import KernelTestSupport
import Testing

@Suite("Links of a running lab", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct LinkTests {
    @Test("a rate is what tc tells and inspect shows, in the direction that was asked for; clear takes it away")
    func rate() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            func rates(_ name: String, _ interface: String) throws -> [Int] {
                try Witness.json("tc -j qdisc show dev \(interface)", in: nslab.pin(name)).compactMap { qdisc in
                    let options = qdisc["options"] as? [String: Any]
                    return options?["rate"] as? Int ?? (options?["rate"] as? [String: Any])?["rate"] as? Int
                }
            }
            func impair(_ arguments: String...) throws -> [[String: Any]] {
                let output = try Witness.output(
                    [BuiltProgram.path, "impair", "--lab", nslab.lab, "-o", "json"] + arguments)
                let report = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
                return try #require(report?["conditions"] as? [[String: Any]])
            }
            let (near, far) = ("dual-stack-worker:eth1", "ceos01:eth2")
            let out = try impair(near, "--rate", "10mbit")
            #expect(out.map { $0["from"] as? String } == [near] && out.map { $0["to"] as? String } == [far])
            #expect(out.map { $0["rate"] as? Int } == [10_000_000])
            #expect(try rates("dual-stack-worker", "eth1") == [1_250_000] && rates("ceos01", "eth2") == [])
            _ = try impair(near, "--rate", "20mbit", "--direction", "in")
            #expect(try rates("dual-stack-worker", "eth1") == [1_250_000] && rates("ceos01", "eth2") == [2_500_000])
            #expect(try impair(near, "--direction", "both").count == 2)
            let inspected = try nslab.json("inspect", nslab.lab)["conditions"] as? [[String: Any]]
            #expect(inspected?.map { $0["words"] as? String } == ["rate 20mbit", "rate 10mbit"])
            #expect(try impair(near, "--clear", "--direction", "both").isEmpty)
            #expect(try impair(near, "--clear").isEmpty)
            #expect(try rates("dual-stack-worker", "eth1") == [] && rates("ceos01", "eth2") == [])
        }
    }

    @Test("conditions are a user's addition: up leaves them, verify counts them with --strict, reset takes them away")
    func addition() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            #expect(
                try nslab.run("impair", "--lab", nslab.lab, "dual-stack-worker:eth1", "--rate", "10mbit").status == 0)
            func isThere() throws -> Bool {
                try Witness.json("tc -j qdisc show dev eth1", in: nslab.pin("dual-stack-worker"))
                    .contains { ["tbf", "netem"].contains($0["kind"] as? String) }
            }
            #expect(try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api").status == 0)
            #expect(try isThere())
            #expect(try nslab.run("verify", nslab.lab).status == 0)
            let strict = try nslab.run("verify", nslab.lab, "--strict")
            #expect(strict.status == 1 && strict.output.contains("qdisc dev eth1 root"), "\(strict.output)")
            #expect(try nslab.run("reset", nslab.lab).status == 0)
            #expect(try !isThere())
            #expect(try nslab.run("verify", nslab.lab, "--strict").status == 0)
        }
    }

    @Test("a link that is down is a difference, which up repairs")
    func repair() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            #expect(try nslab.run("link", "--lab", nslab.lab, "dual-stack-worker:eth1", "down").status == 0)
            #expect(try nslab.run("verify", nslab.lab).status == 1)
            #expect(try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api").status == 0)
            #expect(try nslab.run("verify", nslab.lab).status == 0)
        }
    }

    @Test("names that are none are bad input")
    func names() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            for link in [
                "dual-stack-worker", "dual-stack-worker:", ":eth1", "a:b:c", "nobody:eth1", "dual-stack-worker:eth7",
            ] {
                #expect(try nslab.run("impair", "--lab", nslab.lab, link, "--rate", "1mbit").status == 2, "\(link)")
                #expect(try nslab.run("link", "--lab", nslab.lab, link, "down").status == 2, "\(link)")
            }
            #expect(
                try nslab.run("impair", "--lab", nslab.lab, "ceos01:lo", "--rate", "1mbit", "--direction", "in").status
                    == 2)
            let wrong = try nslab.run("impair", "--lab", nslab.lab, "ceos01:eth1", "--delay", "1ms", "--jitter", "2ms")
            #expect(wrong.status == 2 && wrong.output.contains("jitter"))
        }
    }

    @Test("a link that was down comes up with all that it had, and others keep what was changed by hand")
    func downAndUp() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let pin = nslab.pin("dual-stack-worker")
            func state() throws -> String {
                try Witness.output(
                    [
                        "sh", "-c",
                        "(ip address show scope global | grep inet; ip route; ip -6 route | grep -v fe80; ip neighbour show nud permanent; bridge fdb | grep -v 33:33:) 2>/dev/null",
                    ], in: pin)
            }
            func sorted(_ text: String) -> [Substring] { text.split(separator: "\n").sorted() }
            try Witness.waitForCarriers(in: pin)
            try Witness.ip("route add 9.9.9.9 via 10.10.10.1", in: pin)
            let before = try state()
            #expect(try nslab.run("link", "--lab", nslab.lab, "dual-stack-worker:eth1", "down").status == 0)
            #expect(try state() != before)
            #expect(try nslab.run("probe", "--lab", nslab.lab, "--from", "dual-stack-worker").status == 1)
            #expect(try nslab.run("inspect", nslab.lab).output.contains("down: eth1"))
            #expect(try nslab.run("link", "--lab", nslab.lab, "dual-stack-worker:eth1", "up").status == 0)
            try Witness.waitForCarriers(in: pin)
            // What the user added by that link is gone with it, as on a real machine.
            let after = sorted(try state())
            let wanted = sorted(before).filter { !$0.hasPrefix("9.9.9.9") }
            #expect(
                after == wanted,
                "missing: \(wanted.filter { !after.contains($0) }); too much: \(after.filter { !wanted.contains($0) })")
            #expect(try nslab.run("probe", "--lab", nslab.lab).status == 0)
            // A bridge takes what stands on it along.
            for link in [
                "ceos01:\(try Witness.json("ip -j link", in: nslab.pin("ceos01")).contains { $0["ifname"] as? String == "br0" } ? "br0" : "vlan10")",
                "dual-stack-worker:vxlan-v6.calico",
            ] {
                #expect(try nslab.run("link", "--lab", nslab.lab, link, "down").status == 0)
                #expect(try nslab.run("link", "--lab", nslab.lab, link, "up").status == 0)
            }
            #expect(try nslab.run("probe", "--lab", nslab.lab).status == 0)
        }
    }
}
