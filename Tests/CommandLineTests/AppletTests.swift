import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("nslab under other tools' names", .needsRoot, .timeLimit(.minutes(20)))
struct AppletTests {
    private static let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]

    /// Gives `body` a folder that everybody may write to, and removes it again.
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/nslabtest-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        mkdir(folder, 0o777)
        chmod(folder, 0o777)
        try body(folder)
    }

    @Test("env works before a lab is up and without root, and what it makes is the user's")
    func environment() throws {
        try Self.withFolder { home in
            let line = Self.user + ["env", "HOME=\(home)", BuiltProgram.path, "env", "nslabtest-none", "--shell"]
            let bash = try Witness.output(line + ["bash"])
            #expect(bash.contains("export PATH='\(home)/.cache/nslab/bin':\"$PATH\"\n"))
            #expect(bash.contains("export KUBECONFIG='/run/nslab/nslabtest-none/kubeconfig'\n"))
            #expect(try Witness.output(line + ["fish"]).contains("set -gx PATH '\(home)/.cache/nslab/bin' $PATH\n"))
            let bin = "\(home)/.cache/nslab/bin"
            let stat = try Witness.output(["stat", "-c", "%u %a", bin])
            #expect(stat == "65534 755\n")
            for name in ["containerlab", "kind", "docker", "calicoctl", "sudo"] {
                #expect(try Witness.output(["readlink", "-f", "\(bin)/\(name)"]) == BuiltProgram.path + "\n")
            }
            // A shell without a name has the same.
            let shell =
                Self.user + [
                    "env", "HOME=\(home)", "SHELL=/bin/sh", BuiltProgram.path, "shell", "--lab", "nslabtest-none",
                ]
            #expect(
                try Witness.output(shell, input: "command -v kind; echo $KUBECONFIG")
                    == "\(bin)/kind\n/run/nslab/nslabtest-none/kubeconfig\n")
            // Where root's rights were asked for by sudo, it is made with those of who asked, who may write to no /nonexistent.
            let asked = try Witness.run(["env", "SUDO_UID=65534", BuiltProgram.path, "env"])
            #expect(asked.status == 3 && asked.output.contains("Permission denied (mkdir)"), "\(asked.output)")
            // One that others can write to is not trusted.
            chmod(bin, 0o777)
            let refusal = try Witness.run(line + ["bash"])
            #expect(refusal.status == 4 && refusal.output.contains("remove it"))
        }
    }

    /// What a name answers, found in PATH as a shell finds it.
    private func answer(_ words: [String], _ folder: String, input: String = "", as user: [String] = []) throws
        -> Witness.Testimony
    {
        // Nothing else in PATH has one of the names.
        try Witness.run(user + ["env", "PATH=\(folder):/usr/bin:/bin:/usr/sbin:/sbin"] + words, input: input)
    }

    @Test("what the names say of a lab is in the kernel, and what runs in its machines is the user's command")
    func lab() throws {
        try Program.with { program in
            try Self.withFolder { folder in
                try program.run("up", "--name", program.lab, "--no-probe", "--no-api")
                for name in ["docker", "calicoctl", "kind", "containerlab", "frob"] {
                    symlink(BuiltProgram.path, "\(folder)/\(name)")
                }
                let lab = "NSLAB_LAB=\(program.lab)"
                func ask(_ words: String..., input: String = "") throws -> Witness.Testimony {
                    try answer([lab] + words, folder, input: input)
                }
                let worker = program.pin("dual-stack-worker")
                #expect(
                    try ask("docker", "exec", "dual-stack-worker", "ip", "-j", "addr").output
                        == Witness.ip("-j addr", in: worker))
                #expect(try ask("docker", "exec", "dual-stack-worker", "sh", "-c", "exit 7").status == 7)
                #expect(try ask("docker", "exec", "dual-stack-worker", "cat", input: "in").output == "")
                #expect(try ask("docker", "exec", "-i", "dual-stack-worker", "cat", input: "in").output == "in")
                #expect(
                    try ask(
                        "docker", "exec", "-w", "/etc", "-e", "A=b", "dual-stack-worker", "sh", "-c", "echo $PWD $A"
                    )
                    .output == "/etc b\n")
                #expect(
                    try ask("docker", "exec", "clab-\(program.lab)-ceos01", "Cli", "-c", "show vlan").output.contains(
                        "VLAN"))
                let ids = try ask("docker", "ps", "-q").output.split(separator: "\n")
                #expect(ids.count == 4)
                #expect(try ask("docker", "exec", String(ids[1]), "hostname").output == "dual-stack-control-plane\n")
                for words in [
                    ["docker", "compose", "up"], ["kind", "frob"], ["containerlab", "version"], ["calicoctl", "apply"],
                ] {
                    let refusal = try answer([lab] + words, folder)
                    // A machine may have a docker of its own.
                    #expect(
                        words[0] == "docker"
                            || refusal.status == 127 && refusal.output.contains("no other \(words[0]) is in PATH"))
                }
                let plain = try answer([lab, "docker", "ps"], folder, as: Self.user)
                #expect(plain.status == 77 && plain.output.contains("docker needs root"), "\(plain.output)")
                // What is taken away in the kernel is not told any more.
                #expect(try ask("calicoctl", "get", "wep").output.contains("cali7476f26c3f9"))
                try Witness.ip("link del cali7476f26c3f9", in: worker)
                let endpoints = try ask("calicoctl", "get", "wep").output
                #expect(
                    endpoints.contains("multitool-kj598") == false || endpoints.contains("cali7476f26c3f9") == false)
                try Witness.ip("netns del \(worker)")
                #expect(
                    try ask("docker", "inspect", "-f", "{{.State.Status}}", "dual-stack-worker").output == "exited\n")
                #expect(try ask("kind", "delete", "cluster", "--name", "dual-stack").output.contains("is gone"))
            }
        }
    }

    @Test("what is no lab's goes to the program further down PATH, its words as they were, and its status comes back")
    func realProgram() throws {
        try Self.withFolder { folder in
            try Self.withFolder { real in
                let script = "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 5\n"
                for name in ["docker", "sudo"] {
                    // By another process: a file that a child of this one still has open for writing cannot be run.
                    try Witness.output(["install", "-m", "755", "/dev/stdin", "\(real)/\(name)"], input: script)
                    symlink(BuiltProgram.path, "\(folder)/\(name)")
                }
                let path = "\(folder):\(real):/usr/bin:/bin"
                func run(_ words: [String], as user: [String] = []) throws -> Witness.Testimony {
                    try Witness.run(user + ["env", "-u", "NSLAB_LAB", "PATH=\(path)"] + words)
                }
                let answer = try run(["docker", "run", "-it", "--", "a b", ""])
                #expect(answer.output == "run|-it|--|a b||" && answer.status == 5, "\(answer)")
                #expect(try run(["docker", "exec", "nslabtest-none", "sh"]).output == "exec|nslabtest-none|sh|")
                #expect(try run(["sudo", "-n", "docker", "ps"]).output == "-n|env|PATH=\(path)|docker|ps|")
                // What needs root asks for it by the real sudo.
                let asked = try run(["docker", "ps"], as: Self.user).output
                #expect(asked.hasPrefix("--|env|") && asked.hasSuffix("|applet|docker|ps|"), "\(asked)")
            }
        }
    }
}
