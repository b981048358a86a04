import Addresses
import Testing
import Topology

@testable import Blueprint

@Suite("kube-proxy's tables")
struct KubeProxyTests {
    private let cluster = Cluster(
        pools: [Pool(name: "v4", prefix: Prefix("192.168.0.0/16")!), Pool(name: "v6", prefix: Prefix("fd00:2::/48")!)],
        serviceSubnets: [Prefix("10.96.0.0/16")!, Prefix("fd00:96::/112")!])

    private func node(_ name: String, _ addresses: String...) -> Placement.Node {
        var node = Placement.Node(name: name)
        node.addresses = addresses.map { .init(address: InterfaceAddress($0)!, interface: "eth1") }
        return node
    }

    private func tables(_ services: [ClusterService], on name: String = "n1") -> [String] {
        let place = name == "n1" ? node("n1", "10.1.0.1/24", "fd00:1::1/64") : node(name, "10.1.0.2/24", "fd00:1::2/64")
        return KubeProxy(services, cluster).tables(on: place).map(\.declaration)
    }

    private func endpoint(_ address: String, on node: String, isReady: Bool = true, _ ports: UInt16?...)
        -> ServiceEndpoint
    {
        .init(
            address: IPAddress(address)!, pod: PodReference(namespace: "default", name: "p"), node: node,
            isReady: isReady, ports: ports)
    }

    private func web(_ change: (inout ClusterService) -> Void = { _ in }) -> ClusterService {
        var service = ClusterService(
            name: "web", families: [.ipv4], clusterAddresses: [IPAddress("10.96.1.2")!],
            ports: [.init(number: 80, target: .number(8080))],
            endpoints: [endpoint("192.168.1.1", on: "n1", 8080), endpoint("192.168.2.1", on: "n2", 8080)])
        change(&service)
        return service
    }

    /// What is the same in every IPv4 table, behind the services' own chains.
    private func commonChains(services: [String] = []) -> String {
        """
        \tchain services {
        \t\tip daddr @cluster-ips ip saddr != @cluster-pods jump mark-for-masquerade comment "not from a pod: the answer has to come back this way"
        \(services.map { "\t\t\($0)\n" }.joined())\t}
        \tchain mark-for-masquerade {
        \t\tmeta mark set meta mark | 0x00004000
        \t}

        """
    }

