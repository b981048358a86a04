import Addresses
import DNS
import Glibc
import KernelTestSupport
import NetworkNamespaces
import PodServer
import System
import Testing

@Suite("The process that answers for pods", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct PodServerProcessTests {
    @Test("a pod's page says who answered and whom it saw, to each family")
    func page() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 8080, answer: .http(body: nil))))
            let four = try bench.curl("http://10.9.0.1:8080/any")
            #expect(four.status == 0)
            let lines = Set(four.output.split(separator: "\n").map(String.init))
            #expect(
                lines.isSuperset(of: [
                    "pod: web-0", "namespace: default", "node: worker", "addresses: 10.9.0.1, fd00:9::1",
                    "client: 10.9.0.2", "family: IPv4",
                ]), "\(four.output)")
            let six = try bench.curl("http://[fd00:9::1]:8080/")
            #expect(six.output.contains("client: fd00:9::2\n") && six.output.contains("family: IPv6\n"))
            let json = try bench.curl("-H", "Accept: application/json", "http://10.9.0.1:8080/")
            #expect(json.output.contains(#""client": "10.9.0.2""#) && json.output.contains(#""pod": "web-0""#))
            let head = try bench.curl("-I", "http://10.9.0.1:8080/")
            #expect(head.output.hasPrefix("HTTP/1.1 200 OK\r\n") && !head.output.contains("pod:"))
        }
    }

    @Test("requests on one connection, in one packet, with a body, and to a port with a page of its own")
    func connections() throws {
        try Bench.with { bench in
            try bench.follow(
                bench.plan(
                    .init(.tcp, 8080, answer: .http(body: nil)), .init(.tcp, 8081, answer: .http(body: "fixed\n"))))
            let twice = try bench.curl(
                "-w", "%{num_connects}", "-o", "/dev/null", "http://10.9.0.1:8080/", "-o", "/dev/null",
                "http://10.9.0.1:8080/")
            #expect(twice.output == "10")
            #expect(try bench.curl("http://10.9.0.1:8081/").output == "fixed\n")
            let body = String(repeating: "x", count: 200_000)
            let posted = try Witness.run(
                [
                    "curl", "-sS", "--max-time", "5", "--data-binary", "@-", "-H", "Expect: 100-continue",
                    "http://10.9.0.1:8081/",
                ], in: bench.client, input: String(body.prefix(60000)))
            #expect(posted.output == "fixed\n")
            let pipelined = try bench.python(
                """
                import socket
                s = socket.create_connection(("10.9.0.1", 8081))
                s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" * 99 + b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
                data = b""
                while True:
                    part = s.recv(65536)
                    if not part: break
                    data += part
                print(data.count(b"HTTP/1.1 200 OK"), data.count(b"fixed"))
                s = socket.create_connection(("10.9.0.1", 8081))
                s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                s.shutdown(socket.SHUT_WR)
                data = b""
                while True:
                    part = s.recv(65536)
                    if not part: break
                    data += part
                print(data.count(b"fixed"))
                s = socket.create_connection(("10.9.0.1", 8081))
                s.sendall(b"nonsense\\r\\n\\r\\n" + b"x" * 100000)
                print(s.recv(65536).split(b"\\r\\n")[0].decode())
                """)
            #expect(pipelined == "100 100\n1\nHTTP/1.1 400 Bad Request\n")
        }
    }

    @Test("a plan that is followed already is not handed over again, and to another process it is")
    func same() throws {
        try Bench.with { bench in
            func written() throws -> ino_t {
                var status = stat()
                try #require(stat("\(bench.folder)/responders.plan", &status) == 0)
                return status.st_ino
            }
            let plan = bench.plan(.init(.tcp, 8080, answer: .http(body: "one\n")))
            try bench.follow(plan)
            let first = try written()
            try bench.follow(plan)
            #expect(try written() == first)
            try bench.follow(bench.plan(.init(.tcp, 8080, answer: .http(body: "two\n"))))
            #expect(try bench.curl("http://10.9.0.1:8080/").output == "two\n")
            try bench.follow(plan)
            #expect(try bench.curl("http://10.9.0.1:8080/").output == "one\n")
            guard case .running(let pid) = try bench.process.state else { throw SystemCallError("kill", "process") }
            kill(pid, SIGKILL)
            try eventually { try bench.process.state == .ended }
            try bench.follow(plan)
            #expect(try bench.curl("http://10.9.0.1:8080/").output == "one\n")
        }
    }

    @Test("a client that floods and does not read is bounded, and the others are answered")
    func flood() throws {
        try Bench.with { bench in
            try bench.follow(
                bench.plan(.init(.tcp, 8080, answer: .http(body: String(repeating: "x", count: 10000)))))
            let before = try Self.memory(bench.pid())
            let output = try bench.python(
                """
                import socket, threading, time
                held = []
                for _ in range(50):
                    s = socket.create_connection(("10.9.0.1", 8080))
                    s.setblocking(False)
                    held.append(s)
                full = set()
                def flood():
                    requests = b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" * 200
                    rest = dict.fromkeys(held, requests)
                    while True:
                        for s in held:
                            try: rest[s] = rest[s][s.send(rest[s]):] or requests
                            except BlockingIOError: full.add(s)
                            except OSError: pass
                threading.Thread(target=flood, daemon=True).start()
                end = time.time() + 30
                while len(full) < len(held) and time.time() < end: time.sleep(0.01)
                # It goes on meanwhile.
                s = socket.create_connection(("10.9.0.1", 8080))
                s.settimeout(20)
                s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                print(len(full), s.recv(12).decode())
                """)
            #expect(output == "50 HTTP/1.1 200\n")
            #expect(try Self.memory(bench.pid()) - before < 40 << 20)
        }
    }

    @Test("each socket is bound to the families that the port says, and ss shows it in the pod")
    func families() throws {
        try Bench.with { bench in
            try bench.follow(
                bench.plan(
                    .init(.tcp, 1001, answer: .http(body: "x")),
                    .init(.tcp, 1002, families: .ipv4, answer: .http(body: "x")),
                    .init(.tcp, 1003, families: .ipv6, answer: .http(body: "x")), .init(.udp, 1004, answer: .echo)))
            let table = try Witness.output(["ss", "-H", "-lntup"], in: bench.pod)
            let pid = try bench.pid()
            for (address, transport) in [
                ("*:1001", "tcp"), ("0.0.0.0:1002", "tcp"), ("[::]:1003", "tcp"), ("*:1004", "udp"),
            ] {
                let line = table.split(separator: "\n").first { $0.contains(" \(address) ") && $0.hasPrefix(transport) }
                #expect(line?.contains("pid=\(pid),") == true, "\(address): \(table)")
            }
            func reached(_ address: String, _ port: Int) throws -> Bool {
                try bench.curl("-o", "/dev/null", "http://\(address):\(port)/").status == 0
            }
            #expect(try reached("10.9.0.1", 1001) && reached("[fd00:9::1]", 1001))
            #expect(try reached("10.9.0.1", 1002) && !reached("[fd00:9::1]", 1002))
            #expect(try !reached("10.9.0.1", 1003) && reached("[fd00:9::1]", 1003))
        }
    }

    @Test("echo sends back what comes, on TCP after the client's end too, on UDP up to the longest datagram")
    func echo() throws {
        try Bench.with { bench in
            try bench.follow(
                bench.plan(.init(.tcp, 7, answer: .echo), .init(.udp, 7, answer: .echo), .init(.udp, 9, answer: .echo)))
            let output = try bench.python(
                """
                import socket, threading
                for host in ("10.9.0.1", "fd00:9::1"):
                    s = socket.create_connection((host, 7))
                    sent = bytes(range(256)) * 8192
                    def send():
                        s.sendall(sent)
                        s.shutdown(socket.SHUT_WR)
                    thread = threading.Thread(target=send)
                    thread.start()
                    data = b""
                    while True:
                        part = s.recv(65536)
                        if not part: break
                        data += part
                    print(data == sent)
                    u = socket.socket(socket.getaddrinfo(host, 7)[0][0], socket.SOCK_DGRAM)
                    u.settimeout(2)
                    for size in (0, 1, 1400, 60000):
                        u.sendto(b"y" * size, (host, 7))
                        print(len(u.recv(65536)))
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                u.bind(("10.9.0.2", 9))
                u.settimeout(0.3)
                u.sendto(b"loop", ("10.9.0.1", 7))
                try: print(u.recv(100))
                except TimeoutError: print("no loop")
                """)
            #expect(output == "True\n0\n1\n1400\n60000\nTrue\n0\n1\n1400\n60000\nno loop\n")
        }
    }

    private static let zone = ClusterZone(services: [
        ClusterZone.Service(
            name: "web", clusterAddresses: [IPAddress("10.96.0.7")!, IPAddress("fd00:96::7")!],
            ports: [ClusterZone.Port(name: "http", number: 80)]),
        ClusterZone.Service(
            name: "many", isHeadless: true,
            endpoints: (1...200).map { ClusterZone.Endpoint(address: IPAddress("10.1.0.\($0)")!) }),
    ])

    @Test("dig is answered on UDP and TCP, and asks again on TCP where an answer is cut short")
    func dns() throws {
        try Bench.with { bench in
            try bench.follow(
                bench.plan(.init(.udp, 53, answer: .dns), .init(.tcp, 53, answer: .dns), zone: Self.zone))
            let name = "web.default.svc.cluster.local"
            #expect(try bench.dig(name, "A") == "10.96.0.7\n")
            #expect(try bench.dig("+tcp", name, "AAAA") == "fd00:96::7\n")
            #expect(try bench.dig(name, "AAAA", at: "fd00:9::1") == "fd00:96::7\n")
            #expect(try bench.dig("_http._tcp.\(name)", "SRV") == "0 50 80 \(name).\n")
            #expect(try bench.dig("-x", "10.96.0.7") == "\(name).\n")
            let many = try bench.dig("+bufsize=512", "many.default.svc.cluster.local", "A")
            #expect(many.split(separator: "\n").count == 200)
            let cut = try bench.dig("+bufsize=512", "+ignore", "many.default.svc.cluster.local", "A", full: true)
            #expect(cut.contains("flags: qr aa tc rd"))
            let missing = try bench.dig("nothing.default.svc.cluster.local", "A", full: true)
            #expect(missing.contains("status: NXDOMAIN") && missing.contains("SOA\tns.dns.cluster.local."))
            #expect(try bench.dig("www.example.com", full: true).contains("status: REFUSED"))
            let pipelined = try bench.dig("+tcp", "+keepopen", name, "A", name, "AAAA", name, "A")
            #expect(pipelined == "10.96.0.7\nfd00:96::7\n10.96.0.7\n")
        }
    }

    @Test(
        "an answer on UDP comes from the address that was asked, whichever of the pod's it is",
        arguments: PodServerPlan.Families.allCases)
    func askedAddress(_ families: PodServerPlan.Families) throws {
        try Bench.with { bench in
            for address in ["10.9.0.11/24", "10.9.9.9/32", "fd00:9::11/64", "fd00:9:9::9/128"] {
                let device = address.contains("9/") ? "lo" : "eth0"
                let plain = address.contains(":") ? " nodad" : ""
                try Witness.ip("address add \(address) dev \(device)\(plain)", in: bench.pod)
            }
            try Witness.ip("route add 10.9.9.9 via 10.9.0.1", in: bench.client)
            try Witness.ip("-6 route add fd00:9:9::9 via fd00:9::1", in: bench.client)
            try bench.follow(
                bench.plan(
                    .init(.udp, 53, families: families, answer: .dns),
                    .init(.udp, 7, families: families, answer: .echo), zone: Self.zone))
            // A connected socket takes answers of the one that it asked, and of nobody else.
            let output = try bench.python(
                """
                import json, socket, subprocess, time
                def link_local(pin):
                    while True:
                        text = subprocess.run(["ip", "-n", pin, "-j", "-6", "address", "show", "dev", "eth0", "scope", "link"],
                            capture_output=True, text=True).stdout
                        found = [a for a in json.loads(text)[0]["addr_info"] if a.get("local") and not a.get("tentative")]
                        if found: return found[0]["local"]
                        time.sleep(0.05)
                link_local("\(bench.client)")
                four = ["10.9.0.1", "10.9.0.11", "10.9.9.9"] if "\(families)" != "ipv6" else []
                six = ["fd00:9::1", "fd00:9::11", "fd00:9:9::9", link_local("\(bench.pod)") + "%eth0"]
                query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7cluster\\5local\\0\\0\\6\\0\\1"
                for host in four + (six if "\(families)" != "ipv4" else []):
                    for port in (53, 7):
                        for length in (len(query), 60000) if port == 7 else (len(query),):
                            u = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
                            u.settimeout(2)
                            u.connect(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4])
                            u.send(query.ljust(length, b"x"))
                            try: u.recv(65536)
                            except OSError as error: print(host, port, error)
                # To all of the link: from an address of the one who answers.
                if "\(families)" != "ipv4":
                    u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                    u.settimeout(2)
                    u.sendto(b"all", ("ff02::1", 7, 0, socket.if_nametoindex("eth0")))
                    answer, sender = u.recvfrom(100)
                    print(answer.decode(), sender[0].startswith("fe80:"))
                if "\(families)" != "ipv6":
                    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    u.settimeout(2)
                    u.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                    u.sendto(b"all", ("10.9.0.255", 7))
                    print(u.recvfrom(100)[1][0])
                """)
            let all = (families == .ipv4 ? "" : "all True\n") + (families == .ipv6 ? "" : "10.9.0.1\n")
            #expect(output == all)
        }
    }

    @Test("commands that make no sense are not followed, and nothing of theirs is kept open")
    func hostileCommands() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 80, answer: .http(body: "x")), .init(.udp, 7, answer: .echo)))
            let pid = try bench.pid()
            func open() throws -> Int { Directory.names("/proc/\(pid)/fd").count }
            let before = try open()
            let answer = try Witness.output([
                "timeout", "60", "python3", "-c",
                """
                import os, socket
                def say(text, count=0, fds=None):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    s.connect("\(bench.folder)/responders.sock")
                    s.settimeout(5)
                    held = fds or [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]
                    answer = b""
                    try:
                        socket.send_fds(s, [text], held) if held else s.send(text)
                        s.shutdown(socket.SHUT_WR)
                        while piece := s.recv(1 << 20): answer += piece
                    except OSError: pass
                    finally:
                        s.close()
                        for fd in held: os.close(fd)
                    return answer
                name = b"tcp/80/dual/x"
                for text, count in [
                    (b"", 0), (b"", 3), (b"\\n\\n", 2), (b"nonsense", 5), (b"sockets", 2), (b"ready", 1),
                    (b"socket", 3), (b"socket\\n" + name, 0), (b"socket\\n" + name, 2), (b"socket\\n" + name * 2, 1),
                    (b"socket\\nnonsense", 1), (b"socket\\n" + b"\\n".join([name] * 3), 3), (b"\\xff\\xfe\\0", 4),
                    (b"plan", 1), (b"follow", 0), (b"follow", 1), (b"follow", 2), (b"socket" + (b"\\n" + name) * 200, 200),
                    # More than are taken at once, and a text that is longer.
                    (b"socket" + (b"\\n" + name) * 253, 253), (b"nonsense", 253), (b"s" * 200000, 1),
                ]: say(text, count)
                say(b"follow", fds=[os.open("/proc/self/mem", os.O_RDONLY)])
                # As many names as descriptors are taken of those that come.
                print(say(b"socket" + (b"\\n" + name) * 200, 253).decode())
                # One that says nothing at all, and one that ends at once.
                s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                s.connect("\(bench.folder)/responders.sock")
                s.close()
                """,
            ])
            #expect(answer.hasPrefix("error socket: Message too long"), "\(answer)")
            #expect(try bench.pid() == pid)
            // Fewer where the channel of the command that started it was still open before.
            try eventually { try open() <= before }
            #expect(try bench.curl("http://10.9.0.1/").output == "x")
            #expect(try Witness.output(["ss", "-H", "-lntu"], in: bench.pod).split(separator: "\n").count == 2)
        }
    }

    @Test("an answer that cannot be sent is lost, and the next one comes")
    func unsendable() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.udp, 53, answer: .dns), .init(.udp, 7, answer: .echo), zone: Self.zone))
            // From port 0, and from an address that no route leads to.
            let output = try bench.python(
                """
                import socket, struct
                def checksum(data):
                    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
                    while total >> 16: total = (total & 0xffff) + (total >> 16)
                    return ~total & 0xffff
                def packet(source, port, target, payload):
                    udp = struct.pack("!HHHH", port, target, 8 + len(payload), 0) + payload
                    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                        socket.inet_aton(source), socket.inet_aton("10.9.0.1"))
                    return head + udp
                raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
                query = b"\\x00\\x01\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x01"
                for source, port in (("10.9.0.2", 0), ("203.0.113.7", 1000), ("10.9.0.2", 1)):
                    for target in (53, 7):
                        for _ in range(20): raw.sendto(packet(source, port, target, query), ("10.9.0.1", 0))
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                u.settimeout(2)
                u.sendto(b"still there", ("10.9.0.1", 7))
                print(u.recv(100).decode())
                """)
            #expect(output == "still there\n")
            #expect(try bench.dig("web.default.svc.cluster.local", "A") == "10.96.0.7\n")
        }
    }

    @Test("the process has no root, no capabilities, no way to new ones, and a filter of system calls")
    func confinement() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 80, answer: .echo)))
            let pid = try bench.pid()
            for task in Directory.names("/proc/\(pid)/task") {
                let status = try Witness.output(["cat", "/proc/\(pid)/task/\(task)/status"])
                let fields = Dictionary(
                    status.split(separator: "\n").map { line in
                        let parts = line.split(separator: ":", maxSplits: 1)
                        return (
                            String(parts[0]),
                            parts.last.map { $0.split { " \t".contains($0) }.joined(separator: " ") } ?? ""
                        )
                    }, uniquingKeysWith: { first, _ in first })
                #expect(fields["Uid"] == "65534 65534 65534 65534" && fields["Gid"] == "65534 65534 65534 65534")
                #expect(fields["CapEff"] == "0000000000000000" && fields["CapPrm"] == "0000000000000000")
                #expect(fields["NoNewPrivs"] == "1")
                #expect(fields["Seccomp"] == "2")
                #expect(fields["Groups"] == "")
            }
            // It stands in no session of ours, holds nothing of ours open, and is in none of the lab's namespaces.
            let files = try Witness.output(["ls", "-l", "/proc/\(pid)/fd"])
            #expect(files.split(separator: "\n").count { $0.contains("/dev/null") } == 3)
            #expect(!files.contains("pipe:") && !files.contains("/work"))
            #expect(try NamespaceProcesses.find(in: [try #require(NamedNamespaces.identity(bench.pod))]).isEmpty)
        }
    }

    @Test("a plan that changes keeps the connections and sockets that stay")
    func changes() throws {
        try Bench.with { bench in
            let first = bench.plan(
                .init(.tcp, 7, answer: .echo), .init(.tcp, 80, answer: .http(body: "old\n")),
                .init(.udp, 53, answer: .dns), zone: Self.zone)
            try bench.follow(first)
            let pid = try bench.pid()
            let talk = try bench.talk(
                """
                s.sendall(b"a")
                s.recv(1)
                talking()
                end = time.time() + 60
                while time.time() < end:
                    s.sendall(b"b")
                    if s.recv(1) != b"b": break
                    time.sleep(0.01)
                    if os.path.exists("\(bench.folder)/stop"): print("kept"); break
                """)
            var zone = Self.zone
            zone.services[0].clusterAddresses = [IPAddress("10.96.0.8")!]
            try bench.follow(
                bench.plan(
                    .init(.tcp, 7, answer: .echo), .init(.tcp, 80, answer: .http(body: "new\n")),
                    .init(.tcp, 81, answer: .http(body: "more\n")), .init(.udp, 53, answer: .dns), zone: zone))
            #expect(try bench.pid() == pid)
            #expect(try bench.curl("http://10.9.0.1/").output == "new\n")
            #expect(try bench.curl("http://10.9.0.1:81/").output == "more\n")
            #expect(try bench.dig("web.default.svc.cluster.local", "A") == "10.96.0.8\n")
            try bench.follow(bench.plan(.init(.tcp, 7, answer: .echo)))
            #expect(try bench.curl("http://10.9.0.1/").status == 7)
            #expect(try Witness.output(["ss", "-H", "-lntu"], in: bench.pod).split(separator: "\n").count == 1)
            #expect(creat("\(bench.folder)/stop", 0o600) >= 0)
            #expect(try talk.wait().output == "kept\n")
            // And back.
            try bench.follow(first)
            #expect(try bench.pid() == pid)
            #expect(try bench.curl("http://10.9.0.1/").output == "old\n")
        }
    }

    @Test("a socket that goes takes its connections with it")
    func connectionsGo() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 7, answer: .echo), .init(.tcp, 8, answer: .echo)))
            let talk = try bench.talk(
                """
                s.sendall(b"a")
                s.recv(1)
                talking()
                try: print(s.recv(1))
                except ConnectionResetError: print("reset")
                """)
            try bench.follow(bench.plan(.init(.tcp, 8, answer: .echo)))
            #expect(try talk.wait().output == "reset\n")
        }
    }

    @Test("killed, it is told as ended, and comes back; stopped, it leaves nothing")
    func life() throws {
        try Bench.with { bench in
            #expect(try bench.process.state == .notNeeded)
            let plan = bench.plan(.init(.tcp, 80, answer: .http(body: "x")))
            try bench.follow(plan)
            let first = try bench.pid()
            try bench.follow(plan)
            #expect(try bench.pid() == first)
            kill(first, SIGKILL)
            waitpid(first, nil, 0)
            #expect(try bench.process.state == .ended)
            try bench.follow(plan)
            #expect(try bench.pid() != first)
            #expect(try bench.curl("http://10.9.0.1/").output == "x")
            let second = try bench.pid()
            try bench.process.stop()
            #expect(try bench.process.state == .notNeeded)
            #expect(kill(second, 0) != 0)
            #expect(Directory.names(bench.folder).isEmpty)
            #expect(try Witness.output(["ss", "-H", "-lnt"], in: bench.pod) == "")
            try bench.process.stop()
            try bench.follow(PodServerPlan(lab: "x"))
            #expect(try bench.process.state == .notNeeded)
        }
    }

    @Test("a namespace goes once the process does, with connections open")
    func namespacesGo() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 7, answer: .echo)))
            _ = try bench.python(
                """
                import socket
                s = socket.create_connection(("10.9.0.1", 7))
                s.sendall(b"x" * 100000)
                """)
            let talk = try bench.talk(
                """
                s.setblocking(False)
                try:
                    for _ in range(1000): s.send(b"x" * 10000)
                except BlockingIOError: pass
                talking()
                # Until it is killed.
                time.sleep(600)
                """)
            try bench.process.stop()
            let left = try Witness.output(["ss", "-H", "-tan", "exclude", "time-wait"], in: bench.pod)
            #expect(left == "")
            talk.send(SIGKILL)
        }
    }

    @Test("a port that another process has is told with its pod; nothing is left of the attempt")
    func taken() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 81, answer: .echo)))
            let other = try Witness.Process(["python3", "-m", "http.server", "80"], in: bench.pod)
            try eventually { try Witness.output(["ss", "-H", "-lnt", "sport = :80"], in: bench.pod) != "" }
            let error = #expect(throws: PodServerError.self) {
                try bench.follow(bench.plan(.init(.tcp, 81, answer: .echo), .init(.tcp, 80, answer: .echo)))
            }
            guard case .portTaken(bench.pod, .tcp, 80) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try Witness.output(["ss", "-H", "-lnt", "sport = :81"], in: bench.pod) != "")
            other.send(SIGKILL)
        }
    }

    @Test("a process whose command ends before the plan came ends too")
    func abandoned() throws {
        try Bench.with { bench in
            do { _ = try bench.process.launch(program: BuiltProgram.path) }
            try eventually { try bench.process.state == .notNeeded }
        }
    }

    @Test("clients that hang hold no more than their share, and not for long", .timeLimit(.minutes(1)))
    func slowClients() throws {
        try Bench.with { bench in
            try bench.follow(bench.plan(.init(.tcp, 80, answer: .http(body: "x\n"))))
            let before = try Self.memory(bench.pid())
            let output = try bench.python(
                """
                import resource, socket, time
                resource.setrlimit(resource.RLIMIT_NOFILE, (min(6000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
                held = []
                for index in range(5000):
                    s = socket.create_connection(("10.9.0.1", 80))
                    s.send(b"GET / HTTP/1.1\\r\\nX-")
                    held.append(s)
                # Sooner than those that hang have had their ten seconds.
                s = socket.create_connection(("10.9.0.1", 80))
                s.settimeout(8)
                s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                print(s.recv(12).decode())
                open("\(bench.folder)/holding", "w")
                # A byte now and then does not buy time.
                ended = 0
                for _ in range(14):
                    time.sleep(1)
                    alive = []
                    for s in held:
                        try: s.send(b"a"); alive.append(s)
                        except OSError: pass
                    held = alive
                print(len(held))
                """)
            #expect(output == "HTTP/1.1 200\n0\n")
            #expect(try Self.memory(bench.pid()) - before < 100 << 20)
        }
    }

    /// The memory that a process has in use, in bytes.
    private static func memory(_ pid: pid_t) throws -> Int {
        let status = try Witness.output(["cat", "/proc/\(pid)/status"])
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) }) << 10
    }
}
