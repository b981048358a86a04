import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Testing

/// What SIGINT, SIGTERM and SIGHUP do while something is half done. `NSLAB_SIGNAL_SEED` and `NSLAB_SIGNAL_POINTS` set other
/// moments, and how many.
@Suite("A program that is asked to end", .needsRoot, .timeLimit(.minutes(20)))
struct SignalTests {
    private static func signalling(
        _ commands: [CutShort.Command], _ body: @escaping @Sendable (CutShort.Case) throws -> String?
    ) throws {
        try CutShort(
            commands: commands, signals: [SIGINT, SIGTERM, SIGHUP],
            seed: CutShort.number("NSLAB_SIGNAL_SEED") ?? 20_261_126,
            points: Int(CutShort.number("NSLAB_SIGNAL_POINTS") ?? 48)
        ).run(body)
    }

    @Test("an up that builds leaves nothing, or the whole lab where that was done already")
    func up() throws {
        try Self.signalling([.up]) { point in
            Remains(of: point.name).isEmpty ? nil : try point.differences()
        }
    }

    @Test("an up that changes a lab leaves it running, and the next up completes it")
    func change() throws {
        try Self.signalling([.change]) { point in
            // Each namespace that both topologies have is there.
            for name in ["a", "r"] where NamedNamespaces.identity("\(point.name)-\(name)") == nil {
                return "\(name) is gone"
            }
            try Witness.output(point.up(.second))
            return try point.differences()
        }
    }

    @Test("down leaves nothing, or a lab that it had not begun with")
    func down() throws {
        try Self.signalling([.down]) { point in
            Remains(of: point.name).isEmpty ? nil : try point.differences()
        }
    }

    @Test("reset leaves the lab as new, or as it was")
    func reset() throws {
        try Self.signalling([.reset]) { point in
            guard let found = try point.differences() else { return nil }
            // Both additions are there still: it had not begun.
            let isUntouched =
                found.contains("2 differences") && found.contains("10.77.0.1") && found.contains("inet mine")
            return isUntouched ? nil : found
        }
    }

    private static let withCommand = """
        lab: slow
        nodes:
          a:
            interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24] } }
            commands: [[sleep, "25"]]
        routers:
          r: { vlans: { 10: { addresses: [10.20.0.1/24] } }, ports: { eth1: { access: 10 } } }

        """

    /// Has `body` run the program with the topology above, under a name of its own.
    private func withSlowLab(_ body: (_ name: String, _ up: [String]) throws -> Void) throws {
        let name = TestLab.newName()
        let path = FileManager.default.temporaryDirectory.path + "/\(name).yaml"
        try Data(Self.withCommand.utf8).write(to: URL(fileURLWithPath: path))
        defer {
            _ = try? Witness.run([BuiltProgram.path, "down", name])
            unlink(path)
        }
        try body(name, [BuiltProgram.path, "up", path, "--name", name, "--no-probe", "-q"])
    }

    /// Waits until the lab's own command runs.
    private func waitForCommand(in name: String) throws {
        try eventually("the command of \(name) runs") {
            try NamedNamespaces.identity("\(name)-a").map { try !NamespaceProcesses.find(in: [$0]).isEmpty } ?? false
        }
    }

    @Test("an up whose lab runs its commands ends them, and leaves nothing", arguments: [SIGINT, SIGTERM, SIGHUP])
    func commands(signal: CInt) throws {
        try withSlowLab { name, up in
            let process = try Witness.Process(up)
            try waitForCommand(in: name)
            process.send(signal)
            let start = ContinuousClock.now
            let end = try process.wait()
            #expect(start.duration(to: .now) < .seconds(10))
            #expect(end.status == 128 + signal)
            #expect(end.output.contains("interrupted: what there was of lab \(name) is removed again"))
            #expect(Remains(of: name).isEmpty, "\(Remains(of: name))")
        }
    }

    @Test("one that waits for another command on its lab ends at once")
    func waiting() throws {
        try withSlowLab { name, up in
            let lab = "/run/nslab/\(name)"
            try Witness.output(["mkdir", "-p", lab])
            let holder = try Witness.Process(["flock", lab, "sleep", "60"])
            try eventually { try Witness.run(["flock", "-n", lab, "true"]).status != 0 }
            // It says so when it begins to wait.
            let told = FileManager.default.temporaryDirectory.path + "/\(name).told"
            defer { unlink(told) }
            let process = try Witness.Process(
                ["sh", "-c", "exec \"$@\" 2>'\(told)'", "sh"] + up.dropLast())
            try eventually("up waits for the lab") {
                try Witness.run(["cat", told]).output.contains("another nslab command works on lab \(name)")
            }
            process.send(SIGINT)
            #expect(try process.wait().status == 128 + SIGINT)
            holder.send(SIGKILL)
            _ = try holder.wait()
        }
    }

    @Test("a signal that it was started to ignore, as nohup does, changes nothing")
    func ignored() throws {
        let name = TestLab.newName()
        defer { _ = try? Witness.run([BuiltProgram.path, "down", name]) }
        let up = "\(BuiltProgram.path) up ipv4-only --no-probe --name \(name)"
        let process = try Witness.Process(["sh", "-c", "trap '' HUP; exec \(up)"])
        try process.waitToBecome("nslab")
        var sent = 0
        while Remains(of: name).pins.count < 10, sent < 5000 {
            process.send(SIGHUP)
            sent += 1
            usleep(1000)
        }
        #expect(try process.wait().status == 0)
        #expect(try Witness.run([BuiltProgram.path, "verify", name]).status == 0)
    }

    @Test("output that nobody reads does not end an up in the middle")
    func closedOutput() throws {
        let name = TestLab.newName()
        defer { _ = try? Witness.run([BuiltProgram.path, "down", name]) }
        // So large that what is being done is told meanwhile.
        let up = "\(BuiltProgram.path) up nodes-20x10 --no-probe --name \(name)"
        let script = "(\(up) 2>&1; echo $? >&3) 3>&2 | true"
        // As any program that writes where nobody reads, and not before the lab is there.
        #expect(try Witness.run(["bash", "-c", script]).output == "\(128 + SIGPIPE)\n")
        let verified = try Witness.run([BuiltProgram.path, "verify", name, "--strict"])
        #expect(verified.status == 0, "\(verified.output)")
    }
}
