import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Ports of a lab's pods by kubectl", .needsRoot, .timeLimit(.minutes(20)))
struct PortForwardTests {
    private static let pod = "multitool-kj598"

    /// Gives `body` the ports of the machine's loopback that lead to these of a pod.
    private func forwarding(
        _ lab: KubernetesLab, _ release: KubernetesLab.Release, _ what: String, _ ports: [String],
        body: ([String], () -> String) throws -> Void
    ) throws {
        let file = lab.kubeconfig + ".forward"
        defer { unlink(file) }
        // It is made by the command that has just been started.
        func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        let arguments = ports.map { ":\($0)" }.joined(separator: " ")
        let words = try lab.words(release, "port-forward --address 127.0.0.1 \(what) \(arguments)")
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        let client = try Witness.Process(["sh", "-c", "exec env \(command) >\(file) 2>&1"])
        func local() -> [String] {
            text().matches(of: #/Forwarding from 127\.0\.0\.1:(\d+) /#).map { String($0.1) }
        }
        try eventually("the ports are there") { local().count == ports.count }
        try body(local(), text)
        withExtendedLifetime(client) {}
    }

    @Test(
        "answer on the machine's loopback, one after the other and at once", arguments: KubernetesLab.Release.allCases)
    func forwarding(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            try forwarding(lab, release, "pod/\(Self.pod)", ["8080", "9"]) { ports, output in
                let page = try Witness.run(["curl", "-s", "--max-time", "20", "http://127.0.0.1:\(ports[0])/"])
                #expect(
                    page.output.contains("pod: \(Self.pod)\n") && page.output.contains("client: 127.0.0.1\n"),
                    "\(page.output) \(output())")
                let script = """
                    import concurrent.futures, sys, urllib.request
                    def ask(number):
                        return urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/{number}", timeout=20).read()
                    with concurrent.futures.ThreadPoolExecutor(20) as pool:
                        print(sum(b"pod: " in page for page in pool.map(ask, range(200))))
                    """
                #expect(try Witness.run(["python3", "-c", script, ports[0]]).output == "200\n")
                // Where nothing listens, the connection ends and kubectl says why.
                let closed = try Witness.run(["curl", "-s", "--max-time", "20", "http://127.0.0.1:\(ports[1])/"])
                #expect(closed.status != 0)
                try eventually("kubectl says so") { output().contains("Connection refused") }
            }
        }
    }

    @Test("carry long streams in both directions, and their ends", arguments: KubernetesLab.Release.allCases)
    func streams(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            let server = """
                import hashlib, socket
                listener = socket.create_server(("127.0.0.1", 7777))
                print("ready", flush=True)
                while True:
                    connection, _ = listener.accept()
                    total = hashlib.sha256()
                    while part := connection.recv(1 << 16): total.update(part)
                    connection.sendall(bytes(20_000_000) + total.digest())
                    connection.close()
                """
            let listening = try Witness.Process(["python3", "-c", server], in: lab.program.pin(Self.pod))
            try eventually("it listens") {
                try Witness.output(["ss", "-Hltn", "sport = 7777"], in: lab.program.pin(Self.pod)).contains("7777")
            }
            let client = """
                import hashlib, os, socket, sys
                sent = os.urandom(20_000_000)
                connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=50)
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                received = b""
                while part := connection.recv(1 << 16): received += part
                print(received == bytes(20_000_000) + hashlib.sha256(sent).digest())
                """
            try forwarding(lab, release, "ds/multitool", ["80"]) { _, _ in }
            try forwarding(lab, release, Self.pod, ["7777"]) { ports, output in
                let answer = try Witness.run(["timeout", "60", "python3", "-c", client, ports[0]])
                #expect(answer.output == "True\n", "\(answer.output) \(output())")
            }
            withExtendedLifetime(listening) {}
        }
    }
}
