import Addresses
import Blueprint
import Testing
import Topology

@testable import Probes

@Suite("Which services are probed at addresses and ports for clients outside")
struct OutsideCheckTests {
    private typealias Check = ServiceMatrix.Check

    /// Three nodes behind a router that has a way to 203.0.113.0/24; endpoints on the first two.
    private static func blueprint(_ services: String) throws -> Blueprint {
        let topology = try Topology.read(
            """
            lab: outside
            routers:
              r1:
                vlans:
                  10: { addresses: [10.1.0.1/24] }
                ports:
                  eth{1..3}: { access: 10 }
                routes: [203.0.113.0/24 via 10.1.0.11, 198.51.100.0/24 via 10.1.0.13]
            nodes:
              n{1..3}:
                interfaces:
                  eth1: { connect: "r1:eth{1..3}", addresses: ["10.1.0.{11..13}/24"] }
                routes: [default via 10.1.0.1]
            cluster:
              pools:
                v4: { cidr: 192.168.0.0/16, natOutgoing: true }
              serviceSubnets: [10.96.0.0/16]
            workloads:
              web1: { kind: Pod, node: n1, labels: { app: web }, addresses: [192.168.10.1], ports: [8080] }
              web2: { kind: Pod, node: n2, labels: { app: web }, addresses: [192.168.20.1], ports: [8080] }
              client: { kind: Pod, node: n3, addresses: [192.168.30.1] }
            services:

            """ + services, file: "lab.yaml")
        return try Blueprint(topology: topology)
    }

    private static func pods(_ names: String...) -> ServiceMatrix.Expectation {
        .page(pods: Set(names.map { PodReference(namespace: "default", name: $0) }))
    }

    private static func addresses(_ texts: String...) -> Set<IPAddress> { Set(texts.compactMap { IPAddress($0) }) }

    private func checks(_ matrix: ServiceMatrix, _ arrival: ServiceMatrix.Arrival) -> [String: Check] {
        Dictionary(
            matrix.checks.filter { $0.arrival == arrival }.map { ("\($0.from) \($0.address)", $0) },
            uniquingKeysWith: { first, _ in first })
    }

