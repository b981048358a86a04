import Addresses
import NetworkObjects
import Testing
import Topology

@testable import Blueprint

@Suite("kube-proxy's tables of a topology's nodes")
struct ServiceProxyTests {
    /// The built-in lab with this service beside its own, its nodes in two zones.
    private func lab(_ service: Service, _ change: (inout Topology) -> Void = { _ in }) -> Topology {
        var topology = Labs.builtIn
        for (index, zone) in ["a", "a", "b"].enumerated() {
            topology.nodes[index].labels["topology.kubernetes.io/zone"] = zone
        }
        topology.services.append(service)
        change(&topology)
        return topology
    }

    private func service(_ change: (inout Service) -> Void = { _ in }) -> Service {
        var service = Service(
            name: "extra", selector: ["app": "multitool"], ports: [.init(name: "http", port: 80, target: .number(8080))]
        )
        change(&service)
        return service
    }

    private func found(_ topology: Topology, keeping kept: Allocations = .empty) throws -> ClusterService {
        try #require(
            try Blueprint(topology: topology, keeping: kept).services.first { $0.name == "extra" })
    }

    private func tables(_ topology: Topology, of node: String = "dual-stack-worker") throws -> [RuleTable] {
        let blueprint = try Blueprint(topology: topology)
        let namespace = try #require(blueprint.namespaces.first { $0.name == node })
        return namespace.content.tables.filter { $0.name == "kube-proxy" }
    }

    /// The targets of the first chain whose name has this in it, as addresses.
    private func targets(_ prefix: String, _ table: RuleTable) -> Set<String> {
        let chains = table.chains.filter { $0.name.hasPrefix(prefix) && $0.name.contains("default/extra/") }
        let text = chains.flatMap(\.rules).map(\.description).joined(separator: " ")
        return Set(
            text.split(separator: " ").filter { $0.hasPrefix("endpoint-") }.compactMap {
                $0.split(separator: "_").last?.split(separator: "/").first.map(String.init)
            })
    }

    @Test("both families have a table on every node where there are services; none without, or without kube-proxy")
    func whichTables() throws {
        #expect(try tables(lab(service())).map(\.family) == [.ip, .ip6])
        var single = Labs.builtIn
        single.services = [Service(name: "web", selector: ["app": "multitool"], ports: [.init(port: 80)])]
        #expect(try tables(single).map(\.family) == [.ip, .ip6])
        #expect(try tables(Labs.dualStack).isEmpty)
        #expect(try tables(lab(service()) { $0.cluster.kubeProxyMode = .none }).isEmpty)
        #expect(try !Blueprint(topology: lab(service()) { $0.cluster.kubeProxyMode = .none }).hasServiceProxy)
    }

    @Test("what is not from the pods' range that kube-proxy knows is masqueraded")
    func clusterPrefixes() throws {
        func rule(_ topology: Topology) throws -> String? {
            try tables(topology)[0].chains.first { $0.name.hasPrefix("service-") && $0.name.contains("/extra/") }?
                .rules.first?.description
        }
        #expect(try rule(lab(service()))?.contains("ip saddr != 192.168.0.0/16 jump mark-for-masquerade") == true)
        let other = lab(service()) { $0.cluster.podSubnets = [Prefix("10.244.0.0/16")!] }
        #expect(try rule(other)?.contains("ip saddr != 10.244.0.0/16 jump") == true)
    }

    @Test("endpoints by hand are a service's as they are written, whose pod it is told, and they do not follow it")
    func byHand() throws {
        let address = try #require(try found(lab(service())).endpoints.first { $0.address.family == .ipv4 }?.address)
        var byHand = service { $0.selector = [:] }
        byHand.endpointSlices = [
            EndpointSlice(
                .ipv4, ports: [.init(name: "http", 8080), .init(name: "other", 9)],
                endpoints: [
                    .init(address, node: "dual-stack-worker"), .init(IPAddress("203.0.113.7")!, hostname: "far"),
                    .init(IPAddress("203.0.113.8")!, isReady: false, isTerminating: true),
                ]),
            EndpointSlice(.ipv4, ports: [.init(name: "other", 9)], endpoints: [.init(IPAddress("203.0.113.9")!)]),
            // A family that the service does not have.
            EndpointSlice(.ipv6, ports: [.init(name: "http", 8080)], endpoints: [.init(IPAddress("fd00::9")!)]),
        ]
        let service = try found(lab(byHand))
        #expect(service.endpoints.map(\.ports) == [[8080], [8080], [8080], [nil]])
        #expect(service.endpoints.map { $0.pod != nil } == [true, false, false, false])
        #expect(service.endpoints[1].hostname == "far" && service.endpoints[1].node.isEmpty)
        let pod = try #require(service.endpoints[0].pod)
        #expect(service.stopping([pod]) == service)
        #expect(try targets("service-", tables(lab(byHand))[0]) == ["\(address)", "203.0.113.7"])
    }

    @Test("an endpoint that is about to end answers where none is ready")
    func draining() throws {
        let ending = service {
            $0.selector = [:]
            $0.endpointSlices = [
                EndpointSlice(
                    .ipv4, ports: [.init(name: "http", 8080)],
                    endpoints: [
                        .init(IPAddress("203.0.113.8")!, isReady: false, isTerminating: true),
                        .init(IPAddress("203.0.113.9")!, isReady: false, isServing: false, isTerminating: true),
                    ])
            ]
        }
        #expect(try targets("service-", tables(lab(ending))[0]) == ["203.0.113.8"])
        let cluster = try found(lab(ending))
        let backends = cluster.backends(
            ofPort: 0, at: cluster.clusterAddresses[0], from: .init("dual-stack-worker", addresses: []))
        #expect(backends.reachable.map { "\($0.address)" } == ["203.0.113.8"] && backends.isAnywhere)
    }

    @Test(
        "trafficDistribution: a node has the endpoints of its zone, or its own",
        arguments: [
            (nil, 3, 3), (.preferClose, 2, 1), (.preferSameZone, 2, 1), (.preferSameNode, 1, 1),
        ] as [(Service.TrafficDistribution?, Int, Int)])
    func distribution(distribution: Service.TrafficDistribution?, worker: Int, other: Int) throws {
        let topology = lab(service { $0.trafficDistribution = distribution })
        #expect(try targets("service-", tables(topology)[0]).count == worker)
        #expect(try targets("service-", tables(topology, of: "dual-stack-worker2")[0]).count == other)
    }

    @Test(
        "a load balancer's service: its addresses, those that it proxies apart; ports of the nodes only if it is to have them"
    )
    func loadBalancer() throws {
        var balanced = service {
            $0.kind = .loadBalancer
            $0.ingress = [.init(IPAddress("203.0.113.7")!), .init(IPAddress("203.0.113.8")!, isProxied: true)]
            $0.sourceRanges = [Prefix("198.51.100.0/24")!]
        }
        var cluster = try found(lab(balanced))
        #expect(cluster.loadBalancerAddresses == [IPAddress("203.0.113.7")!] && cluster.ports[0].nodePort != nil)
        #expect(cluster.healthCheckNodePort == nil)
        let text = try tables(lab(balanced))[0].declaration
        #expect(text.contains("203.0.113.7 . tcp . 80 : goto firewall-") && !text.contains("203.0.113.8"))
        balanced.allocatesNodePorts = false
        balanced.isExternallyLocal = true
        cluster = try found(lab(balanced))
        #expect(cluster.ports[0].nodePort == nil)
        let port = try #require(cluster.healthCheckNodePort)
        #expect((30000...32767).contains(port))
        // It stays, and a number that is asked for is given.
        var kept = Allocations.empty
        kept.services["default/extra"] = .init(clusterIPs: [], nodePorts: ["health-check": 30500], loadBalancerIPs: nil)
        #expect(try found(lab(balanced), keeping: kept).healthCheckNodePort == 30500)
        balanced.healthCheckNodePort = 30007
        balanced.ports[0].nodePort = 30008
        cluster = try found(lab(balanced), keeping: kept)
        #expect(cluster.healthCheckNodePort == 30007 && cluster.ports[0].nodePort == 30008)
    }

    @Test(
        "Calico gives a load balancer's service addresses of its pools for that: those asked for, its own, or the next")
    func loadBalancerPools() throws {
        let pools = [
            Pool(name: "lbs", prefix: Prefix("192.0.2.0/28")!, blockSize: 28, allowedUses: [.loadBalancer]),
            Pool(
                name: "manual", prefix: Prefix("192.0.2.128/28")!, blockSize: 28, allowedUses: [.loadBalancer],
                assignsAutomatically: false),
        ]
        func addresses(
            keeping kept: Allocations = .empty, _ change: @escaping (inout Service) -> Void
        ) throws -> [String] {
            let topology = lab(
                service {
                    $0.kind = .loadBalancer; change(&$0)
                }
            ) { $0.cluster.pools += pools }
            return try found(topology, keeping: kept).ingress.map { "\($0.address)" }
        }
        #expect(try addresses { _ in } == ["192.0.2.0"])
        #expect(try addresses { $0.loadBalancerAddresses = [IPAddress("192.0.2.5")!] } == ["192.0.2.5"])
        #expect(try addresses { $0.loadBalancerPools = ["manual"] } == ["192.0.2.128"])
        #expect(try addresses { $0.loadBalancerClass = "example.org/other" } == [])
        #expect(try addresses { $0.loadBalancerClass = "calico" } == ["192.0.2.0"])
        // Where somebody has written what the load balancer has, it has that.
        #expect(try addresses { $0.ingress = [.init(IPAddress("203.0.113.7")!)] } == ["203.0.113.7"])
        var kept = Allocations.empty
        kept.services["default/extra"] = .init(
            clusterIPs: [], nodePorts: [:], loadBalancerIPs: [IPAddress("192.0.2.9")!])
        #expect(try addresses(keeping: kept) { _ in } == ["192.0.2.9"])
        #expect(try addresses { $0.loadBalancerAddresses = [IPAddress("192.0.3.5")!] } == [])
        let full = (0..<17).map { number in
            service {
                $0.name = "extra\(number)"
                $0.kind = .loadBalancer
            }
        }
        let crowded = lab(service()) {
            $0.cluster.pools += pools
            $0.services += full
        }
        #expect(throws: BlueprintError.self) { try Blueprint(topology: crowded) }
        var folder = crowded
        folder.allowsPendingPods = true
        #expect(try Blueprint(topology: folder).services.count { $0.kind == .loadBalancer && $0.ingress.isEmpty } == 1)
        // The pool is nobody's but theirs.
        let blueprint = try Blueprint(topology: lab(service { $0.kind = .loadBalancer }) { $0.cluster.pools += pools })
        #expect(!blueprint.notes.contains { $0.contains("lbs") })
    }

    @Test("UDP flows to a service are stale once what answers is none of its endpoints")
    func staleFlows() throws {
        let udp = service { $0.ports = [.init(name: "dns", transport: .udp, port: 53, target: .number(53))] }
        let cluster = try found(lab(udp))
        let pod = try #require(cluster.endpoints.first { $0.address.family == .ipv4 })
        let address = cluster.clusterAddresses[0]
        func isStale(_ services: [ClusterService], to: IPAddress, _ port: UInt16, by answerer: IPAddress) -> Bool {
            services.datagramEndpoints.isStale(to: (to, port), answeredBy: (answerer, 53))
        }
        #expect(!isStale([cluster], to: address, 53, by: pod.address))
        #expect(isStale([cluster], to: address, 53, by: address))
        #expect(isStale([cluster.stopping([try #require(pod.pod)])], to: address, 53, by: pod.address))
        // Other ports, addresses and services are none of its business.
        #expect(
            !isStale([cluster], to: address, 54, by: address) && !isStale([cluster], to: pod.address, 53, by: address))
        #expect(try Labs.builtIn.services.isEmpty || found(lab(service())).isHeadless == false)
    }
}
