import Addresses
import Blueprint
import Testing

@Suite("Large labs")
struct ScaleTests {
    @Test("twenty nodes with ten pods each: everything is there, and every pod reaches every pod")
    func twentyByTen() throws {
        let blueprint = try Blueprint(topology: Labs.scale(nodes: 20, podsPerNode: 10))
        #expect(blueprint.namespaces.count == 1 + 20 + 200)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        #expect(Set(pods.flatMap(\.addresses)).count == 400)
        for node in blueprint.namespaces where node.kind == .node {
            #expect(node.content.forwarding.count == 19 * 2)
            #expect(node.content.neighbours.count == 19 * 2)
            // Two static routes, the pods' next hop; IPv4 blocks, IPv6 blocks with their hosts; blackholes; pods.
            #expect(node.content.routes.count == 3 + 19 + 19 * 2 + 2 + 20)
        }
        let plane = PacketSimulator(blueprint)
        for from in pods[..<20] {
            for to in pods where to.name != from.name {
                for address in to.addresses {
                    let expected = from.node == to.node ? 63 : 62
                    #expect(plane.roundTrip(from: from.name, to: address).expectedReplyTTL == expected)
                }
            }
        }
    }
}
