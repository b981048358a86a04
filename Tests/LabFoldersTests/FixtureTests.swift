import Addresses
import Blueprint
import LabFolders
import Testing
import Topology

@Suite("Whole lab folders")
struct FixtureTests {
    @Test(
        "converted to the native format, a folder is the same lab, object by object", arguments: Folders.names,
        [true, false])
    func roundTrip(name: String, hasToolNetworks: Bool) throws {
        let folder = try Folders.fixture(name, hasToolNetworks: hasToolNetworks)
        let again = try Topology.read(folder.topology.yaml, file: "converted.yaml")
        #expect(again == folder.topology)
        #expect(again.yaml == folder.topology.yaml)
        #expect(try Blueprint(topology: again) == Blueprint(topology: folder.topology))
    }

    @Test("there is a fixture for each of the forms that labs come in")
    func complete() {
        #expect(Folders.names.count >= 16)
    }

    @Test("two VLANs: IPv4 crosses vxlan.calico between them and not within one")
    func twoVLANs() throws {
        let folder = try Folders.fixture("two-vlans")
        #expect(folder.topology.name == "two-vlans")
        #expect(folder.topology.nodes.map(\.name) == ["shop-control-plane", "shop-worker", "shop-worker2"])
        let tor = try #require(folder.router("tor"))
        #expect(tor.ports.map(\.mode) == [.access(vlan: 10), .access(vlan: 10), .access(vlan: 20)])
        #expect(tor.routes.map(\.target) == [.blackhole])
        #expect(tor.forwards == [.ipv4])
        let blueprint = try Blueprint(topology: folder.topology)
        let node = try #require(blueprint.namespaces.first { $0.name == "shop-worker" })
        let blocks = node.content.routes.filter { $0.destination.length == 26 && $0.gateway != nil }
        #expect(Set(blocks.compactMap(\.device?.description)) == ["eth1", "vxlan.calico"])
        let near = try #require(blocks.first { $0.device == "eth1" })
        #expect(near.gateway == IPAddress("10.1.10.11"))
    }

    @Test("IPv6 alone: nodes, pods and services of one family")
    func ipv6Only() throws {
        let folder = try Folders.fixture("ipv6-only")
        #expect(folder.topology.cluster.serviceFamilies == [.ipv6])
        #expect(folder.router("gw")?.forwards == [.ipv6])
        let blueprint = try Blueprint(topology: folder.topology)
        let addresses = blueprint.namespaces.filter { $0.kind == .pod || $0.kind == .node }.flatMap(\.addresses)
        #expect(!addresses.isEmpty && addresses.allSatisfy { $0.family == .ipv6 })
        #expect(folder.node("six-worker")?.routes.map(\.destination.description) == ["2001:db8:6::/48"])
    }

    @Test("a trunk between two switches carries the VLANs of two SVIs")
    func trunk() throws {
        let folder = try Folders.fixture("trunk")
        #expect(folder.router("core")?.ports.first?.mode == .trunk(allowed: [10...10, 20...20], native: nil))
        #expect(folder.router("access")?.ports.first?.mode == .trunk(allowed: [1...4094], native: 1))
        #expect(folder.router("core")?.vlans.map(\.name) == ["red", "blue"])
        #expect(folder.host("red")?.routes.map(\.destination) == [.all(.ipv4)])
    }

    @Test("three pools, each for the nodes that it selects, and one for those who ask")
    func threePools() throws {
        let folder = try Folders.fixture("three-pools")
        #expect(folder.topology.cluster.pools.map(\.name) == ["asked", "control", "rack-a", "rack-b"])
        #expect(folder.topology.cluster.pools[0].nodeSelector == .nobody)
        let blueprint = try Blueprint(topology: folder.topology)
        let ranges = ["worker": "10.244.0.0/20", "worker2": "10.244.16.0/20", "worker3": "10.244.16.0/20"]
        for pod in blueprint.namespaces where pod.name.hasPrefix("app-") {
            let node = try #require(pod.node?.split(separator: "-").last)
            let range = try #require(ranges[String(node)].flatMap { Prefix($0) })
            #expect(pod.addresses.allSatisfy(range.contains))
        }
        let asked = try #require(Prefix("10.244.64.0/24"))
        for name in ["one", "two"] {
            let pod = try #require(blueprint.namespaces.first { $0.name == name })
            #expect(!pod.addresses.isEmpty && pod.addresses.allSatisfy(asked.contains))
        }
        #expect(blueprint.namespaces.first { $0.name == "one" }?.node == "racks-worker3")
        #expect(blueprint.namespaces.first { $0.name == "two" }?.node == "racks-worker")
    }

