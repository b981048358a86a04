import Addresses
import BundledTopologies
import Calico
import Foundation
import Testing
import Topology

@testable import Blueprint

@Suite("What a running lab has been given")
struct AllocationsTests {
    /// A lab that goes on from one topology to the next.
    private struct Lab {
        var allocations = Allocations.empty
        private(set) var blueprint: Blueprint

        init(_ topology: Topology) throws {
            blueprint = try Blueprint(topology: topology)
            allocations = blueprint.allocations
        }

        mutating func edit(_ topology: Topology) throws {
            blueprint = try Blueprint(topology: topology, keeping: allocations)
            allocations = blueprint.allocations
        }

        /// By pod: its node, the node's end of its cable, and its addresses.
        var pods: [String: String] {
            Dictionary(
                uniqueKeysWithValues: blueprint.namespaces.filter { $0.kind == .pod }.map {
                    ($0.name, "\($0.node ?? "") \($0.addresses)")
                })
        }

        /// The first address of a pod.
        func address(_ pod: String) -> String? {
            blueprint.namespaces.first { $0.name == pod }?.addresses.first?.description
        }

        /// The pod that has an address.
        func pod(with address: String) -> String? {
            blueprint.namespaces.first { $0.kind == .pod && $0.addresses.map(\.description).contains(address) }?.name
        }

        var released: [[String]] { allocations.blocks.map { $0.released.map(\.description) } }
    }

    private func topology(_ workloads: [Workload], services: [Service] = [], nodes: Int = 2) -> Topology {
        Topology(
            name: "t",
            routers: [
                Router(
                    name: "tor", vlans: [Labs.segment(10)],
                    ports: (0..<nodes).map { .init(name: "eth\($0)", mode: .access(vlan: 10)) })
            ],
            nodes: (0..<nodes).map { Labs.edgeNode("w\($0)", 10, 20 + $0) },
            cables: (0..<nodes).map { Labs.cable("tor:eth\($0)", "w\($0):eth1") }, cluster: Labs.dualStackCluster,
            workloads: workloads, services: services)
    }

    private func pod(_ name: String, on node: String = "w0") -> Workload {
        Workload(name: name, kind: .pod, nodeName: node)
    }

    private func deployment(_ name: String, _ replicas: Int) -> Workload {
        Workload(name: name, kind: .deployment(replicas: replicas), labels: ["app": name])
    }

    @Test("a lab that goes on from its own allocations is the same", arguments: BundledTopology.names)
    func same(name: String) throws {
        let topology = try #require(BundledTopology.named(name)).topology()
        let fresh = try Blueprint(topology: topology)
        let again = try Blueprint(topology: topology, keeping: fresh.allocations)
        #expect(again == fresh)
        let decoder = JSONDecoder()
        let read = try decoder.decode(Allocations.self, from: JSONEncoder().encode(fresh.allocations))
        #expect(read == fresh.allocations)
    }

