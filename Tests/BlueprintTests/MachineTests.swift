import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

@Suite("Hosts, pods of a node's own network, and pods that may be pending")
struct MachineTests {
    private func lab(_ change: (inout Topology) -> Void = { _ in }) throws -> Blueprint {
        var topology = Labs.dualStack
        topology.routers[0].ports.append(.init(name: "eth9", mode: .access(vlan: 10)))
        topology.hosts = [
            Host(
                name: "client",
                interfaces: [
                    Node.Interface(name: "eth0", addresses: [InterfaceAddress("10.10.10.99/24")].compactMap(\.self)),
                    Node.Interface(
                        name: "br0", addresses: [InterfaceAddress("10.77.0.1/24")].compactMap(\.self), kind: .bridge),
                    Node.Interface(
                        name: "lo", addresses: [InterfaceAddress("10.78.0.1/32")].compactMap(\.self), kind: .dummy),
                ],
                routes: [StaticRoute(.all(.ipv4), .gateway(IPAddress("10.10.10.1")!, interface: nil))],
                sysctls: ["ipv4/ip_forward": "0", "ipv4/conf/eth0/rp_filter": "1"], commands: [HostCommand(["true"])])
        ]
        topology.cables.append(Cable(Endpoint("ceos01", "eth9"), Endpoint("client", "eth0")))
        change(&topology)
        return try Blueprint(topology: topology)
    }

    @Test("a host has its links, addresses, routes, settings and commands")
    func host() throws {
        let client = try #require(lab().namespaces.first { $0.name == "client" })
        #expect(client.kind == .host)
        #expect(client.content.links.map(\.name) == ["lo", "br0", "eth0"])
        #expect(client.content.addresses.contains { $0.device == "lo" && $0.address.description == "10.78.0.1/32" })
        #expect(client.content.routes.map(\.destination) == [.all(.ipv4)])
        #expect(client.content.sysctls.filter { $0.path == "ipv4/ip_forward" }.map(\.value) == ["0"])
        #expect(client.content.sysctls.last == Sysctl("ipv4/conf/eth0/rp_filter", "1"))
        #expect(client.commands.map(\.words) == [["true"]])
    }

    @Test("a router that does not route one family does not forward it")
    func forwards() throws {
        let blueprint = try lab { $0.routers[0].forwards = [.ipv6] }
        let settings = try blueprint.content("ceos01").sysctls
        #expect(settings.first { $0.path == "ipv4/ip_forward" }?.value == "0")
        #expect(settings.first { $0.path == "ipv6/conf/all/forwarding" }?.value == "1")
    }

    @Test("pods that may be pending have no namespace, and their reasons stand beside the others")
    func pending() throws {
        let impossible = Workload(name: "x", kind: .pod, nodeSelector: ["no": "where"])
        #expect(throws: BlueprintError.self) { try lab { $0.workloads.append(impossible) } }
        let blueprint = try lab {
            $0.workloads.append(impossible)
            $0.allowsPendingPods = true
        }
        #expect(blueprint.pendingPods.map(\.pod.name) == ["x"])
        #expect(blueprint.pendingPods.map(\.state) == ["Pending"])
        #expect(!blueprint.namespaces.contains { $0.name == "x" })
    }

    @Test("a pod prefers the nodes that fit its preferences, and spreads over them")
    func preferred() throws {
        let affinity = NodeAffinity(preferred: [
            .init(weight: 50, .init(labels: [.init("fast", .exists)]))
        ])
        let blueprint = try lab { topology in
            topology.nodes[1].labels["fast"] = "yes"
            topology.nodes[2].labels["fast"] = "yes"
            for index in topology.nodes.indices { topology.nodes[index].isTainted = false }
            topology.workloads = [Workload(name: "w", kind: .deployment(replicas: 4), affinity: affinity)]
        }
        let nodes = blueprint.namespaces.filter { $0.kind == .pod }.compactMap(\.node)
        #expect(nodes.sorted() == [1, 1, 2, 2].map { Labs.dualStack.nodes[$0].name }.sorted())
    }

    @Test("a pool that is not for pods, or only for those who ask, gives none unasked")
    func poolUses() throws {
        let blueprint = try lab { topology in
            topology.cluster.pools.insert(
                Pool(
                    name: "a-tunnels", prefix: Prefix("10.201.0.0/16")!, encapsulation: .vxlan, allowedUses: [.tunnel]),
                at: 0)
            topology.cluster.pools.insert(
                Pool(name: "b-manual", prefix: Prefix("10.202.0.0/16")!, assignsAutomatically: false), at: 1)
            topology.workloads.append(Workload(name: "asks", kind: .pod, pools: ["b-manual"]))
        }
        let manual = Prefix("10.202.0.0/16")!
        for pod in blueprint.namespaces where pod.kind == .pod {
            let v4 = try #require(pod.addresses.first { $0.family == .ipv4 })
            #expect(manual.contains(v4) == (pod.name == "asks"))
            #expect(!Prefix("10.201.0.0/16")!.contains(v4))
        }
    }
}
