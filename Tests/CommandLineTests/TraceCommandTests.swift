import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("One packet's way", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct TraceCommandTests {
    /// The default lab, with a pod on each node, by the node's name.
    private func withLab(_ body: (Program, _ pods: [String: Pod]) throws -> Void) throws {
        try Program.with { nslab in
            let up = try nslab.run("up", "--name", nslab.lab)
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
                        "tshark", "-q", "-n", "-i", "any", "-y", "LINUX_SLL2", "-f", "icmp or icmp6 or tcp or udp",
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
}
