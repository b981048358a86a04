import Foundation
import Glibc
import KernelTestSupport
import System
import Testing

@Suite("The processes of a lab's API", .needsRoot, .timeLimit(.minutes(20)))
struct APIProcessTests {
    /// Whether a process runs: one that has ended and that nobody has waited for yet has no command line.
    private func isThere(_ pid: pid_t) -> Bool {
        (try? KernelFile.text("/proc/\(pid)/cmdline"))?.isEmpty == false
    }

    /// The server's address, as the kubeconfig says it.
    private func address(_ lab: KubernetesLab) throws -> String {
        let text = try String(contentsOfFile: lab.kubeconfig, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.contains("server: https://") })
        return String(line.split(separator: "/").last ?? "")
    }

    @Test("whichever of them is killed, the port and the keys stay")
    func killed() throws {
        try KubernetesLab.with { lab in
            let before = try address(lab)
            let server = try #require(try lab.process("nslab-api"))
            // A change that says nothing of the API leaves it as it is.
            let change = try lab.program.run(
                "cli", "--lab", lab.program.lab, "ceos01", "-p", "15", "-c",
                "configure\ninterface Vlan10\ndescription users")
            #expect(change.status == 0, "\(change.output)")
            #expect(try lab.process("nslab-api") == server)
            kill(server, SIGKILL)
            try eventually("another one serves") { try lab.kubectl(.new, "get nodes").status == 0 }
            #expect(try lab.process("nslab-api") != server)
            let controllers = try #require(try lab.process("nslab controllers"))
            kill(controllers, SIGKILL)
            try eventually("its server ends with it") { try lab.process("nslab-api") == nil }
            #expect(try lab.program.run("up", "--name", lab.program.lab, "--no-probe").status == 0)
            // With the kubeconfig that there was.
            #expect(try lab.kubectl(.old, "get nodes").status == 0)
            try lab.writeKubeconfig()
            #expect(try address(lab) == before)
        }
    }

    @Test("a watch goes on from where it was when the server was killed, or is told to list again")
    func resumption() throws {
        try KubernetesLab.with { lab in
            let list = try lab.kubectl(.new, "get --raw /api/v1/pods?limit=1").output
            let json = try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [String: Any]
            let version = try #require((json?["metadata"] as? [String: Any])?["resourceVersion"] as? String)
            kill(try #require(try lab.process("nslab-api")), SIGKILL)
            #expect(try lab.program.run("pod", "stop", "multitool-kj598", "--lab", lab.program.lab).status == 0)
            try eventually("another one serves what has changed") {
                try lab.kubectl(.new, "get pod multitool-kj598 --no-headers").output.contains("0/1")
            }
            let watch = try lab.kubectl(
                .new, "get --raw /api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion=\(version)")
            let isResumed =
                watch.output.contains(#""type":"MODIFIED""#) && watch.output.contains(#""name":"multitool-kj598""#)
            #expect(isResumed || watch.output.contains("too old resource version"), "\(watch.output)")
        }
    }

    @Test("an answer that makes no sense ends the server, and another one serves")
    func nonsense() throws {
        try KubernetesLab.with { lab in
            let server = try #require(try lab.process("nslab-api"))
            let controllers = try #require(try lab.process("nslab controllers"))
            // The one socket of the process with root that keeps messages apart and has another end (pidfd_getfd(2)).
            let script = """
                import ctypes, os, socket, sys
                pid = int(sys.argv[1])
                handle = os.pidfd_open(pid)
                for number in map(int, os.listdir(f"/proc/{pid}/fd")):
                    if not os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"): continue
                    copy = socket.socket(fileno=ctypes.CDLL(None).syscall(438, handle, number, 0))
                    if copy.family == socket.AF_UNIX and copy.type & 15 == socket.SOCK_SEQPACKET: copy.send(b"nonsense")
                """
            try Witness.output(["python3", "-c", script, "\(controllers)"])
            try eventually("the server ends") { !isThere(server) }
            // Commands that come then are answered.
            try eventually("another one serves") {
                try lab.kubectl(.new, "exec multitool-kj598 -- true").status == 0
            }
            #expect(try lab.process("nslab controllers") == controllers)
        }
    }

    @Test("versions go on growing, whichever process gives them")
    func versions() throws {
        try KubernetesLab.with { lab in
            func version() throws -> Int {
                let answer = try lab.kubectl(.new, "get --raw /api/v1/nodes?limit=1").output
                let json = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
                return try #require(
                    ((json?["metadata"] as? [String: Any])?["resourceVersion"] as? String).flatMap { Int($0) })
            }
            let first = try version()
            kill(try #require(try lab.process("nslab controllers")), SIGKILL)
            try eventually("its server ends with it") { try lab.process("nslab-api") == nil }
            #expect(try lab.program.run("up", "--name", lab.program.lab, "--no-probe").status == 0)
            #expect(try version() > first)
            let expired = try lab.kubectl(.new, "get --raw /api/v1/nodes?watch=1&resourceVersion=\(first)")
            #expect(expired.output.contains("too old resource version"), "\(expired.output)")
        }
    }

    @Test("with the lab all of it is gone; without it a lab has none")
    func ending() throws {
        try KubernetesLab.with { lab in
            let pids = [try lab.process("nslab-api"), try lab.process("nslab controllers")].compactMap(\.self)
            #expect(pids.count == 2)
            #expect(try lab.program.run("up", "--name", lab.program.lab, "--no-probe", "--no-api").status == 0)
            #expect(pids.allSatisfy { !isThere($0) })
            let none = try lab.program.run("kubeconfig", lab.program.lab)
            #expect(none.status == 2 && none.output.contains("has no Kubernetes API"), "\(none.output)")
            #expect(try lab.program.run("up", "--name", lab.program.lab, "--no-probe").status == 0)
            var again: [pid_t] = []
            try eventually("both run") {
                again = [try lab.process("nslab-api"), try lab.process("nslab controllers")].compactMap(\.self)
                return again.count == 2
            }
            #expect(try lab.program.run("down", lab.program.lab).status == 0)
            #expect(again.allSatisfy { !isThere($0) })
            #expect(Directory.names("/run/nslab/\(lab.program.lab)").isEmpty)
        }
    }

    @Test("the process that clients talk to has no root and no capability; the keys are their owner's alone")
    func rights() throws {
        try KubernetesLab.with { lab in
            let pid = try #require(try lab.process("nslab-api"))
            let status = try KernelFile.lines("/proc/\(pid)/status")
            #expect(status.contains("Uid:\t65534\t65534\t65534\t65534"))
            for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                #expect(status.contains("\(set):\t0000000000000000"))
            }
            #expect(status.contains("NoNewPrivs:\t1"))
            #expect(status.contains("Seccomp:\t2"))
            for file in ["kubeconfig", "api.keys"] {
                let mode = try Witness.output(["stat", "-c", "%a", "/run/nslab/\(lab.program.lab)/\(file)"])
                #expect(mode == "600\n")
            }
        }
    }

    @Test("nobody without the lab's own certificate is served, and those who come in numbers keep nobody away")
    func strangers() throws {
        try KubernetesLab.with { lab in
            let address = try address(lab)
            let none = try Witness.run(["curl", "-sk", "--max-time", "5", "https://\(address)/version"])
            #expect(none.status != 0 && !none.output.contains("gitVersion"), "\(none.output)")
            let plain = try Witness.run(["curl", "-s", "--max-time", "5", "http://\(address)/version"])
            #expect(plain.status != 0 && !plain.output.contains("gitVersion"), "\(plain.output)")
            try KubernetesLab.with { other in
                // Another lab's client, with this lab's address.
                let text = try String(contentsOfFile: other.kubeconfig, encoding: .utf8)
                    .replacingOccurrences(of: try self.address(other), with: address)
                try text.write(toFile: other.kubeconfig, atomically: true, encoding: .utf8)
                let foreign = try other.kubectl(.new, "get nodes")
                #expect(foreign.status != 0 && !foreign.output.contains("dual-stack-worker"), "\(foreign.output)")
            }
            let script = """
                import socket, sys
                host, port = sys.argv[1].split(":")
                held = [socket.create_connection((host, int(port))) for _ in range(200)]
                open(sys.argv[2], "w").close()
                held[-1].recv(1)  # until the server has had enough of it
                """
            let sign = lab.kubeconfig + ".held"
            defer { unlink(sign) }
            let crowd = try Witness.Process(["python3", "-c", script, address, sign])
            defer { crowd.send(SIGKILL) }
            try eventually("all of them are connected") { access(sign, F_OK) == 0 }
            for _ in 0..<10 {
                let answer = try lab.kubectl(.new, "get nodes")
                #expect(answer.status == 0, "\(answer.output)")
            }
        }
    }

    /// The most memory that a process has had, in kB.
    private func peak(_ pid: pid_t) throws -> Int {
        let status = try KernelFile.text("/proc/\(pid)/status")
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return try #require(line?.split(separator: " ").compactMap { Int($0) }.first)
    }

    @Test(
        "what a command or its client does not take for a while costs no memory",
        arguments: KubernetesLab.Release.allCases)
    func longStreams(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            let size = "60000000"
            for line in [
                "$K exec multitool-kj598 -- head -c \(size) /dev/zero | (sleep 2; wc -c)",
                "head -c \(size) /dev/zero | $K exec -i multitool-kj598 -- sh -c 'sleep 2; wc -c'",
            ] {
                let answer = try lab.shell(release, line)
                #expect(answer.status == 0 && answer.output == size + "\n", "\(answer.output)")
            }
            #expect(try peak(#require(try lab.process("nslab-api"))) < 60_000)
        }
    }

    /// A file with the certificate and key of the lab's client, in PEM.
    private func keys(_ lab: KubernetesLab) throws -> String {
        let text = try String(contentsOfFile: lab.kubeconfig, encoding: .utf8)
        func pem(_ field: String) throws -> String {
            let line = try #require(text.split(separator: "\n").first { $0.contains("\(field): ") })
            let encoded = String(line.split(separator: " ").last ?? "")
            return String(decoding: try #require(Data(base64Encoded: encoded)), as: UTF8.self)
        }
        let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab).pem"
        try (pem("client-certificate-data") + "\n" + pem("client-key-data")).write(
            toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    @Test("streams that make no sense, are too many or are not read end, or wait, and nobody else notices")
    func hostileStreams() throws {
        try KubernetesLab.with { lab in
            let file = try keys(lab)
            defer { unlink(file) }
            let script = """
                import os, socket, ssl, struct, sys, zlib
                host, port = sys.argv[1].split(":")
                context = ssl._create_unverified_context()
                context.load_cert_chain(sys.argv[2])
                def upgraded(part, form):
                    client = context.wrap_socket(socket.create_connection((host, int(port)), timeout=5))
                    client.sendall((f"POST /api/v1/namespaces/default/pods/multitool-kj598/{part} HTTP/1.1\\r\\nHost: x\\r\\n"
                        f"Connection: Upgrade\\r\\nUpgrade: SPDY/3.1\\r\\nX-Stream-Protocol-Version: {form}\\r\\n"
                        "Content-Length: 0\\r\\n\\r\\n").encode())
                    head = b""
                    while not head.endswith(b"\\r\\n\\r\\n"): head += client.recv(1)
                    assert b" 101 " in head, head
                    return client
                def rest(client):
                    received = b""
                    try:
                        while part := client.recv(1 << 16): received += part
                    except OSError as error: received += type(error).__name__.encode()
                    return received
                def block(compression, pairs):
                    text = struct.pack(">I", len(pairs))
                    for pair in pairs:
                        for word in pair: text += struct.pack(">I", len(word)) + word.encode()
                    return compression.compress(text) + compression.flush(zlib.Z_SYNC_FLUSH)
                def opening(stream, block):
                    content = struct.pack(">IIH", stream, 0, 0) + block
                    return struct.pack(">HHI", 0x8003, 1, len(content)) + content
                exec = "exec?command=sleep&command=4343&stdin=true&stdout=true"
                # No frames at all, and header fields that a few bytes make a megabyte of.
                for bytes in os.urandom(100_000), opening(1, block(zlib.compressobj(), [("a", "x" * 1_000_000)])):
                    client = upgraded(exec, "v4.channel.k8s.io")
                    try: client.sendall(bytes)
                    except OSError: pass # It ends at the first of them that it does not like.
                    assert b"Timeout" not in rest(client)
                # More streams than a connection has, of which none is ever whole.
                client, compression = upgraded("portforward", "portforward.k8s.io"), zlib.compressobj()
                client.sendall(b"".join(
                    opening(2 * number + 1, block(compression,
                        [("port", "8080"), ("requestid", str(number)), ("streamtype", "data")])) for number in range(2000)))
                client.sendall(struct.pack(">HHII", 0x8003, 6, 4, 99))
                received = b""
                while struct.pack(">HHII", 0x8003, 6, 4, 99) not in received: received += client.recv(1 << 16)
                # RST_STREAM with REFUSED_STREAM.
                print(received.count(struct.pack(">HHI", 0x8003, 3, 8)))
                # Who never reads: the answers wait with the kernel, and then nothing more is taken.
                client = upgraded("portforward", "portforward.k8s.io")
                try:
                    for _ in range(1000): client.sendall(struct.pack(">HHII", 0x8003, 6, 4, 1) * 10_000)
                    print("all taken")
                except OSError as error: print(type(error).__name__)
                """
            let server = try #require(try lab.process("nslab-api"))
            let outcome = try Witness.run(["timeout", "60", "python3", "-c", script, try address(lab), file])
            #expect(outcome.output == "1488\nTimeoutError\n", "\(outcome.output)")
            #expect(try lab.kubectl(.new, "get nodes").status == 0)
            #expect(try lab.process("nslab-api") == server)
            #expect(try peak(server) < 60_000)
            // Commands whose clients have gone are gone, too.
            try eventually("they end") { try Witness.run(["pgrep", "-fx", "sleep 4343"]).status != 0 }
        }
    }

    @Test("the head of a stream is no stream, and what is not made of a connection leaves the next request answered")
    func heads() throws {
        try KubernetesLab.with { lab in
            let file = try keys(lab)
            defer { unlink(file) }
            let address = try address(lab)
            func ask(_ options: [String], _ paths: [String]) throws -> String {
                try Witness.run(
                    ["curl", "-sk", "--max-time", "20", "-E", file, "-o", "/dev/null", "-w", "%{http_code} "] + options
                        + paths.flatMap { ["https://\(address)\($0)", "-o", "/dev/null"] }
                ).output
            }
            let log = "/api/v1/namespaces/default/pods/multitool-kj598/log?follow=true"
            #expect(try ask(["-I"], ["/api/v1/pods?watch=true", log, "/api/v1/nodes"]) == "200 200 200 ")
            let upgrade = ["-H", "Connection: Upgrade", "-H", "Upgrade: nothing"]
            #expect(
                try ask(upgrade, ["/api/v1/nodes", log.replacing("/log?follow=true", with: "/exec"), "/version"])
                    == "200 400 200 ")
        }
    }

    @Test("a body without end is refused, and costs no memory")
    func bodies() throws {
        try KubernetesLab.with { lab in
            let file = try keys(lab)
            defer { unlink(file) }
            let url = "https://\(try address(lab))/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            let command =
                "head -c 1000000000 /dev/zero | curl -sk --max-time 60 -o /dev/null -w '%{http_code}' -E \(file) -H 'Expect:' -T - -X POST \(url)"
            let answer = try Witness.run(["sh", "-c", command])
            #expect(answer.output == "413", "\(answer.output)")
            #expect(try peak(#require(try lab.process("nslab-api"))) < 100_000)
            #expect(try lab.kubectl(.new, "get nodes").status == 0)
        }
    }
}
