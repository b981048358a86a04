import Addresses
import NetworkObjects
import Testing

@testable import KubeProxy

/// A node's IPv4 table beside the one that kube-proxy's own test expects for the same services (Kubernetes 1.34,
/// pkg/proxy/nftables/proxier_test.go, TestOverallNFTablesRules), chain by chain, in the words in which nft lists rules.
@Suite("kube-proxy's rules, one by one")
struct OverallRulesTests {
    private static func address(_ text: String) -> IPAddress { IPAddress(text)! }

    private static func port(
        _ number: Int, _ clusterAddress: String, _ endpoints: [ProxiedEndpoint],
        _ change: (inout ProxiedPort) -> Void = { _ in }
    ) -> ProxiedPort {
        var port = ProxiedPort(
            namespace: "ns\(number)", service: "svc\(number)", name: "p80", .tcp, 80, at: address(clusterAddress))
        port.answer(by: endpoints)
        change(&port)
        return port
    }

    private static let ports = [
        port(1, "172.30.0.41", [.init(address("10.180.0.1"), 80)]),
        port(2, "172.30.0.42", [.init(address("10.180.0.2"), 80)]) {
            $0.isExternallyLocal = true
            $0.nodePort = 3001
            $0.loadBalancerAddresses = [address("1.2.3.4")]
            $0.externalAddresses = [address("192.168.99.22")]
        },
        port(3, "172.30.0.43", [.init(address("10.180.0.3"), 80)]) { $0.nodePort = 3003 },
        port(
            4, "172.30.0.44",
            [.init(address("10.180.0.5"), 80, node: "test-node"), .init(address("10.180.0.4"), 80)]
        ) { $0.externalAddresses = [address("192.168.99.33")] },
        port(5, "172.30.0.45", [.init(address("10.180.0.3"), 80)]) {
            $0.nodePort = 3002
            $0.loadBalancerAddresses = [address("5.6.7.8")]
            $0.sourceRanges = [Prefix("203.0.113.0/25")!]
            $0.sessionAffinity = 10800
        },
        port(6, "172.30.0.46", []),
    ]

    private static let rules = ProxyRules(
        ports, serviceSubnets: [Prefix("172.30.0.0/16")!], clusterPrefixes: [Prefix("10.0.0.0/8")!])
    private static let table = rules.tables(
        on: ProxiedNode("test-node", addresses: [address("192.168.0.2"), address("2001:db8::1")]))[0]

