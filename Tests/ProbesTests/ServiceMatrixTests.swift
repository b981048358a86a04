import Addresses
import Blueprint
import Testing
import Topology

@testable import Probes

@Suite("Which services are probed")
struct ServiceMatrixTests {
    private typealias Check = ServiceMatrix.Check

    private func pods(_ blueprint: Blueprint, _ prefix: String) -> Set<PodReference> {
        Set(blueprint.namespaces.compactMap(\.pod).filter { $0.name.hasPrefix(prefix) })
    }

    @Test(
        "the default lab: a pod of each node asks, in each family that the service has, and each endpoint must answer")
    func dualStack() throws {
        let blueprint = try Blueprints.bundled("dual-stack")
        let matrix = ServiceMatrix(blueprint)
        #expect(matrix.sources.map(\.node) == ["dual-stack-control-plane", "dual-stack-worker", "dual-stack-worker2"])
        func checks(_ service: String, _ family: AddressFamily, balance: Bool = false) -> [Check] {
            matrix.checks.filter {
                $0.service == service && $0.address.family == family && $0.isBalance == balance
            }
        }
        let web = pods(blueprint, "multitool")
        #expect(web.count == 3)
        for family in AddressFamily.allCases {
            let dual = checks("default/multitool-dual-stack", family)
            #expect(dual.count == 3 && dual.allSatisfy { $0.expectation == .page(pods: web) && $0.port == 80 })
            #expect(checks("default/multitool-dual-stack", family, balance: true).count == 1)
            #expect(
                Set(checks("kube-system/kube-dns", family).map(\.expectation)) == [.names(.udp), .names(.tcp)])
        }
        #expect(checks("default/multitool-ipv6-only", .ipv4).isEmpty)
        #expect(checks("default/multitool-ipv6-only", .ipv6).count == 3)
        // Nothing answers for the API server in a lab.
        #expect(!matrix.checks.contains { $0.service == "default/kubernetes" })
    }

    @Test(
        "names: each service's A and AAAA from every node, an empty answer where it has none, and what does not exist")
    func names() throws {
        let matrix = ServiceMatrix(try Blueprints.bundled("dual-stack"))
        let ipv6Only = matrix.names.filter { $0.service == "default/multitool-ipv6-only" && $0.typeName != "PTR" }
        #expect(ipv6Only.count == 6)
        #expect(ipv6Only.filter { $0.type == .a }.allSatisfy { $0.expected == .noData })
        for check in ipv6Only where check.type == .aaaa {
            guard case .addresses(let addresses) = check.expected else { Issue.record("\(check)"); continue }
            #expect(addresses.count == 1)
        }
        #expect(matrix.names.count { $0.expected == .noSuchName } == 1)
        #expect(
            matrix.names.contains { $0.name.description == "_dns-tcp._tcp.kube-dns.kube-system.svc.cluster.local." })
        #expect(Set(matrix.names.map(\.server)) == [IPAddress("10.96.0.10")!])
    }

    @Test("without endpoints a refusal is expected; without the name servers' pods nobody is asked for names")
    func withoutPods() throws {
        let matrix = ServiceMatrix(
            try Blueprints.bundled("dual-stack") { topology in
                topology.workloads = [
                    Workload(name: "other", kind: .pod, labels: ["app": "other"], nodeName: "dual-stack-worker")
                ]
            })
        #expect(matrix.names.isEmpty)
        let dual = matrix.checks.filter { $0.service == "default/multitool-dual-stack" }
        #expect(dual.count == 2 && dual.allSatisfy { $0.expectation == .refusal(.tcp) && !$0.isBalance })
    }

    @Test(
        "an application on one family is asked in that family alone; a service for one node's own pods, where it has some"
    )
    func partial() throws {
        let blueprint = try Blueprints.bundled("dual-stack") { topology in
            topology.workloads[0].ports = [Workload.ContainerPort(8080, listen: .ipv4)]
            let index = topology.services.firstIndex { $0.name == "multitool-dual-stack" }!
            topology.services[index].isInternallyLocal = true
        }
        let checks = ServiceMatrix(blueprint).checks.filter { $0.service == "default/multitool-dual-stack" }
        #expect(Set(checks.map(\.address.family)) == [.ipv4])
        for check in checks {
            guard case .page(let pods) = check.expectation else { Issue.record("\(check)"); continue }
            let source = blueprint.namespaces.first { $0.name == check.from }
            #expect(pods == Set([source?.pod].compactMap(\.self)))
        }
    }

    @Test("filters keep what is asked for")
    func filters() throws {
        let blueprint = try Blueprints.bundled("dual-stack")
        let worker = try #require(blueprint.namespaces.first { $0.kind == .pod && $0.node == "dual-stack-worker" })
        let from = ServiceMatrix(blueprint, from: { $0 == worker.name })
        #expect(Set(from.checks.map(\.from)) == [worker.name] && Set(from.names.map(\.from)) == [worker.name])
        let to = ServiceMatrix(blueprint, to: { service, _ in service == "kube-system/kube-dns" })
        #expect(Set(to.checks.map(\.service)) == ["kube-system/kube-dns"])
        #expect(ServiceMatrix(blueprint, from: { _ in false }).count == 0)
    }

    @Test("as many tries as leave one chance in a thousand million to miss one of the endpoints")
    func tries() throws {
        let check = try #require(ServiceMatrix(try Blueprints.bundled("dual-stack")).checks.first)
        // n (1 - 1/n)^t ≤ 10⁻⁹
        #expect(check.tries(endpoints: 2) == 31)
        #expect(check.tries(endpoints: 3) == 54)
        #expect(check.tries(endpoints: 64) == 1580)
    }
}
