import Addresses
import Calico
import Testing
import Topology

@testable import Blueprint

@Suite("Where pods go, and what they get")
struct PlacementTests {
    private func lab(_ nodes: [Node], _ workloads: [Workload], pools: [Pool]? = nil) -> Topology {
        Topology(
            name: "t", nodes: nodes, cluster: Cluster(pools: pools ?? Labs.dualStackCluster.pools), workloads: workloads
        )
    }

    private func nodes(controlPlanes: Int, workers: Int) -> [Node] {
        (0..<controlPlanes).map { Labs.edgeNode("cp\($0)", 10, 10 + $0, .controlPlane) }
            + (0..<workers).map { Labs.edgeNode("w\($0)", 10, 20 + $0) }
    }

    @Test("a DaemonSet has one pod on each worker, and on the control plane where it tolerates it")
    func daemonSet() throws {
        let nodes = nodes(controlPlanes: 1, workers: 2)
        var workload = Workload(name: "d", kind: .daemonSet)
        #expect(try Placement(lab(nodes, [workload])).pods.map(\.node) == ["w0", "w1"])
        workload.toleratesControlPlane = true
        #expect(try Placement(lab(nodes, [workload])).pods.map(\.node) == ["cp0", "w0", "w1"])
    }

    @Test("a cluster of control-plane nodes alone runs everything on them")
    func singleNode() throws {
        let placement = try Placement(
            lab(nodes(controlPlanes: 1, workers: 0), [Workload(name: "d", kind: .deployment(replicas: 2))]))
        #expect(placement.pods.map(\.node) == ["cp0", "cp0"])
    }

    @Test("replicas go to the nodes with the fewest pods")
    func spread() throws {
        let placement = try Placement(
            lab(
                nodes(controlPlanes: 1, workers: 3),
                [
                    Workload(name: "first", kind: .pod), Workload(name: "web", kind: .deployment(replicas: 4)),
                    Workload(name: "db", kind: .statefulSet(replicas: 2)),
                ]))
        #expect(placement.pods.map(\.node) == ["w0", "w1", "w2", "w0", "w1", "w2", "w0"])
        #expect(placement.pods.suffix(2).map(\.name) == ["db-0", "db-1"])
        #expect(placement.pods[0].name == "first")
    }

    @Test("nodeSelector and nodeName choose the nodes, and nodeName goes past the taint")
    func selectors() throws {
        var nodes = nodes(controlPlanes: 1, workers: 2)
        nodes[2].labels = ["disk": "ssd"]
        let placement = try Placement(
            lab(
                nodes,
                [
                    Workload(name: "a", kind: .daemonSet, nodeSelector: ["disk": "ssd"]),
                    Workload(name: "b", kind: .pod, nodeName: "cp0"),
                    Workload(name: "c", kind: .pod, nodeSelector: ["kubernetes.io/hostname": "w0"]),
                    Workload(
                        name: "d", kind: .pod, nodeSelector: ["node-role.kubernetes.io/control-plane": ""],
                        toleratesControlPlane: true),
                ]))
        #expect(placement.pods.map(\.node) == ["w1", "cp0", "w0", "cp0"])
    }