    /// Chains by name: the hook as `TYPE POINT PRIORITY`, and the rules.
    private static let chains: [String: (hook: String?, rules: [String])] = [
        // With hooks.
        "filter-prerouting-pre-dnat": ("filter prerouting -110", ["ct state new jump firewall-check"]),
        "filter-output-pre-dnat": ("filter output -110", ["ct state new jump firewall-check"]),
        "filter-input": (
            "filter input 0",
            ["ct state new jump nodeport-endpoints-check", "ct state new jump service-endpoints-check"]
        ),
        "filter-forward": (
            "filter forward 0", ["ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check"]
        ),
        "filter-output": (
            "filter output 0", ["ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check"]
        ),
        "nat-prerouting": ("nat prerouting -100", ["jump services"]),
        "nat-output": ("nat output -100", ["jump services"]),
        "nat-postrouting": ("nat postrouting 100", ["jump masquerading"]),
        // For all services.
        "cluster-ips-check": (
            nil,
            [
                #"ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs""#,
                #"ip daddr 172.30.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs""#,
            ]
        ),
        "firewall-check": (nil, ["ip daddr . meta l4proto . th dport vmap @firewall-ips"]),
        "mark-for-masquerade": (nil, ["meta mark set meta mark | 0x00004000"]),
        "masquerading": (
            nil,
            [
                "meta mark & 0x00004000 == 0x00000000 return", "meta mark set meta mark ^ 0x00004000",
                "masquerade fully-random",
            ]
        ),
        "nodeport-endpoints-check": (
            nil, ["ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports"]
        ),
        "reject-chain": (nil, ["reject"]),
        "services": (
            nil,
            [
                "ip daddr . meta l4proto . th dport vmap @service-ips",
                "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
            ]
        ),
        "service-endpoints-check": (nil, ["ip daddr . meta l4proto . th dport vmap @no-endpoint-services"]),
        // svc1: a ClusterIP.
        "service-ULMVA6XW-ns1/svc1/tcp/p80": (
            nil,
            [
                "ip daddr 172.30.0.41 ip saddr != 10.0.0.0/8 jump mark-for-masquerade",
                "numgen random mod 1 vmap { 0 : goto endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80 }",
            ]
        ),
        "endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80": (
            nil, ["ip saddr 10.180.0.1 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.180.0.1:80"]
        ),
        // svc2: a load balancer with externalTrafficPolicy Local, and no endpoint of the node's.
        "service-42NFTM6N-ns2/svc2/tcp/p80": (
            nil,
            [
                "ip daddr 172.30.0.42 ip saddr != 10.0.0.0/8 jump mark-for-masquerade",
                "numgen random mod 1 vmap { 0 : goto endpoint-SGOXE6O3-ns2/svc2/tcp/p80__10.180.0.2/80 }",
            ]
        ),
        "external-42NFTM6N-ns2/svc2/tcp/p80": (
            nil,
            [
                #"ip saddr 10.0.0.0/8 goto service-42NFTM6N-ns2/svc2/tcp/p80 comment "short-circuit pod traffic""#,
                #"fib saddr type local jump mark-for-masquerade comment "masquerade local traffic""#,
                #"fib saddr type local goto service-42NFTM6N-ns2/svc2/tcp/p80 comment "short-circuit local traffic""#,
            ]
        ),
        "endpoint-SGOXE6O3-ns2/svc2/tcp/p80__10.180.0.2/80": (
            nil, ["ip saddr 10.180.0.2 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.180.0.2:80"]
        ),
        // svc3: a port of the nodes.
        "service-4AT6LBPK-ns3/svc3/tcp/p80": (
            nil,
            [
                "ip daddr 172.30.0.43 ip saddr != 10.0.0.0/8 jump mark-for-masquerade",
                "numgen random mod 1 vmap { 0 : goto endpoint-UEIP74TE-ns3/svc3/tcp/p80__10.180.0.3/80 }",
            ]
        ),
        "external-4AT6LBPK-ns3/svc3/tcp/p80": (
            nil, ["jump mark-for-masquerade", "goto service-4AT6LBPK-ns3/svc3/tcp/p80"]
        ),
        "endpoint-UEIP74TE-ns3/svc3/tcp/p80__10.180.0.3/80": (
            nil, ["ip saddr 10.180.0.3 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.180.0.3:80"]
        ),
        // svc4: an external address, two endpoints.
        "service-LAUZTJTB-ns4/svc4/tcp/p80": (
            nil,
            [
                "ip daddr 172.30.0.44 ip saddr != 10.0.0.0/8 jump mark-for-masquerade",
                "numgen random mod 2 vmap { 0 : goto endpoint-UNZV3OEC-ns4/svc4/tcp/p80__10.180.0.4/80, "
                    + "1 : goto endpoint-5RFCDDV7-ns4/svc4/tcp/p80__10.180.0.5/80 }",
            ]
        ),
        "external-LAUZTJTB-ns4/svc4/tcp/p80": (
            nil, ["jump mark-for-masquerade", "goto service-LAUZTJTB-ns4/svc4/tcp/p80"]
        ),
        "endpoint-5RFCDDV7-ns4/svc4/tcp/p80__10.180.0.5/80": (
            nil, ["ip saddr 10.180.0.5 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.180.0.5:80"]
        ),
        "endpoint-UNZV3OEC-ns4/svc4/tcp/p80__10.180.0.4/80": (
            nil, ["ip saddr 10.180.0.4 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.180.0.4:80"]
        ),
        // svc5: a load balancer with source ranges and session affinity.
        "service-HVFWP5L3-ns5/svc5/tcp/p80": (
            nil,
            [
                "ip daddr 172.30.0.45 ip saddr != 10.0.0.0/8 jump mark-for-masquerade",
                "ip saddr @affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80 "
                    + "goto endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80",
                "numgen random mod 1 vmap { 0 : goto endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80 }",
            ]
        ),
        "external-HVFWP5L3-ns5/svc5/tcp/p80": (
            nil, ["jump mark-for-masquerade", "goto service-HVFWP5L3-ns5/svc5/tcp/p80"]
        ),
        "endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80": (
            nil,
            [
                "ip saddr 10.180.0.3 jump mark-for-masquerade",
                "update @affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80 { ip saddr }",
                "meta l4proto tcp dnat to 10.180.0.3:80",
            ]
        ),
        "firewall-HVFWP5L3-ns5/svc5/tcp/p80": (nil, ["ip saddr != 203.0.113.0/25 drop"]),
    ]

