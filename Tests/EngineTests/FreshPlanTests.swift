import Addresses
import Blueprint
import BundledTopologies
import NetworkObjects
import Testing
import Topology

@testable import Engine

/// What is made to compare a lab with, and the lists that it is compared with, without a kernel.
@Suite("Namespaces that nobody has touched, as planned")
struct FreshPlanTests {
    @Test("a lab of 1,101 namespaces takes a handful, and no link more than once")
    func sorts() throws {
        let topology = try #require(BundledTopology.named("nodes-100x10")).topology()
        let blueprint = try Blueprint(topology: topology, features: KernelFeatures.complete)
        let plan = FreshPlan(blueprint) { _ in true }
        #expect(plan.places.count == 1101)
        #expect(plan.groups.count <= 3)
        for group in plan.groups { #expect(Set(group.shapes).count == group.shapes.count && group.shapes.count <= 8) }
    }

    @Test("the ends of veths are each other's, and no two ports of bridges are")
    func partners() throws {
        let veth = Link.Kind.veth(peer: nil)
        func shape(_ kind: Link.Kind, master: Int? = nil) -> FreshPlan.Shape {
            FreshPlan.Shape(
                kind: kind, mtu: 1500, isUp: true, lower: nil, master: master, hasPorts: false, settings: [])
        }
        let group = FreshPlan.Group(
            settings: [],
            shapes: [
                shape(.loopback), shape(.bridge(Bridge())), shape(veth, master: 1), shape(veth, master: 1), shape(veth),
                shape(veth), shape(veth),
            ])
        #expect(group.partners == [nil, nil, 4, 5, nil, nil, nil])
    }

    @Test("groups of IPv4 are read as the kernel writes them, and what else is in the list is left out")
    func groups() throws {
        let list = """
            Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
            1\tlo        :     1      V3
            \t\t\t\t010000E0     1 0:00000000\t\t0
            16\teth1      :     2      V3
            \t\t\t\tFB0000E0     1 0:00000000\t\t0
            \t\t\t\tXB0000E0     1
            \t\t\t\tFB0000E01    1
            \t
            """
        #expect(
            GroupMembership.groups(in: Array(list.utf8))
                == Set(try ["224.0.0.1", "224.0.0.251"].map { try #require(IPv4Address($0)) }))
        #expect(GroupMembership.groups(in: []) == [])
        #expect(GroupMembership.groups(in: Array(repeating: 9, count: 100)) == [])
    }
}
