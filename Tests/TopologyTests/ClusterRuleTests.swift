import Addresses
import Testing
import Topology

@Suite("Rules of pools and workloads")
struct ClusterRuleTests {
    private static let v4 = "29:17 cluster.pools.v4.cidr"

    @Test(
        "pools, services and subnets do not overlap",
        arguments: [
            WrongLab(
                "192.168.0.0/16", "10.1.0.0/16",
                [
                    (v4, "10.1.0.0/16 overlaps 10.1.0.0/24 of r1's vlan10 (routers.r1.vlans.10.addresses[0])"),
                    ("34:43 workloads.one.addresses[0]", "in no pool; the pools are 10.1.0.0/16, fd00:2::/48"),
                ]),
            WrongLab(
                "fd00:2::/48", "fd00:1::/48", "30:17 cluster.pools.v6.cidr", "overlaps fd00:1::/64 of r1's vlan10"),
            WrongLab(
                "[10.96.0.0/16]", "[192.168.128.0/24]", "31:20 cluster.serviceSubnets[0]",
                "overlaps 192.168.0.0/16 of pool v4 (cluster.pools.v4.cidr)"),
            WrongLab(
                "v6: { cidr: fd00:2::/48, blockSize: 122 }", "v6: { cidr: 192.168.128.0/17 }",
                "30:17 cluster.pools.v6.cidr", "overlaps 192.168.0.0/16 of pool v4"),
            WrongLab("[10.96.0.0/16]", "[10.1.0.0/16]", "31:20 cluster.serviceSubnets[0]", "of r1's vlan10"),
            WrongLab(
                "[10.96.0.0/16]", "[10.96.0.0/16, 10.97.0.0/16]", "31:34 cluster.serviceSubnets[1]", "one a family"),
        ])
    func overlaps(lab: WrongLab) { lab.check() }

    @Test(
        "a pool is one that Calico takes, and large enough",
        arguments: [
            WrongLab("blockSize: 122", "blockSize: 64", "30:41 cluster.pools.v6.blockSize", "/116 to /128"),
            WrongLab(
                "cidr: 192.168.0.0/16", "cidr: 192.168.7.0/28", "29:5 cluster.pools.v4.blockSize",
                "does not fit in 192.168.7.0/28; write a block size from 28 to 32"),
            WrongLab(
                "cidr: 192.168.0.0/16", "cidr: 192.168.7.0/26", "29:5 cluster.pools.v4.blockSize",
                "192.168.7.0/26 has 1 block of /26 for 2 nodes"),
            WrongLab(
                "cidr: 192.168.0.0/16", "cidr: 192.168.7.4/30, blockSize: 31", v4,
                "192.168.7.4/30 has 4 addresses to give for 3 pods and 2 tunnels"),
            WrongLab(
                "  pools:", "  reservedAddresses: [192.168.0.0/17, 192.168.128.0/17]\n  pools:",
                [
                    ("30:17 cluster.pools.v4.cidr", "has 0 addresses to give"),
                    ("35:43 workloads.one.addresses[0]", "is reserved (cluster.reservedAddresses[0])"),
                ]),
            WrongLab("fd00:2::/48", "fe80:2::/48", "30:17 cluster.pools.v6.cidr", "the link-local addresses"),
            WrongLab(
                "10.1.0.11/24, fd00:1::11/64", "10.1.0.11/24", "17:3 nodes.cp",
                "no IPv6 address, and the pool v6 is routed by way of the nodes' IPv6 addresses"),
        ])
    func pools(lab: WrongLab) { lab.check() }

    @Test(
        "a workload can run somewhere",
        arguments: [
            WrongLab("node: w1", "node: w2", "34:27 workloads.one.node", "there is no node w2; did you mean \"w1\"?"),
            WrongLab(
                "node: w1", "node: w1, nodeSelector: { disk: hdd }", "34:31 workloads.one.nodeSelector",
                "w1 does not have the labels"),
            WrongLab(
                "labels: { app: web }", "nodeSelector: { disk: hdd }", "33:41 workloads.web.nodeSelector",
                "no node has the labels disk=hdd"),
            WrongLab(
                "labels: { app: web }", "nodeSelector: { node-role.kubernetes.io/control-plane: }",
                "33:41 workloads.web.nodeSelector", "add controlPlane: true"),
            WrongLab("labels: { app: web }", "pools: [v5]", "33:49 workloads.web.pools[0]", "there is no pool v5"),
        ])
    func nodes(lab: WrongLab) { lab.check() }

