import Foundation
import Glibc
import KernelTestSupport
import Testing

/// A lab as clients of Kubernetes see it.
struct KubernetesLab {
    let program: Program
    /// The file that clients are configured by.
    let kubeconfig: String

    /// Gives `body` the dual-stack lab with its API, and takes it down again however the test ends.
    static func with(_ arguments: String..., body: (KubernetesLab) throws -> Void) throws {
        try Program.with { program in
            let up = try Witness.run([BuiltProgram.path, "up", "--name", program.lab, "--no-probe"] + arguments)
            #expect(up.status == 0, "\(up.output)")
            let lab = KubernetesLab(
                program: program, kubeconfig: FileManager.default.temporaryDirectory.path + "/\(program.lab).kubeconfig"
            )
            defer {
                unlink(lab.kubeconfig)
                // What it keeps of discovery; nothing where no kubectl was run.
                try? FileManager.default.removeItem(atPath: lab.home)
            }
            if !arguments.contains("--no-api") { try lab.writeKubeconfig() }
            try body(lab)
        }
    }

    /// The folder that kubectl keeps what it has discovered in.
    private var home: String { kubeconfig + ".home" }

    func writeKubeconfig() throws {
        let text = try Witness.output([BuiltProgram.path, "kubeconfig", program.lab])
        try text.write(toFile: kubeconfig, atomically: true, encoding: .utf8)
    }

    /// The clients, which a tool of the project fetches once.
    static let clients: Result<String, any Error> = Result {
        let tool = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "tools/kubectls").path
        let output = try Witness.output([tool])
        return try #require(output.split(separator: "\n").last.map(String.init))
    }

    /// The releases of kubectl that are asked.
    enum Release: String, CaseIterable {
        case old, new
    }

    /// A command of kubectl as one would type it.
    func words(_ release: Release, _ command: String) throws -> [String] {
        let kubectl = "\(try Self.clients.get())/\(release.rawValue)/kubectl"
        return ["HOME=\(home)", "timeout", "--foreground", "30", kubectl, "--kubeconfig", kubeconfig]
            + command.split(separator: " ").map(String.init)
    }

    func kubectl(_ release: Release, _ command: String) throws -> Witness.Testimony {
        try Witness.run(words(release, command))
    }

    /// Runs a line of a shell in which `$K` is kubectl.
    func shell(_ release: Release, _ line: String) throws -> Witness.Testimony {
        let words = try words(release, "")
        let kubectl = words.dropFirst().joined(separator: " ")
        return try Witness.run(["sh", "-c", "export \(words[0]); K='\(kubectl)'; \(line)"])
    }

    /// The PID of one of the lab's processes by its command line.
    func process(_ line: String) throws -> pid_t? {
        let pids = try Witness.run(["pgrep", "-fx", "\(line) \(program.lab)"]).output
        return pids.split(separator: "\n").first.flatMap { pid_t($0) }
    }
}
