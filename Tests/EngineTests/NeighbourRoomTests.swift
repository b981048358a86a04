import Addresses
import Foundation
import KernelCapabilities
import KernelTestSupport
import NSLabKit
import Testing

@Suite("Labs and the kernel's neighbour tables", .needsRoot, .timeLimit(.minutes(20)))
struct NeighbourRoomTests {
    /// A segment of so many nodes that what they can learn of each other fills the kernel's tables.
    private func yaml(nodes: Int) -> String {
        """
        lab: crowded
        routers:
          tor:
            vlans:
              10: { name: nodes, addresses: [10.20.0.1/16, "fd00:20::1/64"] }
            ports:
              eth{1..\(nodes)}: { access: 10 }
        nodes:
          node-{1..\(nodes)}:
            interfaces:
              eth1: { connect: "tor:eth{1..\(nodes)}", addresses: ["10.20.1.{1..\(nodes)}/16"] }
            routes: [default via 10.20.0.1]
        cluster:
          pools:
            pool: { cidr: 10.244.0.0/16, encapsulation: None }
        workloads:
          web: { kind: Deployment, replicas: 4 }
        """
    }

    @Test("a lab that could learn more neighbours than the kernel keeps has them as permanent entries, and learns none")
    func permanent() throws {
        let limit = Limits().neighbours[.ipv4] ?? 1024
        let nodes = Int(Double(limit).squareRoot()) + 2
        try TestLab.with(yaml: yaml(nodes: nodes)) { lab in
            #expect(lab.blueprint.notes.contains { $0.contains("gc_thresh3") }, "\(lab.blueprint.notes)")
            #expect(Requirements(lab.blueprint).neighbours.isEmpty)
            let probes = try Lab.running(lab.name).probe()
            #expect(probes.failed == 0, "\(probes.failures.prefix(3))")
            func neighbours(_ namespace: String) throws -> [(address: String, state: String)] {
                try Witness.json("ip -j -4 neigh", in: lab.pin(namespace)).map {
                    ($0["dst"] as? String ?? "", ($0["state"] as? [String] ?? []).joined())
                }
            }
            for namespace in ["tor", "node-1", "node-\(nodes)"] {
                let found = try neighbours(namespace).filter { $0.address.hasPrefix("10.20.") }
                #expect(found.count == nodes)
                #expect(found.allSatisfy { $0.state == "PERMANENT" }, "\(found)")
            }
            #expect(try lab.differences(strict: true) == [])
        }
        // What the lab took is free again, and a small one learns as in a cluster.
        try TestLab.with("ipv4-only") { lab in
            #expect(!lab.blueprint.notes.contains { $0.contains("gc_thresh3") })
        }
    }
}