    @Test("a service with two endpoints: the whole table")
    func whole() {
        #expect(
            tables([web()]) == [
                """
                table ip kube-proxy {
                \tset cluster-pods {
                \t\ttype ipv4_addr
                \t\tflags interval
                \t\telements = { 192.168.0.0/16 }
                \t}
                \tset cluster-ips {
                \t\ttype ipv4_addr
                \t\telements = { 10.96.1.2 }
                \t}
                \tset hairpin-connections {
                \t\ttype ipv4_addr . inet_proto . inet_service . ipv4_addr
                \t\telements = { 192.168.1.1 . tcp . 8080 . 192.168.1.1 }
                \t}
                \tmap service-ips {
                \t\ttype ipv4_addr . inet_proto . inet_service : verdict
                \t\telements = { 10.96.1.2 . tcp . 80 : goto service-default/web/tcp/80 }
                \t}
                \tchain service-default/web/tcp/80 {
                \t\tnumgen random mod 2 vmap { 0 : goto endpoint-default/web/tcp/80__192.168.1.1/8080, 1 : goto endpoint-default/web/tcp/80__192.168.2.1/8080 }
                \t}
                \tchain endpoint-default/web/tcp/80__192.168.1.1/8080 {
                \t\tmeta l4proto tcp dnat to 192.168.1.1:8080
                \t}
                \tchain endpoint-default/web/tcp/80__192.168.2.1/8080 {
                \t\tmeta l4proto tcp dnat to 192.168.2.1:8080
                \t}
                \(commonChains(services: ["ip daddr . meta l4proto . th dport vmap @service-ips"]))\tchain masquerading {
                \t\tmeta mark & 0x00004000 == 0x00004000 meta mark set meta mark & 0xffffbfff masquerade fully-random comment "marked on the way in"
                \t\tip daddr . meta l4proto . th dport . ip saddr @hairpin-connections masquerade fully-random comment "a pod that reaches itself through a service"
                \t}
                \tchain nat-prerouting {
                \t\ttype nat hook prerouting priority dstnat; policy accept;
                \t\tjump services
                \t}
                \tchain nat-output {
                \t\ttype nat hook output priority -100; policy accept;
                \t\tjump services
                \t}
                \tchain nat-postrouting {
                \t\ttype nat hook postrouting priority srcnat; policy accept;
                \t\tjump masquerading
                \t}
                \tchain reject-chain {
                \t\treject
                \t}
                \tchain cluster-ips-check {
                \t\tip daddr @cluster-ips goto reject-chain comment "a service without such a port or ready endpoints"
                \t\tip daddr 10.96.0.0/16 drop comment "no service has this address"
                \t}
                \tchain filter-forward {
                \t\ttype filter hook forward priority -110; policy accept;
                \t\tct state new jump cluster-ips-check
                \t}
                \tchain filter-output-post-dnat {
                \t\ttype filter hook output priority -90; policy accept;
                \t\tct state new jump cluster-ips-check
                \t}
                }

                """
            ])
    }

    @Test("a service without ready endpoints: its address is known, and leads nowhere but to the refusal")
    func noEndpoints() {
        let text = tables([
            web {
                $0.endpoints = $0.endpoints.map {
                    var one = $0; one.isReady = false; return one
                }
            }
        ])[0]
        #expect(text.contains("elements = { 10.96.1.2 }"))
        #expect(!text.contains("service-ips") && !text.contains("hairpin") && !text.contains("dnat to"))
        #expect(text.contains(commonChains()))
    }

    @Test("one endpoint takes no choice, and IPv6 addresses stand in brackets")
    func oneEndpoint() {
        let text = tables([
            web {
                $0.families = [.ipv6]
                $0.clusterAddresses = [IPAddress("fd00:96::7")!]
                $0.endpoints = [endpoint("fd00:2::1", on: "n1", 8080)]
            }
        ])
        #expect(text.count == 1)
        #expect(text[0].hasPrefix("table ip6 kube-proxy {"))
        #expect(text[0].contains("\t\tmeta l4proto tcp dnat to [fd00:2::1]:8080\n"))
        #expect(text[0].contains("ip6 daddr fd00:96::/112 drop"))
    }

    @Test("headless services and external names have no rules, and no services no table")
    func none() {
        #expect(tables([]).isEmpty)
        #expect(
            tables([
                web {
                    $0.kind = .headless; $0.clusterAddresses = []
                }
            ]).isEmpty)
        #expect(
            tables([
                web {
                    $0.kind = .externalName("a.b"); $0.families = []; $0.clusterAddresses = []
                }
            ]).isEmpty)
    }

    @Test("a port that no pod has is refused, the other one is not")
    func unresolvedTarget() {
        let text = tables([
            web {
                $0.ports.append(.init(name: "x", transport: .udp, number: 53, target: .name("x")))
                $0.endpoints = [endpoint("192.168.1.1", on: "n1", 8080, nil)]
            }
        ])[0]
        #expect(text.contains("elements = { 10.96.1.2 . tcp . 80 : goto service-default/web/tcp/80 }"))
        #expect(!text.contains("udp"))
    }

    @Test("a NodePort arrives at the node's own addresses and is masqueraded")
    func nodePort() {
        let text = tables([
            web {
                $0.kind = .nodePort; $0.ports[0].nodePort = 30080
            }
        ])[0]
        #expect(text.contains("set nodeport-ips {\n\t\ttype ipv4_addr\n\t\telements = { 10.1.0.1 }"))
        #expect(
            text.contains(
                "map service-nodeports {\n\t\ttype inet_proto . inet_service : verdict\n\t\telements = { tcp . 30080 : goto external-default/web/tcp/80 }"
            ))
        #expect(text.contains("ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports"))
        #expect(
            text.contains(
                "chain external-default/web/tcp/80 {\n\t\tjump mark-for-masquerade\n\t\tgoto service-default/web/tcp/80\n\t}"
            ))
        #expect(!text.contains("filter-input"))
    }

    @Test("a NodePort without endpoints is refused on the way in")
    func refusedNodePort() {
        let text = tables([
            web {
                $0.ports[0].nodePort = 30080; $0.endpoints = []
            }
        ])[0]
        #expect(text.contains("elements = { tcp . 30080 : goto reject-chain }"))
        #expect(
            text.contains(
                "type filter hook input priority -110; policy accept;\n\t\tct state new jump nodeport-endpoints-check"))
        #expect(!text.contains("service-nodeports"))
    }

    @Test("external addresses are translated like the service's own, and refused without endpoints")
    func externalAddresses() {
        let address = IPAddress("203.0.113.7")!
        let text = tables([web { $0.externalAddresses = [address, IPAddress("2001:db8::7")!] }])[0]
        #expect(text.contains("203.0.113.7 . tcp . 80 : goto external-default/web/tcp/80 }"))
        #expect(!text.contains("2001:db8"))
        let refused = tables([
            web {
                $0.externalAddresses = [address]; $0.endpoints = []
            }
        ])[0]
        #expect(refused.contains("elements = { 203.0.113.7 . tcp . 80 : goto reject-chain }"))
        #expect(refused.contains("ip daddr . meta l4proto . th dport vmap @no-endpoint-services"))
    }

    @Test("session affinity: a set of clients an endpoint, with the timeout")
    func affinity() {
        let text = tables([web { $0.sessionAffinity = 60 }])[0]
        let id = "default/web/tcp/80__192.168.1.1/8080"
        #expect(
            text.contains(
                "\tset affinity-\(id) {\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout 60s\n\t}"
            ))
        #expect(text.contains("\t\tip saddr @affinity-\(id) goto endpoint-\(id)\n"))
        #expect(
            text.contains(
                "numgen random mod 2 vmap { 0 : goto endpoint-\(id), 1 : goto endpoint-default/web/tcp/80__192.168.2.1/8080 }"
            ))
        #expect(
            text.contains(
                "\tchain endpoint-\(id) {\n\t\tupdate @affinity-\(id) { ip saddr }\n\t\tmeta l4proto tcp dnat to 192.168.1.1:8080\n\t}"
            ))
    }

    @Test("internalTrafficPolicy Local: each node has its own endpoints, and drops where it has none")
    func internallyLocal() {
        let service = web { $0.isInternallyLocal = true }
        let first = tables([service])[0]
        #expect(first.contains("10.96.1.2 . tcp . 80 : goto local-default/web/tcp/80"))
        #expect(
            first.contains(
                "chain local-default/web/tcp/80 {\n\t\tnumgen random mod 1 vmap { 0 : goto endpoint-default/web/tcp/80__192.168.1.1/8080 }\n\t}"
            ))
        #expect(tables([service], on: "n3")[0].contains("10.96.1.2 . tcp . 80 : drop"))
    }

    @Test(
        "externalTrafficPolicy Local: from outside to own endpoints with the client's address; pods and nodes are inside"
    )
    func externallyLocal() {
        let service = web {
            $0.ports[0].nodePort = 30080; $0.isExternallyLocal = true
        }
        let first = tables([service])[0]
        #expect(
            first.contains(
                """
                \tchain external-default/web/tcp/80 {
                \t\tip saddr @cluster-pods goto service-default/web/tcp/80 comment "a pod is not outside"
                \t\tfib saddr type local jump mark-for-masquerade
                \t\tfib saddr type local goto service-default/web/tcp/80 comment "nor is the node itself"
                \t\tgoto local-default/web/tcp/80
                \t}
                """))
        #expect(
            tables([service], on: "n3")[0].contains(
                "drop comment \"externalTrafficPolicy: Local, and no endpoint is here\""))
    }
}