    /// Sets and maps by name: how they are declared, and what is in them.
    private static let sets: [String: (declaration: [String], elements: Set<String>)] = [
        "cluster-ips": (
            ["type ipv4_addr", "comment \"Active ClusterIPs\""],
            Set((41...46).map { "172.30.0.\($0)" })
        ),
        "nodeport-ips": (
            ["type ipv4_addr", "comment \"IPs that accept NodePort traffic\""], ["192.168.0.2"]
        ),
        "firewall-ips": (
            [
                "type ipv4_addr . inet_proto . inet_service : verdict",
                "comment \"destinations that are subject to LoadBalancerSourceRanges\"",
            ], ["5.6.7.8 . tcp . 80 : goto firewall-HVFWP5L3-ns5/svc5/tcp/p80"]
        ),
        "no-endpoint-nodeports": (
            [
                "type inet_proto . inet_service : verdict",
                "comment \"vmap to drop or reject packets to service nodeports with no endpoints\"",
            ], ["tcp . 3001 comment \"ns2/svc2:p80\" : drop"]
        ),
        "no-endpoint-services": (
            [
                "type ipv4_addr . inet_proto . inet_service : verdict",
                "comment \"vmap to drop or reject packets to services with no endpoints\"",
            ],
            [
                "1.2.3.4 . tcp . 80 comment \"ns2/svc2:p80\" : drop",
                "192.168.99.22 . tcp . 80 comment \"ns2/svc2:p80\" : drop",
                "172.30.0.46 . tcp . 80 comment \"ns6/svc6:p80\" : goto reject-chain",
            ]
        ),
        "service-ips": (
            [
                "type ipv4_addr . inet_proto . inet_service : verdict",
                "comment \"ClusterIP, ExternalIP and LoadBalancer IP traffic\"",
            ],
            [
                "172.30.0.41 . tcp . 80 : goto service-ULMVA6XW-ns1/svc1/tcp/p80",
                "172.30.0.42 . tcp . 80 : goto service-42NFTM6N-ns2/svc2/tcp/p80",
                "192.168.99.22 . tcp . 80 : goto external-42NFTM6N-ns2/svc2/tcp/p80",
                "1.2.3.4 . tcp . 80 : goto external-42NFTM6N-ns2/svc2/tcp/p80",
                "172.30.0.43 . tcp . 80 : goto service-4AT6LBPK-ns3/svc3/tcp/p80",
                "172.30.0.44 . tcp . 80 : goto service-LAUZTJTB-ns4/svc4/tcp/p80",
                "192.168.99.33 . tcp . 80 : goto external-LAUZTJTB-ns4/svc4/tcp/p80",
                "172.30.0.45 . tcp . 80 : goto service-HVFWP5L3-ns5/svc5/tcp/p80",
                "5.6.7.8 . tcp . 80 : goto external-HVFWP5L3-ns5/svc5/tcp/p80",
            ]
        ),
        "service-nodeports": (
            ["type inet_proto . inet_service : verdict", "comment \"NodePort traffic\""],
            [
                "tcp . 3001 : goto external-42NFTM6N-ns2/svc2/tcp/p80",
                "tcp . 3002 : goto external-HVFWP5L3-ns5/svc5/tcp/p80",
                "tcp . 3003 : goto external-4AT6LBPK-ns3/svc3/tcp/p80",
            ]
        ),
        "affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80": (
            // The size is what nft takes for a dynamic set where none is said.
            ["type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 10800s"], []
        ),
    ]