    @Test("a pod has the address that it asks for")
    func staticAddress() throws {
        let blueprint = try Blueprint(topology: Folders.fixture("static-address").topology)
        #expect(
            blueprint.namespaces.first { $0.name == "fixed" }?.addresses.map(\.description) == ["192.168.55.7"])
        #expect(blueprint.pendingPods.isEmpty)
    }

    @Test("what goes wrong on a real cluster goes wrong the same way, each with its reason, and the rest comes up")
    func pending() throws {
        let folder = try Folders.fixture("duplicate-address")
        let blueprint = try Blueprint(topology: folder.topology)
        #expect(
            blueprint.pendingPods.map { "\($0.pod.name) \($0.state)" } == [
                "second ContainerCreating", "nowhere Pending", "lost Pending", "outside ContainerCreating",
            ])
        #expect(blueprint.pendingPods[0].reason.description.contains("192.168.55.7"))
        #expect(blueprint.namespaces.contains { $0.name == "first" })
        #expect(folder.lines.contains { $0.hasPrefix("pods.yaml:12: workloads.second.addresses[0]: 192.168.55.7") })
    }

    @Test("a full pool leaves pods without address, and no node without its place")
    func fullPool() throws {
        let blueprint = try Blueprint(topology: Folders.fixture("full-pool").topology)
        #expect(blueprint.pendingPods.count == 5)
        #expect(blueprint.pendingPods.allSatisfy { $0.state == "ContainerCreating" })
        #expect(blueprint.namespaces.count { $0.kind == .pod } == 6)
    }

    @Test("reserved addresses are given to nobody, and Felix's configuration is the VXLAN devices'")
    func reservation() throws {
        let folder = try Folders.fixture("reservation")
        let cluster = folder.topology.cluster
        #expect(cluster.vxlanPort == 8472)
        #expect(cluster.vxlanVNI == 77)
        #expect(cluster.mtu == 1400)
        let blueprint = try Blueprint(topology: folder.topology)
        let reserved = try #require(Prefix("192.168.0.0/17"))
        let pods = blueprint.namespaces.filter { $0.kind == .pod }.flatMap(\.addresses)
        #expect(pods.count == 4 && !pods.contains(where: reserved.contains))
    }

    @Test("two routers with a routed link between them, and what their hosts run")
    func twoRouters() throws {
        let folder = try Folders.fixture("two-routers")
        #expect(folder.topology.cables.first?.mtu == 9000)
        let r1 = try #require(folder.router("r1"))
        #expect(r1.ports.first?.mtu == 9000)
        #expect(r1.routes.map(\.text) == ["10.8.2.0/24 via 10.8.12.0", "10.8.255.2/32 via 10.8.12.0 dev eth1"])
        #expect(folder.router("r2")?.routes.map(\.metric) == [200])
        #expect(folder.host("left")?.sysctls == ["ipv4/ip_forward": "0"])
        // What its commands make of it is seen when they have run.
        let script = "ip addr add 10.8.2.10/24 dev eth1 && ip route add 10.8.0.0/16 via 10.8.2.1"
        #expect(
            folder.host("right")?.commands.map(\.words) == [
                ["sh", "-c", script], ["ping", "-c", "1", "-W", "2", "10.8.2.1"],
            ])
        #expect(folder.host("right")?.interfaces == [Node.Interface(name: "eth1")])
    }

    @Test("without encapsulation the routes that BGP would bring are there, and what is not run is said")
    func bgp() throws {
        let folder = try Folders.fixture("bgp")
        let blueprint = try Blueprint(topology: folder.topology)
        let tor = try #require(blueprint.namespaces.first { $0.name == "tor" })
        #expect(tor.content.routes.contains { $0.destination.length == 26 && $0.gateway == IPAddress("10.9.20.12") })
        #expect(folder.lines.contains { $0.hasPrefix("tor.cfg:14: BGP is not supported") })
        #expect(folder.lines.contains { $0.hasPrefix("calico.yaml:16: BGPPeer tor: BGP is not run") })
        #expect(folder.node("bgp-worker")?.routes.map(\.text) == ["default via 10.9.20.1 dev eth1"])
        #expect(blueprint.notes.contains { $0.contains("BIRD") })
    }

    @Test("two racks by BGP: blocks and services' addresses are known to leaves and spine, pools are a rack's own")
    func rackBGP() throws {
        let folder = try Folders.fixture("rack-bgp")
        let blueprint = try Blueprint(topology: folder.topology)
        // A router takes one of several equal ways unless it is told to take more.
        for range in ["10.96.0.0/16", "198.51.100.0/24"] {
            for (name, expected) in [
                ("leaf01", ["10.1.0.10", "10.1.0.11"]), ("leaf02", ["10.2.0.12"]),
                ("spine01", ["10.255.0.1", "10.255.0.3"]),
                ("k8s-worker", []),
            ] {
                let content = blueprint.namespaces.first { $0.name == name }?.content
                let route = content?.routes.first { $0.destination.description == range }
                #expect(route?.ways.compactMap { $0.gateway?.description } ?? [] == expected, "\(name)")
            }
        }
        #expect(blueprint.notes.contains { $0.hasPrefix("leaf02 takes 1 of 2 equal ways to 10.96.0.0/16") })
        let spine = try #require(blueprint.namespaces.first { $0.name == "spine01" })
        #expect(spine.content.routes.filter { $0.origin == .bgp }.count == 6)
        let pods = blueprint.namespaces.filter { $0.kind == .pod }
        let rack1 = try #require(Prefix("10.244.0.0/17"))
        for pod in pods {
            let isInRack1 = ["k8s-control-plane", "k8s-worker"].contains(pod.node)
            #expect(pod.addresses.allSatisfy { rack1.contains($0) == isInRack1 })
        }
        // What a shell is told is read as well, and so is the startup configuration in the topology's own file.
        #expect(folder.node("k8s-worker")?.routes.contains { $0.destination.description == "203.0.113.0/24" } == true)
        #expect(folder.router("spine01")?.loopbacks.map(\.name) == ["Loopback0"])
        for kind in ["Ingress", "NetworkPolicy", "GlobalNetworkPolicy", "BGPConfiguration", "BGPPeer"] {
            #expect(folder.lines.contains { $0.contains(": \(kind)") })
        }
    }

    @Test("the operator's default is IPIP, with Felix's MTU for it, on nodes at one bridge")
    func ipip() throws {
        let folder = try Folders.fixture("ipip")
        #expect(folder.topology.cluster.pools.map(\.encapsulation) == [.ipip])
        #expect(folder.topology.cluster.mtu == 1350)
        let blueprint = try Blueprint(topology: folder.topology)
        let node = try #require(blueprint.namespaces.first { $0.name == "mtu-worker" })
        #expect(node.content.links.first { $0.name == "tunl0" }?.mtu == 1350)
        #expect(node.content.routes.filter { $0.device == "tunl0" && $0.onlink && $0.origin == .bird }.count >= 2)
        let fixed = try #require(blueprint.namespaces.first { $0.name == "fixed" })
        #expect(fixed.addresses == [IPAddress("172.16.99.7")!])
        #expect(folder.lines.contains { $0.contains("floating addresses are not taken over") })
    }

    @Test("services of all types, a StatefulSet, a pod in its node's namespace, and what the API server refuses")
    func services() throws {
        let folder = try Folders.fixture("services")
        #expect(folder.service("web")?.kind == .nodePort)
        #expect(folder.service("web")?.isExternallyLocal == true)
        #expect(folder.service("web")?.ports.first?.nodePort == 30080)
        #expect(folder.service("web-lb")?.kind == .loadBalancer)
        #expect(folder.service("db")?.kind == .headless)
        #expect(folder.service("out")?.kind == .externalName("example.org"))
        #expect(folder.service("agent")?.sessionAffinity == Service.usualAffinity)
        #expect(folder.service("refused") == nil)
        #expect(folder.workload("db")?.subdomain == "db")
        #expect(folder.workload("agent")?.ports.first?.body == "agent\n")
        #expect(folder.topology.services.map(\.name).first == "kubernetes")
        #expect(folder.topology.services.map(\.name).last == "kube-dns")
        #expect(folder.lines.contains { $0.contains("Frobnicator (example.org/v1) is not known") })
        #expect(folder.lines.contains { $0.contains("NetworkPolicy: policies are not enforced") })
        #expect(folder.lines.contains { $0.contains("services.refused.ports[0].nodePort") })

        let blueprint = try Blueprint(topology: folder.topology)
        let worker = try #require(blueprint.namespaces.first { $0.name == "svc-worker" })
        #expect(worker.hostPods.map(\.pod.name) == ["agent"])
        #expect(!blueprint.namespaces.contains { $0.name == "agent" })
        let agent = try #require(blueprint.services.first { $0.name == "agent" })
        #expect(agent.endpoints.map(\.address.description) == ["172.18.0.3"])
    }

    @Test("a cluster alone is on kind's own network, with the addresses and default routes that Docker gives")
    func kindAlone() throws {
        let folder = try Folders.fixture("kind-alone")
        #expect(folder.topology.nodes.map(\.name) == ["kind-control-plane", "kind-worker"])
        let node = try #require(folder.node("kind-worker"))
        #expect(
            node.interfaces.first?.addresses.map(\.description) == ["172.18.0.3/16", "fc00:f853:ccd:e793::3/64"])
        #expect(
            node.routes.map(\.text) == [
                "default via 172.18.0.1 dev eth0", "default via fc00:f853:ccd:e793::1 dev eth0",
            ])
        #expect(
            folder.topology.networks == [
                Network(
                    name: "kind",
                    addresses: ["172.18.0.1/16", "fc00:f853:ccd:e793::1/64"].compactMap { InterfaceAddress($0) })
            ])
    }

    @Test("hosts on a bridge, by names that namespaces can have, with what their exec lines make of them")
    func hosts() throws {
        let folder = try Folders.fixture("hosts")
        #expect(folder.topology.networks.map(\.name) == ["br1"])
        let a = try #require(folder.host("host-a"))
        #expect(a.interfaces.first?.hardwareAddress == MACAddress("02:00:00:00:0b:01"))
        let b = try #require(folder.host("host-b"))
        #expect(b.interfaces.map(\.name) == ["eth1", "eth2", "lo"])
        #expect(b.interfaces.first?.mtu == 1400)
        let c = try #require(folder.host("host-c"))
        // A topology cannot say one of its lines, so all of them run inside.
        #expect(c.interfaces == [Node.Interface(name: "eth1")])
        #expect(
            c.commands.map { $0.words.joined(separator: " ") } == [
                "ip link add br0 type bridge", "ip link set eth1 master br0", "ip link set br0 up",
                "ip addr add 10.11.0.3/24 dev br0", "ip rule add from 10.11.0.3 table 100",
            ])
        #expect(c.commands.map(\.place) == (10...14).map { "hosts.clab.yaml:\($0)" })
        #expect(folder.lines.contains { $0.contains("there is no interface eth7") })
        #expect(folder.lines.contains { $0.contains("kernel.hostname") })
        #expect(folder.lines.contains { $0.contains("host-b:eth2 is there, and its other end is not") })
    }

    @Test("each file is accounted for: what was taken and what was not")
    func accounts() throws {
        let folder = try Folders.fixture("services")
        #expect(folder.files.map(\.path) == ["calico.yaml", "kind.yaml", "tools/app.yaml"])
        #expect(folder.files[2].taken.contains("Service web"))
        #expect(folder.files[2].ignored.contains("Frobnicator: not known"))
    }
}