    @Test("pods that cannot run are pending with the reason, and are all named in the blueprint's error")
    func pending() throws {
        let topology = lab(
            nodes(controlPlanes: 1, workers: 1),
            [
                Workload(name: "nowhere", kind: .deployment(replicas: 1), nodeSelector: ["a": "b"]),
                Workload(name: "lost", kind: .pod, nodeName: "gone"), Workload(name: "pool", kind: .pod, pools: ["x"]),
                Workload(name: "fine", kind: .pod), Workload(name: "fine", kind: .pod),
                Workload(name: "outside", kind: .pod, addresses: [IPAddress("9.9.9.9")!]),
            ])
        let placement = try Placement(topology)
        #expect(
            placement.pods.map(\.pendingReason) == [
                .noFittingNode, .noSuchNode("gone"), .noSuchPool("x"), nil, .nameTaken,
                .noAddress(.outsidePools(IPAddress("9.9.9.9")!, wantedBy: .pod(namespace: "default", name: "outside"))),
            ])
        #expect(placement.pending.count == 5)
        let error = try #require(throws: BlueprintError.self) { try Blueprint(topology: topology) }
        #expect(error.problems.count == 5)
        #expect(error.description.contains("pod default/lost does not run: there is no node gone"))
        // Whoever would rather keep them waiting builds from the placement.
        var cabled = topology
        cabled.cables = [Labs.cable("cp0:eth1", "w0:eth1")]
        let blueprint = try Blueprint(topology: cabled, placement: placement)
        #expect(blueprint.namespaces.map(\.name) == ["cp0", "w0", "fine"])
    }

    @Test("two pods that ask for one address are both named")
    func duplicateAddress() throws {
        let wanted = IPAddress("192.168.5.5")!
        let error = try #require(throws: BlueprintError.self) {
            try Blueprint(
                topology: lab(
                    nodes(controlPlanes: 0, workers: 1),
                    [
                        Workload(name: "a", kind: .pod, addresses: [wanted]),
                        Workload(name: "b", kind: .pod, addresses: [wanted]),
                    ]))
        }
        #expect(error.description.contains("pod default/b asks for 192.168.5.5, which pod default/a has"))
    }

    @Test("a pod that asks for an address gets that one alone, and pods before it leave it free")
    func staticAddress() throws {
        let placement = try Placement(
            lab(
                [Labs.edgeNode("node1", 10, 11)],
                [
                    Workload(name: "a", kind: .pod),
                    Workload(name: "b", kind: .pod, addresses: [IPAddress("192.168.166.130")!]),
                    Workload(name: "c", kind: .pod),
                ]))
        #expect(
            placement.pods.map { $0.addresses[0].description } == [
                "192.168.166.129", "192.168.166.130", "192.168.166.131",
            ])
        #expect(placement.pods.map(\.addresses.count) == [2, 1, 2])
    }

    @Test("pools by name, by a node's labels, and for nobody")
    func pools() throws {
        var nodes = nodes(controlPlanes: 0, workers: 2)
        nodes[1].labels = ["zone": "b"]
        var zone = Labs.pool("zone-b", "10.2.0.0/16", .none)
        zone.nodeSelector = .labels(["zone": "b"])
        var nobody = Labs.pool("manual", "10.3.0.0/16", .none)
        nobody.nodeSelector = .nobody
        let pools = [zone, Labs.pool("all", "10.1.0.0/16", .none), nobody]
        let placement = try Placement(
            lab(
                nodes,
                [Workload(name: "d", kind: .daemonSet), Workload(name: "m", kind: .pod, pools: ["manual"])],
                pools: pools))
        let found = placement.pods.map { pod in pools.first { $0.prefix.contains(pod.addresses[0]) }?.name }
        #expect(found == ["all", "zone-b", "manual"])
    }

    @Test("without a VXLAN pool there is no tunnel address, and pods start at the block's first")
    func noTunnel() throws {
        let placement = try Placement(
            lab(
                [Labs.edgeNode("node1", 10, 11)], [Workload(name: "a", kind: .pod)],
                pools: [
                    Labs.pool("v4", "192.168.0.0/16", .none), Labs.pool("v6", "fd00:10:244::/48", .vxlan),
                ]))
        #expect(
            placement.nodes[0].tunnels
                == [.init(tunnel: .vxlan, address: IPAddress("fd00:10:244:df9b:fa8:334a:557b:7740")!)])
        #expect(
            placement.pods[0].addresses
                == [IPAddress("192.168.166.128")!, IPAddress("fd00:10:244:df9b:fa8:334a:557b:7741")!])
    }

    @Test("a pod whose second address fails keeps no first one")
    func allOrNothing() throws {
        let placement = try Placement(
            lab(
                [Labs.edgeNode("node1", 10, 11)],
                (0..<3).map { Workload(name: "p\($0)", kind: .pod) },
                pools: [Labs.pool("v4", "192.168.0.0/16", .none), Labs.pool("v6", "fd00::/127", .none, blockSize: 127)])
        )
        #expect(placement.pods.map(\.addresses.count) == [2, 2, 0])
        #expect(placement.pods[2].pendingReason == .noAddress(.exhausted(pools: ["v6"], node: "node1")))
    }

    @Test("a new node, or a new replica, renames no other pod")
    func stableNames() throws {
        let workloads = [
            Workload(name: "d", kind: .daemonSet), Workload(name: "web", kind: .deployment(replicas: 3)),
        ]
        let few = try Placement(lab(nodes(controlPlanes: 1, workers: 2), workloads))
        var more = workloads
        more[1].kind = .deployment(replicas: 5)
        let many = try Placement(lab(nodes(controlPlanes: 1, workers: 5), more))
        #expect(Set(few.pods.map(\.name)).isSubset(of: many.pods.map(\.name)))
        for pod in few.pods where pod.workload == "d" {
            #expect(many.pods.first { $0.name == pod.name }?.node == pod.node)
        }
        #expect(Set(many.pods.map(\.name)).count == many.pods.count)
    }

    @Test("pods of one name in two Kubernetes namespaces, or named as a node, have network namespaces of their own")
    func networkNamespaces() throws {
        let placement = try Placement(
            lab(
                nodes(controlPlanes: 0, workers: 1),
                [
                    Workload(name: "db", namespace: "a", kind: .statefulSet(replicas: 1)),
                    Workload(name: "db", namespace: "b", kind: .statefulSet(replicas: 1)),
                    Workload(name: "w0", kind: .pod),
                ]))
        #expect(placement.pods.map(\.networkNamespace) == ["db-0", "db-0.b", "w0.default"])
        #expect(Set(placement.pods.map(\.hostInterface)).count == 3)
        #expect(placement.pending.isEmpty)
    }

    @Test(
        "a pod has its name's host name, cut as kubelet cuts it, and a network namespace whose file can have its name")
    func longNames() throws {
        let long = String(repeating: "a", count: 62) + ".b" + String(repeating: "-c", count: 80)
        let names = ["x.y", long, long + "d"]
        let lab = lab(nodes(controlPlanes: 1, workers: 1), names.map { Workload(name: $0, kind: .pod) })
        let pods = try Placement(lab).pods
        #expect(pods.map(\.name) == names)
        #expect(pods[0].networkNamespace == "x.y")
        // NAME_MAX, with the longest name of a lab and a hyphen before it.
        #expect(pods.allSatisfy { $0.networkNamespace.utf8.count + 64 <= 255 })
        #expect(Set(pods.map(\.networkNamespace)).count == 3)
        #expect(
            names.map(PodName.hostname) == [
                "x.y", String(repeating: "a", count: 62), String(repeating: "a", count: 62),
            ])
    }
}
