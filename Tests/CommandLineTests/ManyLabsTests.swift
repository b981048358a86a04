import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("Many labs at once", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct ManyLabsTests {
    /// Gives `body` programs with labs of their own.
    private static func with(_ count: Int, _ body: ([Program]) throws -> Void) throws {
        func next(_ programs: [Program]) throws {
            if programs.count == count { return try body(programs) }
            try Program.with { try next(programs + [$0]) }
        }
        try next([])
    }

    @Test("8 labs come up at once and right, and go at once")
    func eight() throws {
        try Self.with(8) { programs in
            let names = programs.map(\.lab)
            let ups = try names.map { name in
                try Witness.Process([BuiltProgram.path, "up", "ipv4-only", "--name", name, "-o", "json", "-q"])
            }
            for (up, name) in zip(ups, names) {
                let result = try up.wait()
                #expect(result.status == 0, "\(name): \(result.output)")
                let report = try #require(
                    try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
                let probes = try #require(report["probes"] as? [String: Any])
                #expect(probes["failed"] as? Int == 0 && probes["passed"] as? Int ?? 0 > 0, "\(name): \(probes)")
            }
            for program in programs {
                let verified = try program.run("verify", program.lab, "--strict")
                #expect(verified.status == 0, "\(program.lab): \(verified.output)")
            }
            let downs = try names.map { try Witness.Process([BuiltProgram.path, "down", $0, "-q"]) }
            for (down, name) in zip(downs, names) {
                let result = try down.wait()
                #expect(result.status == 0, "\(name): \(result.output)")
            }
            for name in names {
                let state = try HostState(lab: name)
                #expect(state.namespaces.isEmpty && state.mounts.isEmpty && state.files.isEmpty, "\(name): \(state)")
            }
        }
    }

    @Test("a lab does not wait for another, and commands on one lab wait for each other")
    func independence() throws {
        try Self.with(2) { programs in
            let (one, other) = (programs[0], programs[1])
            try one.run("up", "ipv4-only", "--name", one.lab, "--no-probe")
            // Somebody works on the one.
            let holder = try Witness.Process(["flock", "/run/nslab/\(one.lab)", "sleep", "60"])
            try eventually { try Witness.run(["flock", "-n", "/run/nslab/\(one.lab)", "true"]).status != 0 }
            let waiting = try Witness.Process([BuiltProgram.path, "down", one.lab])
            for words in [
                ["up", "ipv4-only", "--name", other.lab], ["verify", other.lab], ["reset", other.lab], ["list"],
                ["down", other.lab],
            ] {
                let result = try Witness.run(["timeout", "30", BuiltProgram.path] + words)
                #expect(result.status == 0, "\(words): \(result.output)")
            }
            // What waits has done nothing, and does it when its turn comes.
            #expect(!Directory.names(NamedNamespaces.directory).filter { $0.hasPrefix(one.lab + "-") }.isEmpty)
            // The lock goes with `flock` and with what it has started.
            try Witness.output(["pkill", "-KILL", "-P", "\(holder.pid)"])
            let result = try waiting.wait()
            #expect(result.status == 0)
            #expect(result.output.contains("another nslab command works on lab \(one.lab); waiting for it"))
            #expect(try HostState(lab: one.lab).namespaces.isEmpty)
        }
    }
}
