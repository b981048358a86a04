import Testing
import Topology

@Suite("Reading a topology beside one that most of it is like")
struct WrittenTopologyTests {
    private func lab(_ change: (inout Topology) -> Void = { _ in }) throws -> Topology {
        let services = (0..<20).map {
            "  web-\($0): { selector: { app: web }, ports: [{ name: a, port: \(80 + $0) }] }\n"
        }
        var topology = try Topology.read(
            smallLab.with("[10.96.0.0/16]", as: "[10.96.0.0/16, fd00:96::/112]") + "services:\n"
                + services.joined(), file: "lab.yaml")
        change(&topology)
        return topology
    }

    /// That a topology is read beside another one as it is by itself.
    private func expectSame(_ other: Topology, beside topology: Topology) throws {
        let text = Array(other.yaml.utf8)
        let read = try WrittenTopology(topology).read(text, file: "state")
        #expect(try read == Topology.read(text, file: "state"))
        #expect(read == other)
    }

    @Test("the same one, one with other services, in another order, with fewer and with none")
    func services() throws {
        let topology = try lab()
        try expectSame(topology, beside: topology)
        try expectSame(lab { $0.services[3].isInternallyLocal = true }, beside: topology)
        try expectSame(lab { $0.services.swapAt(2, 9) }, beside: topology)
        try expectSame(lab { $0.services.removeSubrange(4..<7) }, beside: topology)
        try expectSame(topology, beside: lab { $0.services.removeSubrange(4..<7) })
        try expectSame(lab { $0.services = [] }, beside: topology)
        try expectSame(topology, beside: lab { $0.services = [] })
    }

    @Test("one of which something else is different, or the name")
    func others() throws {
        let topology = try lab()
        try expectSame(lab { $0.name = "other" }, beside: topology)
        try expectSame(
            lab {
                $0.workloads[0].labels["x"] = "services"
                $0.services[0].name = "other"
            }, beside: topology)
    }

    @Test("what is no topology is refused as ever, also where only its services are not")
    func damaged() throws {
        let topology = try lab()
        let text = topology.yaml
        for damaged in [
            "", "services:\n", text + "  x", text + "x: 1\n", text + "    deep: { }\n",
            text + "  web-x: { prots: [80] }\n",
            text.replacing("lab:", with: "lba:"), text + "\u{0}",
        ] {
            #expect(throws: TopologyErrors.self) {
                try WrittenTopology(topology).read(Array(damaged.utf8), file: "state")
            }
        }
    }
}
