import Addresses
import LabFolders
import Testing
import Topology

@Suite("kind and Calico in a folder")
struct ClusterTests {
    private static let kind = """
        kind: Cluster
        apiVersion: kind.x-k8s.io/v1alpha4
        networking: { disableDefaultCNI: true }
        nodes: [{ role: control-plane }, { role: worker }]

        """

    private func read(_ files: [String: String]) throws -> LabFolder {
        try Folders.read(["kind.yaml": Self.kind].merging(files) { $1 })
    }

    private func installation(_ pools: String) -> String {
        "apiVersion: operator.tigera.io/v1\nkind: Installation\nmetadata: { name: default }\nspec:\n  calicoNetwork: \(pools)\n"
    }

    @Test("nodes are named as kind names them, by the cluster's name and their role")
    func names() throws {
        let folder = try Folders.read([
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: c
            nodes: [{ role: worker }, { role: control-plane }, { role: worker }, { role: control-plane }]
            """
        ])
        #expect(folder.topology.nodes.map(\.name) == ["c-worker", "c-control-plane", "c-worker2", "c-control-plane2"])
        #expect(folder.topology.nodes.map(\.role) == [.worker, .controlPlane, .worker, .controlPlane])
        #expect(folder.topology.name == "c")
    }

    @Test("a cluster without a name has that of the containerlab node that starts it")
    func nameOfStarter() throws {
        let folder = try read([
            "lab.clab.yml":
                "name: lab\ntopology: { nodes: { Starter: { kind: linux }, kube: { kind: k8s-kind, startup-config: kind.yaml } } }"
        ])
        #expect(folder.topology.nodes.map(\.name) == ["kube-control-plane", "kube-worker"])
        #expect(folder.topology.name == "lab")
    }

    @Test("families and ranges in either order; kind's own where none are written")
    func families() throws {
        let ranges = { (networking: String) in
            try Folders.read([
                "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: { \(networking) }"
            ]).topology.cluster
        }
        let six = try ranges(
            "ipFamily: dual, podSubnet: \"fd00:1::/56,10.1.0.0/16\", serviceSubnet: \"fd00:2::/112,10.2.0.0/16\"")
        #expect(six.serviceSubnets.map(\.family) == [.ipv6, .ipv4])
        #expect(six.pools.map(\.prefix.description) == ["10.1.0.0/16", "fd00:1::/56"])
        let usual = try ranges("ipFamily: dual")
        #expect(usual.serviceSubnets.map(\.description) == ["10.96.0.0/16", "fd00:10:96::/112"])
        #expect(usual.pools.map(\.prefix.description) == ["10.244.0.0/16", "fd00:10:244::/56"])
    }

    @Test("patches of kubeadm: addresses, labels and taints of nodes, at a node and for all of a role")
    func patches() throws {
        let folder = try Folders.fixture("leaf-spine")
        let (first, second) = (folder.topology.nodes[0], folder.topology.nodes[1])
        #expect(first.labels == ["rack": "one"])
        #expect(!first.isTainted)
        #expect(second.labels == ["rack": "two", "tier": ""])
        let errors = Folders.errors([
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            nodes:
              - role: control-plane
                kubeadmConfigPatches:
                  - |
                    kind: InitConfiguration
                    nodeRegistration:
                      kubeletExtraArgs:
                        node-ip: 10.0.0.300
            """
        ])
        #expect(errors.first?.hasPrefix("kind.yaml:10:") == true)
        #expect(
            errors.first?.contains("nodes[0].kubeadmConfigPatches[0].nodeRegistration.kubeletExtraArgs.node-ip") == true
        )
    }

    @Test("pools without a name have the operator's names, and without more its defaults")
    func defaultPools() throws {
        let pools = try read([
            "calico.yaml": installation(
                "{ ipPools: [{ cidr: 10.1.0.0/16 }, { cidr: 10.2.0.0/16, encapsulation: VXLAN }, { cidr: \"fd00:3::/64\" }] }"
            )
        ]).topology.cluster.pools
        #expect(pools.map(\.name) == ["default-ipv4-ippool", "default-ipv4-ippool-1", "default-ipv6-ippool"])
        #expect(pools.map(\.encapsulation) == [.ipip, .vxlan, .none])
        #expect(pools.map(\.blockSize) == [26, 26, 122])
        #expect(pools.map(\.natOutgoing) == [true, true, true])
    }

    @Test("an Installation without pools has one of the cluster's range; with BGP off, in VXLAN")
    func noPools() throws {
        let usual = try read(["calico.yaml": installation("{}")]).topology.cluster.pools
        #expect(usual.map(\.prefix.description) == ["10.244.0.0/16"])
        #expect(usual.map(\.encapsulation) == [.ipip])
        let off = try read(["calico.yaml": installation("{ bgp: Disabled }")]).topology.cluster.pools
        #expect(off.map(\.encapsulation) == [.vxlan])
        let refused = try read([
            "calico.yaml": installation("{ bgp: Disabled, ipPools: [{ cidr: 10.244.0.0/16, encapsulation: IPIP }] }")
        ])
        #expect(refused.lines.contains { $0.hasPrefix("calico.yaml:") && $0.contains("BGP is disabled") })
        #expect(try read(["calico.yaml": installation("{ ipPools: [] }")]).topology.cluster.pools.isEmpty)
    }

    @Test(
        "every encapsulation of an IPPool",
        arguments: [
            ("vxlanMode: Always", Pool.Encapsulation.vxlan), ("vxlanMode: CrossSubnet", .vxlanCrossSubnet),
            ("ipipMode: Always", .ipip), ("ipipMode: CrossSubnet", .ipipCrossSubnet),
            ("ipipMode: Never, vxlanMode: Never", .none), ("disabled: true", .none),
        ])
    func modes(fields: String, expected: Pool.Encapsulation) throws {
        let pool = try #require(
            read([
                "pool.yaml":
                    "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }\nspec: { cidr: 10.1.0.0/16, \(fields) }"
            ]).topology.cluster.pools.first)
        #expect(pool.encapsulation == expected)
        #expect(!pool.natOutgoing)
        #expect(pool.allowedUses.isEmpty == fields.contains("disabled"))
    }

    @Test("a pool that overlaps another is Calico's to refuse, and is left out with a warning")
    func overlap() throws {
        let folder = try read([
            "calico.yaml": installation("{ ipPools: [{ cidr: 10.1.0.0/16, encapsulation: VXLAN }] }"),
            "pool.yaml":
                "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }\nspec: { cidr: 10.1.2.0/24 }",
        ])
        #expect(folder.topology.cluster.pools.map(\.name) == ["default-ipv4-ippool"])
        #expect(folder.lines.contains { $0.hasPrefix("pool.yaml:1: IP pool p overlaps default-ipv4-ippool") })
    }

    private func addressed(_ detection: String, nodeIP: String = "") throws -> [String] {
        let folder = try Folders.read([
            "kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            networking: { disableDefaultCNI: true }
            nodes:
              - role: control-plane
                kubeadmConfigPatches: ["{ kind: InitConfiguration, nodeRegistration: { kubeletExtraArgs: { node-ip: '\(nodeIP)' } } }"]
            """,
            "lab.clab.yaml": """
            name: lab
            topology:
              nodes:
                h: { kind: linux, exec: [ip addr add 10.1.0.2/24 dev eth1] }
                kind: { kind: k8s-kind, startup-config: kind.yaml }
                kind-control-plane:
                  kind: ext-container
                  exec: [ip addr add 10.1.0.1/24 dev eth1, ip addr add 10.2.0.1/24 dev eth2, ip addr add 10.2.0.9/24 dev eth2]
              links:
                - endpoints: ["h:eth1", "kind-control-plane:eth1"]
                - endpoints: ["h:eth2", "kind-control-plane:eth2"]
            """,
            "calico.yaml": installation("{ nodeAddressAutodetectionV4: \(detection) }"),
        ])
        let node = try #require(folder.topology.nodes.first)
        let address = try #require(node.nodeAddress(.ipv4)).address.address.description
        return [address] + folder.lines.filter { $0.contains("node-ip") || $0.contains("that this finds") }
    }

    @Test(
        "a node's address is the one that Calico is told to find",
        arguments: [
            ("{ cidrs: [10.2.0.0/16] }", "10.2.0.1"), ("{ interface: eth2 }", "10.2.0.1"),
            ("{ interface: \"eth[2-9],eth1\" }", "10.2.0.1"), ("{ skipInterface: \"eth1\" }", "10.2.0.1"),
            ("{ firstFound: true }", "10.1.0.1"), ("{ canReach: 10.2.0.77 }", "10.2.0.1"),
            ("{ interface: \"eth.*\" }", "10.1.0.1"),
        ])
    func detection(method: String, expected: String) throws {
        #expect(try addressed(method) == [expected])
    }

    @Test("kubelet's node-ip counts where Calico is told to ask Kubernetes; where they differ it is said")
    func nodeIP() throws {
        #expect(try addressed("{ kubernetes: NodeInternalIP }", nodeIP: "10.2.0.9") == ["10.2.0.9"])
        let differing = try addressed("{ interface: eth1 }", nodeIP: "10.2.0.9")
        #expect(differing.first == "10.1.0.1")
        #expect(differing.count == 2)
        let missing = try addressed("{ cidrs: [10.9.0.0/16] }")
        #expect(missing.first == "10.1.0.1" && missing.count == 2)
    }

    @Test("labels and taints that only a script sets are nodes' labels and taints")
    func script() throws {
        let folder = try read([
            "deploy.sh": """
            #!/bin/bash
            kind create cluster --config kind.yaml
            kubectl label node kind-worker rack=a zone=z1 --overwrite
            kubectl --context kind-kind label nodes --all lab=yes
            kubectl taint nodes --all node-role.kubernetes.io/control-plane-
            kubectl label node "$NODE" no=1
            """
        ])
        #expect(folder.node("kind-worker")?.labels == ["rack": "a", "zone": "z1", "lab": "yes"])
        #expect(folder.node("kind-control-plane")?.isTainted == false)
    }

    /// Calico's DaemonSet (calico.yaml) with these variables, `NAME: VALUE` each.
    private static func manifest(image: String, _ variables: [String]) -> String {
        """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: { name: calico-node, namespace: kube-system, labels: { k8s-app: calico-node } }
        spec:
          selector: { matchLabels: { k8s-app: calico-node } }
          template:
            metadata: { labels: { k8s-app: calico-node } }
            spec:
              hostNetwork: true
              tolerations: [{ effect: NoSchedule, operator: Exists }]
              containers:
                - name: calico-node
                  image: \(image)
                  env:
        \(variables.map { "            - { name: \($0.replacing(": ", with: ", value: ")) }" }.joined(separator: "\n"))
        """
    }

    @Test("Calico's own manifest: the pool and the address are calico-node's to say")
    func manifest() throws {
        let folder = try read([
            "calico.yaml": Self.manifest(
                image: "docker.io/calico/node:v3.30.0",
                [
                    "IP_AUTODETECTION_METHOD: \"interface=eth0\"", "CALICO_IPV4POOL_CIDR: 10.244.0.0/17",
                    "CALICO_IPV4POOL_IPIP: Never", "CALICO_IPV4POOL_VXLAN: CrossSubnet",
                ])
        ])
        let pool = try #require(folder.topology.cluster.pools.first)
        #expect(pool.prefix.description == "10.244.0.0/17")
        #expect(pool.encapsulation == .vxlanCrossSubnet)
        #expect(pool.natOutgoing)
        #expect(folder.workload("calico-node")?.usesHostNetwork == true)
    }

    @Test("Calico's own manifest without a range, as it comes: the cluster's ranges, with the modes that it names")
    func manifestWithoutRange() throws {
        let folder = try read([
            "kind.yaml": Self.kind.replacing(
                "disableDefaultCNI", with: "podSubnet: \"10.244.0.0/16,fd00:44::/56\", disableDefaultCNI"),
            "calico.yaml": Self.manifest(
                image: "calico/node",
                [
                    "IP6: autodetect", "FELIX_IPV6SUPPORT: \"true\"", "CALICO_IPV4POOL_IPIP: Always",
                    "CALICO_IPV4POOL_VXLAN: Never", "CALICO_IPV4POOL_BLOCK_SIZE: \"27\"",
                    "CALICO_IPV6POOL_VXLAN: CrossSubnet",
                    "CALICO_IPV6POOL_NAT_OUTGOING: \"true\"",
                ]),
        ])
        let pools = folder.topology.cluster.pools
        #expect(pools.map(\.encapsulation) == [.ipip, .vxlanCrossSubnet])
        #expect(pools.map(\.blockSize) == [27, 122])
        #expect(pools.map(\.natOutgoing) == [true, true])
    }

    @Test("the whole fabric's routes come of BGP: leaves, spine and nodes")
    func learned() throws {
        let folder = try Folders.fixture("leaf-spine")
        let texts = { (name: String) in (folder.router(name)?.routes ?? folder.node(name)?.routes ?? []).map(\.text) }
        #expect(
            texts("spine") == [
                "10.20.1.0/24 via 10.20.101.1 metric 200 proto ebgp",
                "10.20.2.0/24 via 10.20.102.1 metric 200 proto ebgp",
            ])
        #expect(texts("leaf1").contains("10.20.2.0/24 via 10.20.101.0 metric 200 proto ebgp"))
        #expect(texts("fabric-worker").contains("10.20.255.9/32 via 10.20.2.1 metric 200 proto ebgp"))
        #expect(folder.topology.routers.map(\.learnsBlocks) == [true, true, true])
    }

    @Test("OSPF brings what its networks are, over neighbours that run it too")
    func ospf() throws {
        let configuration = { (own: String, lan: String) in
            """
            interface Ethernet1
               no switchport
               ip address \(own)/30
               ip ospf area 0.0.0.0
            interface Loopback0
               ip address \(lan)/32
            ip routing
            router ospf 1
               network \(lan)/32 area 0.0.0.0
            """
        }
        let folder = try Folders.read([
            "lab.clab.yaml":
                "name: x\ntopology: { nodes: { a: { kind: ceos, startup-config: a.cfg }, b: { kind: ceos, startup-config: b.cfg } }, links: [{ endpoints: [\"a:eth1\", \"b:eth1\"] }] }",
            "a.cfg": configuration("10.0.0.1", "10.255.0.1"), "b.cfg": configuration("10.0.0.2", "10.255.0.2"),
        ])
        #expect(folder.router("a")?.routes.map(\.text) == ["10.255.0.2/32 via 10.0.0.2 metric 110 proto ospf cost 20"])
        #expect(folder.lines.contains { $0.hasPrefix("a.cfg:8: OSPF is not supported") })
    }
}
