import Addresses
import Blueprint
import BundledTopologies
import Testing
import Topology

@Suite("The bundled topologies")
struct BundledTests {
    @Test("the default file makes the same lab as the topology written in Swift")
    func dualStack() throws {
        #expect(try Blueprint(topology: BundledTopology.default.topology()) == Blueprint(topology: Labs.builtIn))
    }

    @Test(
        "each has a blueprint in every form, without a route that leads nowhere, and its pods reach each other",
        arguments: BundledTopology.names,
        [
            KernelFeatures.complete, KernelFeatures.complete.subtracting([.vlanFiltering]),
            KernelFeatures.complete.subtracting([.ipip]),
        ])
    func all(name: String, features: KernelFeatures) throws {
        let bundled = try #require(BundledTopology.named(name))
        let blueprint = try Blueprint(topology: bundled.topology(), features: features)
        #expect(!blueprint.notes.contains { $0.contains("inactive") })
        let plane = PacketSimulator(blueprint)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        guard let from = pods.first else { return }
        for to in pods[1...] {
            for address in to.addresses {
                let trip = plane.roundTrip(from: from.name, to: address)
                #expect(trip.expectedReplyTTL != nil, "\(to.name) \(address): \(String(describing: trip.stop))")
                #expect(trip.sourceSeen.map(from.addresses.contains) == true)
            }
        }
    }
}
