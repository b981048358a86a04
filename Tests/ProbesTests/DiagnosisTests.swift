import Addresses
import Blueprint
import Foundation
import NetworkObjects
import System
import Testing

@testable import Probes

/// A probe that failed, what the kernel was found to hold, and what is said about it. Kernel and blueprint are values.
@Suite("The cause of a failed probe")
struct DiagnosisTests {
    private let blueprint: Blueprint
    private let matrix: ProbeMatrix

    init() throws {
        blueprint = try Blueprints.bundled("dual-stack")
        matrix = ProbeMatrix(blueprint)
    }

    private func probe(_ family: AddressFamily) throws -> ProbeMatrix.Probe {
        let from = try #require(blueprint.namespaces.first { $0.node == "dual-stack-worker" }).name
        let to = try #require(blueprint.namespaces.first { $0.node == "dual-stack-worker2" }).name
        return try #require(matrix.probes.first { $0.from == from && $0.to == to && $0.address.family == family })
    }

    /// The cause, where the kernel holds the blueprint but for a change in one namespace.
    private func cause(
        _ family: AddressFamily, _ namespace: String = "dual-stack-worker",
        _ change: @escaping (inout NamespaceContent) -> Void
    ) throws -> String {
        let diagnosis = Diagnosis(blueprint) { [blueprint] name in
            var content = try #require(blueprint.namespaces.first { $0.name == name }).content
            content.routes = content.routes.map(\.asReported)
            if name == namespace { change(&content) }
            return content
        }
        return "\(diagnosis.cause(of: try probe(family)))"
    }

    private static let tunnel = IPAddress("fd00:10:244:b742:2d01:58:8f51:b000")!
    private static let mac = MACAddress("66:52:6a:03:c1:3b")!

