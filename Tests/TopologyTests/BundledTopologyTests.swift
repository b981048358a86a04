import Addresses
import BundledTopologies
import Testing
import Topology

@Suite struct BundledTopologyTests {
    @Test(
        "each is read without a problem, is called by its lab's name, and says what it teaches",
        arguments: BundledTopology.all)
    func isRead(bundled: BundledTopology) throws {
        let topology = try bundled.topology()
        #expect(topology.name == bundled.name)
        #expect(topology.problems() == [])
        #expect(bundled.yaml.hasPrefix("# ") && bundled.yaml.prefix { $0 != "\n" }.count > 20)
        #expect(BundledTopology.named(bundled.name) == bundled)
    }

    @Test("each is the same after it was written and read again", arguments: BundledTopology.all)
    func roundTrip(bundled: BundledTopology) throws {
        let topology = try bundled.topology()
        let again = try Topology.read(topology.yaml, file: "again.yaml")
        #expect(again == topology)
        #expect(again.yaml == topology.yaml)
    }
}
