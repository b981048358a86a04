import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Probes of services and names", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct ServiceProbeTests {
    private func probe(_ nslab: Program, _ arguments: String...) throws -> (
        failures: [String], results: [[String: Any]]
    ) {
        let output = try Witness.run([BuiltProgram.path, "probe", "--lab", nslab.lab, "-o", "json"] + arguments)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(output.output.utf8)) as? [String: Any])
        let results = try #require(report["results"] as? [[String: Any]])
        #expect((report["failed"] as? Int == 0) == (output.status == 0))
        return (results.compactMap { $0["failure"] as? String }, results)
    }

    @Test("a new lab's services answer by address and name, balanced, and its names are right")
    func passing() throws {
        try Program.with { nslab in
            let up = try nslab.json("up", "--name", nslab.lab, "--no-api")
            let probes = try #require(up["probes"] as? [String: Any])
            #expect(probes["failed"] as? Int == 0)
            let results = try #require(probes["results"] as? [[String: Any]])
            let paths = Set(results.compactMap { $0["path"] as? String })
            #expect(paths.isSuperset(of: ["by address", "by name", "balance", "A", "AAAA", "SRV", "PTR"]))
        }
    }

    /// Two nodes, both families; the agents and, if asked for, the name server are on their nodes' network.
    private func hostNetworkLab(names: Bool) -> String {
        """
        lab: hosted
        \(TwoNodeLab.devices)cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
            six: { cidr: "fd00:10:244::/64", encapsulation: VXLAN, natOutgoing: true }
          serviceSubnets: [10.96.0.0/16, "fd00:96::/112"]
        workloads:
          agent: { kind: DaemonSet, labels: { app: agent }, hostNetwork: true, ports: [9100] }
          web: { kind: DaemonSet, labels: { app: web }, ports: [8080] }
          kube-system/coredns:
            kind: Deployment
            hostNetwork: \(names)
            labels: { k8s-app: kube-dns }
            ports: [{ name: dns, port: 53, protocol: UDP, answer: dns }, { name: dns-tcp, port: 53, answer: dns }]
        services:
          agent: { ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack, selector: { app: agent }, ports: [{ port: 80, targetPort: 9100 }] }
          kube-system/kube-dns:
            selector: { k8s-app: kube-dns }
            ports:
              - { name: dns, port: 53, targetPort: dns, protocol: UDP }
              - { name: dns-tcp, port: 53, targetPort: dns-tcp }

        """
    }

    @Test(
        "services whose endpoints are on their nodes' network are probed by address, by name and for balance, in both families"
    )
    func hostNetwork() throws {
        try Program.with(topology: hostNetworkLab(names: false)) { nslab in
            let (failures, results) = try probe(nslab)
            #expect(failures == [])
            for family in ["IPv4", "IPv6"] {
                let paths = results.filter {
                    $0["check"] as? String == "pod → service" && $0["to"] as? String == "default/agent"
                        && $0["family"] as? String == family
                }
                .compactMap { $0["path"] as? String }
                #expect(paths.filter { $0 == "by address" }.count == 2, "\(family): \(paths)")
                #expect(Set(paths) == ["by address", "by name", "balance"], "\(family): \(paths)")
            }
            // Without its rules on one node, the service fails from there: the probes see these endpoints.
            try Witness.output(
                ["nft", "flush", "chain", "ip", "kube-proxy", "service-OXFT2SYZ-default/agent/tcp/"], in: nslab.pin("b")
            )
            #expect(try !probe(nslab, "--to", "service/agent").failures.isEmpty)
        }
    }

    @Test("names are asked for where the name server is on its node's network")
    func hostNetworkNames() throws {
        try Program.with(topology: hostNetworkLab(names: true)) { nslab in
            let (failures, results) = try probe(nslab)
            #expect(failures == [])
            let asked = results.filter { $0["check"] as? String == "DNS" }
            #expect(Set(asked.compactMap { $0["path"] as? String }).isSuperset(of: ["A", "AAAA", "SRV", "PTR"]))
        }
    }

    @Test("what is broken on one node fails there alone, and is named")
    func brokenRules() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            try Witness.output(
                ["nft", "flush", "chain", "ip", "kube-proxy", "service-AEGZ7DAA-default/multitool-dual-stack/tcp/"],
                in: nslab.pin("dual-stack-worker"))
            let (failures, results) = try probe(nslab, "--to", "service/multitool-dual-stack")
            let failed = results.filter { $0["ok"] as? Bool == false }
            #expect(failed.count == 2 && failed.allSatisfy { $0["family"] as? String == "IPv4" })
            #expect(
                failures.allSatisfy {
                    $0.contains("the rules of default/multitool-dual-stack differ on dual-stack-worker (")
                }, "\(failures)")
        }
    }

    @Test(
        "a link that is down is said once, with how many probes fail for it; a rule that is lost besides is another cause"
    )
    func causes() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            try Witness.ip("link set eth1 down", in: nslab.pin("dual-stack-worker"))
            func causes() throws -> (all: [String: Int], report: [String: Any]) {
                let output = try Witness.run([BuiltProgram.path, "probe", "--lab", nslab.lab, "-o", "json"])
                #expect(output.status == 1)
                let report = try #require(
                    try JSONSerialization.jsonObject(with: Data(output.output.utf8)) as? [String: Any])
                let list = try #require(report["causes"] as? [[String: Any]])
                return (
                    Dictionary(
                        uniqueKeysWithValues: list.map { ($0["cause"] as? String ?? "", $0["probes"] as? Int ?? 0) }),
                    report
                )
            }
            let link = "link dual-stack-worker:eth1 is down"
            let first = try causes()
            let failed = try #require(first.report["failed"] as? Int)
            #expect(first.all == [link: failed])
            let results = try #require(first.report["results"] as? [[String: Any]])
            #expect(results.count { $0["cause"] as? String == link } == failed)
            #expect(results.allSatisfy { ($0["cause"] == nil) == ($0["ok"] as? Bool == true) })
            // How many fail differs from run to run: which endpoint is asked is drawn.
            let table = try nslab.run("probe", "--lab", nslab.lab).output
            let lines = table.split(separator: "\n").map(String.init)
            let (said, total) = (try #require(lines.first { $0.hasPrefix("✗ \(link): ") }), try #require(lines.last))
            let count = try #require(Int(said.dropFirst("✗ \(link): ".count).prefix { $0.isNumber }))
            #expect(total.hasPrefix("✗ \(count) of "), "\(table)")
            #expect(lines.count { $0.hasPrefix("✗ ") } == 2, "\(table)")
            // A line for each kind of check, and not for each probe.
            #expect(lines.count { $0.hasPrefix("  ") } < count / 2, "\(table)")
            for (format, failure, cause) in [
                ("junit", "<failure ", " type=\"\(link)\"/>"), ("tap", "\nnot ok ", "\n  cause: \"\(link)\"\n"),
            ] {
                let document = try nslab.run("probe", "--lab", nslab.lab, "--format", format).output
                let failures = document.components(separatedBy: failure).count
                #expect(failures > 20 && failures == document.components(separatedBy: cause).count)
            }
            try Witness.output(
                ["nft", "flush", "chain", "ip6", "kube-proxy", "service-IJVG4NYZ-default/multitool-ipv6-only/tcp/"],
                in: nslab.pin("dual-stack-worker2"))
            let both = try causes()
            let rules = "the rules of default/multitool-ipv6-only differ on dual-stack-worker2 (nft table kube-proxy)"
            #expect(Set(both.all.keys) == [link, rules])
        }
    }

    @Test("a table that drops packets on the way is the cause where all else is right")
    func addedTable() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let node = nslab.pin("dual-stack-worker")
            try Witness.output(["nft", "add table inet block"], in: node)
            try Witness.output(
                ["nft", "add chain inet block f { type filter hook forward priority 0; policy drop; }"], in: node)
            let output = try Witness.run([BuiltProgram.path, "probe", "--lab", nslab.lab, "-o", "json"])
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(output.output.utf8)) as? [String: Any])
            let causes = try #require(report["causes"] as? [[String: Any]])
            #expect(causes.map { $0["cause"] as? String } == ["dual-stack-worker: table inet block was added"])
            #expect(causes.first?["probes"] as? Int == report["failed"] as? Int)
        }
    }

    @Test(
        "what the comparison with the blueprint does not know is found by following a packet, once for all that it stops"
    )
    func followed() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let names = try #require(nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]])
                .compactMap { $0["name"] as? String }
            let pod = try #require(names.first { $0.hasPrefix("multitool") })
            try Witness.sysctl("net.ipv4.icmp_echo_ignore_all=1", in: nslab.pin(pod))
            let output = try Witness.run([BuiltProgram.path, "probe", "--lab", nslab.lab, "-o", "json"])
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(output.output.utf8)) as? [String: Any])
            let causes = try #require(report["causes"] as? [[String: Any]])
            let words = "net.ipv4.icmp_echo_ignore_all is 1, so echo requests get no answer"
            #expect(causes.map { $0["cause"] as? String } == ["echo ignored: \(pod): \(words)"], "\(causes)")
            #expect(causes.first?["probes"] as? Int == report["failed"] as? Int)
        }
    }

    @Test("without the process that answers, names and services fail and say so, and paths pass")
    func withoutProcess() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            try nslab.killPodServer()
            let (failures, results) = try probe(nslab)
            #expect(!failures.isEmpty)
            #expect(failures.allSatisfy { $0.contains("the process that answers for the lab's pods has ended") })
            for result in results where result["ok"] as? Bool == false {
                #expect(["DNS", "pod → service"].contains(result["check"] as? String ?? ""))
            }
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            #expect(try probe(nslab).failures == [])
        }
    }

    @Test("a stopped pod is not expected to answer; a service without any is expected to refuse")
    func stopped() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let namespaces = try #require(nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]])
            let pods = namespaces.compactMap { $0["name"] as? String }.filter { $0.hasPrefix("multitool") }
            _ = try nslab.json("pod", "stop", "--lab", nslab.lab, pods[0])
            #expect(try probe(nslab).failures == [])
            for pod in pods { _ = try nslab.json("pod", "stop", "--lab", nslab.lab, pod) }
            #expect(try probe(nslab).failures == [])
            #expect(try nslab.run("probe", "--lab", nslab.lab, "--to", "service/none").status == 2)
        }
    }

    @Test("services without endpoints refuse, however many: the limit of ICMP errors is no fault")
    func manyRefusals() throws {
        let services = (1...12).map { number in
            """
              empty\(number):
                ipFamilies: [IPv4, IPv6]
                ipFamilyPolicy: RequireDualStack
                selector: { app: nobody }
                ports: [{ name: tcp, port: 80 }, { name: udp, port: 90, protocol: UDP }]

            """
        }
        try Program.with(topology: hostNetworkLab(names: true) + services.joined()) { nslab in
            for _ in 1...3 {
                let (failures, results) = try probe(nslab)
                #expect(failures == [])
                let refused = results.filter { ($0["to"] as? String)?.hasPrefix("default/empty") == true }
                #expect(refused.count >= 2 * 2 * 2 * 2 * 12)
            }
            // A node that does not refuse, and one that drops what should be refused, are found all the same.
            try Witness.output(["nft", "flush", "chain", "ip", "kube-proxy", "reject-chain"], in: nslab.pin("b"))
            let table = "table ip mine { chain c { type filter hook forward priority -200; tcp dport 80 drop; }; }"
            try Witness.output(["nft", table], in: nslab.pin("a"))
            let results = try probe(nslab).results.filter { ($0["to"] as? String)?.hasPrefix("default/empty") == true }
            let failed = results.filter { $0["ok"] as? Bool == false }
            let nodes = ["a", "b"].map { node in failed.filter { ($0["cause"] as? String)?.hasPrefix(node) == true } }
            #expect(nodes.allSatisfy { !$0.isEmpty }, "\(failed.compactMap { $0["failure"] })")
            #expect(failed.allSatisfy { $0["family"] as? String == "IPv4" })
        }
    }
}