    @Test("a neighbour that the kernel asks for by itself is not the entry that should be there")
    func askedFor() throws {
        let found = try cause(.ipv6) { content in
            content.neighbours = content.neighbours.map { neighbour in
                var neighbour = neighbour
                if neighbour.address == Self.tunnel { (neighbour.mac, neighbour.state) = (nil, .incomplete) }
                return neighbour
            }
        }
        #expect(
            found == "dual-stack-worker: neighbour \(Self.tunnel) dev vxlan-v6.calico lladdr \(Self.mac) PERMANENT "
                + "is missing")
    }

    @Test("an address of a loopback that is gone at the end of a way on which all else is right")
    func lostLoopback() throws {
        let from = try #require(blueprint.namespaces.first { $0.node == "dual-stack-worker" }).name
        let probe = try #require(matrix.probes.first { $0.from == from && $0.address == IPAddress("1.1.1.1") })
        let diagnosis = Diagnosis(blueprint) { [blueprint] name in
            var content = try #require(blueprint.namespaces.first { $0.name == name }).content
            content.routes = content.routes.map(\.asReported)
            if name == "ceos01" { content.addresses.removeAll { $0.address.address == IPAddress("1.1.1.1") } }
            return content
        }
        #expect("\(diagnosis.cause(of: probe))".hasPrefix("ceos01: address 1.1.1.1/32 "))
    }

    @Test("conditions of a link on a way on which all else is right")
    func conditions() throws {
        let found = try cause(.ipv4) { content in
            content.qdiscs = [Qdisc("eth1", .netem(Netem(loss: Probability(millionths: 1_000_000))))]
        }
        #expect(
            found == "dual-stack-worker: all is there, but what leaves by eth1 goes through netem limit 1000 loss 100%")
        let missing = try cause(.ipv4) { content in
            content.qdiscs = [Qdisc("eth1", .netem(Netem(loss: Probability(millionths: 1_000_000))))]
            content.links.removeAll { $0.name == "eth1" }
        }
        #expect(missing == "link dual-stack-worker:eth1 is missing")
    }

    @Test("a neighbour entry that is missing or wrong")
    func neighbour() throws {
        let entry = "\(Self.tunnel) dev vxlan-v6.calico lladdr \(Self.mac) PERMANENT"
        #expect(
            try cause(.ipv6) { $0.neighbours.removeAll { $0.address == Self.tunnel } }
                == "dual-stack-worker: neighbour \(entry) is missing")
        let wrong = try cause(.ipv6) { content in
            content.neighbours = content.neighbours.map { neighbour in
                var neighbour = neighbour
                if neighbour.address == Self.tunnel { neighbour.mac = MACAddress("66:00:00:00:00:01") }
                return neighbour
            }
        }
        #expect(
            wrong == "dual-stack-worker: neighbour \(entry) is expected, found \(Self.tunnel) dev vxlan-v6.calico "
                + "lladdr 66:00:00:00:00:01 PERMANENT")
    }

    @Test("a forwarding entry that is missing or leads elsewhere")
    func forwarding() throws {
        let entry = "\(Self.mac) dev vxlan-v6.calico dst fd00:10:10::12 self permanent"
        #expect(
            try cause(.ipv6) { $0.forwarding.removeAll { $0.mac == Self.mac } }
                == "dual-stack-worker: FDB entry \(entry) is missing")
        let elsewhere = try cause(.ipv6) { content in
            content.forwarding.removeAll { $0.mac == Self.mac }
            content.forwarding.append(
                ForwardingEntry("vxlan-v6.calico", Self.mac, destination: IPAddress("fd00:10:10::99")!))
        }
        #expect(elsewhere.hasPrefix("dual-stack-worker: FDB entry \(entry) is expected, found \(Self.mac)"))
        #expect(elsewhere.contains("dst fd00:10:10::99"))
    }

    @Test("a route that is missing, leads elsewhere, or loses its packets to a longer one")
    func route() throws {
        let block = Prefix("192.168.183.64/26")!
        #expect(
            try cause(.ipv4) { $0.routes.removeAll { $0.destination == block } }
                == "dual-stack-worker: route \(block) via 10.10.10.12 dev eth1 proto 80 onlink is missing")
        let elsewhere = try cause(.ipv4) { content in
            content.routes.removeAll { $0.destination == block }
            content.routes.append(Route(block, via: IPAddress("10.10.10.1")!, device: "eth1"))
        }
        #expect(elsewhere.hasSuffix("is expected, found \(block) via 10.10.10.1 dev eth1"))
        let stray = try cause(.ipv4) { $0.routes.append(Route(Prefix("192.168.183.64/27")!, .blackhole)) }
        #expect(
            stray.hasPrefix("dual-stack-worker: route blackhole 192.168.183.64/27 takes packets away from \(block)"))
    }

    @Test("a link that is missing, down or of another MTU, and an address that is missing")
    func link() throws {
        func eth1(_ change: @escaping (inout Link) -> Void) throws -> String {
            try cause(.ipv4) { content in
                for index in content.links.indices where content.links[index].name == "eth1" {
                    change(&content.links[index])
                }
            }
        }
        #expect(
            try cause(.ipv4) { $0.links.removeAll { $0.name == "eth1" } } == "link dual-stack-worker:eth1 is missing")
        #expect(try eth1 { $0.isUp = false } == "link dual-stack-worker:eth1 is down")
        let small = try eth1 { $0.mtu = 1280 }
        let peer = "type veth peer eth2 netns ceos01"
        #expect(
            small.hasPrefix("link dual-stack-worker:eth1 address 02:73:05:9e:b2:ba mtu 1500 up \(peer) is expected"))
        #expect(small.contains(", found eth1 address 02:73:05:9e:b2:ba mtu 1280 up \(peer)"))
        #expect(
            try cause(.ipv4) { $0.addresses.removeAll { $0.device == "eth1" && $0.address.family == .ipv4 } }
                == "dual-stack-worker: address 10.10.10.11/24 dev eth1 is missing")
    }

    @Test("forwarding that was switched off")
    func forwardingSwitch() throws {
        let off = try cause(.ipv6) { content in
            for index in content.sysctls.indices where content.sysctls[index].path == "ipv6/conf/all/forwarding" {
                content.sysctls[index].value = "0"
            }
        }
        #expect(off == "dual-stack-worker: sysctl ipv6/conf/all/forwarding is 0, expected 1")
    }

    @Test("the way back is looked at behind the way there")
    func wayBack() throws {
        let back = try cause(.ipv4, "dual-stack-worker2") {
            $0.routes.removeAll { $0.destination == Prefix("192.168.77.0/26")! }
        }
        #expect(back == "dual-stack-worker2: route 192.168.77.0/26 via 10.10.10.11 dev eth1 proto 80 onlink is missing")
    }

    @Test("what stands off the way is not blamed")
    func offTheWay() throws {
        let elsewhere = try cause(.ipv4) { $0.forwarding = [] }
        #expect(
            elsewhere
                == "every route, neighbour and FDB entry on the way is as it should be; look at rules (nft) and links")
    }

    @Test("a neighbour table that was full is the cause where nothing else is, for its family")
    func fullTable() throws {
        func diagnosis(_ fault: @escaping (inout NamespaceContent) -> Void) -> Diagnosis {
            Diagnosis(blueprint) { [blueprint] name in
                var content = try #require(blueprint.namespaces.first { $0.name == name }).content
                content.routes = content.routes.map(\.asReported)
                fault(&content)
                return content
            } fullTable: { family in
                family == .ipv4 ? ("net.ipv4.neigh.default.gc_thresh3", 1024) : nil
            }
        }
        let whole = diagnosis { _ in }
        #expect(
            try "\(whole.cause(of: probe(.ipv4)))"
                == "the kernel's neighbour table is full (net.ipv4.neigh.default.gc_thresh3 is 1024, for all namespaces "
                + "together); sysctl -w net.ipv4.neigh.default.gc_thresh3=4096")
        #expect(try whole.cause(of: probe(.ipv6)) == .unknown)
        let broken = diagnosis { $0.routes = [] }
        #expect(try !"\(broken.cause(of: probe(.ipv4)))".contains("gc_thresh3"))
    }

    @Test("a namespace that cannot be looked into is named, and each is looked into once")
    func gone() throws {
        var looks: [String: Int] = [:]
        let diagnosis = Diagnosis(blueprint) { name in
            looks[name, default: 0] += 1
            throw SystemCallError("open", name, errno: 2)
        }
        let probe = try probe(.ipv6)
        let cause = "\(diagnosis.cause(of: probe))"
        #expect(cause == "\(probe.from): it cannot be looked into (\(probe.from): No such file or directory (open))")
        _ = diagnosis.cause(of: probe)
        #expect(looks == [probe.from: 1])
    }

    @Test("a blueprint that leads nowhere is the cause itself")
    func blueprintItself() throws {
        var broken = blueprint
        let node = try #require(broken.namespaces.firstIndex { $0.name == "dual-stack-worker" })
        broken.namespaces[node].content.routes.removeAll { $0.gateway == Self.tunnel }
        let diagnosis = Diagnosis(broken) { name in
            var content = try #require(broken.namespaces.first { $0.name == name }).content
            content.routes = content.routes.map(\.asReported)
            return content
        }
        #expect(
            "\(diagnosis.cause(of: try probe(.ipv6)))".hasPrefix(
                "dual-stack-worker: the blueprint itself leads no further (no route to"))
    }

    // MARK: Services

    /// A kernel that holds the blueprint but for these links, which are down.
    private func diagnosis(
        down: [String: InterfaceName] = [:], differing: [String: Set<String>] = [:], isServed: Bool = true
    ) -> Diagnosis {
        Diagnosis(blueprint) { [blueprint] name in
            var content = try #require(blueprint.namespaces.first { $0.name == name }).content
            content.routes = content.routes.map(\.asReported)
            for index in content.links.indices where content.links[index].name == down[name] {
                content.links[index].isUp = false
            }
            return content
        } differing: {
            differing
        } isServed: {
            isServed
        }
    }

    private func cause(_ diagnosis: Diagnosis, from node: String) throws -> String? {
        let source = try #require(blueprint.namespaces.first { $0.kind == .pod && $0.node == node })
        let service = try #require(blueprint.services.first { $0.name == "multitool-dual-stack" })
        return diagnosis.cause(ofServiceAt: service.clusterAddresses[0], from: source).map { "\($0)" }
    }

    @Test(
        "a service fails for the link on the way to an endpoint, for its rules on the node that asks, or for the server"
    )
    func services() throws {
        let key = "default/multitool-dual-stack"
        let rules = "the rules of \(key) differ on dual-stack-worker (nft table kube-proxy)"
        #expect(try cause(diagnosis(), from: "dual-stack-worker") == nil)
        #expect(
            try cause(diagnosis(down: ["dual-stack-worker": "eth1"]), from: "dual-stack-worker2")
                == "link dual-stack-worker:eth1 is down")
        let both = diagnosis(down: ["dual-stack-worker2": "eth1"], differing: [key: ["dual-stack-worker"]])
        #expect(try cause(both, from: "dual-stack-worker") == rules)
        #expect(try cause(both, from: "dual-stack-control-plane") == "link dual-stack-worker2:eth1 is down")
        #expect(
            try cause(diagnosis(down: ["dual-stack-worker": "eth1"], isServed: false), from: "dual-stack-worker")
                == "the process that answers for the lab's pods has ended; `nslab up` starts it again")
    }

    @Test("two causes at once are two groups, the one of most probes first, and what has none comes last")
    func groups() throws {
        let diagnosis = diagnosis(down: ["dual-stack-worker": "eth1", "dual-stack-worker2": "eth1"])
        var report = ProbeReport(passed: 0, failed: 0, complete: 0, duration: 0, results: [])
        for probe in matrix.probes where probe.address.family == .ipv4 && probe.kind == .podToPod {
            let cause = diagnosis.cause(of: probe)
            report.results.append(
                ProbeReport.Result(
                    from: probe.from, to: probe.to, address: "\(probe.address)", family: "IPv4", check: "c", path: "p",
                    ok: false, failure: "f", cause: cause == .unknown ? nil : cause))
        }
        let groups = report.failuresByCause
        #expect(
            Set(groups.dropLast().compactMap(\.cause).map { "\($0)" }) == [
                "link dual-stack-worker:eth1 is down", "link dual-stack-worker2:eth1 is down",
            ])
        #expect(groups.last?.cause == nil)
        #expect(groups[0].results.count >= groups[1].results.count)
        #expect(groups.map(\.results.count).reduce(0, +) == report.results.count)
        let object = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        let causes = try #require(object["causes"] as? [[String: Any]])
        #expect(causes.map { $0["probes"] as? Int } == groups.dropLast().map(\.results.count))
    }
}
