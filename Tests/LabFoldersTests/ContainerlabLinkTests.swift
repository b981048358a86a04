import Addresses
import Blueprint
import Testing
import Topology

@testable import LabFolders

@Suite("Links and names of containerlab nodes")
struct ContainerlabLinkTests {
    @Test(
        "vendors' names of interfaces are those that the container has",
        arguments: [
            ("cisco_n9kv", "Ethernet1/3", "eth3"), ("cisco_n9kv", "Et1/3", "eth3"), ("arista_veos", "Et1/2", "eth2"),
            ("nokia_srlinux", "ethernet-1/49", "e1-49"), ("nokia_srlinux", "ethernet-1/3/2", "e1-3-2"),
            ("nokia_srlinux", "e1-1", nil), ("nokia_srlinux", "ethernet-0/1", nil),
            ("nokia_srsim", "1/2/3", "e1-2-3"), ("nokia_srsim", "1/x2/3/c4/5", "e1-x2-3-c4-5"),
            ("nokia_srsim", "2/1/c3/1", "e2-1-c3-1"), ("nokia_srsim", "1/2", nil),
            ("nokia_sros", "1/1/4", "eth4"), ("nokia_sros", "1/1/c2/1", "eth2"), ("nokia_sros", "2/1/1", nil),
            ("cisco_iol", "Ethernet1/2", "eth6"), ("cisco_iol", "e0/1", "eth1"), ("cisco_iol", "e0/0", nil),
            ("cisco_xrv9k", "Gi0/0/0/0", "eth1"), ("cisco_xrv9k", "TenGigE0/0/0/2", "eth3"),
            ("cisco_csr1000v", "Gi2", "eth1"), ("cisco_csr1000v", "GigabitEthernet 3", "eth2"),
            ("cisco_csr1000v", "Gi1", nil),
            ("cisco_cat9kv", "Gi1/0/4", "eth4"), ("cisco_asav", "Gi0/1", "eth2"), ("cisco_vios", "Gi0", "eth1"),
            ("juniper_vmx", "ge-0/0/0", "eth1"), ("juniper_vjunosswitch", "xe-0/0/7", "eth8"),
            ("juniper_cjunosevolved", "et-0/0/0", "eth4"), ("mikrotik_ros", "ether2", "eth1"),
            ("fortinet_fortigate", "port2", "eth1"), ("paloalto_panos", "Ethernet1/1", "eth1"),
            ("aruba_aoscx", "1/1/5", "eth5"), ("openbsd", "vio1", "eth1"), ("freebsd", "vtnet2", "eth2"),
            ("f5_bigip-ve", "1.2", "eth2"), ("ciena_saos", "4", "eth4"), ("nvidia_cumulusvx", "swp3", "eth3"),
            ("linux", "eth1", nil), ("linux", "Ethernet1/1", nil), ("cisco_n9kv", "Ethernet1/99999999999", nil),
        ] as [(String, String, String?)])
    func names(kind: String, name: String, expected: String?) {
        #expect(ContainerlabInterfaceName.kernelName(name, of: kind) == expected)
    }

    @Test("kinds are known by all of their names")
    func kinds() {
        #expect(ContainerlabKind.name("ceos") == "arista_ceos")
        #expect(ContainerlabKind.name("vr-n9kv") == "cisco_n9kv")
        #expect(ContainerlabKind.name("vr-cisco_n9kv") == "cisco_n9kv")
        #expect(ContainerlabKind.spellings(of: "srl").contains("nokia_srlinux"))
        #expect(ContainerlabKind.name("linux") == "linux")
    }

