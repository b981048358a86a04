import Addresses
import Testing

@testable import KubeProxy

@Suite("Which endpoints packets may go to from a node")
struct ReachableEndpointsTests {
    /// `a` and what follows: an endpoint's last octet, its node and what is the matter with it.
    private func endpoint(
        _ number: Int, _ node: String? = nil, isReady: Bool = true, draining: Bool = false, zones: Set<String> = [],
        nodes: Set<String> = []
    ) -> ProxiedEndpoint {
        .init(
            IPAddress("10.0.0.\(number)")!, 80, node: node, isReady: isReady && !draining,
            isServing: isReady || draining,
            isTerminating: draining, zones: zones, nodes: nodes)
    }

    private func reach(
        _ endpoints: [ProxiedEndpoint], internal isInternallyLocal: Bool = false,
        external isExternallyLocal: Bool = false,
        nodePort: UInt16? = nil, zone: String? = nil
    ) -> (cluster: [Int], local: [Int], all: [Int], isAnywhere: Bool) {
        var port = ProxiedPort(namespace: "n", service: "s", .tcp, 80, at: IPAddress("172.30.0.1")!)
        port.isInternallyLocal = isInternallyLocal
        port.isExternallyLocal = isExternallyLocal
        port.nodePort = nodePort
        port.answer(by: endpoints)
        let found = ReachableEndpoints(port, on: ProxiedNode("here", addresses: [], zone: zone))
        let numbers = { (endpoints: [ProxiedEndpoint]) in endpoints.map { Int($0.address.value & 0xff) } }
        return (numbers(found.cluster), numbers(found.local), numbers(found.all), found.isAnywhere)
    }

    @Test("policy Cluster: all that are ready, and none of the node's own apart")
    func cluster() {
        #expect(
            reach([endpoint(1, "here"), endpoint(2, "there"), endpoint(3, isReady: false)]) == (
                [1, 2], [], [1, 2], true
            ))
        #expect(reach([endpoint(3, isReady: false)]) == ([], [], [], false))
        #expect(reach([]) == ([], [], [], false))
        // externalTrafficPolicy is of no use to a service that nothing outside reaches.
        #expect(reach([endpoint(1, "here")], external: true) == ([1], [], [1], true))
    }

    @Test("internalTrafficPolicy Local: the node's own; others are somewhere all the same")
    func internallyLocal() {
        #expect(reach([endpoint(1, "here"), endpoint(2, "there")], internal: true) == ([], [1], [1], true))
        #expect(reach([endpoint(2, "there")], internal: true) == ([], [], [], true))
        #expect(reach([endpoint(2, "there", isReady: false)], internal: true) == ([], [], [], false))
        // What comes in at a node's port may go to any.
        #expect(
            reach([endpoint(1, "here"), endpoint(2, "there")], internal: true, nodePort: 1) == (
                [1, 2], [1], [1, 2], true
            ))
    }

    @Test("externalTrafficPolicy Local: both, for pods and nodes may use any")
    func externallyLocal() {
        let both = [endpoint(1, "here"), endpoint(2, "there")]
        #expect(reach(both, external: true, nodePort: 1) == ([1, 2], [1], [1, 2], true))
        #expect(reach([endpoint(2, "there")], external: true, nodePort: 1) == ([2], [], [2], true))
    }

    @Test("endpoints that are about to end answer where no other is ready, here or anywhere")
    func draining() {
        let (ending, ready) = (endpoint(1, "here", draining: true), endpoint(2, "there"))
        #expect(reach([ending, ready]) == ([2], [], [2], true))
        #expect(reach([ending, endpoint(3, isReady: false)]) == ([1], [], [1], true))
        #expect(reach([ending, ready], external: true, nodePort: 1) == ([2], [1], [1, 2], true))
        #expect(
            reach([ending, endpoint(3, "here"), ready], external: true, nodePort: 1) == ([2, 3], [3], [2, 3], true))
        #expect(reach([ending, ready], internal: true) == ([], [1], [1], true))
        // One that no longer answers is none.
        let over = ProxiedEndpoint(IPAddress("10.0.0.4")!, 80, isReady: false, isServing: false, isTerminating: true)
        #expect(reach([over]) == ([], [], [], false))
    }

    @Test("hints: where every ready endpoint has some and one is for this node or zone")
    func hints() {
        let near = endpoint(1, "here", zones: ["a"])
        let far = endpoint(2, "there", zones: ["b"])
        #expect(reach([near, far], zone: "a") == ([1], [], [1], true))
        #expect(reach([near, far], zone: "c") == ([1, 2], [], [1, 2], true))
        #expect(reach([near, far]) == ([1, 2], [], [1, 2], true))
        #expect(reach([near, endpoint(3)], zone: "a") == ([1, 3], [], [1, 3], true))
        #expect(reach([near, far, endpoint(3, isReady: false)], zone: "b") == ([2], [], [2], true))
        let own = endpoint(4, "here", zones: ["a"], nodes: ["here"])
        let other = endpoint(5, "there", zones: ["a"], nodes: ["there"])
        #expect(reach([own, other], zone: "a") == ([4], [], [4], true))
        #expect(reach([other], zone: "a") == ([5], [], [5], true))
        // A node's own endpoints count for Local, whatever their hints say.
        let local = endpoint(6, "here", zones: ["b"])
        #expect(
            reach([endpoint(1, "there", zones: ["a"]), local], external: true, nodePort: 1, zone: "a") == (
                [1], [6], [1, 6], true
            ))
    }

    @Test("an endpoint that two slices name is one, ready if one of them says so; they are in the order of their text")
    func order() {
        #expect(
            reach([endpoint(10), endpoint(9), endpoint(2, isReady: false), endpoint(2)]) == (
                [10, 2, 9], [], [10, 2, 9], true
            ))
    }
}
