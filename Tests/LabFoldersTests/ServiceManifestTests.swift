import Addresses
import LabFolders
import Testing
import Topology

@Suite("Services, endpoints and kube-proxy's mode in a folder")
struct ServiceManifestTests {
    private func read(_ manifests: String, kind networking: String = "disableDefaultCNI: true") throws -> LabFolder {
        try Folders.read([
            "kind.yaml":
                "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: { \(networking) }\nnodes: [{ role: control-plane }, { role: worker }]",
            "calico.yaml":
                "apiVersion: operator.tigera.io/v1\nkind: Installation\nspec: { calicoNetwork: { ipPools: [{ cidr: 10.244.0.0/16, encapsulation: VXLAN }] } }",
            "app.yaml": manifests,
        ])
    }

    private func service(_ text: String) throws -> Service {
        try #require(try read("apiVersion: v1\nkind: Service\n" + text).service("s"))
    }

    @Test("what a load balancer has")
    func loadBalancer() throws {
        let service = try service(
            """
            metadata:
              name: s
              annotations: { projectcalico.org/loadBalancerIPs: '["192.0.2.40"]', projectcalico.org/ipv4pools: '["lbs"]' }
            spec:
              type: LoadBalancer
              externalTrafficPolicy: Local
              selector: { a: b }
              ports: [{ port: 80, appProtocol: http }]
              loadBalancerIP: 203.0.113.9
              loadBalancerSourceRanges: [" 198.51.100.0/24"]
              allocateLoadBalancerNodePorts: false
              loadBalancerClass: calico
              healthCheckNodePort: 31000
              trafficDistribution: PreferSameNode
            status: { loadBalancer: { ingress: [{ ip: 203.0.113.7, ipMode: Proxy }, { ip: 203.0.113.008, ipMode: VIP }] } }
            """)
        #expect(
            service.ingress == [.init(IPAddress("203.0.113.7")!, isProxied: true), .init(IPAddress("203.0.113.8")!)])
        #expect(service.sourceRanges == [Prefix("198.51.100.0/24")!] && !service.allocatesNodePorts)
        #expect(service.loadBalancerClass == "calico" && service.healthCheckNodePort == 31000)
        #expect(service.loadBalancerAddresses == [IPAddress("192.0.2.40")!] && service.loadBalancerPools == ["lbs"])
        #expect(service.trafficDistribution == .preferSameNode && service.externalAddresses.isEmpty)
    }

    @Test("where no load balancer has written its address, it has the one that it is asked for")
    func askedFor() throws {
        let service = try service(
            "metadata: { name: s }\nspec: { type: LoadBalancer, loadBalancerIP: 203.0.113.9, ports: [{ port: 80 }] }")
        #expect(service.ingress == [.init(IPAddress("203.0.113.9")!)])
    }

    @Test(
        "what is not done is told once, with its line",
        arguments: [
            (
                "metadata: { name: s }\nspec: { ports: [{ port: 80 }], topologyKeys: [a] }",
                "app.yaml:4: spec.topologyKeys: "
            ),
            (
                "metadata: { name: s, annotations: { service.kubernetes.io/topology-mode: Auto } }\nspec: { ports: [{ port: 80 }] }",
                "app.yaml:3: metadata.annotations"
            ),
            (
                "metadata: { name: s, labels: { service.kubernetes.io/service-proxy-name: x } }\nspec: { ports: [{ port: 80 }] }",
                "app.yaml:3: metadata.labels"
            ),
            (
                "metadata: { name: s }\nspec: { ports: [{ port: 80 }] }\nstatus: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }",
                "app.yaml:5: status.loadBalancer.ingress: "
            ),
            (
                "metadata: { name: s }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\nstatus: { loadBalancer: { ingress: [{ hostname: x.org }] } }",
                "app.yaml:5: status.loadBalancer.ingress[0]: "
            ),
            ("metadata: { name: s }\nspec: { ports: [{ port: 80, targetport: 81 }] }", "did you mean targetPort?"),
            (
                "metadata: { name: s }\nspec: { ports: [{ port: 80 }], loadBalancerSourceRanges: [192.0.2.0/24] }",
                "only a service of type LoadBalancer has this"
            ),
            (
                "metadata: { name: s }\nspec: { type: LoadBalancer, ports: [{ port: 80 }], healthCheckNodePort: 31000 }",
                "only a LoadBalancer service with externalTrafficPolicy: Local has this"
            ),
        ])
    func notDone(text: String, words: String) throws {
        let folder = try read("apiVersion: v1\nkind: Service\n" + text)
        #expect(folder.lines.filter { $0.contains(words) }.count == 1, "\(folder.lines)")
    }

    @Test(
        "words that there are not are errors",
        arguments: [
            ("sessionAffinity: ClientIp", "did you mean \"ClientIP\"?"),
            ("internalTrafficPolicy: local", "Cluster, Local"),
            ("trafficDistribution: Nearest", "PreferSameZone"), ("loadBalancerSourceRanges: [x]", "is not a prefix"),
            ("externalIPs: [192.0.2.999]", "is not an address"),
        ])
    func wrong(field: String, words: String) {
        #expect(throws: TopologyErrors.self) {
            try read("apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 80 }], \(field) }")
        }
        let errors = Folders.errors([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4",
            "app.yaml":
                "apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 80 }], \(field) }",
        ])
        #expect(errors.count == 1 && errors[0].contains(words) && errors[0].hasPrefix("app.yaml:4:"), "\(errors)")
    }

    // MARK: Endpoints by hand

    private let bare =
        "apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ name: p, port: 80 }] }\n---\n"

    @Test("an EndpointSlice, with its conditions and hints")
    func slices() throws {
        let folder = try read(
            bare + """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: { name: s-1, labels: { kubernetes.io/service-name: s } }
                addressType: IPv4
                ports: [{ name: p, port: 8080 }, { name: "", port: 53, protocol: UDP }, { name: none }]
                endpoints:
                  - { addresses: [192.0.2.1, 192.0.2.2], conditions: { ready: false, serving: true, terminating: true } }
                  - addresses: [192.0.2.3]
                    nodeName: kind-worker
                    hostname: three
                    targetRef: { kind: Pod, name: x }
                    hints: { forZones: [{ name: a }], forNodes: [{ name: kind-worker }] }
                """)
        let service = try #require(folder.service("s"))
        #expect(
            service.endpointSlices == [
                EndpointSlice(
                    .ipv4, ports: [.init(name: "p", 8080), .init(53, .udp)],
                    endpoints: [
                        .init(IPAddress("192.0.2.1")!, isReady: false, isTerminating: true),
                        .init(
                            IPAddress("192.0.2.3")!, node: "kind-worker", hostname: "three", zoneHints: ["a"],
                            nodeHints: ["kind-worker"]),
                    ])
            ])
        #expect(folder.lines.contains { $0.contains("app.yaml:10: ports[2]: ") })
        #expect(folder.lines.contains { $0.contains("app.yaml:12: endpoints[0].addresses[1]: ") })
    }

    @Test("Endpoints become slices, one a family, where their service selects nothing")
    func endpoints() throws {
        let text = """
            apiVersion: v1
            kind: Endpoints
            metadata: { name: s }
            subsets:
              - addresses: [{ ip: 192.0.2.1, nodeName: kind-worker }, { ip: "fd00::1", hostname: six }]
                notReadyAddresses: [{ ip: 192.0.2.2 }]
                ports: [{ name: p, port: 8080 }]
            """
        let service = try #require(try read(bare + text).service("s"))
        #expect(
            service.endpointSlices == [
                EndpointSlice(
                    .ipv4, ports: [.init(name: "p", 8080)],
                    endpoints: [
                        .init(IPAddress("192.0.2.1")!, node: "kind-worker"),
                        .init(IPAddress("192.0.2.2")!, isReady: false, isServing: false),
                    ]),
                EndpointSlice(
                    .ipv6, ports: [.init(name: "p", 8080)], endpoints: [.init(IPAddress("fd00::1")!, hostname: "six")]),
            ])
        let selecting = try read(
            bare.replacing("spec: {", with: "spec: { selector: { a: b },") + text)
        #expect(selecting.service("s")?.endpointSlices == [])
        #expect(selecting.lines.contains { $0.contains("app.yaml:6: the service s has a selector") })
        let managed = try read(
            bare.replacing("spec: {", with: "spec: { selector: { a: b },")
                + "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: s-1, labels: { kubernetes.io/service-name: s, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io } }\naddressType: IPv4\nendpoints: [{ addresses: [192.0.2.1] }]"
        )
        #expect(managed.service("s")?.endpointSlices == [])
        let skipped = try read(
            bare
                + text.replacing(
                    "{ name: s }\nsubsets",
                    with: "{ name: s, labels: { endpointslice.kubernetes.io/skip-mirror: \"true\" } }\nsubsets"))
        #expect(skipped.service("s")?.endpointSlices == [])
    }

    @Test(
        "endpoints that are nobody's, and what is wrong with some",
        arguments: [
            ("metadata: { name: x }\naddressType: IPv4", "is no service's"),
            (
                "metadata: { name: x, labels: { kubernetes.io/service-name: kubernetes } }\naddressType: IPv4",
                "the API server writes its own endpoints"
            ),
            (
                "metadata: { name: x, labels: { kubernetes.io/service-name: t } }\naddressType: IPv4",
                "there is no service t"
            ),
            ("metadata: { name: x, labels: { kubernetes.io/service-name: s } }\naddressType: FQDN", "that are names"),
            (
                "metadata: { name: x, labels: { kubernetes.io/service-name: s } }\naddressType: IPv4\nendpoints: [{ addresses: [192.0.2.1], weight: 3 }]",
                "app.yaml:10: endpoints[0].weight: "
            ),
        ])
    func leftOut(text: String, words: String) throws {
        let folder = try read(bare + "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n" + text)
        #expect(folder.lines.filter { $0.contains(words) }.count == 1, "\(folder.lines)")
    }

    @Test("two documents of one slice are one, as the later one says")
    func twice() throws {
        let slice =
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: x, labels: { kubernetes.io/service-name: s } }\naddressType: IPv4\nendpoints: [{ addresses: [192.0.2.1] }]\n"
        let folder = try read(bare + slice + "---\n" + slice.replacing("192.0.2.1", with: "192.0.2.2"))
        #expect(folder.service("s")?.endpointSlices.map { $0.endpoints.map { "\($0.address)" } } == [["192.0.2.2"]])
        #expect(folder.lines.contains { $0.contains("EndpointSlice default/x is also in app.yaml:6") })
    }

    @Test(
        "addresses that are none, or of another family, are errors",
        arguments: ["192.0.2.999", "fd00::1", "[]"])
    func wrongAddresses(address: String) {
        let list = address == "[]" ? "[]" : "[\"\(address)\"]"
        #expect(throws: TopologyErrors.self) {
            try read(
                bare
                    + "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: x, labels: { kubernetes.io/service-name: s } }\naddressType: IPv4\nendpoints: [{ addresses: \(list) }]\n"
            )
        }
    }

    // MARK: kube-proxy

    @Test(
        "kind's mode of kube-proxy: nftables, none, and the others by the same rules, with a note",
        arguments: [
            ("disableDefaultCNI: true", .nftables, false), ("kubeProxyMode: nftables", .nftables, false),
            ("kubeProxyMode: none", .none, false), ("kubeProxyMode: iptables", .nftables, true),
            ("kubeProxyMode: ipvs", .nftables, true),
        ] as [(String, KubeProxyMode, Bool)])
    func modes(networking: String, mode: KubeProxyMode, isNoted: Bool) throws {
        let folder = try read("", kind: networking)
        #expect(folder.topology.cluster.kubeProxyMode == mode)
        #expect(
            folder.lines.contains { $0.contains("networking.kubeProxyMode") && $0.hasPrefix("kind.yaml:3") } == isNoted)
        #expect(folder.topology.cluster.podSubnets == [Prefix("10.244.0.0/16")!])
    }

    @Test("a mode that there is not is an error; a patch of kubeadm's says the mode, too")
    func otherModes() throws {
        #expect(throws: TopologyErrors.self) { try read("", kind: "kubeProxyMode: ebpf") }
        func patched(_ text: String) throws -> LabFolder {
            try Folders.read([
                "kind.yaml":
                    "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nkubeadmConfigPatches:\n- |\n  kind: KubeProxyConfiguration\n  \(text)\n"
            ])
        }
        #expect(try patched("mode: none").topology.cluster.kubeProxyMode == .none)
        let own = try Folders.read([
            "kind.yaml":
                "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n  kubeadmConfigPatches:\n  - |\n    kind: KubeProxyConfiguration\n    mode: none\n"
        ])
        #expect(own.topology.cluster.kubeProxyMode == .none)
        #expect(try patched("mode: iptables").lines.contains { $0.contains("mode iptables") })
        #expect(try patched("nodePortAddresses: [10.0.0.0/8]").lines.contains { $0.contains("not taken over") })
    }

    @Test("a pool for load balancers is that alone")
    func pools() throws {
        let folder = try read(
            "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: lbs }\nspec: { cidr: 192.0.2.0/24, allowedUses: [LoadBalancer] }"
        )
        #expect(folder.topology.cluster.pools.first { $0.name == "lbs" }?.allowedUses == [.loadBalancer])
        let asked = try read(
            "apiVersion: projectcalico.org/v3\nkind: KubeControllersConfiguration\nmetadata: { name: default }\nspec: { controllers: { loadBalancer: { assignIPs: RequestedServicesOnly } } }"
        )
        #expect(asked.topology.cluster.loadBalancerAssignment == .requestedServicesOnly)
        var service = Service(name: "s", kind: .loadBalancer)
        #expect(service.takesCalicoAddresses(.allServices) && !service.takesCalicoAddresses(.requestedServicesOnly))
        service.loadBalancerPools = ["lbs"]
        #expect(service.takesCalicoAddresses(.requestedServicesOnly))
    }
}
