import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("What answers in a lab", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct AnsweringTests {
    /// The pins of the lab's pods whose names begin so.
    private func pods(_ nslab: Program, _ prefix: String) -> [String] {
        Directory.names(NamedNamespaces.directory).filter { $0.hasPrefix(nslab.pin(prefix)) }
    }

    /// Runs a tool inside a pod, with the pod's resolv.conf.
    private func run(_ arguments: String..., in pin: String) throws -> Witness.Testimony {
        try Witness.run(["timeout", "15", "ip", "netns", "exec", pin] + arguments)
    }

    /// Whether a process has not ended; one that nobody has asked for its status yet has.
    private func isRunning(_ pid: Int) -> Bool {
        guard let text = try? KernelFile.text("/proc/\(pid)/stat") else { return false }
        // proc_pid_stat(5): the state stands behind the name in parentheses.
        return text.split(separator: ")").last?.hasPrefix(" Z") == false
    }

    @Test("services answer by name and by address, in each family that they have")
    func services() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let pod = try #require(pods(nslab, "multitool").first)
            for family in ["-4", "-6"] {
                let page = try run("curl", "-sS", family, "http://multitool-dual-stack/", in: pod)
                #expect(page.status == 0 && page.output.contains("pod: multitool-"), "\(page.output)")
                #expect(page.output.contains("family: \(family == "-4" ? "IPv4" : "IPv6")"))
            }
            #expect(try run("curl", "-sS", "http://multitool-dual-stack", in: pod).status == 0)
            #expect(try run("curl", "-sS", "http://multitool-ipv6-only", in: pod).output.contains("family: IPv6"))
            let name = "multitool-ipv6-only.default.svc.cluster.local"
            let noData = try run("dig", name, "A", in: pod).output
            #expect(noData.contains("status: NOERROR") && noData.contains("ANSWER: 0") && noData.contains("SOA"))
            #expect(try run("dig", "+short", name, "AAAA", in: pod).output.hasPrefix("fd00:10:96::"))
            #expect(
                try run("dig", "+short", "+tcp", "-x", "10.96.0.10", in: pod).output
                    == "kube-dns.kube-system.svc.cluster.local.\n")
        }
    }

    @Test("a stopped pod's port is closed and its endpoint gone; started, it answers again")
    func stopAndStart() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let all = pods(nslab, "multitool")
            let pod = try #require(all.first)
            let other = try #require(all.last)
            let name = String(pod.dropFirst(nslab.lab.count + 1))
            let inspect = try nslab.json("inspect", nslab.lab)
            #expect(inspect["responders"] as? String == "running")
            func listening() throws -> Bool {
                try !run("ss", "-H", "-lnt", "sport = :8080", in: pod).output.isEmpty
            }
            #expect(try listening())
            #expect(try nslab.run("pod", "stop", "--lab", nslab.lab, name).status == 0)
            #expect(try !listening())
            for _ in 0..<12 {
                let page = try run("curl", "-sS", "http://multitool-dual-stack", in: other)
                #expect(page.status == 0 && !page.output.contains("pod: \(name)\n"), "\(page)")
            }
            // The same process, and the others' sockets were not touched.
            #expect(try nslab.json("inspect", nslab.lab)["respondersPID"] as? Int == inspect["respondersPID"] as? Int)
            #expect(try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api").status == 0)
            #expect(try !listening())
            #expect(try nslab.run("pod", "start", "--lab", nslab.lab, name).status == 0)
            #expect(try listening())
        }
    }

    @Test("a process that was killed is told of, and comes back with up")
    func killed() throws {
        try Program.with { nslab in
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            try nslab.killPodServer()
            #expect(try nslab.run("inspect", nslab.lab).output.contains("`nslab up` starts it again"))
            let pod = try #require(pods(nslab, "multitool").first)
            try Witness.waitForCarriers(in: pod)
            var before = ""
            try eventually("the pod's addresses") {
                before = try Witness.ip("-d addr", in: pod)
                return !before.contains("tentative")
            }
            let again = try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            #expect(again.status == 0 && again.output.contains("its pods answer again"))
            let after = try Witness.ip("-d addr", in: pod)
            #expect(after == before)
            #expect(try run("curl", "-sS", "http://multitool-dual-stack", in: pod).status == 0)
        }
    }

    @Test("down ends the process and leaves nothing, also with connections open")
    func down() throws {
        try Program.with { nslab in
            let before = try HostState(lab: nslab.lab)
            try nslab.run("up", "--name", nslab.lab, "--no-probe", "--no-api")
            let pid = try #require(nslab.json("inspect", nslab.lab)["respondersPID"] as? Int)
            let pod = try #require(pods(nslab, "multitool").first)
            let talk = try Witness.Process(
                ["python3", "-c", "import socket, time; s = socket.create_connection(('::1', 8080)); time.sleep(20)"],
                in: pod)
            try eventually { try !run("ss", "-H", "-nt", "state", "established", in: pod).output.isEmpty }
            #expect(try nslab.run("down", nslab.lab).status == 0)
            // It has ended; its entry stays until whoever adopted it has asked how.
            try eventually { !isRunning(pid) }
            #expect(try HostState(lab: nslab.lab) == before)
            talk.send(SIGKILL)
        }
    }

    @Test("a pod on its node's network answers datagrams from the address that was asked: each family, tunnel, link")
    func hostNetwork() throws {
        let topology = """
            lab: homes
            routers:
              r1:
                vlans: { 10: { addresses: [10.20.0.1/24, "fd00:20::1/64"] } }
                ports: { "eth{1..2}": { access: 10 } }
            nodes:
              n1: { interfaces: { eth1: { connect: "r1:eth1", addresses: [10.20.0.11/24, "fd00:20::11/64"] } } }
              n2: { interfaces: { eth1: { connect: "r1:eth2", addresses: [10.20.0.12/24, "fd00:20::12/64"] } } }
            cluster:
              pools:
                v4: { cidr: 192.168.0.0/16, encapsulation: VXLAN }
                v6: { cidr: "fd00:244::/48", encapsulation: VXLAN }
            workloads:
              agent: { kind: DaemonSet, hostNetwork: true, ports: [9000/UDP] }
              client: { kind: Pod, node: n2 }
            """
        try Program.with(topology: topology) { (nslab) throws in
            let program = """
                import json, socket, subprocess, sys
                text = subprocess.run(["ip", "-n", sys.argv[1], "-j", "address"], capture_output=True, text=True).stdout
                asked = 0
                for link in json.loads(text):
                    if link["ifname"].startswith("cali"): continue
                    for address in link["addr_info"]:
                        host = address["local"]
                        if address["scope"] == "host": continue
                        if address["scope"] == "link":
                            if sys.argv[2] != "node" or link["ifname"] != "eth1": continue
                            host += "%eth1"
                        u = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
                        u.settimeout(3)
                        u.connect(socket.getaddrinfo(host, 9000, type=socket.SOCK_DGRAM)[0][4])
                        u.send(b"who")
                        try: u.recv(100); asked += 1
                        except OSError as error: print(link["ifname"], host, error)
                print(asked)
                """
            let (node, other) = (nslab.pin("n1"), nslab.pin("n2"))
            // The addresses of both families on eth1, those of the two tunnels; from a node its link-local one too.
            #expect(try run("python3", "-c", program, node, "pod", in: nslab.pin("client")).output == "4\n")
            #expect(try run("python3", "-c", program, node, "node", in: other).output == "5\n")
        }
    }

    @Test("a lab in which nothing answers has no process")
    func none() throws {
        let topology = """
            lab: quiet
            routers: { r1: { ports: { eth1: { addresses: [10.0.0.1/24] } } } }
            nodes: { n1: { interfaces: { eth1: { connect: "r1:eth1", addresses: [10.0.0.2/24] } } } }
            """
        try Program.with(topology: topology) { (nslab) throws in
            #expect(try nslab.json("inspect", nslab.lab)["responders"] as? String == "notNeeded")
        }
    }
}
