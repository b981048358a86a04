import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("One packet's way", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct TraceCommandTests {
    /// The default lab, with a pod on each node, by the node's name.
    private func withLab(_ body: (Program, _ pods: [String: Pod]) throws -> Void) throws {
        try Program.with { nslab in
            let up = try nslab.run("up", "--name", nslab.lab, "--no-api", "--no-probe")
            #expect(up.status == 0, "\(up.output)")
            let namespaces = try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]] ?? []
            var pods: [String: Pod] = [:]
            for namespace in namespaces {
                guard let name = namespace["name"] as? String, name.hasPrefix("multitool"),
                    let node = namespace["node"] as? String, let addresses = namespace["addresses"] as? [String]
                else { continue }
                pods[node.replacing("dual-stack-", with: "")] = Pod(
                    name: name, ipv4: addresses.first { $0.contains(".") } ?? "",
                    ipv6: addresses.first { $0.contains(":") } ?? "")
            }
            try body(nslab, pods)
        }
    }

    private struct Pod {
        var name: String
        var ipv4: String
        var ipv6: String
    }

    /// A trace's document and its exit status.
    private func trace(_ nslab: Program, _ arguments: String...) throws -> (report: [String: Any], status: Int32) {
        let result = try Witness.run([BuiltProgram.path, "trace", "--lab", nslab.lab, "-o", "json"] + arguments)
        let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return (try #require(report, "\(result.output)"), result.status)
    }

    /// Programs that capture in namespaces while something is traced there: tshark, on all interfaces of each.
    private struct Watchers {
        private var processes: [(name: String, file: String, process: Witness.Process)] = []
        private let nslab: Program

        init(_ nslab: Program, _ names: [String]) throws {
            self.nslab = nslab
            for name in names {
                let file = FileManager.default.temporaryDirectory.path + "/\(nslab.pin(name)).pcapng"
                let process = try Witness.Process(
                    [
                        "tshark", "-q", "-n", "-i", "any", "-y", "LINUX_SLL2", "-f",
                        "icmp or icmp6 or tcp or udp or ip proto 4",
                        "-w", file,
                    ], in: nslab.pin(name))
                processes.append((name, file, process))
            }
            for (name, _, _) in processes {
                try eventually("tshark captures in \(name)") {
                    // Where a packet socket is open, the kernel lists it.
                    try Witness.output(["cat", "/proc/net/packet"], in: nslab.pin(name)).split(separator: "\n").count
                        > 1
                }
            }
        }

        /// Ends the programs. What they have seen is in their files then.
        func end() throws {
            // Packets are in a buffer of the kernel's for a moment: what comes last is waited for.
            for (name, file, process) in processes {
                _ = try Witness.run(["ping", "-c", "1", "-W", "5", "127.0.0.1"], in: nslab.pin(name))
                try eventually("tshark has written what it saw in \(name)") {
                    try Witness.run(["tshark", "-n", "-r", file, "-Y", "icmp.type == 0 and ip.src == 127.0.0.1"]).output
                        .contains("127.0.0.1")
                }
                process.send(SIGINT)
            }
            for (_, _, process) in processes { _ = try process.wait() }
        }

        /// Where packets that a display filter takes were seen in each namespace, in order: interface, direction, and the innermost
        /// packet's TTL and addresses.
        func seen(_ filter: String) throws -> [String: [String]] {
            var all: [String: [String]] = [:]
            for (name, file, _) in processes {
                var interfaces: [String: String] = [:]
                for link in try Witness.json("ip -j link", in: nslab.pin(name)) {
                    interfaces["\(link["ifindex"] ?? "")"] = link["ifname"] as? String
                }
                let fields = [
                    "sll.ifindex", "sll.pkttype", "ip.ttl", "ipv6.hlim", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
                ]
                let output = try Witness.output(
                    ["tshark", "-n", "-r", file, "-Y", filter, "-T", "fields"] + fields.flatMap { ["-e", $0] })
                for line in output.split(separator: "\n") where line.contains("\t") {
                    let values = line.split(separator: "\t", omittingEmptySubsequences: false).map {
                        $0.split(separator: ",").last.map(String.init) ?? ""
                    }
                    // The innermost packet is the only one with a family of its own, or the last of its family.
                    let isIPv6 = filter.contains("v6")
                    all[name, default: []].append(
                        "\(interfaces[values[0]] ?? "?") \(values[1] == "4" ? "out" : "in") "
                            + (isIPv6
                                ? "\(values[3]) \(values[6]) \(values[7])" : "\(values[2]) \(values[4]) \(values[5])"))
                }
            }
            return all
        }

        func removeFiles() { for (_, file, _) in processes { unlink(file) } }
    }

    /// The hops of a trace in the same form, by namespace.
    private func hops(_ report: [String: Any]) -> [String: [String]] {
        var all: [String: [String]] = [:]
        for hop in report["hops"] as? [[String: Any]] ?? [] {
            all[hop["namespace"] as? String ?? "", default: []].append(
                "\(hop["interface"] ?? "") \(hop["direction"] ?? "") \(hop["ttl"] ?? "") \(hop["source"] ?? "") \(hop["destination"] ?? "")"
            )
        }
        return all
    }

    private func changes(_ report: [String: Any]) -> [String] {
        (report["hops"] as? [[String: Any]] ?? []).flatMap { hop in
            (hop["changes"] as? [[String: Any]] ?? []).map {
                "\(hop["leg"] ?? "") \(hop["namespace"] ?? ""):\(hop["interface"] ?? "") \($0["kind"] ?? "") \($0["after"] ?? "")"
            }
        }
    }

    @Test("is hop for hop what tshark sees on the same interfaces: native, VXLAN, SNAT, DNAT, to a node and within one")
    func hopForHop() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            let coredns = try #require(
                (nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]])?
                    .compactMap { $0["name"] as? String }.first { $0.hasPrefix("coredns") })
            let local = try #require(pods["control-plane"])
            let names = [
                near.name, far.name, local.name, coredns, "dual-stack-worker", "dual-stack-worker2",
                "dual-stack-control-plane", "ceos01",
            ]
            let watchers = try Watchers(nslab, names)
            defer { watchers.removeFiles() }
            let native = try trace(nslab, near.name, far.name, "-4")
            let tunnelled = try trace(nslab, near.name, far.name, "-6")
            let outside = try trace(nslab, near.name, "1.1.1.1")
            let outside6 = try trace(nslab, near.name, "2001:db8::1")
            let service = try trace(nslab, far.name, "service/multitool-ipv6-only")
            let node = try trace(nslab, "ceos01", "dual-stack-worker", "-4")
            let inside = try trace(nslab, local.name, coredns, "-4")
            try watchers.end()
            let traces = [native, tunnelled, outside, outside6, service, node, inside]
            for (report, status) in traces {
                #expect(status == 0 && report["answered"] as? Bool == true, "\(report["outcome"] ?? "")")
            }
            func compare(_ trace: (report: [String: Any], status: Int32), _ filter: String) throws {
                let (hops, seen) = (hops(trace.report), try watchers.seen(filter))
                for name in Set(hops.keys).union(seen.keys) {
                    #expect(hops[name] == seen[name], "\(filter), \(name)")
                }
            }
            let echo6 = "(icmpv6.type == 128 or icmpv6.type == 129)"
            try compare(native, "icmp and ip.addr == \(near.ipv4) and ip.addr == \(far.ipv4)")
            try compare(tunnelled, "\(echo6) and ipv6.addr == \(near.ipv6) and ipv6.addr == \(far.ipv6)")
            try compare(outside, "icmp and ip.addr == 1.1.1.1")
            try compare(outside6, "\(echo6) and ipv6.addr == 2001:db8::1")
            try compare(service, "tcp.flags.syn == 1 and not icmpv6 and ipv6.addr == \(far.ipv6)")
            try compare(
                node, "icmp and ip.addr == 10.10.10.1 and ip.addr == 10.10.10.11 and not ip.addr == 1.1.1.1")
            try compare(inside, "icmp and ip.addr == \(local.ipv4)")
        }
    }

    /// Whether a trace's hops are what tshark has seen.
    private func compare(
        _ trace: (report: [String: Any], status: Int32), _ watchers: Watchers, _ filter: String
    ) throws {
        #expect(trace.status == 0, "\(filter): \(trace.report["outcome"] ?? "") \(trace.report["cause"] ?? "")")
        let (hops, seen) = (hops(trace.report), try watchers.seen(filter))
        #expect(!hops.isEmpty)
        for name in Set(hops.keys).union(seen.keys) { #expect(hops[name] == seen[name], "\(filter), \(name)") }
    }

    @Test(
        "likewise in other labs: IPv4 over VXLAN, a node port from a router, a pod that reaches itself by a service; IP in IP"
    )
    func hopForHopElsewhere() throws {
        try Program.with { nslab in
            let up = try nslab.run("up", "two-vlans", "--name", nslab.lab, "--no-api", "--no-probe")
            #expect(up.status == 0, "\(up.output)")
            let pods = try TracedPods(
                nslab, near: "rack1-node1", far: "rack2-node1", third: "rack1-node2", router: "tor",
                ports: ("eth1", "eth3"))
            // The only pod that is left answers itself, and whoever asks its node.
            for namespace in try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]] ?? [] {
                guard let name = namespace["name"] as? String, name.hasPrefix("multitool"), name != pods.near.name
                else {
                    continue
                }
                try nslab.run("pod", "stop", "--lab", nslab.lab, name)
            }
            let names = [pods.near.name, pods.far.name, pods.near.node, pods.far.node, "tor"]
            let watchers = try Watchers(nslab, names)
            defer { watchers.removeFiles() }
            let tunnelled = try trace(nslab, pods.near.name, pods.far.name, "-4")
            let port = try trace(nslab, "tor", pods.near.node4, "--tcp", "30080")
            let itself = try trace(nslab, pods.near.name, "service/multitool", "-4")
            try watchers.end()
            try compare(tunnelled, watchers, "icmp and ip.addr == \(pods.near.ipv4) and ip.addr == \(pods.far.ipv4)")
            #expect(changes(tunnelled.report).contains { $0.contains(" encapsulation VXLAN 4096") })
            let connection = "tcp.flags.syn == 1 and not icmp"
            try compare(port, watchers, "\(connection) and ip.addr == 10.10.10.1")
            #expect(changes(port.report).contains { $0.hasSuffix(" destination \(pods.near.ipv4):8080") })
            try compare(
                itself, watchers, "\(connection) and ip.addr == \(pods.near.ipv4) and not ip.addr == 10.10.10.1")
            #expect(changes(itself.report).contains { $0.hasPrefix("request \(pods.near.node):cali") })
        }
        try Program.with { nslab in
            let up = try nslab.run("up", "ipip", "--name", nslab.lab, "--no-api", "--no-probe")
            #expect(up.status == 0, "\(up.output)")
            let namespaces = try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]] ?? []
            let pods = namespaces.filter { ($0["name"] as? String ?? "").hasPrefix("multitool") }
            let (near, far) = (try #require(pods.first), try #require(pods.last))
            func text(_ pod: [String: Any], _ key: String) -> String { pod[key] as? String ?? "" }
            let ends = [near, far].map { ($0["addresses"] as? [String] ?? []).first { $0.contains(".") } ?? "" }
            let watchers = try Watchers(
                nslab, [text(near, "name"), text(far, "name"), text(near, "node"), text(far, "node")])
            defer { watchers.removeFiles() }
            let path = try trace(nslab, text(near, "name"), text(far, "name"), "-4")
            try watchers.end()
            var watched = path
            // The router between them is not watched.
            watched.report["hops"] = (path.report["hops"] as? [[String: Any]])?.filter {
                [text(near, "name"), text(far, "name"), text(near, "node"), text(far, "node")]
                    .contains($0["namespace"] as? String ?? "")
            }
            try compare(watched, watchers, "icmp and ip.addr == \(ends[0]) and ip.addr == \(ends[1])")
            // Where the kernel has no such tunnels, all of it is routed natively.
            let hasTunnels =
                try Witness.run(["ip", "link", "show", "tunl0"], in: nslab.pin(text(near, "node"))).status == 0
            #expect(
                changes(path.report).contains { $0.contains(" encapsulation IP in IP") } == hasTunnels,
                "\(changes(path.report))")
        }
    }

    @Test(
        "what it becomes is told where it becomes so: VXLAN with the VTEPs' MAC addresses, SNAT, DNAT and their way back"
    )
    func changesOnTheWay() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            let tunnelled = try trace(nslab, near.name, far.name, "-6").report
            let hops = try #require(tunnelled["hops"] as? [[String: Any]])
            let into = hops.flatMap { hop in
                (hop["changes"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "encapsulation" }
            }
            // As a real cluster of these node names has them.
            let (first, second) = ("66:ee:a7:ef:78:65", "66:52:6a:03:c1:3b")
            #expect(into.map { $0["innerFrame"] as? String } == ["\(first) → \(second)", "\(second) → \(first)"])
            #expect(
                into.map { $0["after"] as? String } == [
                    "VXLAN 4096, fd00:10:10::11 → fd00:10:10::12 port 4789",
                    "VXLAN 4096, fd00:10:10::12 → fd00:10:10::11 port 4789",
                ])
            #expect(
                changes(tunnelled).filter { $0.contains(" decapsulation ") }.map { $0.prefix { $0 != "," } } == [
                    "request dual-stack-worker2:vxlan-v6.calico decapsulation VXLAN 4096",
                    "reply dual-stack-worker:vxlan-v6.calico decapsulation VXLAN 4096",
                ])
            let outside = try changes(trace(nslab, near.name, "1.1.1.1").report)
            #expect(outside.contains("request dual-stack-worker:eth1 source 10.10.10.11"), "\(outside)")
            #expect(
                outside.contains {
                    $0.hasPrefix("reply dual-stack-worker:cali") && $0.hasSuffix(" destination \(near.ipv4)")
                })
            let service = try changes(trace(nslab, near.name, "service/multitool-dual-stack", "-4").report)
            let endpoints = pods.values.map { "\($0.ipv4):8080" }
            #expect(
                service.contains { change in endpoints.contains { change.hasSuffix(" destination \($0)") } },
                "\(service)")
        }
    }

    @Test("it ends 1 with what came instead, or where the packet was last seen")
    func noAnswer() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            func check(_ arguments: String..., ends outcome: String, for cause: String) throws {
                let result = try Witness.run([BuiltProgram.path, "trace", "--lab", nslab.lab] + arguments)
                #expect(
                    result.status == 1 && result.output.contains("✗ \(outcome)\n  \(cause)\n"), "\(result.output)")
            }
            try check(
                near.name, far.name, "-4", "--tcp", "81",
                ends: "\(far.name) (\(far.ipv4)) refused the connection (RST)",
                for: "port closed: \(far.name): nobody listens at tcp port 81")
            try check(
                near.name, far.name, "-6", "--udp", "99",
                ends: "\(far.name) (\(far.ipv6)) sent an error: ICMP6, destination unreachable, unreachable port, "
                    + "\(far.ipv6) udp port 99, length 112",
                for: "port closed: \(far.name): nobody listens at udp port 99")
            // A node that has just redirected a pod, as when the pod reached itself through a service, tells it of nothing else for a
            // second (`ip_error` in net/ipv4/route.c).
            let noRoute =
                "✗ dual-stack-worker (10.10.10.11) sent an error: ICMP net 203.0.113.9 unreachable, length 92\n"
                + "  no route: dual-stack-worker: no route leads to 203.0.113.9\n"
            try eventually("the node says that it has no route") {
                try nslab.run("trace", "--lab", nslab.lab, "-q", near.name, "203.0.113.9").output.hasSuffix(noRoute)
            }
            try check(
                "dual-stack-worker", "203.0.113.9",
                ends: "dual-stack-worker could not send it: Network is unreachable (the kernel, sendmsg)",
                for: "no route: dual-stack-worker: no route leads to 203.0.113.9")
            // A node that does not forward drops what comes for its pods, and says nothing.
            try Witness.sysctl("net.ipv4.ip_forward=0", in: nslab.pin("dual-stack-worker2"))
            try check(
                near.name, far.name, "-4",
                ends: "no answer: the packet was last seen arriving at dual-stack-worker2:eth1",
                for:
                    "forwarding off: dual-stack-worker2: net.ipv4.ip_forward is 0, so what comes for \(far.ipv4) is not sent on"
            )
            // The way back alone is broken.
            try Witness.sysctl("net.ipv4.ip_forward=1", in: nslab.pin("dual-stack-worker2"))
            try Witness.ip("route add blackhole \(near.ipv4)", in: nslab.pin("dual-stack-worker2"))
            let host = try Witness.json("ip -j route get \(far.ipv4)", in: nslab.pin("dual-stack-worker2")).first
            try check(
                near.name, far.name, "-4",
                ends:
                    "no answer: the answer was last seen arriving at dual-stack-worker2:\(host?["dev"] as? String ?? "")",
                for:
                    "rejecting route: dual-stack-worker2: route blackhole \(near.ipv4)/32 takes what is for \(near.ipv4)"
            )
        }
    }

    @Test("its lines fit 100 columns, its diagram has an arrow for each cable, and nothing of it stays")
    func forms() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            let text = try nslab.run("trace", "--lab", nslab.lab, "-6", near.name, "service/multitool-ipv6-only")
            #expect(
                text.status == 0 && text.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(text.output)")
            let diagram = try nslab.run("trace", "--lab", nslab.lab, "-4", near.name, far.name, "--diagram", "mermaid")
                .output
            #expect(diagram.hasPrefix("sequenceDiagram\n    participant n0 as \(near.name)\n"), "\(diagram)")
            // Four cables, there and back.
            #expect(diagram.split(separator: "\n").count { $0.contains("->>n") } == 8, "\(diagram)")
            let sockets = try Witness.output(["cat", "/proc/net/packet"], in: nslab.pin("dual-stack-worker"))
            #expect(sockets.split(separator: "\n").count == 1, "\(sockets)")
            #expect(try nslab.run("verify", nslab.lab, "--strict").status == 0)
        }
    }

    @Test("watched, the way is shown again where it has changed, until Ctrl-C; of several packets each is shown")
    func watched() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            let several = try nslab.run("trace", "--lab", nslab.lab, "-q", near.name, far.name, "-c", "3")
            #expect(several.status == 0 && several.output.components(separatedBy: "✓ answered after ").count == 4)
            let file = FileManager.default.temporaryDirectory.path + "/\(nslab.lab).watch"
            defer { unlink(file) }
            let watch = try Witness.Process([
                "sh", "-c", "exec \"$@\" >'\(file)'", "sh", BuiltProgram.path, "trace", "--lab", nslab.lab, near.name,
                far.name, "-4", "--watch", "--wait", "500ms",
            ])
            func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
            try eventually("it goes the same way again") { text().contains("\n2: the same way: answered after ") }
            try Witness.ip("route add blackhole \(far.ipv4)", in: nslab.pin("dual-stack-worker"))
            let cause =
                "\n  rejecting route: dual-stack-worker: route blackhole \(far.ipv4)/32 takes what is for \(far.ipv4)\n"
            try eventually("the other way is shown") { text().contains(cause) }
            watch.send(SIGINT)
            #expect(try watch.wait().status == 1)
            #expect(text().hasPrefix("1: \(near.name) → \(far.name) (\(far.ipv4)), icmp\n"))
            #expect(try nslab.run("trace", near.name, far.name, "--watch", "-o", "json").status == 2)
        }
    }

    @Test("killed in the middle, it leaves neither its table nor a socket")
    func killed() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let node = nslab.pin("dual-stack-worker")
            try Witness.ip("route add blackhole 192.168.250.9", in: node)
            let trace = try Witness.Process(
                [BuiltProgram.path, "trace", "--lab", nslab.lab, near.name, "192.168.250.9", "--wait", "60s"])
            func tables() throws -> String { try Witness.output(["nft", "list", "tables"], in: node) }
            func sockets() throws -> Int {
                try Witness.output(["cat", "/proc/net/packet"], in: node).split(separator: "\n").count - 1
            }
            try eventually("the trace watches") { try tables().contains("inet nslab-trace-") && sockets() == 1 }
            trace.send(SIGKILL)
            _ = try trace.wait()
            try eventually("nothing of it is left") { try !tables().contains("nslab-trace") && sockets() == 0 }
            try Witness.ip("route del blackhole 192.168.250.9", in: node)
            #expect(try nslab.run("verify", nslab.lab, "--strict").status == 0)
        }
    }

    @Test(
        "the entries behind a packet's hops are those that ip, bridge and nft list: the four steps of IPv6 over VXLAN, and a service's"
    )
    func decisions() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            let node = nslab.pin("dual-stack-worker")
            func entries(_ report: [String: Any], _ namespace: String, _ leg: String = "request") -> [[String: Any]] {
                (report["hops"] as? [[String: Any]] ?? [])
                    .filter { $0["namespace"] as? String == namespace && $0["leg"] as? String == leg }
                    .flatMap { $0["decisions"] as? [[String: Any]] ?? [] }
            }
            let report = try trace(nslab, near.name, far.name, "-6").report
            #expect(report["notes"] == nil)
            let steps = entries(report, "dual-stack-worker").filter {
                $0["kind"] as? String != "nftables" && $0["kind"] as? String != "conntrack"
            }
            #expect(steps.map { $0["kind"] as? String } == ["route", "neighbour", "fdb", "route", "neighbour"])
            let words = steps.compactMap { $0["entry"] as? String }
            let route = try #require(Witness.json("ip -6 -j route get fibmatch \(far.ipv6)", in: node).first)
            let gateway = try #require(route["gateway"] as? String)
            #expect(words[0].hasPrefix("\(route["dst"] ?? "") via \(gateway) dev vxlan-v6.calico"), "\(words)")
            let neighbour = try #require(
                Witness.json("ip -6 -j neigh show \(gateway) dev vxlan-v6.calico", in: node).first)
            let mac = try #require(neighbour["lladdr"] as? String)
            #expect(words[1] == "\(gateway) dev vxlan-v6.calico lladdr \(mac) PERMANENT")
            #expect(words[2] == "\(mac) dev vxlan-v6.calico dst fd00:10:10::12 self permanent")
            #expect(words[3].hasPrefix("fd00:10:10::/64 dev eth1"))
            #expect(words[4].hasPrefix("fd00:10:10::12 dev eth1 lladdr "))
            // The bridge of the router, and the pod's own address.
            let crossing = entries(report, "ceos01").compactMap { $0["entry"] as? String }
            #expect(crossing.count == 1 && crossing.first?.hasSuffix(" dev eth3 master") == true, "\(crossing)")
            #expect(entries(report, far.name).first?["entry"] as? String ?? "" != "")

            let service = try trace(nslab, near.name, "service/multitool-ipv6-only").report
            let rules = entries(service, "dual-stack-worker").filter { $0["kind"] as? String == "nftables" }
            let ruleset = try Witness.output(["nft", "-a", "list", "ruleset"], in: node)
            for rule in rules {
                let text = rule["entry"] as? String ?? ""
                // A counter has gone on meanwhile.
                #expect(ruleset.contains(text.contains("counter") ? String(text.prefix(20)) : text), "\(text)")
            }
            let objects = rules.compactMap { $0["object"] as? String }
            #expect(objects.contains("service default/multitool-ipv6-only tcp"), "\(rules)")
            #expect(
                objects.contains {
                    $0.hasPrefix("endpoint fd00:10:244:") && $0.hasSuffix(" of default/multitool-ipv6-only tcp")
                })
            // An answer goes back by what is known of the connection, not by the service's rules.
            #expect(!entries(service, "dual-stack-worker", "reply").contains { $0["object"] != nil })
        }
    }

    @Test("the connections behind a packet and its answer are those that conntrack lists, translated or not")
    func connections() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            let far = try #require(pods["worker2"])
            /// What is told of connections in a namespace, in order.
            func told(_ report: [String: Any], _ namespace: String) -> [(leg: String, entry: [String: Any])] {
                (report["hops"] as? [[String: Any]] ?? []).filter { $0["namespace"] as? String == namespace }
                    .flatMap { hop in
                        (hop["decisions"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "conntrack" }
                            .map { (hop["leg"] as? String ?? "", $0) }
                    }
            }
            func check(
                _ arguments: [String], _ family: String, _ transport: String, isTranslated: Bool,
                to destination: String
            ) throws {
                let result = try Witness.run(
                    [BuiltProgram.path, "trace", "--lab", nslab.lab, "-o", "json", near.name] + arguments)
                let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
                let report = try #require(document, "\(result.output)")
                let entries = told(report, "dual-stack-worker")
                #expect(entries.map(\.leg) == ["request", "reply"], "\(arguments): \(entries)")
                let listed = try Witness.output(
                    ["conntrack", "-L", "-f", family, "-p", transport], in: nslab.pin("dual-stack-worker"))
                for (_, entry) in entries {
                    let connection = try #require(entry["connection"] as? [String: Any])
                    #expect(connection["protocol"] as? String == transport && connection["replied"] as? Bool == true)
                    #expect(connection["translated"] as? Bool == isTranslated)
                    let original = try #require(connection["original"] as? [String: Any])
                    let source = family == "ipv4" ? near.ipv4 : near.ipv6
                    #expect(original["source"] as? String == source, "\(original)")
                    #expect(original["destination"] as? String == destination, "\(original)")
                    // Without the state, which goes on; behind it all stands as conntrack has it.
                    let words = try #require((entry["entry"] as? String)?.split(separator: "src=", maxSplits: 1).last)
                    #expect(listed.contains("src=\(words)"), "\(words): \(listed)")
                }
            }
            try check(["1.1.1.1"], "ipv4", "icmp", isTranslated: true, to: "1.1.1.1")
            try check([far.name, "-4"], "ipv4", "icmp", isTranslated: false, to: far.ipv4)
            try check([far.name, "-6", "--tcp", "8080"], "ipv6", "tcp", isTranslated: false, to: far.ipv6)
            let service = try #require(
                (nslab.json("inspect", nslab.lab)["services"] as? [[String: Any]])?
                    .first { $0["name"] as? String == "multitool-ipv6-only" }?["clusterIPs"] as? [String])
            try check(
                ["service/multitool-ipv6-only"], "ipv6", "tcp", isTranslated: true, to: try #require(service.first))
            let text = try nslab.run("trace", "--lab", nslab.lab, near.name, "1.1.1.1").output
            #expect(text.contains("\n                  by conntrack icmp src=\(near.ipv4) dst=1.1.1.1 "), "\(text)")
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(text)")
        }
    }

    @Test("a service without an endpoint is told by name, at its own address and at a node's port")
    func noEndpoint() throws {
        try withLab { nslab, pods in
            let near = try #require(pods["worker"])
            for pod in pods.values { try nslab.run("pod", "stop", "--lab", nslab.lab, pod.name) }
            for family in ["-4", "-6"] {
                let report = try trace(nslab, near.name, "service/multitool-dual-stack", family).report
                let cause = report["cause"] as? [String: Any]
                #expect(cause?["kind"] as? String == "no endpoint", "\(report["outcome"] ?? ""), \(cause ?? [:])")
                #expect(cause?["object"] as? String == "service default/multitool-dual-stack")
                #expect(cause?["namespace"] as? String == "dual-stack-worker")
            }
        }
        try Program.with { nslab in
            let up = try nslab.run("up", "two-vlans", "--name", nslab.lab, "--no-api", "--no-probe")
            #expect(up.status == 0, "\(up.output)")
            for namespace in try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]] ?? [] {
                guard let name = namespace["name"] as? String, name.hasPrefix("multitool") else { continue }
                try nslab.run("pod", "stop", "--lab", nslab.lab, name)
            }
            let report = try trace(nslab, "tor", "rack1-node1", "-4", "--tcp", "30080").report
            let cause = report["cause"] as? [String: Any]
            #expect(cause?["kind"] as? String == "no endpoint", "\(report["outcome"] ?? ""), \(cause ?? [:])")
            #expect(cause?["object"] as? String == "service default/multitool")
            #expect(cause?["namespace"] as? String == "rack1-node1")
        }
    }

    @Test("in a lab in which all is well every packet is answered; nobody is blamed where a server is silent")
    func healthy() throws {
        try withLab { nslab, pods in
            let names =
                pods.values.map(\.name) + ["dual-stack-worker", "dual-stack-worker2", "dual-stack-control-plane"]
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<40 {
                // Five in one program: starting it takes longer than a trace.
                let from = names.randomElement(using: &generator)!
                let to = names.filter { $0 != from }.randomElement(using: &generator)!
                let family = Bool.random(using: &generator) ? "-4" : "-6"
                let (report, status) = try trace(nslab, from, to, family, "--count", "5")
                let traces = try [report] + #require(report["further"] as? [[String: Any]])
                #expect(status == 0 && traces.count == 5, "\(from) → \(to) \(family)")
                #expect(
                    traces.allSatisfy { $0["cause"] == nil && $0["notes"] == nil && $0["answered"] as? Bool == true })
            }
            let far = try #require(pods["worker2"])
            let script =
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 9)); s.recv(9); s.recv(9)"
            let silent = try Witness.Process(["python3", "-c", script], in: nslab.pin(far.name))
            try eventually("somebody listens") {
                try Witness.output(["ss", "-Hlun", "sport = 9"], in: nslab.pin(far.name)).contains(":9")
            }
            let near = try #require(pods["worker"])
            let report = try trace(nslab, near.name, far.name, "-4", "--udp", "9", "--wait", "500ms")
            #expect(report.status == 1 && report.report["cause"] == nil, "\(report.report)")
            silent.send(SIGKILL)
        }
    }
}
