import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Captures of a lab, as tshark reads them", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct CaptureCommandTests {
    /// A lab, a pod on each of two nodes, and a file for captures.
    private func withLab(
        _ body: (Program, _ near: (pin: String, address: String), _ far: (pin: String, address: String), String) throws
            -> Void
    ) throws {
        try Program.with { nslab in
            let up = try nslab.run("up", "--name", nslab.lab)
            #expect(up.status == 0, "\(up.output)")
            let namespaces = try nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]] ?? []
            func pod(on node: String) throws -> (pin: String, address: String) {
                let pod = try #require(
                    namespaces.first {
                        $0["node"] as? String == node && ($0["name"] as? String ?? "").hasPrefix("multitool")
                    })
                let addresses = try #require(pod["addresses"] as? [String])
                return (
                    nslab.pin(try #require(pod["name"] as? String)),
                    try #require(addresses.first { $0.contains(":") })
                )
            }
            let file = FileManager.default.temporaryDirectory.path + "/\(nslab.lab).pcapng"
            defer { unlink(file) }
            try body(nslab, pod(on: "dual-stack-worker"), pod(on: "dual-stack-worker2"), file)
        }
    }

    /// Starts a capture, and waits until it sees packets.
    private func capture(_ arguments: [String], _ log: String) throws -> Witness.Process {
        let words = ([BuiltProgram.path, "capture"] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let process = try Witness.Process(["sh", "-c", "exec \(words) 2>'\(log)'"])
        try eventually("the capture has begun") {
            // Until the shell has begun there is no such file.
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("capturing in") ?? false
        }
        return process
    }

    @Test("frames of probes and traces bear a comment that says so, in tunnels too, and nobody else's do")
    func comments() throws {
        try withLab { nslab, near, far, file in
            let process = try capture(["--lab", nslab.lab, "-w", file, "icmp6 or udp port 4789"], "\(file).log")
            defer { unlink("\(file).log") }
            let (from, to) = (near.pin.dropFirst(nslab.lab.count + 1), far.pin.dropFirst(nslab.lab.count + 1))
            #expect(try nslab.run("probe", "--lab", nslab.lab, "--from", "\(from)", "--to", "\(to)").status == 0)
            #expect(try nslab.run("trace", "--lab", nslab.lab, "\(from)", "\(to)", "-6").status == 0)
            try Witness.output(["ping", "-6", "-c", "1", "-W", "5", far.address], in: near.pin)
            process.send(SIGINT)
            #expect(try process.wait().status == 0)
            let read = try Witness.output([
                "tshark", "-n", "-r", file, "-Y", "icmpv6.type == 128 or icmpv6.type == 129", "-T", "fields", "-e",
                "icmpv6.echo.identifier", "-e", "frame.comment",
            ])
            var comments: [String: Set<String>] = [:]
            for line in read.split(separator: "\n") where line.contains("\t") {
                let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                comments[words[0], default: []].insert(words[1])
            }
            // The ping, the trace, the probe: on every interface alike.
            #expect(comments.values.allSatisfy { $0.count == 1 }, "\(comments)")
            #expect(Set(comments.values.compactMap(\.first)) == ["", "nslab trace", "nslab probe 2"], "\(comments)")
        }
    }

    @Test("a ping over VXLAN is seen on each interface of its way, in order, both ways, with the lab's names")
    func way() throws {
        try withLab { nslab, near, far, file in
            let process = try capture(
                [
                    "--lab", nslab.lab, "-w", file, "-c", "20",
                    "(ip6[6] = 58 and ip6[40] >= 128 and ip6[40] <= 129) or udp port 4789",
                ],
                "\(file).log")
            defer { unlink("\(file).log") }
            try Witness.output(["ping", "-6", "-c", "1", "-W", "5", far.address], in: near.pin)
            let ended = try process.wait()
            #expect(
                ended.status == 0 && ended.output.contains("20 packets on 10 interfaces, 0 dropped"), "\(ended.output)")

            let read = try Witness.output([
                "tshark", "-N", "n", "-r", file, "-T", "fields", "-e", "frame.interface_name", "-e",
                "frame.packet_flags_direction", "-e", "icmpv6.type", "-e", "vxlan.vni", "-e", "ipv6.src_host",
            ])
            let lines = read.split(separator: "\n").filter { $0.contains("\t") }
                .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
            try #require(lines.count == 20, "\(read)")
            // The interfaces that pods have on their nodes, as the nodes' own routes say.
            func host(_ node: String, _ address: String) throws -> String {
                let route = try Witness.json("ip -6 -j route get \(address)", in: nslab.pin(node)).first
                return "\(node):\(try #require(route?["dev"] as? String))"
            }
            let (first, second) = ("dual-stack-worker", "dual-stack-worker2")
            let pods = [near, far].map { String($0.pin.dropFirst(nslab.lab.count + 1)) }
            let there = [
                "\(pods[0]):eth0 2", "\(try host(first, near.address)) 1", "\(first):vxlan-v6.calico 2",
                "\(first):eth1 2",
                "ceos01:eth2 1", "ceos01:eth3 2", "\(second):eth1 1", "\(second):vxlan-v6.calico 1",
                "\(try host(second, far.address)) 2", "\(pods[1]):eth0 1",
            ]
            // The same places the other way round: what came in goes out.
            let back = there.reversed().map {
                $0.hasSuffix(" 1") ? $0.dropLast() + "2" : $0.dropLast() + "1"
            }.map(String.init)
            let seen = lines.map { "\($0[0]) \(Int($0[1].dropFirst(2), radix: 16) ?? 0)" }
            #expect(seen == there + back)
            #expect(lines.map { $0[2] } == Array(repeating: "128", count: 10) + Array(repeating: "129", count: 10))
            #expect(lines.filter { $0[3] == "4096" }.count == 8)
            // Outer and inner source, by name.
            #expect(lines[3][4] == "\(first),\(pods[0])")
        }
    }

    @Test("--on and --kind choose interfaces, and what is not there is told")
    func choice() throws {
        try withLab { nslab, near, far, file in
            let log = "\(file).log"
            defer { unlink(log) }
            func interfaces(_ arguments: [String], packets: Int) throws -> Set<String> {
                let process = try capture(
                    ["--lab", nslab.lab, "-w", file, "-o", "json", "-c", "\(packets)"] + arguments + ["icmp6"], log)
                let ping = try Witness.Process(["ping", "-6", "-i", "0.2", "-W", "5", far.address], in: near.pin)
                defer { ping.send(SIGKILL) }
                let ended = try process.wait()
                let report = try #require(
                    try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended.output)"
                )
                let list = report["interfaces"] as? [[String: Any]] ?? []
                #expect(list.reduce(0) { $0 + ($1["packets"] as? Int ?? 0) } == packets)
                return Set(list.compactMap { $0["interface"] as? String })
            }
            let ends = ["dual-stack-worker:vxlan-v6.calico", "dual-stack-worker2:vxlan-v6.calico"]
            #expect(try interfaces(["--kind", "vxlan"], packets: 8) == Set(ends))
            #expect(try interfaces(["--on", "dual-stack-worker:vxlan*"], packets: 4) == [ends[0]])
            let pods = try interfaces(["--on", "pod/*"], packets: 12)
            #expect(pods.isSuperset(of: [near, far].map { "\($0.pin.dropFirst(nslab.lab.count + 1)):eth0" }))
            #expect(pods.allSatisfy { $0.hasPrefix("multitool") || $0.hasPrefix("coredns") }, "\(pods)")
            for (arguments, words) in [
                (["--on", "ceos01:eth77"], "has no interface on ceos01:eth77"), (["--on", "nobody"], "nobody"),
                (["--kind", "gre"], "has no interface of kind gre"), (["udp prot 1"], "syntax error"),
            ] {
                try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
                for place in [["-w", file], []] {
                    let result = try Witness.run(
                        [BuiltProgram.path, "capture", "--lab", nslab.lab, "--for", "1s"] + place + arguments)
                    #expect(result.status == 2 && result.output.contains(words), "\(arguments): \(result.output)")
                    #expect(result.output.hasPrefix("nslab: "), "what comes before it is no capture")
                }
                #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("mine".utf8), "\(arguments)")
            }
        }
    }

    @Test("a capture that is killed leaves nothing in the lab, and one that is interrupted is whole")
    func ending() throws {
        try withLab { nslab, near, far, file in
            let log = "\(file).log"
            defer { unlink(log) }
            let killed = try capture(["--lab", nslab.lab, "-w", file], log)
            killed.send(SIGKILL)
            _ = try killed.wait()
            unlink(log)
            // Where a packet socket is open, the kernel lists it.
            let sockets = try Witness.output(["cat", "/proc/net/packet"], in: nslab.pin("dual-stack-worker"))
            #expect(sockets.split(separator: "\n").count == 1, "\(sockets)")
            #expect(try nslab.run("verify", nslab.lab, "--strict").status == 0)

            let process = try capture(["--lab", nslab.lab, "-w", file, "icmp6"], log)
            try Witness.output(["ping", "-6", "-c", "1", "-W", "5", far.address], in: near.pin)
            process.send(SIGINT)
            let ended = try process.wait()
            #expect(ended.status == 0 && ended.output.contains("0 dropped by the kernel"), "\(ended.output)")
            let information = try Witness.output(["capinfos", file])
            #expect(information.contains("Number of stat entries = 1"))
            #expect(information.contains("Strict time order:   True"))
        }
    }

    @Test("standard output that is no terminal gets pcapng, and lines with --text; a reader that goes ends it")
    func streams() throws {
        try withLab { nslab, near, far, file in
            let ping = try Witness.Process(["ping", "-6", "-i", "0.2", far.address], in: near.pin)
            defer { ping.send(SIGKILL) }
            let program = "'\(BuiltProgram.path)' capture --lab \(nslab.lab) -q"
            let piped = try Witness.output([
                "sh", "-c", "\(program) -c 8 --kind vxlan icmp6 | tshark -n -r - 2>/dev/null",
            ])
            #expect(piped.split(separator: "\n").filter { $0.contains("Echo (ping)") }.count == 8, "\(piped)")
            let text = try Witness.output(["sh", "-c", "\(program) --text --kind vxlan icmp6 | head -3"])
            #expect(
                text.split(separator: "\n").allSatisfy {
                    $0.contains("vxlan-v6.calico ") && $0.contains(": ICMP6, echo re")
                } && text.split(separator: "\n").count == 3, "\(text)")
            let decapsulated = try Witness.output([
                "sh", "-c",
                "\(program) --decap -c 8 --on dual-stack-worker:eth1 udp port 4789 | tshark -n -r - -T fields "
                    + "-e frame.interface_name -e frame.protocols 2>/dev/null",
            ])
            let lines = decapsulated.split(separator: "\n").map(String.init)
            #expect(lines.count == 16, "\(decapsulated)")
            for (outer, inner) in zip(
                lines.enumerated().filter { $0.offset % 2 == 0 }, lines.enumerated().filter { $0.offset % 2 == 1 })
            {
                #expect(outer.element.hasPrefix("dual-stack-worker:eth1\teth:ethertype:ipv6:udp:vxlan:eth"))
                #expect(
                    inner.element.hasPrefix("dual-stack-worker:eth1 (inside vxlan 4096)\teth:ethertype:ipv6:icmpv6"))
            }
        }
    }
}
