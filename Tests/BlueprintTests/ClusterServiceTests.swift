import Addresses
import Blueprint
import NetworkObjects
import Testing
import Topology

@Suite("Services: addresses, nodes' ports and endpoints")
struct ClusterServiceTests {
    private func services(_ topology: Topology) throws -> [ClusterService] {
        try ClusterService.all(of: topology, Placement(topology))
    }

    /// The built-in lab with these services and nothing else changed.
    private func services(_ services: [Service], workloads: [Workload] = [Labs.multitool]) throws -> [ClusterService] {
        var topology = Labs.dualStack
        topology.workloads = workloads
        topology.services = services
        return try self.services(topology)
    }

    private func ip(_ text: String) -> IPAddress { IPAddress(text)! }

    @Test("the built-in lab's services have a real cluster's fixed addresses, the others ones of the upper band")
    func builtIn() throws {
        let services = try services(Labs.builtIn)
        #expect(
            services.map(\.key) == [
                "default/kubernetes", "default/multitool-dual-stack", "default/multitool-ipv6-only",
                "kube-system/kube-dns",
            ])
        #expect(services[0].clusterAddresses == [ip("10.96.0.1"), ip("fd00:10:96::1")])
        #expect(services[3].clusterAddresses == [ip("10.96.0.10")])
        #expect(services[1].families == [.ipv4, .ipv6])
        #expect(services[2].families == [.ipv6])
        #expect(services[2].clusterAddresses.map(\.family) == [.ipv6])
        for address in services[1...2].flatMap(\.clusterAddresses) {
            // The first 256 places of a range of 65,536 are the lower band.
            #expect(address.value & 0xffff > 256)
        }
        #expect(try self.services(Labs.builtIn) == services)
    }

    @Test("the API server's endpoints are the control plane's addresses, and no pods")
    func apiServer() throws {
        let service = try services(Labs.builtIn)[0]
        #expect(
            service.endpoints
                == ["10.10.10.10", "fd00:10:10::10"].map {
                    .init(address: ip($0), node: "dual-stack-control-plane", isReady: true, ports: [6443])
                })
    }

    @Test("a service's endpoints are the pods with its labels, in its own families")
    func endpoints() throws {
        let services = try services(Labs.builtIn)
        #expect(services[1].endpoints.count == 6)
        #expect(services[2].endpoints.allSatisfy { $0.address.family == .ipv6 && $0.ports == [8080] })
        #expect(
            services[1].endpoints.map(\.node)
                == ["dual-stack-control-plane", "dual-stack-worker", "dual-stack-worker2"].flatMap { [$0, $0] })
        #expect(services[3].endpoints.map(\.ports) == Array(repeating: [53, 53, 9153], count: 2))
        #expect(services[3].endpoints.allSatisfy { $0.pod?.namespace == "kube-system" && $0.hostname == nil })
    }

    @Test("labels select in the service's own namespace alone")
    func namespaces() throws {
        let found = try services([
            Service(name: "a", namespace: "shop", selector: ["app": "multitool"], ports: [.init(port: 80)])
        ])
        #expect(found[0].endpoints.isEmpty)
    }

    @Test("a named target is each pod's own port of that name")
    func namedTargets() throws {
        let old = Workload(name: "old", kind: .pod, labels: ["app": "x"], ports: [.init(name: "http", 8000)])
        let new = Workload(
            name: "new", kind: .pod, labels: ["app": "x"],
            ports: [.init(name: "http", 9000), .init(name: "dns", 53, .udp)])
        let found = try services(
            [
                Service(
                    name: "x", selector: ["app": "x"],
                    ports: [
                        .init(name: "web", port: 80, target: .name("http")),
                        .init(name: "dns", transport: .udp, port: 53, target: .name("dns")),
                    ])
            ], workloads: [old, new])
        #expect(found[0].endpoints.map(\.ports) == [[8000, nil], [9000, 53]])
    }

    @Test("a stopped pod is an endpoint that is not ready, unless the service publishes those too")
    func stopped() throws {
        let all = try services(Labs.builtIn)
        let pod = try #require(all[1].endpoints[0].pod)
        let stopped = all[1].stopping([pod])
        #expect(stopped.endpoints.map(\.isReady) == [false, false, true, true, true, true])
        #expect(stopped.backends(ofPort: 0, .ipv4).count == 2)
        var publishing = stopped
        publishing.publishesNotReadyAddresses = true
        #expect(publishing.backends(ofPort: 0, .ipv4).count == 3)
        #expect(stopped.stopping([]) == all[1])
        let blueprint = try Blueprint(topology: Labs.builtIn, stopped: [pod])
        #expect(blueprint.services[1] == stopped)
    }

    @Test("a pod has a name under a headless service that is its subdomain")
    func hostnames() throws {
        let named = Workload(name: "a", kind: .pod, labels: ["app": "x"], hostname: "alpha", subdomain: "x")
        let bare = Workload(name: "b", kind: .pod, labels: ["app": "x"], subdomain: "x")
        let other = Workload(name: "c", kind: .pod, labels: ["app": "x"], hostname: "gamma", subdomain: "y")
        let set = Workload(name: "db", kind: .statefulSet(replicas: 2), labels: ["app": "x"], subdomain: "x")
        let found = try services(
            [Service(name: "x", kind: .headless, selector: ["app": "x"])], workloads: [named, bare, other, set])
        #expect(found[0].isHeadless && found[0].clusterAddresses.isEmpty)
        #expect(found[0].endpoints.map(\.hostname) == ["alpha", nil, nil, "db-0", "db-1"])
    }

    @Test("addresses that are asked for are given, and to nobody else")
    func explicitAddresses() throws {
        let asked = Service(name: "z", ports: [.init(port: 80)], clusterAddresses: [ip("10.96.0.77")])
        let free = Service(name: "a", ports: [.init(port: 80)])
        let first = try services([free])[0].clusterAddresses[0]
        #expect(try services([free, asked]).map(\.clusterAddresses) == [[first], [ip("10.96.0.77")]])
        // The one that the other's name would have led to: it moves on to the next.
        let rival = Service(name: "z", ports: [.init(port: 80)], clusterAddresses: [first])
        let moved = try services([free, rival])[0].clusterAddresses[0]
        #expect(moved.value == first.value + 1)
        #expect(throws: BlueprintError.self) {
            try services([rival, Service(name: "y", ports: [.init(port: 80)], clusterAddresses: [first])])
        }
    }

    @Test("a range of eight holds six services, and the seventh is told so")
    func exhausted() throws {
        var topology = Labs.dualStack
        topology.cluster.serviceSubnets = [Prefix("10.96.0.0/29")!]
        topology.workloads = []
        topology.services = (1...6).map { Service(name: "s\($0)", ports: [.init(port: 80)]) }
        let all = try services(topology).flatMap(\.clusterAddresses)
        #expect(Set(all) == Set((1...6).map { ip("10.96.0.\($0)") }))
        topology.services.append(Service(name: "s7", ports: [.init(port: 80)]))
        #expect(throws: BlueprintError([.service("default", "s7", .noClusterAddress(.ipv4))])) {
            try services(topology)
        }
    }

    @Test(
        "the families of a service",
        arguments: [
            (Service(name: "a"), [AddressFamily.ipv4]),
            (Service(name: "a", families: [.ipv6]), [.ipv6]),
            (Service(name: "a", familyPolicy: .preferDualStack), [.ipv4, .ipv6]),
            (Service(name: "a", families: [.ipv6], familyPolicy: .requireDualStack), [.ipv6, .ipv4]),
            (Service(name: "a", clusterAddresses: [IPAddress("fd00:10:96::7")!]), [.ipv6]),
            (Service(name: "a", kind: .headless), [.ipv4]),
            (Service(name: "a", kind: .externalName("example.org")), []),
        ])
    func families(service: Service, expected: [AddressFamily]) {
        #expect(service.families(on: Labs.dualStackCluster) == expected)
    }

    @Test("a policy of two families takes what a cluster of one has")
    func preferring() {
        let cluster = Cluster(serviceSubnets: [Prefix("fd00:10:96::/112")!])
        #expect(Service(name: "a", familyPolicy: .preferDualStack).families(on: cluster) == [.ipv6])
    }

    @Test("nodes' ports: those that are asked for, then ones of the upper band; TCP and UDP of one number share theirs")
    func nodePorts() throws {
        let found = try services([
            Service(name: "a", kind: .nodePort, ports: [.init(name: "x", port: 80)]),
            Service(name: "b", kind: .nodePort, ports: [.init(name: "x", port: 80, nodePort: 30080)]),
            Service(
                name: "c", kind: .loadBalancer,
                ports: [.init(name: "x", port: 53), .init(name: "y", transport: .udp, port: 53)]),
            Service(name: "d", ports: [.init(port: 80)]),
        ])
        let ports = found.map { $0.ports.map(\.nodePort) }
        let chosen = try #require(ports[0][0])
        #expect((30086...32767).contains(chosen))
        #expect(ports[1] == [30080])
        #expect(ports[2][0] == ports[2][1] && ports[2][0] != nil)
        #expect(ports[3] == [nil])
        #expect(throws: BlueprintError.self) {
            try services([
                Service(name: "a", kind: .nodePort, ports: [.init(port: 80, nodePort: 30080)]),
                Service(name: "b", kind: .nodePort, ports: [.init(port: 80, nodePort: 30080)]),
            ])
        }
    }

    @Test("pods that do not run are no endpoints")
    func pending() throws {
        var topology = Labs.dualStack
        topology.workloads = [Workload(name: "a", kind: .pod, labels: ["app": "x"], nodeSelector: ["no": "such"])]
        topology.services = [Service(name: "x", selector: ["app": "x"], ports: [.init(port: 80)])]
        #expect(try services(topology)[0].endpoints.isEmpty)
    }

    @Test("every node has the services in both families; the router and the pods have none")
    func tables() throws {
        let blueprint = try Blueprint(topology: Labs.builtIn)
        for namespace in blueprint.namespaces {
            let isNode = namespace.kind == .node
            #expect(namespace.content.tables.map(\.family) == (isNode ? [.ip, .ip6, .ip, .ip6] : []))
            #expect(
                namespace.content.tables.map(\.name)
                    == (isNode ? ["calico", "calico", "kube-proxy", "kube-proxy"] : []))
        }
    }

    @Test("a node without a default route has routes that let its own packets to services be translated")
    func routes() throws {
        let added: Set = [
            Route(Prefix("10.96.0.0/16")!, device: "eth1", scope: .link),
            Route(Prefix("fd00:10:96::/112")!, device: "eth1", metric: 1024),
        ]
        let routes = try Blueprint(topology: Labs.builtIn).content("dual-stack-worker").routes
        #expect(
            try Set(routes) == Set(Blueprint(topology: Labs.dualStack).content("dual-stack-worker").routes).union(added)
        )
        var topology = Labs.builtIn
        topology.nodes[1].routes.append(Labs.route("0.0.0.0/0", "10.10.10.1"))
        let others = try Blueprint(topology: topology).content("dual-stack-worker").routes
        #expect(!others.contains { $0.destination == Prefix("10.96.0.0/16")! })
    }

    @Test("a pod's namespace knows which pod it is and what answers there")
    func podPorts() throws {
        let blueprint = try Blueprint(topology: Labs.builtIn)
        let pod = try #require(blueprint.pods(on: "dual-stack-worker").first)
        #expect(pod.pod == PodReference(namespace: "default", name: pod.name))
        #expect(pod.ports == [Workload.ContainerPort(8080)])
        let dns = blueprint.pods(on: "dual-stack-control-plane").filter { $0.pod?.namespace == "kube-system" }
        #expect(
            dns.count == 2
                && dns.allSatisfy {
                    $0.ports.filter { $0.answer == .dns }.map(\.number) == [53, 53] && $0.ports.count == 3
                })
    }
}
