import Addresses
import DNS
import Foundation
import HTTP
import PodServer
import Testing

@Suite("A plan as JSON")
struct PlanTests {
    @Test("a plan is the same after it was written and read")
    func roundTrip() throws {
        let plan = PodServerPlan(
            lab: "lab",
            pods: [
                PodServerPlan.Pod(
                    pin: "lab-pod",
                    page: PodPage(
                        name: "pod", namespace: "default", node: "node",
                        addresses: [IPAddress("10.0.0.1")!, IPAddress("fd00::1")!]),
                    listeners: [
                        .init(.tcp, 80, answer: .http(body: nil)), .init(.tcp, 81, answer: .http(body: "")),
                        .init(.tcp, 82, families: .ipv6, answer: .http(body: "a b\n%\u{0}ü/-")),
                        .init(.tcp, 83, answer: .http(body: "-")), .init(.udp, 7, families: .ipv4, answer: .echo),
                        .init(.udp, 53, answer: .dns),
                    ]),
                PodServerPlan.Pod(
                    pin: "lab-%", page: PodPage(name: "x", namespace: "y", node: "z", addresses: []), listeners: []),
            ],
            zone: ClusterZone(
                domain: "example.org", namespaces: ["a", "b"],
                services: [
                    ClusterZone.Service(
                        name: "s", namespace: "a", clusterAddresses: [IPAddress("10.96.0.1")!],
                        ports: [
                            ClusterZone.Port(number: 80), ClusterZone.Port(name: "x", transport: .udp, number: 1),
                        ],
                        endpoints: [
                            ClusterZone.Endpoint(
                                address: IPAddress("10.0.0.1")!, hostname: "h",
                                ports: [ClusterZone.Port(name: "x", number: 2)]),
                            ClusterZone.Endpoint(address: IPAddress("fd00::1")!, isReady: false),
                        ]),
                    ClusterZone.Service(name: "e", namespace: "a", externalName: "www.example.com"),
                    ClusterZone.Service(name: "h", namespace: "b", isHeadless: true),
                ], serial: 7))
        let json = try JSONEncoder().encode(plan)
        #expect(try JSONDecoder().decode(PodServerPlan.self, from: json) == plan)
    }

    @Test(
        "what is no endpoint is refused",
        arguments: [
            "", "10.0.0.1", "10.0.0.1 +", "10.0.0 + ", "10.0.0.1 ? ", "10.0.0.1 +  80", "10.0.0.1 +  x/tcp",
            "10.0.0.1 +  70000/tcp", "10.0.0.1 +  80/icmp", "10.0.0.1 + h ",
        ])
    func noEndpoint(_ text: String) {
        #expect(ClusterZone.Endpoint(text) == nil)
        #expect(ClusterZone.Endpoint("10.0.0.1 + h 80/tcp/a 53/udp")?.ports.count == 2)
    }

    @Test(
        "what is no plan is refused",
        arguments: [
            "", "[]", "{}", #"{"lab": "a", "pods": [], "zone": {}}"#,
            Self.empty.replacing("[]", with: #"[{"pin": "a", "page": {}, "listeners": []}]"#, maxReplacements: 1),
            Self.empty.replacing(#""serial": 1"#, with: #""serial": -1"#), String(Self.empty.dropLast()),
        ])
    func unreadable(_ text: String) throws {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(PodServerPlan.self, from: Data(text.utf8)) }
        #expect(try JSONDecoder().decode(PodServerPlan.self, from: Data(Self.empty.utf8)).isEmpty)
    }

    private static func plan(service: String) throws -> PodServerPlan {
        let text = empty.replacing(#""services": []"#, with: #""services": ["\#(service)"]"#)
        return try JSONDecoder().decode(PodServerPlan.self, from: Data(text.utf8))
    }

    @Test(
        "what is no service is refused",
        arguments: [
            "", "a", "a/b", "a/b - - -", "ab - - - 0", "a/b - - - 1", "a/b - - - -1", "a/b - - - x",
            "a/b - 10.96.0 - 0",
            "a/b - , - 0", "a/b - - 80 0", "a/b - - 70000/tcp 0", "a/b - - 80/tcp, 0", "a/b  - - 0",
        ])
    func noService(_ text: String) throws {
        #expect(throws: DecodingError.self) { try Self.plan(service: text) }
        let known = try Self.plan(service: "a/b headless 10.96.0.1,fd00::1 80/tcp/http,53/udp 0 x.org").zone.services
        #expect(known.map(\.externalName) == ["x.org"] && known[0].isHeadless && known[0].ports.count == 2)
    }

    @Test("endpoints that services share are written once")
    func sharedEndpoints() throws {
        let endpoints = (1...40).map { ClusterZone.Endpoint(address: IPAddress("10.0.0.\($0)")!) }
        func size(_ count: Int) throws -> Int {
            let services = (0..<count).map { ClusterZone.Service(name: "s\($0)", endpoints: endpoints) }
            let plan = PodServerPlan(lab: "a", zone: ClusterZone(services: services))
            let json = try JSONEncoder().encode(plan)
            #expect(try JSONDecoder().decode(PodServerPlan.self, from: json) == plan)
            return json.count
        }
        #expect(try size(101) - size(1) < 100 * 40)
    }

    private static let empty = #"""
        {"lab": "a", "pods": [],
        "zone": {"domain": "cluster.local", "namespaces": [], "services": [], "endpoints": [[]], "serial": 1}}
        """#
}
