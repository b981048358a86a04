import Addresses
import Blueprint
import Topology

/// Labs of other forms than the built-in one.
extension Labs {
    /// The built-in lab with other pools.
    static func dualStack(_ pools: [Pool]) -> Topology {
        var topology = dualStack
        topology.cluster.pools = pools
        return topology
    }

    static func pool(
        _ name: String, _ prefix: String, _ encapsulation: Pool.Encapsulation, blockSize: Int? = nil, nat: Bool = true
    ) -> Pool {
        Pool(
            name: name, prefix: Prefix(prefix)!, blockSize: blockSize, encapsulation: encapsulation, natOutgoing: nat)
    }

    /// A node with one address a family and its router as the way to everything else.
    static func edgeNode(_ name: String, _ subnet: Int, _ number: Int, _ role: Node.Role = .worker) -> Node {
        Node(
            name: name, role: role,
            interfaces: [
                .init(
                    name: "eth1",
                    addresses: addresses("10.10.\(subnet).\(number)/24", "fd00:10:\(subnet)::\(number)/64"))
            ],
            routes: [
                route("0.0.0.0/0", "10.10.\(subnet).1", "eth1"), route("::/0", "fd00:10:\(subnet)::1", "eth1"),
            ])
    }

    static func segment(_ id: UInt16) -> Router.VLANSegment {
        .init(id: id, addresses: addresses("10.10.\(id).1/24", "fd00:10:\(id)::1/64"))
    }

    static let loopback = Router.Loopback(name: "Loopback0", addresses: addresses("1.1.1.1/32", "2001:db8::1/128"))

    /// One router with two VLANs, two nodes in each.
    static func twoVLANs(_ v4: Pool.Encapsulation, _ v6: Pool.Encapsulation) -> Topology {
        Topology(
            name: "two-vlans",
            routers: [
                Router(
                    name: "tor", vlans: [segment(10), segment(20)],
                    ports: [
                        .init(name: "eth1", mode: .access(vlan: 10)), .init(name: "eth2", mode: .access(vlan: 10)),
                        .init(name: "eth3", mode: .access(vlan: 20)), .init(name: "eth4", mode: .access(vlan: 20)),
                    ], loopbacks: [loopback])
            ],
            nodes: [
                edgeNode("edge-a", 10, 11), edgeNode("edge-b", 10, 12), edgeNode("edge-c", 20, 11),
                edgeNode("edge-d", 20, 12),
            ],
            cables: [
                cable("tor:eth1", "edge-a:eth1"), cable("tor:eth2", "edge-b:eth1"), cable("edge-c:eth1", "tor:eth3"),
                cable("edge-d:eth1", "tor:eth4"),
            ],
            cluster: Cluster(
                pools: [pool("v4", "10.244.0.0/16", v4), pool("v6", "fd10:244::/56", v6)],
                serviceSubnets: [Prefix("10.96.0.0/16")!]),
            workloads: [multitool])
    }

    /// Two routers with a routed link between them and a node behind each.
    static let twoRouters = Topology(
        name: "two-routers",
        routers: [
            Router(
                name: "r1",
                ports: [
                    .init(
                        name: "eth1",
                        mode: .routed(addresses: addresses("10.10.10.1/24", "fd00:10:10::1/64"), subinterfaces: [])),
                    .init(
                        name: "eth2",
                        mode: .routed(addresses: addresses("172.16.0.0/31", "fd00:12::/127"), subinterfaces: [])),
                ], loopbacks: [loopback],
                routes: [
                    route("10.10.20.0/24", "172.16.0.1"), route("fd00:10:20::/64", "fd00:12::1"),
                    route("2.2.2.2/32", "172.16.0.1"), StaticRoute(Prefix("10.99.0.0/16")!, .blackhole),
                ]),
            Router(
                name: "r2",
                ports: [
                    .init(
                        name: "eth1",
                        mode: .routed(addresses: addresses("10.10.20.1/24", "fd00:10:20::1/64"), subinterfaces: [])),
                    .init(
                        name: "eth2",
                        mode: .routed(addresses: addresses("172.16.0.1/31", "fd00:12::1/127"), subinterfaces: [])),
                ], loopbacks: [.init(name: "Loopback0", addresses: addresses("2.2.2.2/32"))],
                routes: [route("10.10.10.0/24", "172.16.0.0"), route("fd00:10:10::/64", "fd00:12::")]),
        ],
        nodes: [edgeNode("edge-a", 10, 11), edgeNode("edge-b", 20, 11)],
        cables: [
            cable("r1:eth1", "edge-a:eth1"), cable("r2:eth1", "edge-b:eth1"), cable("r1:eth2", "r2:eth2"),
        ],
        cluster: Cluster(pools: [
            pool("v4", "10.244.0.0/16", .vxlanCrossSubnet), pool("v6", "fd10:244::/56", .vxlanCrossSubnet),
        ]),
        workloads: [multitool])

