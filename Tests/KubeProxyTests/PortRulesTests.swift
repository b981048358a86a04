import Addresses
import NetworkObjects
import Testing

@testable import KubeProxy

@Suite("A service's rules on a node")
struct PortRulesTests {
    private let subnets = [Prefix("10.96.0.0/16")!, Prefix("fd00:96::/112")!]
    private let pods = [Prefix("10.244.0.0/16")!, Prefix("fd00:244::/56")!]
    private let here = ProxiedNode("here", addresses: [IPAddress("10.1.0.1")!, IPAddress("fd00:1::1")!])

    private func port(_ endpoints: [ProxiedEndpoint], _ change: (inout ProxiedPort) -> Void = { _ in }) -> ProxiedPort {
        var port = ProxiedPort(
            namespace: "default", service: "web", name: "http", .tcp, 80, at: IPAddress("10.96.1.2")!)
        change(&port)
        port.answer(by: endpoints)
        return port
    }

    private func endpoint(_ address: String, _ node: String = "here") -> ProxiedEndpoint {
        .init(IPAddress(address)!, 8080, node: node)
    }

    private func table(_ ports: [ProxiedPort], on node: ProxiedNode? = nil, pods: [Prefix]? = nil) -> RuleTable {
        ProxyRules(ports, serviceSubnets: subnets, clusterPrefixes: pods ?? self.pods).tables(on: node ?? here)[0]
    }

    /// The rules of the chain whose name begins so; nil where there is none.
    private func rules(_ prefix: String, _ table: RuleTable) -> [String]? {
        table.chains.first { $0.name.hasPrefix(prefix) }?.rules.map(\.description)
    }

    private func elements(_ name: String, _ table: RuleTable) -> [String] {
        table.sets.first { $0.name == name }?.elements.map(\.description) ?? []
    }

    private var near: ProxiedEndpoint { endpoint("10.244.1.1") }
    private var far: ProxiedEndpoint { endpoint("10.244.2.1", "there") }

