import Addresses
import Blueprint
import NetworkObjects
import Topology

/// Topologies for the tests, as Swift values.
enum Labs {
    /// The built-in lab without its DNS and services: one router, three nodes on VLAN 10, both families.
    static let dualStack = Topology(
        name: "dual-stack",
        routers: [
            Router(
                name: "ceos01", hostname: "ceos-dualstack",
                vlans: [
                    .init(
                        id: 10, name: "K8s-DualStack-Network", addresses: addresses("10.10.10.1/24", "fd00:10:10::1/64")
                    )
                ],
                ports: (1...3).map { .init(name: "eth\($0)", mode: .access(vlan: 10)) },
                loopbacks: [.init(name: "Loopback0", addresses: addresses("1.1.1.1/32", "2001:db8::1/128"))],
                routes: [
                    route("192.168.0.0/16", "10.10.10.10"), route("fd00:10:244::/48", "fd00:10:10::10"),
                ])
        ],
        nodes: [
            dualStackNode("dual-stack-control-plane", 10, .controlPlane), dualStackNode("dual-stack-worker", 11),
            dualStackNode("dual-stack-worker2", 12),
        ],
        cables: [
            cable("ceos01:eth1", "dual-stack-control-plane:eth1"), cable("ceos01:eth2", "dual-stack-worker:eth1"),
            cable("ceos01:eth3", "dual-stack-worker2:eth1"),
        ],
        cluster: dualStackCluster,
        workloads: [multitool])

    /// The built-in lab.
    static let builtIn = {
        var lab = dualStack
        lab.workloads.append(coreDNS)
        lab.services = services
        return lab
    }()

    /// The pools and service ranges of the built-in lab.
    static let dualStackCluster = Cluster(
        pools: [
            Pool(
                name: "default-ipv4-ippool", prefix: Prefix("192.168.0.0/16")!, encapsulation: .vxlanCrossSubnet,
                natOutgoing: true),
            Pool(
                name: "default-ipv6-ippool", prefix: Prefix("fd00:10:244::/48")!, encapsulation: .vxlan,
                natOutgoing: true),
        ],
        serviceSubnets: [Prefix("10.96.0.0/16")!, Prefix("fd00:10:96::/112")!])

    /// One pod on every node.
    static let multitool = Workload(
        name: "multitool", kind: .daemonSet, labels: ["app": "multitool"], toleratesControlPlane: true,
        ports: [.init(8080)])

    /// The cluster's DNS, on the control plane as kind has it.
    static let coreDNS = Workload(
        name: "coredns", namespace: "kube-system", kind: .deployment(replicas: 2), labels: ["k8s-app": "kube-dns"],
        nodeName: "dual-stack-control-plane",
        ports: [
            .init(name: "dns", 53, .udp, answer: .dns), .init(name: "dns-tcp", 53, .tcp, answer: .dns),
            .init(name: "metrics", 9153),
        ])

    /// The built-in lab's services.
    static let services = [
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

    static func dualStackNode(_ name: String, _ number: Int, _ role: Node.Role = .worker) -> Node {
        Node(
            name: name, role: role,
            interfaces: [
                .init(name: "eth1", addresses: addresses("10.10.10.\(number)/24", "fd00:10:10::\(number)/64"))
            ],
            routes: [
                route("1.1.1.1/32", "10.10.10.1", "eth1"), route("2001:db8::/32", "fd00:10:10::1", "eth1"),
            ])
    }

    static func addresses(_ texts: String...) -> [InterfaceAddress] { texts.map { InterfaceAddress($0)! } }

    static func route(_ destination: String, _ gateway: String, _ interface: String? = nil) -> StaticRoute {
        StaticRoute(Prefix(destination)!, .gateway(IPAddress(gateway)!, interface: interface))
    }

    static func endpoint(_ text: String) -> Endpoint {
        let parts = text.split(separator: ":").map(String.init)
        return Endpoint(parts[0], parts[1])
    }

    static func cable(_ first: String, _ second: String, mtu: UInt32? = nil) -> Cable {
        Cable(endpoint(first), endpoint(second), mtu: mtu)
    }
}

extension Blueprint {
    /// The namespace of this name, or of the one pod on this node.
    func namespace(_ name: String) throws -> Namespace {
        guard let found = namespaces.first(where: { $0.name == name }) else { throw MissingNamespace(name: name) }
        return found
    }

    func content(_ name: String) throws -> NamespaceContent { try namespace(name).content }

    /// The pods on a node.
    func pods(on node: String) -> [Namespace] { namespaces.filter { $0.kind == .pod && $0.node == node } }
}

struct MissingNamespace: Error { let name: String }
