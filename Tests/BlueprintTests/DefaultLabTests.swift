import Addresses
import Blueprint
import NetworkObjects
import Testing

/// The built-in lab, object by object.
@Suite("The dual-stack lab")
struct DefaultLabTests {
    let blueprint: Blueprint

    init() throws { blueprint = try Blueprint(topology: Labs.dualStack) }

    /// The worker's pod and its end at the worker.
    private static let pod = "multitool-kj598"
    private static let hostInterface: InterfaceName = "cali7476f26c3f9"

    private func prefix(_ text: String) -> Prefix { Prefix(text)! }
    private func ip(_ text: String) -> IPAddress { IPAddress(text)! }
    private func on(_ device: InterfaceName, _ address: String) -> DeviceAddress {
        DeviceAddress(device, InterfaceAddress(address)!)
    }

    @Test("namespaces come routers first, then nodes, then pods")
    func namespaces() {
        #expect(blueprint.lab == "dual-stack")
        #expect(
            blueprint.namespaces.map(\.name) == [
                "ceos01", "dual-stack-control-plane", "dual-stack-worker", "dual-stack-worker2", "multitool-828np",
                Self.pod,
                "multitool-v6wkv",
            ])
        #expect(blueprint.namespaces.map(\.kind) == [.router, .node, .node, .node, .pod, .pod, .pod])
        #expect(blueprint.namespaces.map(\.hostname).prefix(2) == ["ceos-dualstack", "dual-stack-control-plane"])
        #expect(blueprint.namespaces[5].node == "dual-stack-worker")
        #expect(blueprint.namespaces[5].hostname == Self.pod)
        #expect(blueprint.namespaces[2].addresses == [ip("10.10.10.11"), ip("fd00:10:10::11")])
        #expect(blueprint.namespaces[5].addresses == [ip("192.168.77.1"), ip("fd00:10:244:1b38:1133:7e2c:be1e:4d01")])
    }

    @Test("the note says that IPv4 is routed natively")
    func notes() {
        #expect(blueprint.notes.count == 1)
        #expect(blueprint.notes.first?.contains("VXLANCrossSubnet and all nodes share 10.10.10.0/24") == true)
    }

    @Test("the router is a VLAN-aware bridge with an SVI")
    func router() throws {
        let content = try blueprint.content("ceos01")
        func port(_ name: InterfaceName, _ node: String) -> Link {
            Link(name, .veth(peer: VethPeer(namespace: node, name: "eth1")), mtu: 1500, master: "br0")
        }
        #expect(
            content.links.map(\.withoutChosenAddress) == [
                Link("lo", .loopback),
                // 02, and what `printf 'ceos01 br0' | sha1sum` begins with.
                Link(
                    "br0", .bridge(Bridge(vlanFiltering: true, defaultPVID: 0)),
                    mac: MACAddress("02:52:4c:9c:41:aa")),
                port("eth1", "dual-stack-control-plane"), port("eth2", "dual-stack-worker"),
                port("eth3", "dual-stack-worker2"), Link("vlan10", .vlan(VLAN(parent: "br0", id: 10)), mtu: 1500),
            ])
        #expect(
            content.bridgeVLANs == [
                BridgeVLAN("eth1", id: 10, isPVID: true, isUntagged: true),
                BridgeVLAN("eth2", id: 10, isPVID: true, isUntagged: true),
                BridgeVLAN("eth3", id: 10, isPVID: true, isUntagged: true), BridgeVLAN("br0", id: 10, isSelf: true),
            ])
        #expect(
            content.addresses == [
                on("vlan10", "10.10.10.1/24"), on("vlan10", "fd00:10:10::1/64"), on("lo", "1.1.1.1/32"),
                on("lo", "2001:db8::1/128"),
            ])
        #expect(
            content.routes == [
                Route(prefix("192.168.0.0/16"), via: ip("10.10.10.10"), device: "vlan10"),
                Route(prefix("fd00:10:244::/48"), via: ip("fd00:10:10::10"), device: "vlan10", metric: 1024),
            ])
        #expect(content.neighbours.isEmpty && content.forwarding.isEmpty && content.tables.isEmpty)
    }

    @Test("without VLAN filtering VLAN 10 is a plain bridge that carries the SVI's addresses")
    func plainRouter() throws {
        for features in [
            KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks]),
            KernelFeatures.complete.subtracting([.vlanFiltering]),
            KernelFeatures.complete.subtracting([.vlanLinks]),
        ] {
            let plain = try Blueprint(topology: Labs.dualStack, features: features)
            let content = try plain.content("ceos01")
            #expect(content.links.map(\.name) == ["lo", "vlan10", "eth1", "eth2", "eth3"])
            #expect(content.links[1] == Link("vlan10", .bridge(Bridge()), mac: MACAddress("02:c3:7e:20:0f:76")))
            #expect(content.links[2...].allSatisfy { $0.master == "vlan10" })
            #expect(content.bridgeVLANs.isEmpty)
            let aware = try blueprint.content("ceos01")
            #expect(content.addresses == aware.addresses && content.routes == aware.routes)
            #expect(plain.namespaces[1...] == blueprint.namespaces[1...])
            #expect(plain.notes.last?.contains("VLAN 10 is the plain bridge vlan10") == true)
        }
    }

    @Test("a node's links, lower ones first")
    func nodeLinks() throws {
        let content = try blueprint.content("dual-stack-worker")
        #expect(
            content.links.map(\.withoutChosenAddress) == [
                Link("lo", .loopback),
                Link("eth1", .veth(peer: VethPeer(namespace: "ceos01", name: "eth2")), mtu: 1500),
                Link(
                    "vxlan.calico", .vxlan(VXLAN(vni: 4096, port: 4789, local: ip("10.10.10.11"), device: "eth1")),
                    mac: MACAddress("66:9f:32:6d:7b:c8"), mtu: 1450),
                Link(
                    "vxlan-v6.calico",
                    .vxlan(VXLAN(vni: 4096, port: 4789, local: ip("fd00:10:10::11"), device: "eth1")),
                    mac: MACAddress("66:ee:a7:ef:78:65"), mtu: 1430),
                Link(
                    Self.hostInterface, .veth(peer: VethPeer(namespace: Self.pod, name: "eth0")),
                    mac: MACAddress("ee:ee:ee:ee:ee:ee"), mtu: 1430),
            ])
        #expect(
            content.addresses == [
                on("eth1", "10.10.10.11/24"), on("eth1", "fd00:10:10::11/64"), on("vxlan.calico", "192.168.77.0/32"),
                on("vxlan-v6.calico", "fd00:10:244:1b38:1133:7e2c:be1e:4d00/128"),
            ])
        #expect(content.addresses.allSatisfy { $0.noDAD == ($0.address.family == .ipv6) })
    }

    @Test("a node's routes, those that others need first")
    func nodeRoutes() throws {
        func native(_ block: String, _ node: String) -> Route {
            Route(prefix(block), via: ip(node), device: "eth1", origin: .calico, onlink: true)
        }
        func tunnelled(_ tunnel: String) -> [Route] {
            [
                Route(prefix(tunnel + "/128"), device: "vxlan-v6.calico", metric: 1024),
                Route(prefix(tunnel + "/122"), via: ip(tunnel), device: "vxlan-v6.calico", metric: 1024, onlink: true),
            ]
        }
        let first = [
            Route(prefix("1.1.1.1/32"), via: ip("10.10.10.1"), device: "eth1"),
            Route(prefix("2001:db8::/32"), via: ip("fd00:10:10::1"), device: "eth1", metric: 1024),
            // What proxy ARP needs to answer for the pods' next hop.
            Route(prefix("169.254.1.1/32"), device: "lo", scope: .link), native("192.168.207.192/26", "10.10.10.10"),
        ]
        let then = [native("192.168.183.64/26", "10.10.10.12")]
        let own = [
            Route(prefix("192.168.77.0/26"), .blackhole, origin: .calico),
            Route(prefix("fd00:10:244:1b38:1133:7e2c:be1e:4d00/122"), .blackhole, metric: 1024, origin: .calico),
            Route(prefix("192.168.77.1/32"), device: Self.hostInterface, scope: .link),
            Route(prefix("fd00:10:244:1b38:1133:7e2c:be1e:4d01/128"), device: Self.hostInterface, metric: 1024),
        ]
        let expected =
            first + tunnelled("fd00:10:244:c5ed:ff89:5a77:afb2:cfc0") + then
            + tunnelled("fd00:10:244:b742:2d01:58:8f51:b000") + own
        #expect(try blueprint.content("dual-stack-worker").routes == expected)
    }

    @Test("neighbours and forwarding entries of the control plane, as a real lab printed them for IPv6")
    func tunnelEnds() throws {
        let content = try blueprint.content("dual-stack-control-plane")
        let (v4, v6): (InterfaceName, InterfaceName) = ("vxlan.calico", "vxlan-v6.calico")
        #expect(
            content.neighbours == [
                Neighbour(v4, ip("192.168.77.0"), mac: MACAddress("66:9f:32:6d:7b:c8")),
                Neighbour(v6, ip("fd00:10:244:1b38:1133:7e2c:be1e:4d00"), mac: MACAddress("66:ee:a7:ef:78:65")),
                Neighbour(v4, ip("192.168.183.64"), mac: MACAddress("66:a7:cb:3a:13:53")),
                Neighbour(v6, ip("fd00:10:244:b742:2d01:58:8f51:b000"), mac: MACAddress("66:52:6a:03:c1:3b")),
            ])
        #expect(
            content.forwarding == [
                ForwardingEntry(v4, MACAddress("66:9f:32:6d:7b:c8")!, destination: ip("10.10.10.11")),
                ForwardingEntry(v6, MACAddress("66:ee:a7:ef:78:65")!, destination: ip("fd00:10:10::11")),
                ForwardingEntry(v4, MACAddress("66:a7:cb:3a:13:53")!, destination: ip("10.10.10.12")),
                ForwardingEntry(v6, MACAddress("66:52:6a:03:c1:3b")!, destination: ip("fd00:10:10::12")),
            ])
    }

    @Test("a pod's namespace, whole")
    func pod() throws {
        let pod = try blueprint.namespace(Self.pod)
        #expect(
            pod.content.links.map(\.withoutChosenAddress) == [
                Link("lo", .loopback),
                Link(
                    "eth0", .veth(peer: VethPeer(namespace: "dual-stack-worker", name: Self.hostInterface)), mtu: 1430),
            ])
        #expect(
            pod.content.addresses == [
                on("eth0", "192.168.77.1/32"), on("eth0", "fd00:10:244:1b38:1133:7e2c:be1e:4d01/128"),
            ])
        #expect(
            pod.content.routes == [
                Route(prefix("169.254.1.1/32"), device: "eth0", scope: .link),
                Route(prefix("0.0.0.0/0"), via: ip("169.254.1.1"), device: "eth0"),
                Route(prefix("::/0"), via: ip("fe80::ecee:eeff:feee:eeee"), device: "eth0", metric: 1024),
            ])
        #expect(pod.content.neighbours.isEmpty && pod.content.forwarding.isEmpty && pod.content.tables.isEmpty)
        #expect(
            pod.resolver?.text == """
                search default.svc.cluster.local svc.cluster.local cluster.local
                nameserver 10.96.0.10
                options ndots:5

                """)
    }

    @Test("both ends of every cable name each other")
    func cables() throws {
        for namespace in blueprint.namespaces {
            for link in namespace.content.links {
                guard case .veth(let peer) = link.kind else { continue }
                let there = try #require(peer)
                let other = try blueprint.content(there.namespace).links.first { $0.name == there.name }
                #expect(other?.kind == .veth(peer: VethPeer(namespace: namespace.name, name: link.name)))
                #expect(other?.mtu == link.mtu)
            }
        }
    }

    @Test("settings of the namespace stand before those of its links, the forwarding switches first")
    func settings() throws {
        let settings = try blueprint.content("dual-stack-worker").sysctls
        #expect(settings.prefix(2) == [Sysctl("ipv4/ip_forward", "1"), Sysctl("ipv6/conf/all/forwarding", "1")])
        for wanted in [
            Sysctl("ipv4/conf/all/rp_filter", "0"), Sysctl("ipv4/conf/default/rp_filter", "0"),
            Sysctl("ipv6/conf/all/disable_ipv6", "0"), Sysctl("ipv6/conf/default/disable_ipv6", "0"),
            Sysctl("ipv6/conf/default/accept_dad", "0"),
        ] {
            #expect(settings.contains(wanted))
        }
        let split = try #require(settings.firstIndex { $0.link != nil })
        #expect(settings[split...].allSatisfy { $0.link == Self.hostInterface })
        let (v4, v6) = ("ipv4/conf/\(Self.hostInterface)/", "ipv6/conf/\(Self.hostInterface)/")
        #expect(
            Set(settings[split...]) == [
                Sysctl(v4 + "route_localnet", "1"), Sysctl(v4 + "proxy_arp", "1"), Sysctl(v4 + "forwarding", "1"),
                Sysctl("ipv4/neigh/\(Self.hostInterface)/proxy_delay", "0"), Sysctl(v6 + "accept_dad", "0"),
                Sysctl(v6 + "disable_ipv6", "0"), Sysctl(v6 + "proxy_ndp", "1"), Sysctl(v6 + "forwarding", "1"),
                Sysctl(v6 + "accept_ra", "0"),
            ])
        #expect(try blueprint.content(Self.pod).sysctls.allSatisfy { $0.link == nil && $0.value == "0" })
    }

    @Test("every node masquerades in both families, the router and the pods do not")
    func tables() throws {
        for namespace in blueprint.namespaces {
            #expect(namespace.content.tables.map(\.family) == (namespace.kind == .node ? [.ip, .ip6] : []))
            #expect(namespace.content.tables.allSatisfy { $0.name == "calico" })
        }
    }

    @Test("two blueprints of one topology are equal")
    func determinism() throws {
        #expect(try Blueprint(topology: Labs.dualStack) == blueprint)
    }
}
