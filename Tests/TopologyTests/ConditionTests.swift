import Testing
import Topology

@Suite("Conditions of links")
struct ConditionTests {
    private static let plain = "connect: r1:eth2"

    private func lab(_ conditions: String) -> String {
        smallLab.with(Self.plain, as: "connect: { to: r1:eth2, conditions: \(conditions) }")
    }

    @Test("flat fields are of both directions")
    func both() throws {
        let topology = try Topology.read(
            lab("{ delay: 20ms, jitter: 1.5ms, loss: 1%, duplicate: 0.05%, reorder: 3%, corrupt: 100%, rate: 10mbit }"),
            file: "lab.yaml")
        let conditions = LinkConditions(
            delay: 20_000_000, jitter: 1_500_000, loss: 10_000, duplicate: 500, reorder: 30_000, corrupt: 1_000_000,
            rate: 10_000_000)
        #expect(topology.cables.map(\.conditions) == [[.none, .none], [conditions, conditions]])
    }

    @Test("out and in are seen from the end that says them: the cable's first end is the device that comes first")
    func oneWay() throws {
        let topology = try Topology.read(lab("{ out: { delay: 1s }, in: { rate: 8kbit } }"), file: "lab.yaml")
        #expect(topology.cables[1].ends.map(\.device) == ["r1", "w1"])
        #expect(topology.cables[1].conditions == [LinkConditions(rate: 8000), LinkConditions(delay: 1_000_000_000)])
        let listed = try Topology.read(
            smallLab.with("\(Self.plain), ", as: "")
                + "cables:\n  - { ends: [w1:eth1, r1:eth2], conditions: { out: { loss: 5% } } }\n", file: "lab.yaml")
        #expect(listed.cables[1].conditions == [LinkConditions(loss: 50_000), .none])
    }

    @Test(
        "what is written is read again",
        arguments: [
            LinkConditions(delay: 1000), LinkConditions(delay: 60_000_000_000, jitter: 12_345_000),
            LinkConditions(loss: 1), LinkConditions(delay: 1_500_000, reorder: 999_999),
            LinkConditions(duplicate: 1_000_000, corrupt: 10_000), LinkConditions(rate: 8),
            LinkConditions(rate: 1_000_000_000_000), LinkConditions(rate: 12_344_000),
        ])
    func written(conditions: LinkConditions) throws {
        for (forward, backward) in [(conditions, conditions), (conditions, .none), (.none, conditions)] {
            var topology = try Topology.read(smallLab, file: "lab.yaml")
            topology.cables[1].conditions = [forward, backward]
            #expect(try Topology.read(topology.yaml, file: "lab.yaml") == topology, "\(topology.yaml)")
            // As a list too, which is what remains where a cable's ends are in another order.
            topology.cables[1].ends.reverse()
            #expect(try Topology.read(topology.yaml, file: "lab.yaml") == topology, "\(topology.yaml)")
        }
    }

    @Test(
        "a quantity without its unit, or out of its range, is told with what would be right",
        arguments: [
            ("{ delay: 20 }", "20ms"), ("{ delay: -1ms }", "20ms"), ("{ delay: 61s }", "more than 60s"),
            ("{ delay: 1.23456us }", "20ms"), ("{ delay: 99999999999999999999s }", "20ms"), ("{ delay: .5ms }", "20ms"),
            ("{ loss: 1 }", "1%"), ("{ loss: 101% }", "0 to 100"), ("{ loss: 0.00001% }", "four places"),
            ("{ rate: 10 }", "10mbit"), ("{ rate: 10mbps }", "10mbit"), ("{ rate: 4bit }", "8bit"),
            ("{ rate: 2000gbit }", "1000gbit"), ("{ rate: 0bit }", "8bit"), ("{ delay: [] }", "a duration"),
            ("{ out: { loss: x% } }", "1%"),
        ])
    func wrong(conditions: String, right: String) {
        let sentences = sentences(of: lab(conditions))
        #expect(sentences.count == 1 && sentences[0].contains(right), "\(sentences)")
    }

    @Test("contradictions are told at their field")
    func contradictions() {
        #expect(
            places(of: lab("{ delay: 1ms, jitter: 2ms }")) == [
                "24:73 nodes.w1.interfaces.eth1.connect.conditions.jitter"
            ])
        #expect(
            places(of: lab("{ in: { reorder: 1% } }")) == [
                "24:68 nodes.w1.interfaces.eth1.connect.conditions.in.reorder"
            ])
        #expect(sentences(of: lab("{ jitter: 2ms }"))[0].contains("needs a delay of 2ms or more"))
        #expect(sentences(of: lab("{ sideways: 1 }"))[0].contains("there is no field \"sideways\""))
        #expect(sentences(of: lab("{ out: {}, delay: 1ms }"))[0].contains("there is no field \"delay\""))
    }

    @Test("a topology that was not read from a file has the same rules")
    func model() throws {
        var topology = try Topology.read(smallLab, file: "lab.yaml")
        topology.cables[1].conditions[1] = LinkConditions(jitter: 1)
        #expect(topology.problems().map(\.path.description) == ["cables[1].conditions.jitter"])
    }

    @Test("conditions in words, with the units of tc")
    func words() {
        #expect("\(LinkConditions.none)" == "none")
        let conditions = LinkConditions(delay: 1_500_000, loss: 2500, rate: 2_000_000_000)
        #expect("\(conditions)" == "delay 1500us loss 0.25% rate 2gbit")
    }
}
