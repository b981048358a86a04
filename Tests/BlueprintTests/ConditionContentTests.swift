import Addresses
import Blueprint
import BundledTopologies
import NetworkObjects
import Testing
import Topology

@Suite("Conditions of links in a blueprint")
struct ConditionContentTests {
    private func topology(_ conditions: LinkConditions) throws -> Topology {
        var topology = try #require(BundledTopology.named("dual-stack")).topology()
        // From the router to the first node.
        topology.cables[0].conditions[0] = conditions
        return topology
    }

    private func qdiscs(_ conditions: LinkConditions, _ features: KernelFeatures) throws -> [String: [Qdisc]] {
        let blueprint = try Blueprint(topology: topology(conditions), features: features)
        return Dictionary(
            uniqueKeysWithValues: blueprint.namespaces.filter { !$0.content.qdiscs.isEmpty }.map {
                ($0.name, $0.content.qdiscs)
            })
    }

    @Test("a lab without conditions has no disciplines")
    func none() throws {
        #expect(try qdiscs(.none, .complete).isEmpty)
    }

    @Test("conditions are at the end that the frames leave by")
    func direction() throws {
        let conditions = LinkConditions(delay: 20_000_000, jitter: 1000, loss: 10_000, rate: 8_000_000)
        let netem = Netem(
            delay: 20_000_000, jitter: 1000, loss: Probability(millionths: 10_000), rate: 1_000_000)
        #expect(try qdiscs(conditions, .complete) == ["ceos01": [Qdisc("eth1", .netem(netem))]])
    }

    @Test("a rate alone is a token bucket where there is no emulator")
    func rate() throws {
        let plain = KernelFeatures.complete.subtracting([.netem])
        let bucket = TokenBucket(rate: 1_000_000, mtu: 1500)
        #expect(
            try qdiscs(LinkConditions(rate: 8_000_000), plain) == ["ceos01": [Qdisc("eth1", .tokenBucket(bucket))]])
    }

    @Test("what the kernel cannot do is an error that names the end and the conditions")
    func lacking() throws {
        let cases: [(LinkConditions, KernelFeatures)] = [
            (LinkConditions(delay: 1_000_000), [.netem]), (LinkConditions(delay: 1_000_000, rate: 8000), [.netem]),
            (LinkConditions(rate: 8000), [.netem, .tokenBucket]),
        ]
        for (conditions, missing) in cases {
            let error = #expect(throws: BlueprintError.self) { try qdiscs(conditions, .complete.subtracting(missing)) }
            #expect(error?.problems == [.needsQdisc(Endpoint("ceos01", "eth1"), conditions)])
            #expect(error?.description.hasPrefix("ceos01:eth1 asks for \(conditions), which") == true)
        }
    }

    @Test("what a discipline does is told in the words that asked for it")
    func back() {
        let conditions = LinkConditions(
            delay: 1_000_000, jitter: 1000, loss: 1, duplicate: 2, reorder: 3, corrupt: 4, rate: 8000)
        let qdisc = Qdisc("eth1", conditions, mtu: 1500, features: .complete)
        #expect(qdisc.flatMap { LinkConditions($0.kind) } == conditions)
        #expect(LinkConditions(.other("prio")) == nil)
    }
}
