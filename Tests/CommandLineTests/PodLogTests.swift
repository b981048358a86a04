import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Logs of a lab's pods by kubectl", .needsRoot, .timeLimit(.minutes(20)))
struct PodLogTests {
    private static let pod = "multitool-kj598"

    @Test("are what was asked of the pod's ports, and its name server's queries")
    func logs() throws {
        try KubernetesLab.with { lab in
            for release in KubernetesLab.Release.allCases {
                func shell(_ line: String) throws -> Witness.Testimony { try lab.shell(release, line) }
                // A word that no other line has.
                let word = "by-\(release.rawValue)"
                for path in ["one", "two"] {
                    let url = "http://192.168.77.1:8080/\(path)-\(word)"
                    try Witness.output(["curl", "-s", "-o", "/dev/null", url], in: lab.program.pin("multitool-v6wkv"))
                }
                let log = try shell("$K logs \(Self.pod) | grep \(word)").output.split(separator: "\n")
                let pattern =
                    #/192\.168\.183\.65 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /(one|two)-by-(old|new) HTTP/1\.1" 200 \d+ "-" "curl/.*"/#
                #expect(log.count == 2 && log.allSatisfy { $0.wholeMatch(of: pattern) != nil }, "\(log)")
                let last = try shell("$K logs \(Self.pod) --tail=1 --timestamps").output
                #expect(last.hasPrefix("20") && last.contains("Z 192.168.183.65") && last.contains("two-\(word)"))
                #expect(try shell("$K logs \(Self.pod) --tail=1 --since=1h").output.contains("two-\(word)"))
                #expect(try shell("$K logs -l app=multitool | grep -c \(word)").output == "2\n")
                #expect(try shell("$K logs ds/multitool >/dev/null").status == 0)
                #expect(try shell("$K logs \(Self.pod) -c multitool --limit-bytes=7").output == "192.168")
                // One that nothing answers for.
                #expect(try shell("$K logs -n kube-system etcd-dual-stack-control-plane").output == "")
                for (options, expected) in [
                    ("\(Self.pod) -c nothing", "container nothing is not valid for pod \(Self.pod)"),
                    ("\(Self.pod) --previous", "previous terminated container"),
                    ("nothing", "pods \"nothing\" not found"),
                ] {
                    let answer = try shell("$K logs \(options)")
                    #expect(answer.status == 1 && answer.output.contains(expected), "\(answer.output)")
                }
            }
            let name = "web.\(lab.program.lab)"
            try Witness.output(
                ["dig", "+time=5", "@10.96.0.10", name], in: lab.program.pin(Self.pod))
            let queries = try lab.shell(.new, "$K logs -n kube-system -l k8s-app=kube-dns | grep \(name)").output
            #expect(
                queries.hasPrefix("[INFO] 192.168.77.1:") && queries.contains("\"A IN \(name). udp")
                    && queries.contains(" REFUSED qr,"), "\(queries)")
        }
    }

    @Test("come while they are followed, and end with the client", arguments: KubernetesLab.Release.allCases)
    func following(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            func ask(_ path: String) throws {
                try Witness.output(
                    ["curl", "-s", "-o", "/dev/null", "http://192.168.77.1:8080/\(path)"],
                    in: lab.program.pin("multitool-v6wkv"))
            }
            let file = lab.kubeconfig + ".log"
            defer { unlink(file) }
            // It is made by the command that has just been started.
            func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
            try ask("before")
            let words = try lab.words(release, "logs -f \(Self.pod)").map { "'\($0)'" }.joined(separator: " ")
            let client = try Witness.Process(["sh", "-c", "exec env \(words) >\(file) 2>&1"])
            try eventually("what was logged") { text().contains("GET /before ") }
            try ask("after")
            try eventually("what comes") { text().contains("GET /after ") }
            client.send(SIGINT)
            _ = try client.wait()
            // A pod that is told not to answer keeps what it has logged.
            #expect(try lab.program.run("pod", "stop", Self.pod, "--lab", lab.program.lab).status == 0)
            #expect(try lab.kubectl(release, "logs \(Self.pod)").output.contains("GET /after "))
            try lab.program.killPodServer()
            let gone = try lab.kubectl(release, "logs \(Self.pod)")
            #expect(gone.status == 1 && gone.output.contains("`nslab up` starts it again"), "\(gone.output)")
        }
    }
}