    @Test("control-plane nodes alone run what may run there; the only node of a cluster runs everything, as in kind")
    func controlPlaneAlone() {
        func topology(nodes: Int, tolerates: Bool = false) -> Topology {
            Topology(
                name: "x", nodes: (0..<nodes).map { Node(name: "n\($0)", role: .controlPlane) },
                cluster: Cluster(pools: [Pool(name: "p", prefix: Prefix("10.0.0.0/16")!)]),
                workloads: [Workload(name: "w", kind: .deployment(replicas: 1), toleratesControlPlane: tolerates)])
        }
        func found(_ topology: Topology) -> [String] {
            topology.problems().filter { $0.path.description.hasPrefix("workloads") }.map(\.sentence)
        }
        #expect(
            found(topology(nodes: 2)) == [
                "all nodes are control-plane nodes, where it may not run; add controlPlane: true"
            ])
        #expect(found(topology(nodes: 2, tolerates: true)) == [])
        #expect(found(topology(nodes: 1)) == [])
    }

    @Test("workloads that differ in their affinity alone are looked at one by one")
    func affinity() {
        func workload(_ name: String, _ node: String) -> Workload {
            Workload(
                name: name, kind: .deployment(replicas: 1),
                affinity: NodeAffinity(required: [.init(names: [.init("metadata.name", .in, [node])])]))
        }
        let topology = Topology(
            name: "x", nodes: [Node(name: "n"), Node(name: "m")],
            cluster: Cluster(pools: [Pool(name: "p", prefix: Prefix("10.0.0.0/16")!)]),
            workloads: [workload("a", "n"), workload("b", "o"), workload("c", "m")])
        #expect(topology.problems().map(\.path.description).filter { $0.hasPrefix("workloads") } == ["workloads.b"])
    }

    @Test("workloads need nodes to run on and pools for their pods' addresses")
    func nothingToRunOn() {
        #expect(
            sentences(of: "lab: x\nworkloads: { w: { kind: Pod } }") == [
                "there are no nodes for the workloads to run on; add some under nodes",
                "there are no pools for the pods' addresses; add one under cluster.pools",
            ])
    }

    @Test(
        "an address that a pod asks for is its alone, in a pool and free",
        arguments: [
            WrongLab(
                "addresses: [192.168.7.7]", "addresses: [192.168.7.7, 192.168.7.8]", "34:56 workloads.one.addresses[1]",
                "one IPv4 address at most"),
            WrongLab(
                "addresses: [192.168.7.7]", "addresses: [10.200.0.1]", "34:43 workloads.one.addresses[0]",
                "in no pool; the pools are 192.168.0.0/16, fd00:2::/48"),
            WrongLab(
                "replicas: 2,", "replicas: 2, addresses: [192.168.9.9],", "33:41 workloads.web.addresses",
                "web makes several pods"),
            WrongLab(
                "  one: {", "  two: { kind: Pod, addresses: [192.168.7.7] }\n  one: {",
                "35:43 workloads.one.addresses[0]", "is also requested by another pod (workloads.two.addresses[0])"),
            WrongLab(
                "  pools:", "  reservedAddresses: [192.168.7.0/28]\n  pools:", "35:43 workloads.one.addresses[0]",
                "is reserved (cluster.reservedAddresses[0])"),
        ])
    func addresses(lab: WrongLab) { lab.check() }

    @Test("rules of every sort are told in one go, in the order of the file")
    func allAtOnce() {
        let yaml = smallLab.with("lab: small", as: "lab: Small")
            .with("10.2.0.1/24", as: "10.1.0.129/25")
            .with("eth2: { access: 10 }", as: "eth2: { access: 11 }")
            .with("fd00:1::11/64", as: "fd00:3::11/64")
            .with("default via 10.1.0.1 dev eth1", as: "default via 10.1.0.99 dev eth2")
            .with("192.168.0.0/16", as: "192.168.7.0/26")
            .with("[10.96.0.0/16]", as: "[fd00:2:0:1::/112]")
            .with("node: w1", as: "node: w3")
        #expect(
            errors(of: yaml).map { "\($0.file):\($0.line):\($0.column) \($0.path)" } == [
                "lab.yaml:1:6 lab", "lab.yaml:6:25 routers.r1.vlans.20.addresses[0]",
                "lab.yaml:9:23 routers.r1.ports.eth2.access",
                "lab.yaml:20:59 nodes.cp.interfaces.eth1.addresses[1]", "lab.yaml:26:9 nodes.w1.routes[0]",
                "lab.yaml:29:5 cluster.pools.v4.blockSize", "lab.yaml:31:20 cluster.serviceSubnets[0]",
                "lab.yaml:34:27 workloads.one.node",
            ])
    }
}
