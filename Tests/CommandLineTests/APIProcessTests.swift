import Foundation
import Glibc
import KernelTestSupport
import System
import Testing

@Suite("The processes of a lab's API", .needsRoot, .timeLimit(.minutes(20)))
struct APIProcessTests {
    /// Whether a process runs: one that has ended and that nobody has waited for yet has no command line.
    private func isThere(_ pid: pid_t) -> Bool {
        (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8))?.isEmpty == false
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
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(separator: "\n")
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
                print("held", flush=True)
                held[-1].recv(1)  # until the server has had enough of it
                """
            let crowd = try Witness.Process(["python3", "-c", script, address])
            defer { crowd.send(SIGKILL) }
            for _ in 0..<10 {
                let answer = try lab.kubectl(.new, "get nodes")
                #expect(answer.status == 0, "\(answer.output)")
            }
        }
    }

    @Test("a body without end is refused, and costs no memory")
    func bodies() throws {
        try KubernetesLab.with { lab in
            let text = try String(contentsOfFile: lab.kubeconfig, encoding: .utf8)
            func pem(_ field: String) throws -> String {
                let line = try #require(text.split(separator: "\n").first { $0.contains("\(field): ") })
                let encoded = String(line.split(separator: " ").last ?? "")
                return String(decoding: try #require(Data(base64Encoded: encoded)), as: UTF8.self)
            }
            let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab).pem"
            defer { unlink(file) }
            try (pem("client-certificate-data") + pem("client-key-data")).write(
                toFile: file, atomically: true, encoding: .utf8)
            let url = "https://\(try address(lab))/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            let command =
                "head -c 1000000000 /dev/zero | curl -sk --max-time 60 -o /dev/null -w '%{http_code}' -E \(file) -H 'Expect:' -T - -X POST \(url)"
            let answer = try Witness.run(["sh", "-c", command])
            #expect(answer.output.hasPrefix("413") || answer.output.hasPrefix("000"), "\(answer.output)")
            let pid = try #require(try lab.process("nslab-api"))
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ").compactMap {
                Int($0)
            }.first
            #expect(try #require(peak) < 100_000)
            #expect(try lab.kubectl(.new, "get nodes").status == 0)
        }
    }
}
