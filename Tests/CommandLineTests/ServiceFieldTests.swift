import Foundation
import Glibc
import KernelTestSupport
import Testing

/// What services have beyond a name and pods, seen by outside tools in a lab that runs.
@Suite("Fields of services in a running lab", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct ServiceFieldTests {
    private static let topology = """
        lab: fields
        routers:
          r1:
            vlans:
              10: { addresses: [10.1.0.1/24, fd00:1::1/64] }
            ports:
              eth{1..3}: { access: 10 }
            loopbacks:
              Loopback0: [1.1.1.1/32, 2.2.2.2/32]
            routes: [203.0.113.0/24 via 10.1.0.11]
        nodes:
          n{1..3}:
            labels: { topology.kubernetes.io/zone: "z{1..3}" }
            interfaces:
              eth1: { connect: "r1:eth{1..3}", addresses: ["10.1.0.{11..13}/24", "fd00:1::{11..13}/64"] }
            routes: [default via 10.1.0.1, default via fd00:1::1]
        cluster:
          pools:
            v4: { cidr: 192.168.0.0/16, natOutgoing: true }
            v6: { cidr: fd00:2::/48, natOutgoing: true }
            lbs: { cidr: 192.0.2.0/28, blockSize: 28, allowedUses: [LoadBalancer] }
          serviceSubnets: [10.96.0.0/16, fd00:96::/112]
        workloads:
          web1: { kind: Pod, node: n1, labels: { app: web }, addresses: [192.168.10.1], ports: [8080, 9000/UDP] }
          web2: { kind: Pod, node: n2, labels: { app: web }, addresses: [192.168.20.1], ports: [8080, 9000/UDP] }
          client: { kind: Pod, node: n3 }
        services:
          ranged:
            type: LoadBalancer
            clusterIP: 10.96.0.20
            selector: { app: web }
            loadBalancerIngress: [203.0.113.7, { ip: 203.0.113.8, ipMode: Proxy }]
            loadBalancerSourceRanges: [1.1.1.1/32]
            allocateLoadBalancerNodePorts: false
            ports: [{ port: 80, targetPort: 8080 }]
          own:
            type: LoadBalancer
            clusterIP: 10.96.0.21
            selector: { app: web }
            externalTrafficPolicy: Local
            healthCheckNodePort: 31999
            ports: [{ port: 80, targetPort: 8080 }]
          byhand:
            clusterIP: 10.96.0.22
            ports: [{ port: 80 }]
            endpointSlices: [{ ports: [8080], endpoints: [192.168.20.1] }]
          ending:
            clusterIP: 10.96.0.23
            ports: [{ port: 80 }]
            endpointSlices:
              - ports: [8080]
                endpoints: [{ address: 192.168.10.1, ready: false, terminating: true }]
          close: { clusterIP: 10.96.0.24, selector: { app: web }, trafficDistribution: PreferClose, ports: [{ port: 80, targetPort: 8080 }] }
          sticky: { clusterIP: 10.96.0.25, selector: { app: web }, sessionAffinity: ClientIP, ports: [{ port: 80, targetPort: 8080 }] }
          near: { clusterIP: 10.96.0.26, selector: { app: web }, internalTrafficPolicy: Local, ports: [{ port: 80, targetPort: 8080 }] }
          echo: { clusterIP: 10.96.0.27, selector: { app: web }, ports: [{ port: 7, targetPort: 9000, protocol: UDP }] }
          empty: { type: NodePort, clusterIP: 10.96.0.28, selector: { app: nothing }, ports: [{ port: 80, nodePort: 30082 }] }

        """

    private func withLab(_ body: (Program, _ path: String) throws -> Void) throws {
        let path = "/tmp/nslabtest-fields-\(getpid()).yaml"
        try Self.topology.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        try Program.with { nslab in
            let up = try nslab.run("up", path, "--name", nslab.lab, "--no-api")
            #expect(up.status == 0, "\(up.output)")
            try body(nslab, path)
        }
    }

    /// What curl prints of a page, its first line: `pod: NAME`; nil where nothing answers in time.
    private func page(_ url: String, from pin: String, _ options: String...) throws -> String? {
        let output = try? Witness.output(["curl", "-s", "-m", "2"] + options + [url], in: pin)
        return output?.split(separator: "\n").first.map(String.init)
    }

    @Test("source ranges, modes of addresses, health checks, hints, endpoints by hand and at their end")
    func fields() throws {
        try withLab { nslab, _ in
            let (router, n1, n2, n3) = (nslab.pin("r1"), nslab.pin("n1"), nslab.pin("n2"), nslab.pin("n3"))
            // From the source that is in the range, and from the others.
            #expect(
                try page("http://203.0.113.7", from: router, "--interface", "1.1.1.1")?.hasPrefix("pod: web") == true)
            #expect(try page("http://203.0.113.7", from: router, "--interface", "2.2.2.2") == nil)
            #expect(try page("http://203.0.113.7", from: nslab.pin("client")) == nil)
            #expect(try page("http://203.0.113.8", from: router, "--interface", "1.1.1.1") == nil)
            let ports = try Witness.output(["nft", "list", "map", "ip", "kube-proxy", "service-nodeports"], in: n1)
            #expect(!ports.contains("ranged"))
            // Calico's address, and what load balancers are told of each node.
            #expect(try page("http://192.0.2.0", from: n3)?.hasPrefix("pod: web") == true)
            func health(_ address: String) throws -> [String] {
                let text = try Witness.output(
                    ["curl", "-s", "-i", "-m", "2", "http://\(address):31999/healthz"], in: router)
                return text.split(whereSeparator: \.isNewline).map { String($0.drop { $0 == "\t" }) }
            }
            let (healthy, other) = (try health("10.1.0.11"), try health("10.1.0.13"))
            #expect(healthy.first == "HTTP/1.1 200 OK" && healthy.contains("\"localEndpoints\": 1,"))
            #expect(healthy.contains("X-Load-Balancing-Endpoint-Weight: 1") && healthy.contains("\"name\": \"own\""))
            #expect(other.first == "HTTP/1.1 503 Service Unavailable" && other.contains("\"localEndpoints\": 0,"))
            #expect(try page("http://10.96.0.22", from: n3) == "pod: web2")
            #expect(try page("http://10.96.0.23", from: n3) == "pod: web1")
            for _ in 0..<6 {
                #expect(try page("http://10.96.0.24", from: n1) == "pod: web1")
                #expect(try page("http://10.96.0.24", from: n2) == "pod: web2")
                #expect(try page("http://10.96.0.26", from: n2) == "pod: web2")
            }
            // Dropped where the endpoints are elsewhere, refused where there are none.
            func status(_ address: String) throws -> Int32 {
                try Witness.run(["curl", "-s", "-m", "1", "http://\(address)"], in: n3).status
            }
            #expect(try status("10.96.0.26") == 28 && status("10.96.0.28") == 7)
            // A node that loses its endpoint says so.
            _ = try nslab.json("pod", "stop", "--lab", nslab.lab, "web1")
            #expect(try health("10.1.0.11").first == "HTTP/1.1 503 Service Unavailable")
            #expect(try page("http://10.96.0.24", from: n1) == "pod: web2")
        }
    }

    @Test(
        "ports of nodes and addresses from outside are probed from where clients are, with what policies and ranges say"
    )
    func outside() throws {
        try withLab { nslab, _ in
            func probe(_ service: String? = nil) throws -> [[String: Any]] {
                let target = service.map { ["--to", "service/\($0)"] } ?? []
                let output = try Witness.run([BuiltProgram.path, "probe", "--lab", nslab.lab, "-o", "json"] + target)
                let report = try #require(
                    try JSONSerialization.jsonObject(with: Data(output.output.utf8)) as? [String: Any])
                return try #require(report["results"] as? [[String: Any]])
            }
            func failures(_ results: [[String: Any]]) -> [String] { results.compactMap { $0["failure"] as? String } }
            let all = try probe()
            #expect(failures(all) == [])
            let kinds = Set(all.map { "\($0["check"] ?? ""), \($0["path"] ?? "")" })
            for source in ["router", "node", "pod"] { #expect(kinds.contains("\(source) → service, node port")) }
            for source in ["router", "node", "pod"] { #expect(kinds.contains("\(source) → service, load balancer")) }
            // A node that does not send on, and one that does not drop.
            func chain(_ kind: String, in node: String) throws -> String {
                let chains = try Witness.output(["nft", "list", "chains", "ip"], in: nslab.pin(node))
                let names = chains.split(whereSeparator: { " \n\t".contains($0) }).map(String.init)
                return try #require(names.first { $0.hasPrefix(kind) && $0.hasSuffix("default/own/tcp/") })
            }
            try Witness.output(
                ["nft", "flush", "chain", "ip", "kube-proxy", chain("external-", in: "n1")], in: nslab.pin("n1"))
            try Witness.output(
                ["nft", "flush", "map", "ip", "kube-proxy", "no-endpoint-nodeports"], in: nslab.pin("n3"))
            let broken = failures(try probe("own"))
            #expect(broken.contains { $0.hasPrefix("r1 → service default/own (10.1.0.11 port ") }, "\(broken)")
            let open = broken.filter { $0.hasPrefix("r1 → service default/own (10.1.0.13 port ") }
            #expect(open.count == 1 && open[0].contains("expected nothing, as n3 drops such packets, got"), "\(broken)")
            #expect(broken.allSatisfy { $0.contains("table ip kube-proxy was changed") }, "\(broken)")
        }
    }

    @Test("a UDP client that keeps its port is answered by another pod once its own has gone")
    func datagrams() throws {
        try withLab { nslab, path in
            let client = """
                import socket, sys, time
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.bind(("", 5353))
                s.settimeout(0.3)
                print("ready", flush=True)
                answered, end = 0, time.time() + 10
                while answered < int(sys.argv[2]) and time.time() < end:
                    try:
                        s.sendto(b"x", (sys.argv[1], 7))
                        s.recvfrom(2048)
                        answered += 1
                    except OSError:
                        pass
                print(answered)
                """
            func answers(_ count: Int) throws -> String {
                try Witness.output(["python3", "-c", client, "10.96.0.27", "\(count)"], in: nslab.pin("client"))
            }
            _ = try nslab.json("pod", "stop", "--lab", nslab.lab, "web2")
            #expect(try answers(2) == "ready\n2\n")
            _ = try nslab.json("pod", "start", "--lab", nslab.lab, "web2")
            // The flow stays with the endpoint that is still there, and goes with it.
            #expect(try answers(2) == "ready\n2\n")
            _ = try nslab.json("pod", "stop", "--lab", nslab.lab, "web1")
            #expect(try answers(2) == "ready\n2\n")
            // So it does where the lab is changed.
            _ = try nslab.json("pod", "start", "--lab", nslab.lab, "web1")
            let changed = Self.topology.replacing(
                "web2: { kind: Pod, node: n2, labels: { app: web }",
                with: "web2: { kind: Pod, node: n2, labels: { app: gone }")
            try changed.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try nslab.run("up", path, "--name", nslab.lab, "--no-probe", "--no-api").status == 0)
            #expect(try answers(2) == "ready\n2\n")
            let pages = try (0..<4).map { _ in try page("http://10.96.0.25", from: nslab.pin("client")) }
            #expect(Set(pages) == ["pod: web1"])
        }
    }

    @Test("each kind of object that kube-proxy has: changed behind nslab's back it is named, and mended alone")
    func drift() throws {
        try withLab { nslab, path in
            let n1 = nslab.pin("n1")
            let rules = try Witness.output(["nft", "list", "table", "ip", "kube-proxy"], in: n1)
            func chain(_ prefix: String, _ part: String) throws -> String {
                let lines = rules.split(separator: "\n").filter {
                    $0.hasPrefix("\tchain \(prefix)-") && $0.contains(part)
                }
                return String(try #require(lines.first).split(separator: " ")[1])
            }
            let service = try chain("service", "default/ranged/")
            let endpoint = try chain("endpoint", "default/sticky/")
            let set = try #require(
                rules.split(separator: "\n").first { $0.hasPrefix("\tset affinity-") }?.split(separator: " ")[1])
            let table = "ip kube-proxy"
            let drifts: [(commands: String, told: String)] = [
                ("delete element \(table) cluster-ips { 10.96.0.20 }", "set cluster-ips element"),
                ("add element \(table) cluster-ips { 10.96.0.99 }", "set cluster-ips element"),
                ("flush set \(table) nodeport-ips", "set nodeport-ips element"),
                ("delete element \(table) service-ips { 10.96.0.22 . tcp . 80 }", "map service-ips element"),
                ("delete element \(table) firewall-ips { 203.0.113.7 . tcp . 80 }", "map firewall-ips element"),
                (
                    "delete element \(table) no-endpoint-services { 10.96.0.28 . tcp . 80 }\n"
                        + "add element \(table) no-endpoint-services { 10.96.0.28 . tcp . 80 comment \"x\" : goto reject-chain }",
                    "map no-endpoint-services element"
                ),
                (
                    "delete element \(table) no-endpoint-nodeports { tcp . 30082 }\n"
                        + "add element \(table) no-endpoint-nodeports { tcp . 30082 : drop }",
                    "map no-endpoint-nodeports element"
                ),
                ("flush map \(table) service-nodeports", "map service-nodeports element"),
                ("flush chain \(table) \(service)", "chain \(service) rule"),
                ("flush chain \(table) \(endpoint)", "chain \(endpoint) rule"),
                ("flush chain \(table) masquerading", "chain masquerading rule"),
                ("add rule \(table) services accept", "chain services rule"),
                ("flush chain \(table) filter-input", "chain filter-input rule"),
                (
                    "flush chain \(table) filter-forward; delete chain \(table) filter-forward\n"
                        + "add chain \(table) filter-forward { type filter hook forward priority 5; }\n"
                        + "add rule \(table) filter-forward ct state new jump service-endpoints-check\n"
                        + "add rule \(table) filter-forward ct state new jump cluster-ips-check",
                    "priority filter + 5"
                ),
                (
                    "flush chain \(table) \(service)\nflush chain \(table) \(endpoint)\n"
                        + "delete set \(table) \(set)", "set \(set)"
                ),
                ("delete table ip6 kube-proxy", "table ip6 kube-proxy"),
            ]
            for (commands, told) in drifts {
                // The sticky service's own chain holds its sets.
                let all =
                    commands.contains("delete set")
                    ? "flush chain \(table) \(try chain("service", "default/sticky/"))\n" + commands : commands
                for command in all.components(separatedBy: "\n") {
                    try Witness.output(["nft", command], in: n1)
                }
                let verify = try nslab.run("verify", "--strict", nslab.lab)
                #expect(verify.status == 1 && verify.output.contains(told), "\(commands): \(verify.output)")
                let up = try nslab.run("up", path, "--name", nslab.lab, "--no-probe", "--no-api")
                #expect(up.status == 0, "\(up.output)")
                let after = try nslab.run("verify", "--strict", nslab.lab)
                #expect(after.status == 0, "\(commands): \(after.output)")
            }
        }
    }
}
