import Addresses
import BundledTopologies
import Testing
import Topology

@Suite struct NativeFormatTests {
    @Test("the default lab holds what the real one holds")
    func dualStack() throws {
        let routes = [
            StaticRoute(Prefix("1.1.1.1/32")!, .gateway(IPAddress("10.10.10.1")!, interface: "eth1")),
            StaticRoute(Prefix("2001:db8::/32")!, .gateway(IPAddress("fd00:10:10::1")!, interface: "eth1")),
        ]
        let names = ["dual-stack-control-plane", "dual-stack-worker", "dual-stack-worker2"]
        let expected = Topology(
            name: "dual-stack",
            routers: [
                Router(
                    name: "ceos01", hostname: "ceos-dualstack",
                    vlans: [
                        Router.VLANSegment(
                            id: 10, name: "K8s-DualStack-Network",
                            addresses: [InterfaceAddress("10.10.10.1/24")!, InterfaceAddress("fd00:10:10::1/64")!])
                    ],
                    ports: ["eth1", "eth2", "eth3"].map { Router.Port(name: $0, mode: .access(vlan: 10)) },
                    loopbacks: [
                        Router.Loopback(
                            name: "Loopback0",
                            addresses: [InterfaceAddress("1.1.1.1/32")!, InterfaceAddress("2001:db8::1/128")!])
                    ],
                    routes: [
                        StaticRoute(Prefix("192.168.0.0/16")!, .gateway(IPAddress("10.10.10.10")!, interface: nil)),
                        StaticRoute(
                            Prefix("fd00:10:244::/48")!, .gateway(IPAddress("fd00:10:10::10")!, interface: nil)),
                    ])
            ],
            nodes: names.enumerated().map { index, name in
                Node(
                    name: name, role: index == 0 ? .controlPlane : .worker,
                    interfaces: [
                        Node.Interface(
                            name: "eth1",
                            addresses: [
                                InterfaceAddress("10.10.10.\(10 + index)/24")!,
                                InterfaceAddress("fd00:10:10::\(10 + index)/64")!,
                            ])
                    ], routes: routes)
            },
            cables: names.enumerated().map { Cable(Endpoint("ceos01", "eth\($0 + 1)"), Endpoint($1, "eth1")) },
            cluster: Cluster(
                pools: [
                    Pool(
                        name: "default-ipv4-ippool", prefix: Prefix("192.168.0.0/16")!, blockSize: 26,
                        encapsulation: .vxlanCrossSubnet, natOutgoing: true),
                    Pool(
                        name: "default-ipv6-ippool", prefix: Prefix("fd00:10:244::/48")!, blockSize: 122,
                        encapsulation: .vxlan, natOutgoing: true),
                ], serviceSubnets: [Prefix("10.96.0.0/16")!, Prefix("fd00:10:96::/112")!]),
            workloads: [
                Workload(
                    name: "multitool", kind: .daemonSet, labels: ["app": "multitool"], toleratesControlPlane: true,
                    ports: [.init(8080)]),
                Workload(
                    name: "coredns", namespace: "kube-system", kind: .deployment(replicas: 2),
                    labels: ["k8s-app": "kube-dns"], nodeName: "dual-stack-control-plane",
                    ports: [
                        .init(name: "dns", 53, .udp, answer: .dns), .init(name: "dns-tcp", 53, .tcp, answer: .dns),
                        .init(name: "metrics", 9153),
                    ]),
            ], services: services)
        #expect(try BundledTopology.default.topology() == expected)
    }

    /// The services of the default lab.
    private var services: [Service] {
        [
            Service(
                name: "kubernetes", ports: [.init(name: "https", port: 443, target: .number(6443))],
                familyPolicy: .preferDualStack),
            Service(
                name: "multitool-dual-stack", selector: ["app": "multitool"],
                ports: [.init(port: 80, target: .number(8080))], familyPolicy: .requireDualStack),
            Service(
                name: "multitool-ipv6-only", selector: ["app": "multitool"],
                ports: [.init(port: 80, target: .number(8080))], families: [.ipv6]),
            Service(
                name: "kube-dns", namespace: "kube-system", selector: ["k8s-app": "kube-dns"],
                ports: [
                    .init(name: "dns", transport: .udp, port: 53, target: .name("dns")),
                    .init(name: "dns-tcp", port: 53, target: .name("dns-tcp")),
                    .init(name: "metrics", port: 9153, target: .name("metrics")),
                ]),
        ]
    }

    @Test("Kubernetes namespaces are read, written and read again; one that cannot be is told")
    func kubernetesNamespaces() throws {
        func read(_ namespaces: String) throws -> Topology {
            let subnets = "  serviceSubnets: [10.96.0.0/16]\n"
            return try Topology.read(
                smallLab.with(subnets, as: "\(subnets)  namespaces: \(namespaces)\n"), file: "lab.yaml")
        }
        let topology = try read("[staging, \"1\"]")
        #expect(topology.cluster.namespaces == ["staging", "1"])
        #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
        let errors = #expect(throws: TopologyErrors.self) { try read("[staging, Not_one]") }
        #expect(errors?.errors.first?.path.description == "cluster.namespaces[1]")
    }

