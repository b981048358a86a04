import Addresses
import Blueprint
import LabFolders
import Testing
import Topology

@Suite("Networks that kind and containerlab bring")
struct ToolNetworkTests {
    private func addresses(_ interfaces: [Node.Interface]?) -> [String] {
        interfaces?.first { $0.name == "eth0" }?.addresses.map(\.description) ?? []
    }

    @Test("nodes with links are on kind's network too: its address is the node's own, and its gateway the way out")
    func kind() throws {
        let folder = try Folders.fixture("two-vlans", hasToolNetworks: true)
        let node = try #require(folder.node("shop-worker"))
        #expect(node.interfaces.map(\.name) == ["eth0", "eth1"])
        #expect(addresses(node.interfaces) == ["172.18.0.3/16", "fc00:f853:ccd:e793::3/64"])
        #expect(
            node.routes.first?.text == "default via 172.18.0.1 dev eth0"
                || node.routes.contains { $0.text.hasPrefix("default via 10.1.") })
        let network = try #require(folder.topology.networks.first { $0.name == "kind" })
        #expect(network.addresses.map(\.description) == ["172.18.0.1/16", "fc00:f853:ccd:e793::1/64"])
        #expect(!network.isManagement)
        let without = try Folders.fixture("two-vlans", hasToolNetworks: false)
        #expect(without.node("shop-worker")?.interfaces.map(\.name) == ["eth1"])
        #expect(without.topology.networks.isEmpty)
    }

    private func apart(_ calico: String = "") throws -> LabFolder {
        var files = [
            "x.clab.yaml": """
            name: x
            topology:
              nodes:
                c: { kind: k8s-kind, startup-config: kind.yaml }
                c-control-plane: { kind: ext-container, exec: ["ip addr add 10.1.0.2/24 dev eth1"] }
                c-worker: { kind: ext-container, exec: ["ip addr add 10.2.0.2/24 dev eth1"] }
                pc: { kind: linux }
                pd: { kind: linux }
              links:
                - endpoints: ["c-control-plane:eth1", "pc:eth1"]
                - endpoints: ["c-worker:eth1", "pd:eth1"]
            """,
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: c
            nodes: [{ role: control-plane }, { role: worker }]
            """,
        ]
        if !calico.isEmpty { files["calico.yaml"] = calico }
        return try Folders.read(files, hasToolNetworks: true)
    }

    @Test("without a word on it, the first address that is found is kind's")
    func firstFound() throws {
        #expect(
            try apart().topology.nodes.compactMap { $0.nodeAddress(.ipv4)?.address.description } == [
                "172.18.0.2/16", "172.18.0.3/16",
            ])
        let blueprint = try Blueprint(topology: apart().topology)
        #expect(blueprint.notes.allSatisfy { !$0.contains("has no route to") })
        let installation = """
            apiVersion: operator.tigera.io/v1
            kind: Installation
            spec: { calicoNetwork: { nodeAddressAutodetectionV4: METHOD, ipPools: [{ cidr: 10.244.0.0/16 }] } }
            """
        for (method, expected) in [
            ("{ firstFound: true }", "172.18.0.2"), ("{ interface: eth1 }", "10.1.0.2"),
            ("{ skipInterface: eth0 }", "10.1.0.2"), ("{ kubernetes: NodeInternalIP }", "172.18.0.2"),
            ("{ cidrs: [10.0.0.0/8] }", "10.1.0.2"),
        ] {
            let folder = try apart(installation.replacing("METHOD", with: method))
            #expect(
                folder.topology.nodes.first?.nodeAddress(.ipv4)?.address.address.description == expected, "\(method)")
        }
    }

    @Test("before several control planes there is a load balancer, which has the address after the nodes'")
    func balancer() throws {
        let kind = """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: ha
            nodes: [{ role: control-plane }, { role: control-plane }, { role: worker }]
            """
        let folder = try Folders.read(["kind.yaml": kind], hasToolNetworks: true)
        let host = try #require(folder.host("ha-external-load-balancer"))
        #expect(addresses(host.interfaces) == ["172.18.0.5/16", "fc00:f853:ccd:e793::5/64"])
        #expect(try Folders.read(["kind.yaml": kind], hasToolNetworks: false).topology.hosts.isEmpty)
        // One that a topology has lines for is the same one.
        let named = try Folders.read(
            [
                "kind.yaml": kind,
                "x.clab.yaml": """
                name: x
                topology:
                  nodes:
                    ha: { kind: k8s-kind, startup-config: kind.yaml }
                    ha-external-load-balancer: { kind: ext-container, exec: ["ip addr add 10.0.0.9/32 dev lo"] }
                """,
            ], hasToolNetworks: true)
        #expect(named.topology.hosts.map(\.name) == ["ha-external-load-balancer"])
        #expect(addresses(named.topology.hosts[0].interfaces) == ["172.18.0.5/16", "fc00:f853:ccd:e793::5/64"])
        #expect(named.topology.hosts[0].interfaces.last?.addresses.map(\.description) == ["10.0.0.9/32"])
    }

    @Test("the management network has all nodes but those of other tools, and those that want none")
    func management() throws {
        let folder = try Folders.fixture("vendors", hasToolNetworks: true)
        let network = try #require(folder.topology.networks.first { $0.name == "clab" })
        #expect(network.isManagement)
        #expect(network.addresses.map(\.description) == ["172.20.20.1/24", "3fff:172:20:20::1/64"])
        #expect(addresses(folder.host("spine")?.interfaces) == ["172.20.20.3/24", "3fff:172:20:20::3/64"])
        #expect(
            folder.host("spine")?.routes.map(\.text) == [
                "default via 172.20.20.1 dev eth0", "default via 3fff:172:20:20::1 dev eth0",
            ])
        #expect(addresses(folder.host("apart")?.interfaces) == [])
        #expect(folder.host("apart")?.routes == [])
        let port = try #require(folder.router("sw1")?.ports.first { $0.name == "eth0" })
        #expect(
            port.mode
                == .routed(
                    addresses: ["172.20.20.2/24", "3fff:172:20:20::2/64"].compactMap { InterfaceAddress($0) },
                    subinterfaces: []))
        let blueprint = try Blueprint(topology: folder.topology)
        let client = try #require(blueprint.namespaces.first { $0.name == "client" })
        #expect(client.addresses.first?.description == "10.20.2.9")
        #expect(client.managementAddresses.map(\.description).sorted() == ["172.20.20.6", "3fff:172:20:20::6"])
    }

    private func managed(_ management: String, _ nodes: String = "a: { kind: linux }, b: { kind: linux }") throws
        -> LabFolder
    {
        try Folders.read(
            ["x.clab.yaml": "name: x\nmgmt: \(management)\ntopology: { nodes: { \(nodes) } }\n"], hasToolNetworks: true)
    }

    @Test("it is as mgmt says: name, ranges, gateway, MTU, and addresses that nodes ask for")
    func configured() throws {
        let folder = try managed(
            "{ network: oob, ipv4-subnet: 10.99.0.0/24, ipv4-gw: 10.99.0.254, ipv4-range: 10.99.0.128/25, mtu: 1400 }",
            "a: { kind: linux }, b: { kind: linux, mgmt-ipv4: 10.99.0.7 }, c: { kind: linux, mgmt-ipv4: 10.98.0.7 }")
        #expect(folder.topology.networks.map(\.name) == ["oob"])
        #expect(folder.topology.networks[0].addresses.map(\.description) == ["10.99.0.254/24"])
        #expect(addresses(folder.host("a")?.interfaces) == ["10.99.0.128/24"])
        #expect(addresses(folder.host("b")?.interfaces) == ["10.99.0.7/24"])
        #expect(addresses(folder.host("c")?.interfaces) == ["10.99.0.129/24"])
        #expect(folder.topology.cables.allSatisfy { $0.mtu == 1400 })
        #expect(folder.lines.contains { $0.contains("c: 10.98.0.7 is not in 10.99.0.0/24") })
        // An address of the defaults would be everyone's; one of a node's own is nothing to tell of.
        #expect(!folder.lines.contains { $0.contains("mgmt-ipv4") })
    }

    @Test("with kind's name it is kind's network")
    func shared() throws {
        let folder = try Folders.read(
            [
                "x.clab.yaml": """
                name: x
                mgmt: { network: kind }
                topology: { nodes: { k: { kind: k8s-kind }, pc: { kind: linux } } }
                """
            ], hasToolNetworks: true)
        #expect(folder.topology.networks.map(\.name) == ["kind"])
        #expect(addresses(folder.node("k-control-plane")?.interfaces) == ["172.18.0.2/16", "fc00:f853:ccd:e793::2/64"])
        #expect(addresses(folder.host("pc")?.interfaces) == ["172.18.0.3/16", "fc00:f853:ccd:e793::3/64"])
    }

    @Test("a name that a device has is left to the device; a range that is too small is told")
    func names() throws {
        let folder = try managed(
            "{ ipv4-subnet: 10.0.0.0/30, ipv6-subnet: nonsense }", "clab: { kind: linux }, b: { kind: linux }")
        #expect(folder.topology.networks.map(\.name) == ["clab-network"])
        #expect(addresses(folder.host("clab")?.interfaces) == ["10.0.0.2/30"])
        #expect(addresses(folder.host("b")?.interfaces) == [])
        #expect(folder.lines.contains { $0.contains("there is no free address in 10.0.0.0/30") })
        #expect(folder.lines.contains { $0.contains("\"nonsense\" is not an IPv6 range") })
    }

    @Test("lines of exec change what is there: a default route is deleted, replaced, or in the way of another")
    func defaultRoute() throws {
        let folder = try Folders.read(
            [
                "x.clab.yaml": """
                name: x
                topology:
                  nodes:
                    a: { kind: linux, exec: ["ip addr add 10.0.0.1/24 dev eth1", "ip route del default", "ip route add default via 10.0.0.9"] }
                    b: { kind: linux, exec: ["ip addr add 10.0.0.2/24 dev eth1", "ip route add default via 10.0.0.9"] }
                    c: { kind: linux, exec: ["ip addr add 10.0.1.3/24 dev eth1", "ip route replace default via 10.0.1.9"] }
                    d: { kind: linux }
                  links:
                    - endpoints: ["a:eth1", "b:eth1"]
                    - endpoints: ["c:eth1", "d:eth1"]
                """
            ], hasToolNetworks: true)
        func ways(_ name: String) -> [String] {
            folder.host(name)?.routes.filter { $0.destination == .all(.ipv4) }.map(\.text) ?? []
        }
        #expect(ways("a") == ["default via 10.0.0.9"])
        #expect(ways("b") == ["default via 172.20.20.1 dev eth0"])
        #expect(ways("c") == ["default via 10.0.1.9"])
        #expect(folder.lines.count == 1 && folder.lines[0].contains("there is a route to 0.0.0.0/0 already"))
    }

    @Test("a switch with its management interface in a VRF has no address there that others could be reached by")
    func apartManagement() throws {
        let files = [
            "x.clab.yaml": "name: x\ntopology: { nodes: { s: { kind: ceos, startup-config: s.cfg } } }\n",
            "s.cfg":
                "vrf instance MGMT\ninterface Management0\n   vrf MGMT\n   ip address 172.20.20.9/24\nip route vrf MGMT 0.0.0.0/0 172.20.20.1\n",
        ]
        let folder = try Folders.read(files, hasToolNetworks: true)
        #expect(folder.router("s")?.ports.map(\.mode) == [.routed(addresses: [], subinterfaces: [])])
    }
}
