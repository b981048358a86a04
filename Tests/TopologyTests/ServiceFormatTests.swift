import Addresses
import Testing
import Topology

@Suite("Services and ports in the native format")
struct ServiceFormatTests {
    /// The small lab with services; text of one of them is added to it.
    private func lab(_ services: String, workload: String = "ports: [{ name: http, port: 8080 }]") -> String {
        smallLab.with("labels: { app: web } }", as: "labels: { app: web }, \(workload) }")
            .with("[10.96.0.0/16]", as: "[10.96.0.0/16, fd00:96::/112]") + "services:\n" + services
    }

    private func read(_ services: String, workload: String = "ports: [{ name: http, port: 8080 }]") throws -> Topology {
        try Topology.read(lab(services, workload: workload), file: "lab.yaml")
    }

    @Test("every field of a service")
    func everyField() throws {
        let topology = try read(
            """
              shop/web:
                type: NodePort
                selector: { app: web }
                ports:
                  - { name: http, port: 80, targetPort: http, nodePort: 30080 }
                  - { name: dns, port: 53, protocol: UDP, targetPort: 5353 }
                ipFamilies: [IPv6, IPv4]
                clusterIPs: ["fd00:96::7", 10.96.0.7]
                externalIPs: [203.0.113.7]
                sessionAffinity: ClientIP
                sessionAffinityTimeout: 60
                publishNotReadyAddresses: true
                internalTrafficPolicy: Local
                externalTrafficPolicy: Local
            """)
        #expect(
            topology.services == [
                Service(
                    name: "web", namespace: "shop", kind: .nodePort, selector: ["app": "web"],
                    ports: [
                        .init(name: "http", port: 80, target: .name("http"), nodePort: 30080),
                        .init(name: "dns", transport: .udp, port: 53, target: .number(5353)),
                    ],
                    families: [.ipv6, .ipv4], familyPolicy: .requireDualStack,
                    clusterAddresses: [IPAddress("fd00:96::7")!, IPAddress("10.96.0.7")!],
                    externalAddresses: [IPAddress("203.0.113.7")!], sessionAffinity: 60,
                    publishesNotReadyAddresses: true, isInternallyLocal: true, isExternallyLocal: true)
            ])
    }

    @Test("what a service has of load balancers, and endpoints by hand, written and read back")
    func loadBalancers() throws {
        let text = """
              web:
                type: LoadBalancer
                ports: [80]
                externalTrafficPolicy: Local
                loadBalancerIngress: [203.0.113.7, { ip: "2001:db8::7", ipMode: Proxy }]
                loadBalancerSourceRanges: [198.51.100.0/24]
                allocateLoadBalancerNodePorts: false
                loadBalancerClass: calico
                loadBalancerIPs: [192.0.2.40]
                loadBalancerPools: [lbs]
                healthCheckNodePort: 31000
                trafficDistribution: PreferClose
                endpointSlices:
                  - { addressType: IPv4, ports: [8080, { name: dns, port: 53, protocol: UDP }], endpoints: [192.0.2.1] }
                  - addressType: IPv6
                    ports: [{ name: http, port: 8080 }]
                    endpoints:
                      - { address: "fd00::1", ready: false, serving: false, terminating: true, node: w, hostname: h }
                      - { address: "fd00::2", forZones: [a, b], forNodes: [w] }
            """
        let pool = "v4: { cidr: 192.168.0.0/16, encapsulation: VXLAN }"
        let balancers = "lbs: { cidr: 192.0.2.0/24, allowedUses: [LoadBalancer] }"
        var topology = try Topology.read(lab(text).with(pool, as: "\(pool)\n    \(balancers)"), file: "lab.yaml")
        var expected = Service(name: "web", kind: .loadBalancer, ports: [.init(port: 80)], isExternallyLocal: true)
        expected.ingress = [.init(IPAddress("203.0.113.7")!), .init(IPAddress("2001:db8::7")!, isProxied: true)]
        expected.sourceRanges = [Prefix("198.51.100.0/24")!]
        expected.allocatesNodePorts = false
        expected.loadBalancerClass = "calico"
        expected.loadBalancerAddresses = [IPAddress("192.0.2.40")!]
        expected.loadBalancerPools = ["lbs"]
        expected.healthCheckNodePort = 31000
        expected.trafficDistribution = .preferClose
        expected.endpointSlices = [
            EndpointSlice(
                .ipv4, ports: [.init(8080), .init(name: "dns", 53, .udp)], endpoints: [.init(IPAddress("192.0.2.1")!)]),
            EndpointSlice(
                .ipv6, ports: [.init(name: "http", 8080)],
                endpoints: [
                    .init(
                        IPAddress("fd00::1")!, isReady: false, isServing: false, isTerminating: true, node: "w",
                        hostname: "h"),
                    .init(IPAddress("fd00::2")!, zoneHints: ["a", "b"], nodeHints: ["w"]),
                ]),
        ]
        #expect(topology.services == [expected])
        topology.cluster.kubeProxyMode = .none
        topology.cluster.loadBalancerAssignment = .requestedServicesOnly
        topology.cluster.podSubnets = [Prefix("192.168.0.0/16")!]
        let again = try Topology.read(topology.yaml, file: "again.yaml")
        #expect(again.services == [expected])
        #expect(again.cluster == topology.cluster)
    }

    @Test(
        "what only load balancers' services have is refused for others",
        arguments: [
            "loadBalancerSourceRanges: [192.0.2.0/24]", "allocateLoadBalancerNodePorts: false", "loadBalancerClass: x",
            "loadBalancerIngress: [192.0.2.1]", "healthCheckNodePort: 31000",
        ])
    func notBalanced(field: String) {
        #expect(throws: TopologyErrors.self) { try read("  web: { ports: [80], \(field) }\n") }
    }

    @Test(
        "an address of load balancers that no pool for them has, or that two services ask for, is told",
        arguments: [
            ("loadBalancerIPs: [192.0.2.40]", "is in no pool for load balancers: there is none"),
            ("type: ClusterIP, loadBalancerIPs: [192.0.2.40]", "only a service of type LoadBalancer"),
        ])
    func balancedAddresses(fields: String, words: String) {
        let type = fields.contains("type") ? "" : "type: LoadBalancer, "
        do {
            _ = try read("  web: { ports: [80], \(type)\(fields) }\n")
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains(words))
        }
    }

    @Test("kinds of services, short ports and what goes without saying")
    func shortForms() throws {
        let topology = try read(
            """
              plain: { ports: [80, 53/UDP], selector: { app: web } }
              none: { clusterIP: None, selector: { app: web } }
              fixed: { clusterIP: 10.96.0.9, ports: [443], sessionAffinity: ClientIP }
              other: { externalName: example.org }
              balanced: { type: LoadBalancer, ports: [80] }
            """.replacing("[80, 53/UDP]", with: "[{ name: a, port: 80 }, { name: b, port: 53, protocol: UDP }]"))
        #expect(
            topology.services.map(\.kind) == [
                .clusterIP, .headless, .clusterIP, .externalName("example.org"), .loadBalancer,
            ])
        #expect(topology.services[0].ports.map(\.target) == [.number(80), .number(53)])
        #expect(topology.services[2].clusterAddresses == [IPAddress("10.96.0.9")!])
        #expect(topology.services[2].sessionAffinity == 10800)
        #expect(topology.services.allSatisfy { $0.familyPolicy == .singleStack })
    }

    @Test("ports of pods: what answers, on which families, with which body")
    func containerPorts() throws {
        let topology = try read(
            "  x: { ports: [1] }\n",
            workload:
                "hostname: h, subdomain: s, ports: [8080, 53/UDP, { port: 7, answer: echo }, { port: 81, listen: ipv4, "
                + "body: \"hello\\n\" }, { port: 81, listen: ipv6 }, { name: x, port: 9, protocol: SCTP }]")
        let web = topology.workloads[0]
        #expect(web.hostname == "h" && web.subdomain == "s")
        #expect(
            web.ports == [
                .init(8080, .tcp, answer: .http), .init(53, .udp, answer: .echo), .init(7, .tcp, answer: .echo),
                .init(81, .tcp, answer: .http, listen: .ipv4, body: "hello\n"), .init(81, listen: .ipv6),
                .init(name: "x", 9, .sctp, answer: Workload.ContainerPort.Answer.none),
            ])
    }

    @Test("what was read is read again from what is written")
    func roundTrip() throws {
        let topology = try read(
            """
              kube-system/a: { type: NodePort, ports: [{ name: x, port: 80, targetPort: q, nodePort: 30001 }, { name: y, port: 53, protocol: UDP }] }
              b: { clusterIP: None, selector: { app: web }, publishNotReadyAddresses: true }
              c: { externalName: example.org }
              d: { ipFamilyPolicy: PreferDualStack, ports: [80], sessionAffinity: ClientIP, sessionAffinityTimeout: 7 }
              e: { ipFamilies: [IPv6], ports: [53/UDP], externalIPs: ["2001:db8::9"], externalTrafficPolicy: Local }
              f: { ipFamilies: [IPv6, IPv4], ipFamilyPolicy: PreferDualStack, ports: [1], internalTrafficPolicy: Local }
              g: { clusterIPs: [10.96.0.3, "fd00:96::3"], type: LoadBalancer, ports: [80] }
            """, workload: "hostname: h, ports: [8080, { name: q, port: 1, listen: ipv6, body: \"a: b\" }, 7/UDP]")
        let again = try Topology.read(topology.yaml, file: "again.yaml")
        #expect(again == topology)
        #expect(again.yaml == topology.yaml)
    }

    @Test(
        "what is wrong with a service is told at its line and field, with what would be right",
        arguments: [
            ("web: { ports: [80], selector: { app: web }, tpye: NodePort }", "services.web.tpye", "\"type\""),
            ("web: { type: Nodeport, ports: [80] }", "services.web.type", "did you mean \"NodePort\""),
            ("web: { ports: [0] }", "services.web.ports[0]", "1 to 65535"),
            ("web: { ports: [80/tcp] }", "services.web.ports[0]", "53/UDP"),
            ("web: { ports: [{ targetPort: 80 }] }", "services.web.ports[0]", "port: 80"),
            ("web: {}", "services.web", "needs a port"),
            ("Web: { ports: [80] }", "services.Web", "\"web\" would be"),
            ("1web: { ports: [80] }", "services.1web", "begins with a letter"),
            ("web: { ports: [80, 80] }", "services.web.ports[1].port", "TCP port 80 already"),
            ("web: { ports: [80, 81] }", "services.web.ports[0].name", "each needs a name"),
            (
                "web: { selector: { app: web }, ports: [{ port: 80, targetPort: htpp }] }",
                "services.web.ports[0].targetPort", "did you mean \"http\""
            ),
            ("web: { ports: [{ port: 80, nodePort: 30080 }] }", "services.web.ports[0].nodePort", "type NodePort"),
            (
                "web: { type: NodePort, ports: [{ port: 80, nodePort: 8080 }] }", "services.web.ports[0].nodePort",
                "30000 to 32767"
            ),
            (
                "a: { type: NodePort, ports: [{ port: 80, nodePort: 30080 }] }\n  b: { type: NodePort, ports: [{ port: 80, nodePort: 30080 }] }",
                "services.b.ports[0].nodePort", "is the service a's"
            ),
            (
                "web: { clusterIP: 10.97.0.1, ports: [80] }", "services.web.clusterIPs[0]",
                "10.96.0.0/16 and fd00:96::/112"
            ),
            ("web: { clusterIPs: [10.96.0.0], ports: [80] }", "services.web.clusterIPs[0]", "first address"),
            ("web: { clusterIPs: [10.96.255.255], ports: [80] }", "services.web.clusterIPs[0]", "last address"),
            (
                "a: { clusterIP: 10.96.0.7, ports: [80] }\n  b: { clusterIP: 10.96.0.7, ports: [80] }",
                "services.b.clusterIPs[0]", "is also the address of the service a"
            ),
            (
                "web: { ipFamilies: [IPv6, IPv4], clusterIPs: [10.96.0.7, \"fd00:96::7\"], ports: [80] }",
                "services.web.clusterIPs[0]", "is not IPv6"
            ),
            ("web: { ipFamilies: [IPv4, IPv4], ports: [80] }", "services.web.ipFamilies[1]", "is given twice"),
            (
                "web: { ipFamilies: [IPv4, IPv6], ipFamilyPolicy: SingleStack, ports: [80] }",
                "services.web.ipFamilyPolicy", "PreferDualStack"
            ),
            ("web: { clusterIP: None, clusterIPs: [10.96.0.7] }", "services.web.clusterIPs", "not both"),
            ("web: { type: NodePort, clusterIP: None, ports: [80] }", "services.web.clusterIP", "leave None out"),
            ("web: { type: ExternalName }", "services.web", "externalName: example.org"),
            ("web: { type: NodePort, externalName: example.org }", "services.web.externalName", "has no externalName"),
            ("web: { externalName: Example_org }", "services.web.externalName", "external name"),
            ("web: { ports: [80], sessionAffinityTimeout: 9 }", "services.web.sessionAffinityTimeout", "ClientIP"),
            (
                "web: { ports: [80], sessionAffinity: ClientIP, sessionAffinityTimeout: 0 }",
                "services.web.sessionAffinityTimeout", "1 to 86400"
            ),
            ("web: { ports: [80], externalTrafficPolicy: Local }", "services.web.externalTrafficPolicy", "NodePort"),
            ("web: { ports: [80], namespace: Shop }", "services.Shop/web.namespace", "Kubernetes namespace"),
            ("a/web: { ports: [80] }\n  web: { ports: [80], namespace: a }", "services.a/web", "another service"),
        ])
    func serviceErrors(service: String, field: String, words: String) {
        let errors = errors(of: lab("  \(service)\n"))
        #expect(errors.contains { "\($0.path)" == field && $0.sentence.contains(words) }, "\(errors)")
        #expect(errors.allSatisfy { $0.line >= 36 })
    }

    @Test("a cluster's ranges decide what services can have")
    func ranges() {
        let single =
            smallLab + "services:\n  web: { ports: [80], ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6] }\n"
        #expect(
            sentences(of: single).sorted() == [
                "RequireDualStack needs services of both families, and the cluster has a range of IPv4 only "
                    + "(cluster.serviceSubnets)",
                "the cluster has no IPv6 range of services (cluster.serviceSubnets)",
            ])
        let none = smallLab.with("  serviceSubnets: [10.96.0.0/16]\n", as: "")
        #expect(sentences(of: none + "services:\n  web: { ports: [80] }\n").count == 1)
        #expect(errors(of: none + "services:\n  web: { clusterIP: None, selector: { app: web } }\n").isEmpty)
        let overlapping = smallLab.with("[10.96.0.0/16]", as: "[192.168.7.0/24]")
        #expect(sentences(of: overlapping).contains { $0.contains("overlaps") })
    }

    @Test(
        "what is wrong with a pod's port",
        arguments: [
            ("ports: [8080, 8080]", "ports[1].port", "listens on TCP port 8080 already"),
            ("ports: [8080, { port: 8080, listen: ipv4 }]", "ports[1].port", "already"),
            ("ports: [{ port: 1, name: http }, { port: 2, name: http }]", "ports[1].name", "another port"),
            ("ports: [{ port: 1, name: a-very-long-name }]", "ports[0].name", "at most 15"),
            ("ports: [{ port: 1, name: \"80\" }]", "ports[0].name", "a letter among them"),
            ("ports: [{ port: 53, protocol: UDP, answer: http }]", "ports[0].answer", "TCP ports only"),
            ("ports: [{ port: 53, protocol: SCTP, answer: echo }]", "ports[0].answer", "SCTP"),
            ("ports: [{ port: 53, answer: echo, body: x }]", "ports[0].body", "http"),
            ("ports: [{ port: 53, answer: htpp }]", "ports[0].answer", "did you mean \"http\""),
            ("ports: [{ port: 53, listen: IPv4 }]", "ports[0].listen", "did you mean \"ipv4\""),
            ("ports: [{ name: x }]", "ports[0]", "port: 8080"),
            ("hostname: A_b", "hostname", "host name"),
            ("subdomain: a.b", "subdomain", "subdomain"),
        ])
    func portErrors(workload: String, field: String, words: String) {
        let errors = errors(of: lab("  x: { ports: [1] }\n", workload: workload))
        #expect(errors.count == 1)
        #expect(
            errors.contains { "\($0.path)" == "workloads.web.\(field)" && $0.sentence.contains(words) }, "\(errors)")
    }
}
