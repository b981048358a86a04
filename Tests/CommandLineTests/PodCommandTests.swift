import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Commands in a lab's pods by kubectl", .needsRoot, .timeLimit(.minutes(20)))
struct PodCommandTests {
    private static let pod = "multitool-kj598"

    @Test(
        "have the pod's network, files and name, streams of their own and their exit status",
        arguments: KubernetesLab.Release.allCases)
    func running(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
            let address = try shell("$K exec \(Self.pod) -- ip -br addr show eth0")
            #expect(address.status == 0 && address.output.contains("192.168.77.1/32"), "\(address.output)")
            #expect(try shell("$K exec \(Self.pod) -- hostname").output == Self.pod + "\n")
            let ping = try shell("$K exec \(Self.pod) -- ping -c 1 -W 5 2001:db8::1")
            #expect(ping.status == 0 && ping.output.contains("ttl=63"), "\(ping.output)")
            let streams = try shell("$K exec \(Self.pod) -- sh -c 'echo out; echo err >&2; exit 3' 2>/dev/null")
            #expect(streams.status == 3 && streams.output == "out\n", "\(streams.output)")
            #expect(try shell("printf 'a\\nb\\n' | $K exec -i \(Self.pod) -- wc -l").output == "2\n")
            #expect(try shell("$K exec \(Self.pod) -- head -c 20000000 /dev/zero | wc -c").output == "20000000\n")
            let file = lab.kubeconfig + ".in"
            let echoed = try shell(
                "head -c 5000000 /dev/urandom >\(file); $K exec -i \(Self.pod) -- cat <\(file) | cmp - \(file); rm \(file)"
            )
            #expect(echoed.status == 0 && echoed.output.isEmpty, "\(echoed.output)")
            // What lives on a node's network runs there.
            let node = try shell("$K exec -n kube-system etcd-dual-stack-control-plane -- hostname")
            #expect(node.output == "dual-stack-control-plane\n")
            // A container's rights and processes, and nothing of the lab's state.
            let rights = try shell("$K exec \(Self.pod) -- sh -c 'ls /run/nslab; grep -c . /proc/1/cmdline'")
            #expect(rights.output.contains("/run/nslab"), "\(rights.output)")
        }
    }

    @Test("may open as many files as what `up` starts by itself")
    func openFiles() throws {
        try KubernetesLab.with("--no-api") { lab in
            let words = "\(BuiltProgram.path) up -q --no-probe --name \(lab.program.lab)"
            try Witness.output(["sh", "-c", "ulimit -Sn 777; \(words)"])
            try lab.writeKubeconfig()
            #expect(try lab.shell(.new, "$K exec \(Self.pod) -- sh -c 'ulimit -n'").output == "777\n")
        }
    }

    @Test("have a terminal of the client's size", arguments: KubernetesLab.Release.allCases)
    func terminal(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
            let line = "stty rows 33 cols 101; $K exec -it \(Self.pod) -- sh -c \"stty size; exit 4\""
            let answer = try shell("export K; script -qec '\(line)' /dev/null")
            #expect(answer.status == 4 && answer.output.contains("33 101"), "\(answer.output)")
        }
    }

    @Test("that are not there, or in pods that are not there, are told so", arguments: KubernetesLab.Release.allCases)
    func refusals(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
            let none = try shell("$K exec \(Self.pod) -- no-such-program")
            #expect(none.status == 127 && none.output.contains("no-such-program: No such file"), "\(none.output)")
            // None of a machine's own, for it is none of its PATH's.
            let known = try shell("$K exec \(Self.pod) -- termshark")
            #expect(
                known.status == 127 && known.output.contains("apt-get install termshark"), "\(known.output)")
            let pod = try shell("$K exec nothing -- true")
            #expect(pod.status == 1 && pod.output.contains("pods \"nothing\" not found"), "\(pod.output)")
            let attach = try shell("$K attach \(Self.pod) 2>&1")
            #expect(attach.status == 1 && attach.output.contains("does no attach"), "\(attach.output)")
            try Witness.ip("netns del \(lab.program.pin(Self.pod))")
            let gone = try shell("$K exec \(Self.pod) -- true")
            #expect(gone.status != 0, "\(gone.output)")
            let container = try shell("$K exec multitool-828np -c nothing -- true")
            #expect(
                container.status == 1 && container.output.contains("container nothing is not valid"),
                "\(container.output)")
        }
    }

    @Test("end with their client", arguments: KubernetesLab.Release.allCases)
    func abandoned(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
            let words = try lab.words(release, "exec \(Self.pod) -- sleep 4242")
            let client = try Witness.Process(["env"] + words)
            func runs() throws -> Bool { try Witness.run(["pgrep", "-fx", "sleep 4242"]).status == 0 }
            try eventually("the command runs") { try runs() }
            client.send(SIGTERM)
            try eventually("it ends") { try !runs() }
            #expect(try lab.kubectl(.new, "get nodes").status == 0)
        }
    }

    @Test("carry files with kubectl cp", arguments: KubernetesLab.Release.allCases)
    func copying(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
            let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab).blob"
            defer { for name in [file, file + ".back"] { unlink(name) } }
            try Witness.output(["sh", "-c", "head -c 3000000 /dev/urandom >\(file)"])
            #expect(try shell("$K cp \(file) \(Self.pod):/tmp/blob").status == 0)
            #expect(try shell("$K cp \(Self.pod):/tmp/blob \(file).back").status == 0)
            #expect(try Witness.run(["cmp", file, file + ".back"]).status == 0)
        }
    }
}