    @Test("there are these chains and no others, each with its hook, its comment and its rules in order")
    func everyChain() {
        #expect(Set(Self.table.chains.map(\.name)) == Set(Self.chains.keys))
        #expect(Self.table.chains.count == Self.chains.count)
        for chain in Self.table.chains {
            let expected = Self.chains[chain.name]
            #expect(chain.rules.map(\.description) == expected?.rules, "\(chain.name)")
            let hook = chain.hook.map { "\($0.type) \($0.point) \($0.priority)" }
            #expect(hook == expected?.hook && chain.hook?.policy ?? "accept" == "accept", "\(chain.name)")
        }
        #expect(Self.table.comment == "rules for kube-proxy")
        let comments = Self.table.chains.compactMap { chain in chain.comment.map { "\(chain.name): \($0)" } }
        #expect(comments == ["reject-chain: helper for @no-endpoint-services / @no-endpoint-nodeports"])
    }

    @Test("there are these sets and maps and no others, empty or not")
    func everySet() {
        #expect(Set(Self.table.sets.map(\.name)) == Set(Self.sets.keys))
        for set in Self.table.sets {
            let expected = Self.sets[set.name]
            var bare = RuleTable(.ip, "t")
            bare.sets = [set]
            bare.sets[0].elements = []
            let lines = bare.declaration.split(separator: "\n").dropFirst(2).dropLast(2).map { $0.drop { $0 == "\t" } }
            #expect(lines.map(String.init) == expected?.declaration, "\(set.name)")
            #expect(Set(set.elements.map(\.description)) == expected?.elements, "\(set.name)")
            #expect(set.elements.count == expected?.elements.count, "\(set.name)")
        }
    }

    @Test("the other family has the same frame without services")
    func otherFamily() {
        let node = ProxiedNode("test-node", addresses: [Self.address("192.168.0.2"), Self.address("2001:db8::1")])
        let table = Self.rules.tables(on: node)[1]
        #expect(table.id == .init(family: .ip6, name: "kube-proxy") && table.comment == "rules for kube-proxy")
        let frame = Self.chains.keys.filter { !$0.contains("/") }
        #expect(Set(table.chains.map(\.name)) == Set(frame))
        #expect(Set(table.sets.map(\.name)) == Set(Self.sets.keys.filter { !$0.contains("/") }))
        #expect(table.sets.flatMap(\.elements).map(\.description) == ["2001:db8::1"])
        // No range of services in this family, so that no address in it is known not to be one.
        #expect(table.chains.first { $0.name == "cluster-ips-check" }?.rules.count == 1)
        #expect(
            table.chains.first { $0.name == "services" }?.rules.first?.description
                == "ip6 daddr . meta l4proto . th dport vmap @service-ips")
    }

    @Test("a node without an address in a family takes any of its own for its ports, but for the loopback's")
    func noAddress() {
        let table = Self.rules.tables(on: ProxiedNode("test-node", addresses: [Self.address("192.168.0.2")]))[1]
        #expect(!table.sets.contains { $0.name == "nodeport-ips" })
        func rules(_ name: String) -> [String] {
            table.chains.first { $0.name == name }?.rules.map(\.description) ?? []
        }
        #expect(
            rules("services").last
                == "fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @service-nodeports")
        #expect(
            rules("nodeport-endpoints-check") == [
                "ip6 daddr != ::1 meta l4proto . th dport vmap @no-endpoint-nodeports"
            ])
        let other = Self.rules.tables(on: ProxiedNode("test-node", addresses: []))[0]
        #expect(
            other.chains.first { $0.name == "services" }?.rules.last?.description
                == "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports")
    }
}