    @Test(
        "a port of the nodes is asked for from outside, from another node and from a pod, and answers by way of the node"
    )
    func nodePort() throws {
        let matrix = ServiceMatrix(
            try Self.blueprint(
                "  web: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }\n"
            ))
        let found = checks(matrix, .nodePort)
        #expect(
            Set(found.keys) == [
                "r1 10.1.0.11", "r1 10.1.0.12", "r1 10.1.0.13", "n2 10.1.0.11", "n3 10.1.0.12", "n1 10.1.0.13",
                "web2 10.1.0.11", "client 10.1.0.12", "web1 10.1.0.13",
            ])
        #expect(found.values.allSatisfy { $0.port == 30080 && $0.expectation == Self.pods("web1", "web2") })
        let far = try #require(found["r1 10.1.0.13"])
        #expect(far.node == "n3" && far.clients?.contains(IPAddress("10.1.0.13")!) == true)
        #expect(far.clients?.contains(IPAddress("10.1.0.1")!) == false)
        // But for names: no pod of the lab answers DNS.
        #expect(matrix.unprobed.allSatisfy { $0.service == nil })
        // Filters.
        let one = ServiceMatrix(
            try Self.blueprint(
                "  web: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }\n"
            ), from: { $0 == "r1" }, to: { $1 == IPAddress("10.1.0.12") })
        #expect(one.checks.map(\.from) == ["r1"] && one.names.isEmpty && one.unprobed.isEmpty)
    }

    @Test(
        "with externalTrafficPolicy Local a node without endpoint drops what comes from outside, others answer whom they see; pods and the node itself may go anywhere"
    )
    func local() throws {
        let matrix = ServiceMatrix(
            try Self.blueprint(
                """
                  web:
                    type: NodePort
                    externalTrafficPolicy: Local
                    externalIPs: [203.0.113.7, 198.51.100.7]
                    selector: { app: web }
                    ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }]

                """))
        let ports = checks(matrix, .nodePort)
        #expect(ports["r1 10.1.0.11"]?.expectation == Self.pods("web1"))
        #expect(ports["r1 10.1.0.11"]?.clients == Self.addresses("10.1.0.1"))
        #expect(ports["r1 10.1.0.13"]?.expectation == .silence(.tcp))
        // What a pod sends to another node has its own node's address.
        #expect(ports["client 10.1.0.12"]?.expectation == Self.pods("web2"))
        #expect(ports["client 10.1.0.12"]?.clients == Self.addresses("10.1.0.13"))
        let addresses = checks(matrix, .externalAddress)
        #expect(addresses["r1 203.0.113.7"]?.expectation == Self.pods("web1"))
        #expect(addresses["r1 203.0.113.7"]?.node == "n1")
        #expect(addresses["r1 198.51.100.7"]?.expectation == .silence(.tcp))
        #expect(addresses["client 203.0.113.7"]?.expectation == Self.pods("web1", "web2"))
        #expect(addresses["client 203.0.113.7"]?.clients == Self.addresses("192.168.30.1"))
        #expect(addresses["n3 203.0.113.7"]?.expectation == Self.pods("web1", "web2"))
        #expect(addresses["n3 203.0.113.7"]?.clients?.contains(IPAddress("10.1.0.13")!) == true)
    }

    @Test(
        "load balancers' addresses: who is in no source range is dropped, none without endpoints are refused, and one that is no part of the lab is said"
    )
    func loadBalancer() throws {
        let matrix = ServiceMatrix(
            try Self.blueprint(
                """
                  ranged:
                    type: LoadBalancer
                    selector: { app: web }
                    loadBalancerIngress: [203.0.113.8, { ip: 203.0.113.9, ipMode: Proxy }]
                    loadBalancerSourceRanges: [10.1.0.0/30, 192.168.30.0/24]
                    allocateLoadBalancerNodePorts: false
                    ports: [{ port: 80, targetPort: 8080 }]
                  empty:
                    type: LoadBalancer
                    selector: { app: nobody }
                    loadBalancerIngress: [203.0.113.10, "2001:db8::10"]
                    allocateLoadBalancerNodePorts: false
                    ports: [{ port: 80 }]

                """))
        let found = checks(matrix, .loadBalancer)
        #expect(found["r1 203.0.113.8"]?.expectation == Self.pods("web1", "web2"))
        #expect(found["client 203.0.113.8"]?.expectation == Self.pods("web1", "web2"))
        #expect(found["web1 203.0.113.8"]?.expectation == .silence(.tcp))
        #expect(found["n1 203.0.113.8"]?.expectation == .silence(.tcp))
        for source in ["r1", "client", "n2"] {
            #expect(found["\(source) 203.0.113.10"]?.expectation == .refusal(.tcp))
        }
        #expect(!found.keys.contains { $0.hasSuffix("203.0.113.9") || $0.hasSuffix("2001:db8::10") })
        #expect(
            Set(matrix.unprobed.filter { $0.service != nil }.map { "\($0.address): \($0.reason)" }) == [
                "203.0.113.9: its load balancer is no part of the lab (ipMode: Proxy)",
                "2001:db8::10: the service has no IPv6 address of its own, so nodes take no packets for it",
            ])
    }

    @Test("an answer, a refusal and an unknown client are faults where nothing, or another client, is expected")
    func faults() throws {
        let blueprint = try Self.blueprint(
            "  web: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }\n"
        )
        let source = try #require(blueprint.namespaces.first { $0.name == "r1" })
        let clients = ClientAddress(blueprint)
        var check = try #require(ServiceMatrix(blueprint).checks.first { $0.from == "r1" })
        func page(of pod: String, for client: String) -> RequestRun.Outcome {
            let page = """
                pod: \(pod)
                namespace: default
                node: n1
                addresses: 192.168.10.1
                client: \(client)
                client port: 40000
                family: IPv4

                """
            let text = "HTTP/1.1 200 OK\r\nContent-Length: \(page.utf8.count)\r\nConnection: close\r\n\r\n\(page)"
            return .success(RequestReply(bytes: Array(text.utf8), roundTrip: 0.001))
        }
        #expect(check.fault(in: page(of: "web1", for: "10.1.0.11"), source: source, clients) == nil)
        #expect(
            check.fault(in: page(of: "web1", for: "10.1.0.1"), source: source, clients)?
                .hasPrefix("default/web1 saw the request come from 10.1.0.1, expected 10.1.0.11") == true)
        #expect(
            check.fault(in: .failure(.silence), source: source, clients) == "expected an answer, got none (no answer)")
        check.expectation = .silence(.tcp)
        #expect(check.fault(in: .failure(.silence), source: source, clients) == nil)
        #expect(
            check.fault(in: .failure(.refused), source: source, clients)
                == "expected nothing, as n1 drops such packets, got a refusal")
        #expect(
            check.fault(in: page(of: "web1", for: "10.1.0.11"), source: source, clients)
                == "expected nothing, as n1 drops such packets, got an answer")
    }
}