    @Test("ports are access ports, trunks, or routed with sub-interfaces")
    func ports() throws {
        let router = try #require(try Topology.read(smallLab, file: "lab.yaml").routers.first)
        #expect(router.hostname == "r1")
        #expect(router.ports[0].mode == .access(vlan: 10))
        #expect(router.ports[2].mode == .trunk(allowed: [10...10, 20...20], native: 20))
        #expect(
            router.ports[3].mode
                == .routed(
                    addresses: [InterfaceAddress("10.3.0.1/24")!],
                    subinterfaces: [
                        Router.Subinterface(number: 30, vlan: 30, addresses: [InterfaceAddress("10.4.0.1/24")!])
                    ]))
    }

    @Test("what people say of interfaces, port channels, and the lines of protocols are read, written and read again")
    func routerDetails() throws {
        let topology = try Topology.read(
            """
            lab: x
            routers:
              r:
                vlans: { 10: { addresses: [10.0.0.1/24], description: "users: gw" } }
                ports: { eth1: { access: 10, channel: 1 } }
                loopbacks: { Loopback0: [1.1.1.1/32], Loopback1: { addresses: [2.2.2.2/32], description: vtep } }
                channels: { 1: { description: to sw2, static: true } }
                protocols: [router bgp 65001, '   neighbor 10.0.0.2 description "a: b"']
            """, file: "lab.yaml")
        let router = try #require(topology.routers.first)
        #expect(router.vlans[0].description == "users: gw")
        #expect(router.loopbacks.map(\.description) == [nil, "vtep"] && router.loopbacks[1].addresses.count == 1)
        #expect(router.channels == [Router.Channel(number: 1, description: "to sw2", isStatic: true)])
        #expect(router.protocolLines == ["router bgp 65001", "   neighbor 10.0.0.2 description \"a: b\""])
        #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
    }

    @Test("a port can be shut down, have an MTU, and carry all VLANs")
    func portDetails() throws {
        let topology = try Topology.read(
            """
            lab: x
            routers:
              r:
                vlans: { 10: { mtu: 9000, shutdown: true, name: a }, 20: }
                ports:
                  eth1: { trunk: all, mtu: 9214, shutdown: true }
                  eth2: { trunk: [1-9, 10, 20-4094] }
                  eth3: { addresses: [] }
            """, file: "lab.yaml")
        let router = topology.routers[0]
        #expect(
            router.vlans == [
                Router.VLANSegment(id: 10, name: "a", mtu: 9000, isShutdown: true), Router.VLANSegment(id: 20),
            ])
        #expect(router.ports[0].mode == .trunk(allowed: [1...4094], native: nil))
        #expect(router.ports[0].mtu == 9214)
        #expect(router.ports[0].isShutdown)
        #expect(router.ports[1].mode == .trunk(allowed: [1...9, 10...10, 20...4094], native: nil))
        #expect(router.ports[2].mode == .routed(addresses: [], subinterfaces: []))
    }

    @Test(
        "a route is written as ip route prints it",
        arguments: [
            ("10.0.0.0/8 via 10.1.0.1", StaticRoute.Target.gateway(IPAddress("10.1.0.1")!, interface: nil), nil),
            ("10.0.0.0/8 via 10.1.0.1 dev eth1", .gateway(IPAddress("10.1.0.1")!, interface: "eth1"), nil),
            ("10.0.0.0/8 dev eth1 metric 10", .interface("eth1"), 10),
            ("10.0.0.0/8 blackhole", .blackhole, nil),
        ] as [(String, StaticRoute.Target, UInt32?)])
    func routes(text: String, target: StaticRoute.Target, metric: UInt32?) throws {
        let topology = try Topology.read(
            smallLab.with("default via 10.1.0.1 dev eth1", as: text), file: "lab.yaml")
        #expect(topology.nodes[1].routes == [StaticRoute(Prefix("10.0.0.0/8")!, target, metric: metric)])
    }

    @Test("what brings a route, and what a port is for, is written and read again")
    func sources() throws {
        var topology = try Topology.read(smallLab, file: "lab.yaml")
        var route = StaticRoute(Prefix("10.0.0.0/8")!, .gateway(IPAddress("10.1.0.1")!, interface: nil), metric: 110)
        for (source, text) in [
            (.externalBGP, "proto ebgp"), (.internalBGP, "proto ibgp"), (.ospf(cost: 20), "proto ospf cost 20"),
        ] as [(StaticRoute.Source, String)] {
            route.source = source
            #expect(route.text == "10.0.0.0/8 via 10.1.0.1 metric 110 \(text)")
            topology.nodes[1].routes = [route]
            #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
        }
        topology.routers[0].ports[0].description = "to r2: \"a\", no. 1"
        topology.routers[0].ports[0].channel = 1
        #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
    }

    @Test("default is everything of the gateway's family")
    func defaultRoute() throws {
        let topology = try Topology.read(
            smallLab.with("default via 10.1.0.1 dev eth1", as: "default via fd00:1::1"), file: "")
        #expect(
            topology.nodes[1].routes == [StaticRoute(.all(.ipv6), .gateway(IPAddress("fd00:1::1")!, interface: nil))])
    }

    @Test("workloads of four kinds, with all that can be said of them")
    func workloads() throws {
        let topology = try Topology.read(
            smallLab.with(
                "  web: { kind: Deployment, replicas: 2, labels: { app: web } }\n",
                as: """
                      d: { kind: DaemonSet, nodeSelector: { disk: ssd }, controlPlane: true }
                      s: { kind: StatefulSet, namespace: data, pools: [v6] }
                      kube-system/coredns: { kind: Deployment, replicas: 0, controlPlane: false }

                    """), file: "lab.yaml")
        #expect(
            topology.workloads == [
                Workload(name: "d", kind: .daemonSet, nodeSelector: ["disk": "ssd"], toleratesControlPlane: true),
                Workload(name: "s", namespace: "data", kind: .statefulSet(replicas: 1), pools: ["v6"]),
                Workload(name: "coredns", namespace: "kube-system", kind: .deployment(replicas: 0)),
                Workload(name: "one", kind: .pod, nodeName: "w1", addresses: [IPAddress("192.168.7.7")!]),
            ])
    }

    @Test("the cluster's other settings")
    func cluster() throws {
        let topology = try Topology.read(
            """
            lab: x
            cluster:
              pools:
                a: { cidr: 10.0.0.0/16, nodeSelector: all() }
                b: { cidr: 10.1.0.0/16, nodeSelector: "!all()" }
                c: { cidr: 10.2.0.0/16, nodeSelector: { zone: "1" } }
              reservedAddresses: [10.0.0.0/28]
              vxlanPort: 8472
              vxlanVNI: 16777215
              mtu: 1400
            """, file: "lab.yaml")
        #expect(topology.cluster.pools.map(\.nodeSelector) == [.all, .nobody, .labels(["zone": "1"])])
        #expect(topology.cluster.pools.map(\.blockSize) == [26, 26, 26])
        #expect(topology.cluster.reservedAddresses == [Prefix("10.0.0.0/28")!])
        #expect(topology.cluster.vxlanPort == 8472)
        #expect(topology.cluster.vxlanVNI == 16_777_215)
        #expect(topology.cluster.mtu == 1400)
    }

    @Test("cables are in the order of the file, the device that comes first in it at the first end")
    func cables() throws {
        let topology = try Topology.read(
            """
            lab: x
            nodes:
              b: { interfaces: { eth1: { connect: lan }, eth2: { connect: { to: r1:eth2, mtu: 9000 } } } }
              a: { interfaces: { eth1: { connect: lan:port1 }, eth2: { connect: lan }, eth3: , eth4: } }
            networks:
              lan: { addresses: [10.0.0.1/24] }
            routers:
              r1: { ports: { eth1: { addresses: [], connect: r2:eth1 }, eth2: { addresses: [] }, eth3: { addresses: [] } } }
              r2: { ports: { eth1: { addresses: [] } } }
            cables:
              - [r1:eth3, a:eth3]
              - { ends: [a:eth4, lan], mtu: 1400 }
            """, file: "lab.yaml")
        #expect(
            topology.cables == [
                Cable(Endpoint("r1", "eth1"), Endpoint("r2", "eth1")),
                Cable(Endpoint("lan", "port2"), Endpoint("b", "eth1")),
                Cable(Endpoint("r1", "eth2"), Endpoint("b", "eth2"), mtu: 9000),
                Cable(Endpoint("lan", "port1"), Endpoint("a", "eth1")),
                Cable(Endpoint("lan", "port3"), Endpoint("a", "eth2")),
                Cable(Endpoint("r1", "eth3"), Endpoint("a", "eth3")),
                Cable(Endpoint("a", "eth4"), Endpoint("lan", "port4"), mtu: 1400),
            ])
    }

    @Test("an alias repeats a single value")
    func alias() throws {
        let topology = try Topology.read(
            """
            lab: x
            routers:
              r:
                ports:
                  eth1: { addresses: [], mtu: &jumbo 9000 }
                  eth2: { addresses: [], mtu: *jumbo }
            """, file: "lab.yaml")
        #expect(topology.routers[0].ports.map(\.mtu) == [9000, 9000])
    }

    @Test("a file that saves space or lines is read the same", arguments: ["\r\n", "\r", "\n\n"])
    func lineBreaks(lineBreak: String) throws {
        let text = smallLab.split(separator: "\n").joined(separator: lineBreak)
        #expect(try Topology.read(text, file: "") == Topology.read(smallLab, file: ""))
        #expect(try Topology.read("\u{FEFF}" + text, file: "") == Topology.read(smallLab, file: ""))
    }

    @Test("a router and hosts without a cluster are a topology")
    func noCluster() throws {
        let topology = try Topology.read(
            """
            lab: hosts
            routers:
              r: { ports: { eth1: { addresses: [10.0.0.1/24] } } }
            nodes:
              h: { interfaces: { eth1: { connect: r:eth1, addresses: [10.0.0.2/24] } } }
            """, file: "lab.yaml")
        #expect(topology.cluster == Cluster())
        #expect(topology.nodes[0].role == .worker)
    }
}
