import Addresses
import Blueprint
import LabFolders
import Testing
import Topology

@Suite("Fields of pods and clusters")
struct PodFieldTests {
    private func folder() throws -> (LabFolder, Blueprint) {
        let folder = try Folders.fixture("pod-fields")
        return (folder, try Blueprint(topology: folder.topology))
    }

    @Test("an exported list is its items, which need not say what they are")
    func lists() throws {
        let (folder, blueprint) = try folder()
        let pool = try #require(folder.topology.cluster.pools.first)
        #expect(folder.topology.cluster.pools.count == 1)
        #expect(pool.name == "exported" && pool.blockSize == 28 && pool.encapsulation == .vxlanCrossSubnet)
        #expect(folder.workload("resolver")?.nameResolution.policy == .node)
        #expect(blueprint.namespaces.first { $0.name == "resolver" }?.resolver == nil)
    }

    @Test("kubeadm's patches of the whole cluster count wherever kind takes them, as operations, too")
    func patches() throws {
        let (folder, _) = try folder()
        #expect(folder.topology.cluster.serviceSubnets.map(\.description) == ["10.77.0.0/16"])
        let ranges = try Folders.read([
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            kubeadmConfigPatchesJSON6902:
            - { group: kubeadm.k8s.io, version: v1beta3, kind: ClusterConfiguration, patch: '[{ op: add, path: /networking/podSubnet, value: 10.1.0.0/16 }]' }
            kubeadmConfigPatches:
            - "kind: ClusterConfiguration\\nnetworking: { serviceSubnet: 10.2.0.0/33 }"
            """
        ])
        #expect(ranges.topology.cluster.pools.map(\.prefix.description) == ["10.1.0.0/16"])
        #expect(ranges.lines.contains { $0.contains("\"10.2.0.0/33\" is not a range") })
    }

    @Test("a port of the machine's that is not opened is told")
    func portMappings() throws {
        let (folder, _) = try folder()
        #expect(
            folder.lines.contains {
                $0.hasPrefix("kind.yaml:7: nodes[0].extraPortMappings[0]: the machine's port 8080 is not opened")
            })
    }

    @Test("a pod that asks for a pool by a range that is none stays without address, and is there")
    func poolByRange() throws {
        let (folder, blueprint) = try folder()
        let pod = try #require(blueprint.pendingPods.first { $0.pod.name == "adrift" })
        #expect(pod.state == "ContainerCreating")
        #expect(pod.reason == .noSuchPool("10.99.0.0/24"))
        #expect(!folder.lines.contains { $0.contains("API server") })
    }

    @Test("pods resolve names as their policy and their own configuration say")
    func names() throws {
        let (_, blueprint) = try folder()
        let named = try #require(blueprint.namespaces.first { $0.name == "named" })
        #expect(
            named.resolver?.text == """
                search shop.svc.cluster.local svc.cluster.local cluster.local corp.example
                nameserver 10.77.0.10
                nameserver 192.0.2.53
                options ndots:2 edns0

                """)
        #expect(named.hosts.text.hasSuffix("\tnamed\n\n# Entries added by HostAliases.\n192.0.2.80\tintranet\twiki\n"))
        let node = try #require(blueprint.namespaces.first { $0.name == "podfields-worker3" })
        let pod = try #require(node.hostPods.first)
        #expect(node.resolver == nil)
        #expect(pod.resolver?.nameservers.map(\.description) == ["10.77.0.10"])
        #expect(node.hosts(of: pod).text.hasSuffix("192.0.2.81\tregistry\n"))
        #expect(!node.hosts.text.contains("registry"))
    }

    @Test(
        "a policy that is not known is told with the likely word",
        arguments: [("dnsPolicy: clusterFirst", "ClusterFirst"), ("dnsPolicy: none", "None")])
    func policies(text: String, expected: String) {
        let errors = Folders.errors([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n",
            "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { \(text), containers: [] }\n",
        ])
        #expect(errors.first?.hasSuffix("did you mean \"\(expected)\"?") == true)
    }

    @Test(
        "zones get the same number of pods each; two of a kind are kept apart, and the last one stays pending with the reason"
    )
    func spreading() throws {
        let (folder, blueprint) = try folder()
        let zones = Dictionary(uniqueKeysWithValues: folder.topology.nodes.map { ($0.name, $0.labels["zone"] ?? "") })
        let pods = blueprint.namespaces.filter { $0.name.hasPrefix("zones-") }
        #expect(Dictionary(grouping: pods) { zones[$0.node ?? ""] ?? "" }.mapValues(\.count) == ["a": 2, "b": 2])
        let apart = blueprint.namespaces.filter { $0.name.hasPrefix("apart-") }.compactMap(\.node)
        #expect(apart.count == 3 && Set(apart).count == 3)
        let reasons = blueprint.pendingPods.map { "\($0.pod.name.prefix(6)): \($0.reason)" }
        #expect(
            reasons.contains(
                "apart-: of 4 nodes, 1 has a taint that it does not tolerate, 3 have a pod near that podAntiAffinity keeps apart"
            ))
        #expect(
            reasons.contains(
                "follow: of 4 nodes, 1 has a taint that it does not tolerate, 3 have no pod near that its podAffinity asks for"
            ))
        #expect(
            reasons.contains(
                "second: of 4 nodes, 1 has a taint that it does not tolerate, 3 have another pod at the node's port 8081"
            ))
    }

    @Test("a node's port leads to the pod that asked for it; in a pod's node's own namespace nothing is translated")
    func hostPort() throws {
        let (folder, blueprint) = try folder()
        #expect(folder.workload("edge")?.ports.first?.hostPort == 8081)
        #expect(folder.workload("on-node")?.ports.first?.hostPort == 80)
        for node in blueprint.namespaces where node.kind == .node {
            let table = node.content.tables.first { $0.name == "cni_hostport" }
            let pod = blueprint.namespaces.first { $0.node == node.name && $0.name.hasPrefix("edge-") }
            #expect((table == nil) == (pod == nil))
            guard let table, let address = pod?.addresses.first else { continue }
            #expect(
                table.chains.first?.rules.map(\.description) == [
                    "meta l4proto tcp th dport 8081 dnat to \(address):80"
                ])
        }
    }
}

@Suite("Services that nodes tell routers of")
struct AnnouncedServiceTests {
    /// By prefix, the next hops of a device's routes.
    private func ways(of name: String, _ blueprint: Blueprint) -> [String: [String]] {
        let routes = blueprint.namespaces.first { $0.name == name }?.content.routes ?? []
        return Dictionary(
            routes.map { ($0.destination.description, $0.ways.compactMap { $0.gateway?.description }) },
            uniquingKeysWith: { $0 + $1 })
    }

    @Test("ranges lead to every node that is not excluded, an address of a service whose pods alone answer to theirs")
    func routes() throws {
        let folder = try Folders.fixture("announced-services")
        let blueprint = try Blueprint(topology: folder.topology)
        let leaf = ways(of: "leaf", blueprint)
        // A label that is there but not true excludes nobody.
        #expect(leaf["10.63.0.0/16"] == ["10.61.0.11", "10.61.0.12", "10.61.0.13"])
        #expect(leaf["203.0.113.128/25"] == ["10.61.0.11", "10.61.0.12", "10.61.0.13"])
        #expect(leaf["10.63.1.1/32"] == ["10.61.0.12"])
        #expect(leaf["203.0.113.130/32"] == ["10.61.0.12"])
        #expect(leaf["203.0.113.7/32"] == ["10.61.0.11", "10.61.0.12", "10.61.0.13"])
        #expect(leaf["10.63.1.2/32"] == nil && leaf["198.51.100.9/32"] == nil)
        let core = ways(of: "core", blueprint)
        #expect(core["10.63.0.0/16"] == ["10.60.0.0"] && core["10.63.1.1/32"] == ["10.60.0.0"])
    }

    @Test("blocks of a node that is known by an address on its loopback lead to where it tells of them")
    func loopback() throws {
        let folder = try Folders.fixture("announced-services")
        #expect(folder.node("shop-worker")?.nodeAddress(.ipv4)?.interface.name == "lo")
        let blueprint = try Blueprint(topology: folder.topology)
        let blocks = ways(of: "leaf", blueprint).filter { $0.key.hasSuffix("/26") }.values
        #expect(Set(blocks).isSubset(of: [["10.61.0.10"], ["10.61.0.11"], ["10.61.0.12"], ["10.61.0.13"]]))
        // Nodes on one network find each other there, whatever a router tells of them.
        for name in ["shop-worker", "shop-worker2"] {
            #expect(ways(of: name, blueprint).keys.allSatisfy { !$0.hasPrefix("10.61.0.") })
        }
    }
}
