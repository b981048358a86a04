import Addresses
import DNS
import HTTP
import PodServer
import Testing

@Suite("A plan as text")
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
        #expect(try PodServerPlan(reading: plan.text) == plan)
    }

    @Test(
        "what is no plan is told with its line",
        arguments: [
            ("", 1), ("nslab-responders 2\n", 1), ("nslab-responders 1\nlisten tcp 80 dual dns\n", 2),
            ("nslab-responders 1\nlab a\npod a b c d 10.0.0\n", 3), ("nslab-responders 1\nlab a b\n", 2),
            ("nslab-responders 1\nlab %4\n", 2), ("nslab-responders 1\npod a b c d -\nlisten udp 80 dual http -\n", 3),
        ])
    func unreadable(_ text: String, _ line: Int) {
        let error = #expect(throws: UnreadablePlan.self) { try PodServerPlan(reading: text) }
        #expect(error?.line == line)
    }
}
