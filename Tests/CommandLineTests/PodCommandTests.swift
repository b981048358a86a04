import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Commands in a lab's pods by kubectl", .needsRoot, .timeLimit(.minutes(20)))
struct PodCommandTests {
    private static let pod = "multitool-kj598"

    /// Runs a line of a shell in which `$K` is kubectl.
    private func shell(_ lab: KubernetesLab, _ line: String) throws -> Witness.Testimony {
        let words = try lab.words(.new, "")
        let kubectl = words.dropFirst().joined(separator: " ")
        return try Witness.run(["sh", "-c", "export \(words[0]); K='\(kubectl)'; \(line)"])
    }

    @Test("have the pod's network, files and name, streams of their own and their exit status")
    func running() throws {
        try KubernetesLab.with { lab in
            let address = try shell(lab, "$K exec \(Self.pod) -- ip -br addr show eth0")
            #expect(address.status == 0 && address.output.contains("192.168.77.1/32"), "\(address.output)")
            #expect(try shell(lab, "$K exec \(Self.pod) -- hostname").output == Self.pod + "\n")
            let ping = try shell(lab, "$K exec \(Self.pod) -- ping -c 1 -W 5 2001:db8::1")
            #expect(ping.status == 0 && ping.output.contains("ttl=63"), "\(ping.output)")
            let streams = try shell(lab, "$K exec \(Self.pod) -- sh -c 'echo out; echo err >&2; exit 3' 2>/dev/null")
            #expect(streams.status == 3 && streams.output == "out\n", "\(streams.output)")
            #expect(try shell(lab, "printf 'a\\nb\\n' | $K exec -i \(Self.pod) -- wc -l").output == "2\n")
            #expect(try shell(lab, "$K exec \(Self.pod) -- head -c 20000000 /dev/zero | wc -c").output == "20000000\n")
            // What lives on a node's network runs there.
            let node = try shell(lab, "$K exec -n kube-system etcd-dual-stack-control-plane -- hostname")
            #expect(node.output == "dual-stack-control-plane\n")
            // A container's rights and processes, and nothing of the lab's state.
            let rights = try shell(lab, "$K exec \(Self.pod) -- sh -c 'ls /run/nslab; grep -c . /proc/1/cmdline'")
            #expect(rights.output.contains("/run/nslab"), "\(rights.output)")
        }
    }

    @Test("have a terminal of the client's size")
    func terminal() throws {
        try KubernetesLab.with { lab in
            let line = "stty rows 33 cols 101; $K exec -it \(Self.pod) -- sh -c \"stty size; exit 4\""
            let answer = try shell(lab, "export K; script -qec '\(line)' /dev/null")
            #expect(answer.status == 4 && answer.output.contains("33 101"), "\(answer.output)")
        }
    }

    @Test("that are not there, or in pods that are not there, are told so")
    func refusals() throws {
        try KubernetesLab.with { lab in
            let none = try shell(lab, "$K exec \(Self.pod) -- no-such-program")
            #expect(none.status == 127 && none.output.contains("no-such-program: No such file"), "\(none.output)")
            let pod = try shell(lab, "$K exec nothing -- true")
            #expect(pod.status == 1 && pod.output.contains("pods \"nothing\" not found"), "\(pod.output)")
            try Witness.ip("netns del \(lab.program.pin(Self.pod))")
            let gone = try shell(lab, "$K exec \(Self.pod) -- true")
            #expect(gone.status != 0, "\(gone.output)")
            // An old kubectl speaks another protocol.
            let old = try lab.kubectl(.old, "exec multitool-828np -- true")
            #expect(old.status == 1 && old.output.contains("WebSockets"), "\(old.output)")
        }
    }

    @Test("end with their client")
    func abandoned() throws {
        try KubernetesLab.with { lab in
            let words = try lab.words(.new, "exec \(Self.pod) -- sleep 4242")
            let client = try Witness.Process(["env"] + words)
            func runs() throws -> Bool { try Witness.run(["pgrep", "-fx", "sleep 4242"]).status == 0 }
            try eventually("the command runs") { try runs() }
            client.send(SIGTERM)
            try eventually("it ends") { try !runs() }
            #expect(try lab.kubectl(.new, "get nodes").status == 0)
        }
    }

    @Test("carry files with kubectl cp")
    func copying() throws {
        try KubernetesLab.with { lab in
            let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab).blob"
            defer { for name in [file, file + ".back"] { unlink(name) } }
            try Witness.output(["sh", "-c", "head -c 3000000 /dev/urandom >\(file)"])
            #expect(try shell(lab, "$K cp \(file) \(Self.pod):/tmp/blob").status == 0)
            #expect(try shell(lab, "$K cp \(Self.pod):/tmp/blob \(file).back").status == 0)
            #expect(try Witness.run(["cmp", file, file + ".back"]).status == 0)
        }
    }
}
