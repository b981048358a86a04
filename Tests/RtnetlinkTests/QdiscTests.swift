import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("Queueing disciplines in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct QdiscTests {
    /// A link to install something on, and whether tc(8) can install this kind there.
    private static func has(_ kind: String, _ options: String) throws -> Bool {
        let words = "tc qdisc replace dev lo root \(kind) \(options)".split(separator: " ").map(String.init)
        let testimony = try Witness.run(words)
        if testimony.status == 0 { try Witness.output(["tc", "qdisc", "delete", "dev", "lo", "root"]) }
        return testimony.status == 0
    }

    @Test(
        "a kind is supported if tc can install it, and asking installs nothing",
        arguments: [("netem", "delay 1ms"), ("tbf", "rate 1mbit burst 10kb latency 50ms"), ("odd", "")])
    func support(kind: String, options: String) async throws {
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            #expect(try socket.supports(qdisc: kind) == Self.has(kind, options))
            #expect(try socket.qdiscs(in: InterfaceTable()).isEmpty)
        }
    }

    @Test(
        "a token bucket is read back as it was written, and by tc as well", arguments: [8000, 1_250_000, 6_000_000_000])
    func tokenBucket(rate: UInt64) async throws {
        try await inNamespace { inside in
            try #require(try Self.has("tbf", "rate 1mbit burst 10kb latency 50ms"))
            var bench = try Workbench(in: inside)
            let wanted = Qdisc("lo", .tokenBucket(TokenBucket(rate: rate, mtu: 1500)))
            try bench.batch.replace(wanted, in: bench.table)
            try bench.socket.execute(&bench.batch)
            let observed = try bench.socket.qdiscs(in: bench.table)
            try #require(observed.count == 1)
            #expect(wanted.isSatisfied(by: observed[0]), "\(observed[0])")
            guard case .tokenBucket(let wished) = wanted.kind, case .tokenBucket(let bucket) = observed[0].kind else {
                Issue.record("\(observed[0])")
                return
            }
            #expect(bucket.limit == wished.limit)
            let witness = try Witness.json("tc -j qdisc show dev lo")[0]
            let options = try #require(witness["options"] as? [String: Any])
            #expect(witness["kind"] as? String == "tbf")
            #expect(options["rate"] as? UInt64 == rate)
            // tc counts the time in which the bucket fills in whole microseconds.
            let burst = try #require(options["burst"] as? Int)
            #expect(abs(burst - Int(wished.burst)) <= 1 + Int(rate / 1_000_000))
            // Another bucket is not this one.
            #expect(!Qdisc("lo", .tokenBucket(TokenBucket(rate: rate + 1, mtu: 1500))).isSatisfied(by: observed[0]))
        }
    }

    @Test(
        "an emulator is read back as it was written, and by tc as well; where the kernel has none, ours and tc are refused"
    )
    func netem() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let wanted = Netem(
                delay: 20_000_000, jitter: 5_000_001, loss: Probability(millionths: 10_000),
                duplicate: Probability(millionths: 20_000), reorder: Probability(millionths: 30_000),
                corrupt: Probability(millionths: 400), rate: 1_250_000, limit: 777)
            try bench.batch.replace(Qdisc("lo", .netem(wanted)), in: bench.table)
            guard try Self.has("netem", "delay 1ms") else {
                let failure = try refusal(&bench)
                #expect(failure.errno == ENOENT)
                return
            }
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.qdiscs(in: bench.table) == [Qdisc("lo", .netem(wanted))])
            let options = try #require(try Witness.json("tc -j qdisc show dev lo")[0]["options"] as? [String: Any])
            func part(_ name: String, _ key: String) -> Double {
                ((options[name] as? [String: Any])?[key] as? Double ?? -1)
            }
            #expect(options["limit"] as? Int == 777)
            #expect(abs(part("delay", "delay") - 0.02) < 1e-6)
            #expect(abs(part("delay", "jitter") - 0.005) < 1e-6)
            #expect(abs(part("loss-random", "loss") - 0.01) < 1e-6)
            #expect(abs(part("duplicate", "duplicate") - 0.02) < 1e-6)
            #expect(abs(part("reorder", "reorder") - 0.03) < 1e-6)
            #expect(abs(part("corrupt", "corrupt") - 0.0004) < 1e-6)
            #expect(part("rate", "rate") == 1_250_000)

            // What the next one does not say is gone; so is one of another kind.
            for next in [
                Netem(delay: 1000), Netem(rate: 6_000_000_000), Netem(loss: Probability(millionths: 1_000_000)),
            ] {
                try bench.batch.replace(Qdisc("lo", .netem(next)), in: bench.table)
                try bench.socket.execute(&bench.batch)
                #expect(try bench.socket.qdiscs(in: bench.table) == [Qdisc("lo", .netem(next))])
            }
            let bucket = Qdisc("lo", .tokenBucket(TokenBucket(rate: 125_000, mtu: 1500)))
            try bench.batch.replace(bucket, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.qdiscs(in: bench.table).map { bucket.isSatisfied(by: $0) } == [true])
        }
    }

    @Test("what is deleted is gone, and deleting what the kernel chose itself is refused")
    func delete() async throws {
        try await inNamespace { inside in
            try #require(try Self.has("tbf", "rate 1mbit burst 10kb latency 50ms"))
            var bench = try Workbench(in: inside)
            let bucket = Qdisc("lo", .tokenBucket(TokenBucket(rate: 125_000, mtu: 1500)))
            try bench.batch.replace(bucket, in: bench.table)
            try bench.batch.delete(bucket, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.qdiscs(in: bench.table).isEmpty)
            #expect(try Witness.json("tc -j qdisc show dev lo").allSatisfy { $0["kind"] as? String == "noqueue" })
            try bench.batch.delete(bucket, in: bench.table)
            #expect(try refusal(&bench).errno == ENOENT)
        }
    }

    @Test("others' kinds are read by the kernel's name, at the root alone")
    func other() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try Witness.output("tc qdisc replace dev lo root htb".split(separator: " ").map(String.init))
            #expect(try bench.socket.qdiscs(in: bench.table) == [Qdisc("lo", .other("htb"))])
            #expect(throws: RequestError.notBuildable(qdisc: "htb")) {
                try bench.batch.replace(Qdisc("lo", .other("htb")), in: bench.table)
            }
        }
    }
}