    @Test("the group of the defaults gives the kind before the defaults do, and a kind may name a group, too")
    func groups() throws {
        let folder = try Folders.fixture("vendors")
        #expect(folder.host("client")?.environment == ["SITE": "north"])
        #expect(folder.router("sw1") != nil)
        let grouped = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              groups: { marked: { env: { FROM: group } } }
              kinds: { linux: { group: marked } }
              nodes: { a: { kind: linux }, b: { kind: linux, env: { FROM: node } } }
            """
        ])
        #expect(grouped.host("a")?.environment == ["FROM": "group"])
        #expect(grouped.host("b")?.environment == ["FROM": "node"])
    }

    @Test("ends that lead out of the lab are there with their addresses, and what is missing is told")
    func farEnds() throws {
        let folder = try Folders.fixture("vendors")
        let client = try #require(folder.host("client"))
        #expect(client.interfaces.map(\.name) == ["eth1", "eth2", "eth3", "lo"])
        #expect(client.interfaces[1].kind == .dummy)
        #expect(client.interfaces[1].addresses.map(\.description) == ["10.20.9.1/32"])
        #expect(folder.host("apart")?.interfaces.map(\.name) == ["eth1"])
        let said = folder.lines.filter { $0.contains("is there, and its other end is not") }
        #expect(said.count == 3)
        #expect(said.contains { $0.hasPrefix("vendors.clab.yaml:26: client:eth3") && $0.contains("enp3s0") })
        #expect(said.contains { $0.hasPrefix("vendors.clab.yaml:27: sw1:eth3") && $0.contains("198.51.100.7 (vxlan)") })
        #expect(said.contains { $0.contains("apart-eth1 would be an interface of the machine itself") })
        // A switch's port is up by its cable.
        #expect(folder.topology.networks.map(\.name) == ["sw1-eth3"])
        let port = try #require(folder.router("sw1")?.ports.first { $0.name == "eth3" })
        #expect(port.mode == .routed(addresses: [InterfaceAddress("10.20.4.1/24")!], subinterfaces: []))
    }

    @Test("a bad link is one warning at its line, and all others are there")
    func badLinks() throws {
        let folder = try Folders.fixture("vendors")
        #expect(folder.topology.cables.count == 5)
        #expect(folder.lines.count { $0.hasPrefix("vendors.clab.yaml:29:") } == 1)
        #expect(
            folder.lines.contains {
                $0.hasPrefix("vendors.clab.yaml:29: \"Gi0/0/0\" is not a name for an interface")
            })
        #expect(
            folder.lines.contains {
                $0.hasPrefix("vendors.clab.yaml:30: topology.links[9]: client:eth2 has a link already")
            })
        #expect(folder.lines.contains { $0.contains("variables are for the templates of `containerlab config`") })
    }

    @Test("a machine in another's network runs its lines there, and its name means the other one")
    func networkMode() throws {
        let folder = try Folders.fixture("vendors")
        #expect(folder.topology.hosts.map(\.name) == ["spine", "srl", "iol", "client", "box", "apart"])
        let client = try #require(folder.host("client"))
        #expect(client.aliases == ["agent", "watcher"])
        #expect(client.interfaces.last?.addresses.map(\.description) == ["10.20.9.9/32"])
        let blueprint = try Blueprint(topology: folder.topology)
        #expect(blueprint.notes.contains("agent is in client's network namespace, and both names mean it."))
    }

    @Test(
        "a network-mode that leads nowhere is told, and the machine has a network of its own",
        arguments: [
            ("host", "the machine's own network"), ("container:c", "there is no node c"),
            ("container:a", "there is no node a"), ("contianer:b", "is no network-mode"),
        ])
    func badModes(mode: String, expected: String) throws {
        let folder = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              nodes:
                a: { kind: linux, network-mode: "\(mode)" }
                b: { kind: linux }
            """
        ])
        #expect(folder.topology.hosts.map(\.name) == ["a", "b"])
        #expect(folder.lines.contains { $0.hasPrefix("x.clab.yaml:4:") && $0.contains(expected) })
    }

    @Test("a cluster's node that is meant by its container alone has the links and lines of who shares its network")
    func clusterNode() throws {
        let folder = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              nodes:
                tor: { kind: linux, exec: [ip addr add 10.0.1.1/24 dev net1] }
                server0:
                  kind: linux
                  network-mode: container:racks-control-plane
                  exec: [ip addr add 10.0.1.2/24 dev net0, ip route replace default via 10.0.1.1]
              links: [{ endpoints: ["tor:net1", "server0:net0"] }]
            """,
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: racks
            nodes:
            - role: control-plane
              kubeadmConfigPatches:
              - |
                kind: InitConfiguration
                nodeRegistration: { kubeletExtraArgs: { node-ip: 10.0.1.2 } }
            """,
        ])
        let node = try #require(folder.node("racks-control-plane"))
        #expect(node.interfaces.map(\.name) == ["net0"] && folder.topology.hosts.map(\.name) == ["tor"])
        #expect(node.interfaces.flatMap(\.addresses).map(\.description) == ["10.0.1.2/24"])
        #expect(node.routes.map(\.text) == ["default via 10.0.1.1"])
        #expect(folder.lines.allSatisfy { !$0.contains("network") || $0.contains("network plugin") }, "\(folder.lines)")
    }

    @Test("two that would share each other's network have one each")
    func circle() throws {
        let folder = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              nodes:
                a: { kind: linux, network-mode: "container:b" }
                b: { kind: linux, network-mode: "container:a" }
            """
        ])
        #expect(folder.topology.hosts.map(\.name) == ["a", "b"])
        #expect(folder.lines.count { $0.contains("shares a network that nobody begins") } == 2)
    }

    @Test("a bridge inside of a machine has the links' ends for its ports")
    func innerBridge() throws {
        let folder = try Folders.fixture("vendors")
        let box = try #require(folder.host("box"))
        #expect(box.hostname == "box.example")
        #expect(box.interfaces.map(\.name) == ["br0", "p1", "p2"])
        #expect(box.interfaces.map(\.master) == [nil, "br0", "br0"])
        #expect(box.interfaces[0].kind == .bridge && box.interfaces[0].addresses.map(\.description) == ["10.20.3.2/24"])
        #expect(box.interfaces[2].mtu == 1400)
    }

    @Test("links' addresses are for kinds whose configuration containerlab writes them to")
    func addresses() throws {
        let folder = try Folders.fixture("vendors")
        #expect(folder.host("iol")?.interfaces.first?.addresses.map(\.description) == ["10.20.3.3/24"])
        let plain = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              nodes: { a: { kind: linux }, s: { kind: ceos, startup-config: s.cfg } }
              links:
                - endpoints: ["a:eth1", "s:eth1"]
                  ipv4: [192.0.2.1/24, 192.0.2.2/24]
                  ipv6: ["", "2001:db8::2/64"]
            """, "s.cfg": "interface Ethernet1\n ip address 10.0.0.1/24\n",
        ])
        #expect(plain.host("a")?.interfaces.first?.addresses == [])
        #expect(
            plain.router("s")?.ports.first?.mode
                == .routed(
                    addresses: ["192.0.2.2/24", "2001:db8::2/64"].compactMap { InterfaceAddress($0) }, subinterfaces: []
                ))
        #expect(plain.lines.contains { $0.hasPrefix("x.clab.yaml:6:") && $0.hasSuffix("192.0.2.1/24 is left out") })
    }

    @Test("a startup configuration is rendered, and what it says is told at the template's lines")
    func template() throws {
        let folder = try Folders.fixture("vendors")
        let router = try #require(folder.router("sw1"))
        #expect(router.hostname == "sw1-arista-ceos")
        #expect(
            router.ports.prefix(2).map(\.mode) == [
                .routed(addresses: [InterfaceAddress("10.20.1.1/24")!], subinterfaces: []),
                .routed(addresses: [InterfaceAddress("10.20.2.1/24")!], subinterfaces: []),
            ])
        #expect(
            folder.lines.filter { $0.hasPrefix("switch.cfg:") } == [
                "switch.cfg:19: \"frobnicate\" is not known; the line is skipped"
            ])
    }

    @Test("a template that cannot be rendered is told once, and read without its braces")
    func brokenTemplate() throws {
        let folder = try Folders.read([
            "x.clab.yaml": "name: x\ntopology: { nodes: { s: { kind: ceos, startup-config: s.cfg } } }\n",
            "s.cfg": "hostname sw\n{{ if .NoSuchField }}\nip routing\n{{ end }}\n",
        ])
        #expect(folder.router("s")?.hostname == "sw")
        #expect(folder.router("s")?.forwards == [.ipv4])
        #expect(
            folder.lines == [
                "s.cfg:2: the template cannot be rendered for s: there is no field .NoSuchField; it is read without the lines that have braces"
            ])
    }
}
