import Addresses
import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("Rules of the routing policy in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct RoutingRuleTests {
    @Test(
        "which packets a rule is about is what the kernel says of them",
        arguments: [
            "from all to 10.2.0.0/16 blackhole", "from 10.1.0.0/16 unreachable", "not from 10.1.0.0/16 prohibit",
            "from all iif lo unreachable", "from all iif eth0 prohibit", "not from all to 10.2.0.1 blackhole",
        ])
    func matches(text: String) async throws {
        try await inNamespace { inside in
            // A namespace has the first one's: of a packet whose answer would be refused it is not the rule that is asked.
            for place in ["all", "default"] {
                try Witness.output(["sysctl", "-q", "-w", "net.ipv4.conf.\(place).rp_filter=0"])
            }
            for command in [
                "link set lo up", "link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up",
                "addr add 10.1.0.1/24 dev eth0", "addr add 10.3.0.1/24 dev eth0", "route add default via 10.1.0.9",
            ] { try Witness.ip(command) }
            try Witness.output(["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])
            try Witness.ip("rule add pref 100 \(text)")
            var socket = try RouteSocket(in: inside)
            let rule = try #require(socket.rules().first { $0.priority == 100 })
            for destination in ["10.2.0.1", "10.2.9.9", "10.9.0.1"] {
                for (source, ingress) in [
                    ("10.1.0.1", nil), ("10.3.0.1", nil), ("10.1.0.77", "eth0"), ("10.3.0.77", "eth0"),
                ] {
                    let link = ingress.map { ["iif", $0] } ?? []
                    let refused =
                        try Witness.run(["ip", "route", "get", destination, "from", source] + link).status != 0
                    let matches = rule.matches(
                        IPAddress(destination)!, from: IPAddress(source), by: ingress.flatMap { InterfaceName($0) })
                    #expect(matches == refused, "\(rule): \(destination) from \(source) \(link)")
                }
            }
        }
    }

    @Test("of a rule that asks for more it is not known")
    func matchesMore() async throws {
        try await inNamespace { inside in
            try Witness.ip("rule add pref 100 fwmark 0x10 lookup 1000")
            var socket = try RouteSocket(in: inside)
            let rule = try #require(socket.rules().first { $0.priority == 100 })
            #expect(rule.matches(IPAddress("10.2.0.1")!, from: nil, by: nil) == nil)
            #expect(rule.matches(IPAddress("fd00::1")!, from: nil, by: nil) == false)
        }
    }

    @Test("a namespace has the kernel's own")
    func kernelMade() async throws {
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            #expect(try socket.rules() == AddressFamily.allCases.flatMap { RoutingRule.kernelMade($0) })
        }
    }

    @Test(
        "what ip adds is read in its words, and goes by what was read",
        arguments: [
            "pref 100 from 10.1.0.0/16 to 10.2.0.0/16 lookup 100", "pref 7 from all fwmark 0x10/0xff lookup 1000",
            "pref 8 not from 10.0.0.1/32 iif lo blackhole", "pref 9 from all oif lo unreachable",
            "-6 pref 10 from fd00::/64 lookup main", "pref 11 from all ipproto tcp dport 80 lookup 100",
            "pref 12 from all lookup main suppress_prefixlength 0", "pref 13 from all uidrange 0-99 prohibit",
        ])
    func others(text: String) async throws {
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            let before = try socket.rules()
            let isIPv6 = text.hasPrefix("-6 ")
            let words = text.split(separator: " ").map(String.init)
            let command = ["ip"] + (isIPv6 ? ["-6"] : []) + ["rule", "add"] + words.dropFirst(isIPv6 ? 1 : 0)
            try Witness.output(command)
            let added = try socket.rules().filter { !before.contains($0) }
            #expect(added.count == 1)
            let rule = try #require(added.first)
            if !text.contains("ipproto"), !text.contains("suppress"), !text.contains("uidrange") {
                #expect("\(rule)" == text)
            }
            var batch = RouteBatch(capacity: 256)
            try batch.delete(rule, in: InterfaceTable())
            try socket.execute(&batch)
            #expect(try socket.rules() == before)
            try batch.add(rule, in: InterfaceTable())
            try socket.execute(&batch)
            #expect(Set(try socket.rules()) == Set(before + [rule]))
        }
    }
}