@Suite("Link conditions in the kernel's units")
struct QdiscValueTests {
    @Test(
        "a probability is so many of a million and back",
        arguments: [0, 1, 100, 333_333, 999_999, 1_000_000] as [UInt32])
    func probability(millionths: UInt32) {
        #expect(Probability(millionths: millionths).millionths == millionths)
    }

    @Test("the ends of a probability are never and always")
    func ends() {
        #expect(Probability(millionths: 0) == .never)
        #expect(Probability(millionths: 1_000_000).fraction == .max)
        #expect(Probability(millionths: 2_000_000).fraction == .max)
        #expect("\(Probability(millionths: 10_000)) \(Probability(millionths: 500))" == "1% 0.05%")
    }

    @Test("disciplines are written as tc is told")
    func words() {
        let netem = Netem(
            delay: 20_000_000, jitter: 1_500_000, loss: Probability(millionths: 10_000), rate: 1_250_000)
        #expect(
            "\(Qdisc("eth1", .netem(netem)))" == "dev eth1 root netem limit 1000 delay 20ms 1500us loss 1% rate 10mbit")
        let bucket = TokenBucket(rate: 1_250_000, mtu: 1500)
        #expect("\(Qdisc("eth1", .tokenBucket(bucket)))" == "dev eth1 root tbf rate 10mbit burst 12500b limit 75000b")
    }
}