    @Test("internalTrafficPolicy Local: a chain of the node's own, or drop; never both ways")
    func internallyLocal() throws {
        let some = table([port([near, far]) { $0.isInternallyLocal = true }])
        let local = try #require(rules("local-", some))
        #expect(local.count == 2 && local[0] == "ip daddr 10.96.1.2 ip saddr != 10.244.0.0/16 jump mark-for-masquerade")
        #expect(
            local[1].hasPrefix("numgen random mod 1 vmap { 0 : goto endpoint-")
                && local[1].contains("__10.244.1.1/8080"))
        #expect(
            rules("service-Z", some) == nil
                && !some.chains.contains { $0.name.hasPrefix("service-") && $0.name.contains("/") })
        #expect(elements("service-ips", some).allSatisfy { $0.contains(": goto local-") })
        #expect(elements("no-endpoint-services", some).isEmpty)
        let none = table([port([far]) { $0.isInternallyLocal = true }])
        #expect(elements("service-ips", none).isEmpty && none.chains.allSatisfy { !$0.name.contains("/") })
        #expect(elements("no-endpoint-services", none) == ["10.96.1.2 . tcp . 80 comment \"default/web:http\" : drop"])
    }

    @Test("no endpoint anywhere: every way in is refused, and there is no chain")
    func noEndpoints() {
        let none = table([
            port([]) {
                $0.nodePort = 30080
                $0.externalAddresses = [IPAddress("203.0.113.7")!]
                $0.loadBalancerAddresses = [IPAddress("203.0.113.8")!]
                $0.isExternallyLocal = true
            }
        ])
        #expect(
            elements("no-endpoint-services", none)
                == ["10.96.1.2", "203.0.113.7", "203.0.113.8"].map {
                    "\($0) . tcp . 80 comment \"default/web:http\" : goto reject-chain"
                })
        #expect(
            elements("no-endpoint-nodeports", none) == ["tcp . 30080 comment \"default/web:http\" : goto reject-chain"])
        #expect(none.chains.allSatisfy { !$0.name.contains("/") })
        #expect(elements("cluster-ips", none) == ["10.96.1.2"])
    }

    @Test("externalTrafficPolicy Local with endpoints here: what is from outside goes to them unmasqueraded")
    func externallyLocal() throws {
        let found = table([
            port([near, far]) {
                $0.nodePort = 30080
                $0.isExternallyLocal = true
            }
        ])
        let name = try #require(found.chains.first { $0.name.hasPrefix("local-") }?.name)
        #expect(rules("external-", found)?.last == "goto \(name)")
        #expect(rules("external-", found)?.count == 4)
        #expect(rules("local-", found)?.count == 1)
        #expect(elements("no-endpoint-nodeports", found).isEmpty)
    }

    @Test(
        "source ranges: with the load balancers' addresses where the node is among them, those inside of others left out",
        arguments: [
            (["203.0.113.0/25"], "ip saddr != 203.0.113.0/25 drop"),
            (["203.0.113.9/32"], "ip saddr != 203.0.113.9 drop"),
            (["203.0.113.0/25", "10.1.0.0/24"], "ip saddr != { 5.6.7.8, 10.1.0.0/24, 203.0.113.0/25 } drop"),
            (["0.0.0.0/0"], "ip saddr != 0.0.0.0/0 drop"),
            (["203.0.0.0/8", "203.0.113.0/25", "203.0.0.0/8"], "ip saddr != 203.0.0.0/8 drop"),
        ])
    func sourceRanges(ranges: [String], rule: String) {
        let found = table([
            port([near]) {
                $0.loadBalancerAddresses = [IPAddress("5.6.7.8")!]
                $0.sourceRanges = ranges.map { Prefix($0)! }
            }
        ])
        #expect(rules("firewall-", found.withoutFrame) == [rule])
        #expect(elements("firewall-ips", found).count == 1)
    }

    @Test("source ranges without a load balancer's address keep nobody away")
    func unusedSourceRanges() {
        let found = table([port([near]) { $0.sourceRanges = [Prefix("203.0.113.0/25")!] }])
        #expect(rules("firewall-", found.withoutFrame) == nil && elements("firewall-ips", found).isEmpty)
    }

    @Test("where it is not known what is from pods, nothing is masqueraded for not being so")
    func noClusterPrefix() {
        let found = table([port([near])], pods: [])
        #expect(rules("service-", found.withoutFrame)?.count == 1)
        let two = table([port([near])], pods: [Prefix("10.244.0.0/16")!, Prefix("10.245.0.0/16")!])
        #expect(
            rules("service-", two.withoutFrame)?.first
                == "ip daddr 10.96.1.2 ip saddr != { 10.244.0.0/16, 10.245.0.0/16 } jump mark-for-masquerade")
    }

    @Test("of two services with one external address and port the first has it, and a cluster address is there once")
    func duplicates() {
        let address = IPAddress("203.0.113.7")!
        let first = port([near]) { $0.externalAddresses = [address] }
        var second = ProxiedPort(namespace: "x", service: "y", name: "a", .tcp, 80, at: IPAddress("10.96.1.3")!)
        second.externalAddresses = [address]
        var third = ProxiedPort(namespace: "x", service: "y", name: "b", .udp, 53, at: IPAddress("10.96.1.3")!)
        second.answer(by: [near])
        third.answer(by: [near])
        let found = table([first, second, third])
        #expect(elements("service-ips", found).filter { $0.hasPrefix("203.0.113.7 ") }.count == 1)
        #expect(elements("cluster-ips", found) == ["10.96.1.2", "10.96.1.3"])
    }

    @Test("one endpoint more touches its own chain, its service's chain and nothing else; one less, the same")
    func incremental() throws {
        let others = (2...50).map { number in
            var port = ProxiedPort(namespace: "x", service: "s\(number)", .tcp, 80, at: IPAddress("10.96.2.\(number)")!)
            port.answer(by: [endpoint("10.244.9.\(number)")])
            return port
        }
        let one = table([port([near])] + others)
        let two = table([port([near, far])] + others)
        let service = try #require(
            two.chains.first { $0.name.hasPrefix("service-") && $0.name.contains("default/web") })
        let chain = try #require(two.chains.first { $0.name.contains("__10.244.2.1/8080") })
        let more = one.commands(to: two).split(separator: "\n").map(String.init)
        func rules(_ chain: RuleTable.Chain) -> [String] {
            chain.rules.map { "add rule ip kube-proxy \(chain.name) \($0)" }
        }
        #expect(
            more == ["add chain ip kube-proxy \(chain.name)"] + rules(chain)
                + ["flush chain ip kube-proxy \(service.name)"] + rules(service))
        let less = two.commands(to: one).split(separator: "\n").map(String.init)
        #expect(
            less.filter { !$0.contains(service.name) } == [
                "flush chain ip kube-proxy \(chain.name)", "delete chain ip kube-proxy \(chain.name)",
            ])
        // The last one leaves its service: then the map's elements change too, and no other's.
        let none = one.commands(to: table([port([])] + others)).split(separator: "\n")
        #expect(
            none.filter { $0.contains("element") } == [
                "delete element ip kube-proxy service-ips { 10.96.1.2 . tcp . 80 }",
                "add element ip kube-proxy no-endpoint-services { 10.96.1.2 . tcp . 80 comment \"default/web:http\" : goto reject-chain }",
            ])
        #expect(none.allSatisfy { !$0.contains("x/s") })
    }

    @Test("the rules of two thousand services with twelve endpoints each on four nodes take the time of their number")
    func many() {
        let clock = ContinuousClock()
        func time(_ count: Int) -> Duration {
            // The machine may have other work meanwhile: the shortest of a few counts.
            (0..<3).map { _ in clock.measure { build(count) } }.min() ?? .zero
        }
        func build(_ count: Int) {
            let ports = (0..<count).map { number in
                var port = ProxiedPort(
                    namespace: "x", service: "s\(number)", .tcp, 80,
                    at: IPAddress("10.96.\(number / 250).\(number % 250 + 1)")!)
                port.answer(by: (0..<12).map { endpoint("10.244.\(number % 250).\($0 + 1)") })
                return port
            }
            let rules = ProxyRules(ports, serviceSubnets: subnets, clusterPrefixes: pods)
            for _ in 0..<4 { #expect(rules.tables(on: here)[0].chains.count == 16 + count * 13) }
        }
        // Eight times as many; were it their square, it would be 64 times as long.
        let (few, many) = (time(250), time(2000))
        #expect(many < few * 30, "250 services take \(few), 2000 take \(many)")
    }
}

extension RuleTable {
    /// The table without the chains that there are whatever the services.
    fileprivate var withoutFrame: RuleTable {
        var table = self
        table.chains.removeAll { !$0.name.contains("/") }
        return table
    }
}