    @Test("a pod that goes moves no other, and one that comes back gets the end of the queue")
    func queue() throws {
        let names = ["a", "b", "c", "d"]
        var lab = try Lab(topology(names.map { pod($0) }))
        let (before, first) = (lab.pods, try #require(lab.address("a")))
        try lab.edit(topology(["b", "c", "d"].map { pod($0) }))
        #expect(lab.pods == before.filter { $0.key != "a" })
        #expect(lab.released.joined().contains(first))
        try lab.edit(topology(["new", "b", "c", "d"].map { pod($0) }))
        #expect(lab.pods.filter { $0.key != "new" } == before.filter { $0.key != "a" })
        // The lowest that nobody has had.
        let alone = try Lab(topology((names + ["new"]).map { pod($0) })).address("new")
        #expect(lab.address("new") == alone)
        // The rest of the block, and then the one that was given back.
        let many = (0..<57).map { pod("p\($0)") }
        try lab.edit(topology(["b", "c", "d", "new"].map { pod($0) } + many))
        #expect(lab.pod(with: first) == nil)
        try lab.edit(topology(["b", "c", "d", "new"].map { pod($0) } + many + [pod("a"), pod("last")]))
        #expect(lab.pod(with: first) == "last")
    }

    @Test("a workload written above another moves nothing of that, nor does one that goes")
    func above() throws {
        var lab = try Lab(topology([deployment("web", 4)], nodes: 3))
        let before = lab.pods
        try lab.edit(topology([deployment("above", 2), deployment("web", 4)], nodes: 3))
        for (name, place) in before { #expect(lab.pods[name] == place) }
        #expect(lab.pods.count == 6)
        try lab.edit(topology([deployment("web", 4)], nodes: 3))
        #expect(lab.pods == before)
    }

    @Test("replicas that come are added, those that go are the last")
    func replicas() throws {
        var lab = try Lab(topology([deployment("web", 3), Workload(name: "db", kind: .statefulSet(replicas: 2))]))
        let before = lab.pods
        try lab.edit(topology([deployment("web", 5), Workload(name: "db", kind: .statefulSet(replicas: 3))]))
        for (name, place) in before { #expect(lab.pods[name] == place) }
        #expect(lab.pods.count == 8 && lab.pods["db-2"] != nil)
        // The new ones go to the nodes with the fewest.
        let nodes = Dictionary(grouping: lab.blueprint.namespaces.filter { $0.name.hasPrefix("web-") }, by: \.node)
        #expect(Set(nodes.values.map(\.count)) == [2, 3])
        try lab.edit(topology([deployment("web", 3), Workload(name: "db", kind: .statefulSet(replicas: 2))]))
        #expect(lab.pods == before)
    }

    @Test("a node more takes no pods from others; a node that goes gives up its pods and blocks")
    func nodes() throws {
        var lab = try Lab(topology([deployment("web", 4)]))
        let before = lab.pods
        try lab.edit(topology([deployment("web", 4)], nodes: 3))
        #expect(lab.pods == before)
        #expect(lab.allocations.blocks.compactMap(\.node).contains("w2"))
        try lab.edit(topology([deployment("web", 4)], nodes: 1))
        #expect(lab.pods.values.allSatisfy { $0.hasPrefix("w0 ") })
        for (name, place) in before where place.hasPrefix("w0 ") { #expect(lab.pods[name] == place) }
        #expect(Set(lab.allocations.blocks.map(\.node)) == ["w0"])
    }

    @Test("pods leave a pool that is gone, and stay in one that gives out no more")
    func pools() throws {
        var edited = topology([deployment("web", 2)])
        var lab = try Lab(edited)
        let before = lab.pods
        edited.cluster.pools[0].assignsAutomatically = false
        edited.cluster.pools.append(Pool(name: "other", prefix: Prefix("172.20.0.0/16")!, encapsulation: .vxlan))
        edited.workloads.append(pod("new"))
        try lab.edit(edited)
        for (name, place) in before { #expect(lab.pods[name] == place) }
        #expect(try #require(lab.address("new")).hasPrefix("172.20."))
        edited.cluster.pools.remove(at: 0)
        try lab.edit(edited)
        #expect(
            lab.blueprint.namespaces.filter { $0.kind == .pod }.allSatisfy { pod in
                pod.addresses.allSatisfy { $0.family == .ipv6 || "\($0)".hasPrefix("172.20.") }
            })
    }

    @Test("an address that a pod asks for and another has stays with that, and the error names both")
    func asked() throws {
        var lab = try Lab(topology([pod("a"), pod("b")]))
        let taken = try #require(lab.address("b").flatMap { IPAddress($0) })
        var asking = pod("c")
        asking.addresses = [taken]
        let edited = topology([asking, pod("a"), pod("b")])
        let error = #expect(throws: BlueprintError.self) { try lab.edit(edited) }
        #expect("\(try #require(error))".contains("pod default/c asks for \(taken), which pod default/b has"))
        // Built again the one that asks has it.
        #expect(try Lab(edited).address("c") == "\(taken)")
        // The one that has it may ask for it.
        asking = pod("b")
        asking.addresses = [taken]
        try lab.edit(topology([pod("a"), asking]))
        #expect(lab.address("b") == "\(taken)")
    }

    @Test("services keep their addresses and nodes' ports, whoever comes before them")
    func services() throws {
        // Of these names all have the same first choice of sixteen addresses.
        func service(_ name: String) -> Service {
            Service(name: name, kind: .nodePort, selector: ["app": "web"], ports: [.init(port: 80)])
        }
        var small = topology([deployment("web", 1)], services: ["a", "b", "c", "d"].map(service))
        small.cluster.serviceSubnets = [Prefix("10.96.0.0/28")!, Prefix("fd00:10:96::/124")!]
        var lab = try Lab(small)
        let before = Dictionary(uniqueKeysWithValues: lab.blueprint.services.map { ($0.key, $0) })
        for names in [["e", "f", "d", "c", "b", "a"], ["g", "b", "d"], ["d"]] {
            small.services = names.map(service)
            try lab.edit(small)
            for service in lab.blueprint.services {
                guard let was = before[service.key] else { continue }
                #expect(service.clusterAddresses == was.clusterAddresses)
                #expect(service.ports.map(\.nodePort) == was.ports.map(\.nodePort))
            }
        }
        // What one has, another cannot ask for.
        var asking = service("asking")
        asking.clusterAddresses = [try #require(before["default/d"]?.clusterAddresses.first)]
        small.services = [asking, service("d")]
        #expect(throws: BlueprintError.self) { try lab.edit(small) }
    }
}
