import Foundation
import KernelTestSupport
import NetworkNamespaces
import Testing

/// Every command as a user without root runs it.
@Suite("A user without root", .needsRoot, .timeLimit(.minutes(20)))
struct UnprivilegedTests {
    private static let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]

    /// What a command does without privilege.
    private enum Outcome: Equatable {
        /// Its work.
        case works
        /// It says that it needs root: exit status 77.
        case refused
        /// What it can; a sentence says what it cannot.
        case looks(status: Int32, sentence: String)
    }

    /// Ways to call each command, and what comes of it. A new command has to be put here.
    private static let commands: [String: [([String], Outcome)]] = [
        "cli": [(["x", "-c", "show vlan"], .refused)],
        "up": [([], .refused), (["two-vlans", "--name", "x"], .refused), (["--dry-run"], .refused)],
        "run": [(["--", "true"], .refused), (["ipv4-only", "--probe", "--", "true"], .refused)],
        "down": [([], .refused), (["x"], .refused), (["--all"], .refused)],
        "verify": [([], .refused), (["x", "--strict"], .refused)],
        "reset": [([], .refused), (["x"], .refused)],
        "diff": [([], .refused), (["x", "--undo"], .refused)],
        "list": [([], .refused), (["-o", "json"], .refused)],
        "inspect": [([], .refused), (["x"], .refused)],
        "exec": [(["x", "--", "true"], .refused), (["--lab", "x", "y", "--", "true"], .refused)],
        "shell": [(["x"], .refused)],
        "capture": [(["--for", "1s"], .refused), (["-w", "/x", "--on", "y", "udp", "port", "53"], .refused)],
        "trace": [(["x", "y"], .refused), (["x", "192.0.2.1", "--tcp", "80", "-4"], .refused)],
        "probe": [([], .refused), (["--lab", "x", "--from", "y"], .refused)],
        "pod": [(["stop", "x"], .refused), (["start", "x"], .refused)],
        "impair": [(["x:eth1", "--delay", "1ms"], .refused), (["x:eth1"], .refused)],
        "link": [(["x:eth1", "up"], .refused), (["x:eth1", "down"], .refused)],
        "plan": [([], .works), (["two-vlans", "-o", "json"], .works)],
        "validate": [(["dual-stack"], .works)],
        "convert": [(["ipv4-only"], .works)],
        "env": [(["x"], .looks(status: 2, sentence: "set HOME or XDG_CACHE_HOME"))],
        "kubeconfig": [(["x"], .looks(status: 2, sentence: "no lab x is running"))],
        "doctor": [([], .looks(status: 1, sentence: "CAP_SYS_ADMIN"))],
    ]

    /// The commands that `nslab --help` lists, by their first names.
    private func listed(_ arguments: [String] = []) throws -> Set<String> {
        let help = try Witness.output([BuiltProgram.path] + arguments + ["--help"])
        var isIn = false
        var names: Set<String> = []
        for line in help.split(separator: "\n") {
            if line.hasSuffix("SUBCOMMANDS:") {
                isIn = true
            } else if isIn, line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  See ") {
                names.insert(String(line.dropFirst(2).prefix { $0 != " " && $0 != "," }))
            }
        }
        return names
    }

    @Test("every command that needs privilege says so and exits 77, and the others work")
    func everyCommand() throws {
        #expect(
            try listed() == Set(Self.commands.keys), "a command of --help is not in this test, or the other way round")
        #expect(try listed(["pod"]) == Set(Self.commands["pod"]!.compactMap(\.0.first)))
        for (command, ways) in Self.commands {
            for (arguments, outcome) in ways {
                let words = [command] + arguments
                let result = try Witness.run(Self.user + [BuiltProgram.path] + words)
                switch outcome {
                case .works: #expect(result.status == 0 && !result.output.isEmpty, "\(words): \(result.output)")
                case .refused:
                    #expect(result.status == 77, "\(words): \(result.output)")
                    #expect(
                        result.output.hasPrefix("nslab: nslab \(command)")
                            && result.output.contains(
                                "needs root: CAP_SYS_ADMIN and CAP_NET_ADMIN missing; run it with sudo"),
                        "\(words): \(result.output)")
                    #expect(result.output.split(separator: "\n").count == 1, "\(words): \(result.output)")
                case .looks(let status, let sentence):
                    #expect(result.status == status, "\(words): \(result.output)")
                    #expect(result.output.contains(sentence), "\(words): \(result.output)")
                }
            }
        }
    }

    @Test("help, version and completion need no privilege", arguments: ["bash", "zsh", "fish"])
    func help(shell: String) throws {
        for words in [["--help"], ["--version"], ["up", "--help"], ["--generate-completion-script", shell]] {
            let result = try Witness.run(Self.user + [BuiltProgram.path] + words)
            #expect(result.status == 0 && !result.output.isEmpty, "\(words): \(result.output)")
        }
    }

    @Test(
        "bad usage is told as such also without privilege",
        arguments: [["up", "--nonsense"], ["validate", "/no/such/file"]])
    func badUsage(words: [String]) throws {
        #expect(try Witness.run(Self.user + [BuiltProgram.path] + words).status == 2)
    }

    @Test("a running lab is out of reach, and stays as it is")
    func runningLab() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe")
            for words in [
                ["down", nslab.lab], ["reset", nslab.lab], ["up", "two-vlans", "--name", nslab.lab],
                ["exec", "--lab", nslab.lab, "tor", "--", "true"], ["inspect", nslab.lab],
            ] {
                #expect(try Witness.run(Self.user + [BuiltProgram.path] + words).status == 77)
            }
            #expect(try nslab.run("verify", nslab.lab, "--strict").status == 0)
        }
    }
}
