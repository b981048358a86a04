import Addresses
import Calico
import NetworkObjects
import Testing
import Topology

@testable import Blueprint

@Suite("How far a change of a lab reaches")
struct ChangeReachTests {
    /// The names of the namespaces that the change to another topology reaches.
    private func reach(_ edit: (inout Topology) -> Void) throws -> Set<String> {
        let before = try Blueprint(topology: Labs.builtIn)
        var topology = Labs.builtIn
        edit(&topology)
        let after = try Blueprint(topology: topology)
        return Set(ChangeReach(from: before, to: after).namespaces.map { after.namespaces[$0].name })
    }

    @Test("nothing where nothing changes")
    func nothing() throws { #expect(try reach { _ in }.isEmpty) }

    @Test("a pod more: itself, its node and what is cabled to that")
    func pod() throws {
        let reached = try reach {
            $0.workloads.append(Workload(name: "extra", kind: .pod, nodeName: "dual-stack-worker"))
        }
        let tool = PodName.daemonSet("multitool", namespace: "default", node: "dual-stack-worker")
        #expect(reached == ["extra", "dual-stack-worker", "ceos01", tool])
    }

    @Test("a route more: its node alone")
    func route() throws {
        let reached = try reach {
            $0.nodes[1].routes.append(Labs.route("9.9.9.0/24", "10.10.10.1"))
        }
        #expect(reached == ["dual-stack-worker"])
    }

    @Test("another address: all that share the segment")
    func address() throws {
        let reached = try reach {
            $0.nodes[1].interfaces[0].addresses.append(InterfaceAddress("10.10.10.111/24")!)
        }
        #expect(
            reached.isSuperset(of: ["ceos01", "dual-stack-control-plane", "dual-stack-worker", "dual-stack-worker2"]))
    }
}