    /// A leaf without addresses of its own behind a trunk, a native VLAN, and a router on a stick with sub-interfaces.
    static let trunks = Topology(
        name: "trunks",
        routers: [
            Router(
                name: "spine", vlans: [segment(10), segment(20)],
                ports: [
                    .init(name: "eth1", mode: .trunk(allowed: [1...4094], native: 20)),
                    .init(
                        name: "eth2",
                        mode: .routed(
                            addresses: [],
                            subinterfaces: [
                                .init(number: 30, vlan: 30, addresses: addresses("10.10.30.1/24", "fd00:10:30::1/64"))
                            ])),
                ], loopbacks: [loopback]),
            Router(
                name: "leaf", vlans: [.init(id: 10), .init(id: 20)],
                ports: [
                    .init(name: "eth1", mode: .trunk(allowed: [10...20], native: 20)),
                    .init(name: "eth2", mode: .access(vlan: 10)), .init(name: "eth3", mode: .access(vlan: 20)),
                ]),
            Router(
                name: "stick",
                ports: [
                    .init(
                        name: "eth1",
                        mode: .routed(
                            addresses: [],
                            subinterfaces: [
                                .init(number: 30, vlan: 30, addresses: addresses("10.10.30.2/24", "fd00:10:30::2/64"))
                            ]))
                ], routes: [route("0.0.0.0/0", "10.10.30.1"), route("::/0", "fd00:10:30::1")]),
        ],
        nodes: [edgeNode("edge-a", 10, 11), edgeNode("edge-c", 20, 11)],
        cables: [
            cable("spine:eth1", "leaf:eth1"), cable("leaf:eth2", "edge-a:eth1"), cable("leaf:eth3", "edge-c:eth1"),
            cable("spine:eth2", "stick:eth1"),
        ],
        cluster: Cluster(pools: [pool("v4", "10.244.0.0/16", .vxlan), pool("v6", "fd10:244::/56", .vxlan)]),
        workloads: [multitool])

    /// Nodes on a shared segment that is nobody's router: kind's own network.
    static let kindNetwork = Topology(
        name: "kind", networks: [Network(name: "kind", addresses: addresses("10.10.10.1/24", "fd00:10:10::1/64"))],
        nodes: [edgeNode("kind-control-plane", 10, 11, .controlPlane), edgeNode("kind-worker", 10, 12)],
        cables: [cable("kind:port1", "kind-control-plane:eth1"), cable("kind:port2", "kind-worker:eth1")],
        cluster: Cluster(pools: [pool("v4", "192.168.0.0/16", .vxlanCrossSubnet)]), workloads: [multitool])

    /// One router, many nodes on one VLAN, many pods on each.
    static func scale(nodes: Int, podsPerNode: Int) -> Topology {
        let names = (0..<nodes).map { "node\($0)" }
        return Topology(
            name: "scale",
            routers: [
                Router(
                    name: "tor",
                    vlans: [.init(id: 10, addresses: addresses("10.10.0.1/16", "fd00:10::1/64"))],
                    ports: (0..<nodes).map { .init(name: "eth\($0)", mode: .access(vlan: 10)) }, loopbacks: [loopback])
            ],
            nodes: names.enumerated().map { index, name in
                Node(
                    name: name,
                    interfaces: [
                        .init(
                            name: "eth1",
                            addresses: addresses(
                                "10.10.\(1 + index / 250).\(index % 250 + 1)/16",
                                "fd00:10::1:\(String(index, radix: 16))/64"))
                    ],
                    routes: [route("1.1.1.1/32", "10.10.0.1", "eth1"), route("2001:db8::/32", "fd00:10::1", "eth1")])
            },
            cables: names.enumerated().map { cable("tor:eth\($0)", "\($1):eth1") }, cluster: dualStackCluster,
            workloads: (0..<podsPerNode).map { Workload(name: "w\($0)", kind: .daemonSet) })
    }
}
