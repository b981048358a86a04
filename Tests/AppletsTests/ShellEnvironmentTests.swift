import Foundation
import Testing

@testable import Applets

@Suite("A shell's lines")
struct ShellEnvironmentTests {
    @Test("bash and dash read what was meant, whatever the names are", arguments: ["bash", "dash"])
    func posix(shell: String) throws {
        let folder = "/tmp/it's a \"$(false)\" \\folder`x`"
        let environment = ShellEnvironment(folder: folder, kubeconfig: "/run/nslab/l/kubeconfig", lab: "l")
        let script =
            environment.lines(for: .posix, path: "/usr/bin:/bin")
            + "printf '%s|%s|%s' \"$PATH\" \"$KUBECONFIG\" \"$NSLAB_LAB\""
        let process = Process()
        process.executableURL = URL(filePath: "/bin/\(shell)")
        process.arguments = ["-c", script]
        process.environment = ["PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: data, as: UTF8.self) == "\(folder):/usr/bin:/bin|/run/nslab/l/kubeconfig|l")
    }

    @Test("fish has words of its own, and a folder that is in front already stays one")
    func fish() {
        let environment = ShellEnvironment(folder: "/a'b\\c")
        #expect(environment.lines(for: .fish, path: "/usr/bin") == "set -gx PATH '/a'\\''b'\\\\'c' $PATH\n")
        #expect(environment.lines(for: .fish, path: "/a'b\\c:/usr/bin").isEmpty)
        #expect(ShellEnvironment.Shell(program: "/usr/bin/fish") == .fish)
        #expect(ShellEnvironment.Shell(program: "/bin/zsh") == .posix && ShellEnvironment.Shell(program: "") == .posix)
    }
}
