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
        }
        // As kubeadm makes it: of the cluster's first family.
        #expect(
            Set(checks("kube-system/kube-dns", .ipv4).map(\.expectation))
                == [.names(.udp), .names(.tcp), .page(pods: pods(blueprint, "coredns"))])
        #expect(checks("kube-system/kube-dns", .ipv6).isEmpty)
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
        let gaps = ServiceMatrix(blueprint).unprobed.filter { $0.service == "default/multitool-dual-stack" }
        #expect(gaps.map(\.reason) == ["\(UnprobedService.Reason.nothingAnswers)"] && gaps[0].address.contains(":"))
        for check in checks {
            guard case .page(let pods) = check.expectation else { Issue.record("\(check)"); continue }
            let source = blueprint.namespaces.first { $0.name == check.from }
            #expect(pods == Set([source?.pod].compactMap(\.self)))
        }
    }

    /// The default lab with workloads of these names on their nodes' own network.
    private func onHostNetwork(_ names: Set<String>) throws -> Blueprint {
        try Blueprints.bundled("dual-stack") { topology in
            for index in topology.workloads.indices where names.contains(topology.workloads[index].name) {
                topology.workloads[index].usesHostNetwork = true
            }
        }
    }

    @Test("services and name servers whose pods are on their nodes' network are asked like any others")
    func hostNetwork() throws {
        let name = try #require(
            Blueprints.bundled("dual-stack").services.first { $0.name == "multitool-dual-stack" }?.endpoints.first?.pod)
        let workload = name.name.split(separator: "-").first.map(String.init) ?? ""
        let web = try onHostNetwork([workload])
        let matrix = ServiceMatrix(web)
        let hosted = Set(web.namespaces.flatMap(\.hostPods).map(\.pod).filter { $0.name.hasPrefix(workload) })
        #expect(hosted.count == 3)
        for family in AddressFamily.allCases {
            let checks = matrix.checks.filter {
                $0.service == "default/multitool-dual-stack" && $0.address.family == family
            }
            // The control plane has a pod that asks: a name server's. On the workers the node itself does.
            #expect(checks.count { !$0.isBalance } == 3 && checks.count { $0.isBalance } == 1)
            #expect(checks.allSatisfy { $0.expectation == .page(pods: hosted) })
        }
        #expect(Set(matrix.checks.map(\.from)).isSuperset(of: ["dual-stack-worker", "dual-stack-worker2"]))
        let dns = try onHostNetwork(["coredns"])
        let names = ServiceMatrix(dns)
        let servers = Set(dns.namespaces.flatMap(\.hostPods).map(\.pod).filter { $0.name.hasPrefix("coredns") })
        #expect(names.names.count == ServiceMatrix(try Blueprints.bundled("dual-stack")).names.count)
        #expect(
            Set(names.checks.filter { $0.service == "kube-system/kube-dns" }.map(\.expectation))
                == [
                    .names(.udp), .names(.tcp),
                    .page(pods: servers),
                ])
    }

    @Test("what cannot be probed is said, with the reason, and what is filtered out is not")
    func gaps() throws {
        let blueprint = try Blueprints.bundled("dual-stack") { topology in
            let index = topology.services.firstIndex { $0.name == "multitool-dual-stack" }!
            topology.services[index].ports.append(.init(name: "sctp", transport: .sctp, port: 80))
            topology.services[index].ports.append(.init(name: "other", port: 81, target: .number(81)))
        }
        let gaps = ServiceMatrix(blueprint).unprobed
        func reasons(_ service: String, _ port: String) -> Set<String> {
            Set(gaps.filter { $0.service == service && $0.port == port }.map(\.reason))
        }
        #expect(reasons("default/kubernetes", "443/TCP") == ["\(UnprobedService.Reason.noPod)"])
        #expect(reasons("default/multitool-dual-stack", "80/SCTP") == ["nothing in a lab answers SCTP"])
        #expect(
            reasons("default/multitool-dual-stack", "81/TCP") == ["\(UnprobedService.Reason.nothingAnswers)"])
        #expect(gaps.allSatisfy { ["default/kubernetes", "default/multitool-dual-stack"].contains($0.service) })
        #expect(ServiceMatrix(blueprint, from: { _ in false }).unprobed.isEmpty)
        let noPods = ServiceMatrix(
            try Blueprints.bundled("dual-stack") {
                $0.workloads = [Workload(name: "other", kind: .pod, nodeName: "dual-stack-worker")]
            })
        #expect(noPods.unprobed.contains { $0.service == nil && $0.address == "10.96.0.10" })
        let nobody = ServiceMatrix(try Blueprints.bundled("dual-stack") { $0.workloads = [] })
        #expect(nobody.count == 0)
        #expect(Set(nobody.unprobed.compactMap(\.service)) == Set(blueprint.services.map(\.key)))
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
