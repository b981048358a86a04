import KernelTestSupport
import Testing

@Suite("Standard output that does not take a report")
struct StandardOutputTests {
    private static let words = "standard output: No space left on device; the report is incomplete"

    /// Runs the program with standard output on a device that is always full.
    private func runFull(_ arguments: [String]) throws -> Witness.Testimony {
        try Witness.run(["sh", "-c", "exec \"$@\" >/dev/full", "sh", BuiltProgram.path] + arguments)
    }

    @Test(
        "a full device is an error",
        arguments: [
            ["plan"], ["plan", "-o", "json"], ["plan", "-o", "yaml"], ["validate", "dual-stack"],
            ["convert", "ipv4-only"],
            ["--help"], ["--generate-completion-script", "bash"],
        ])
    func fullDevice(arguments: [String]) throws {
        let testimony = try runFull(arguments)
        #expect(testimony.status == 3)
        #expect(testimony.output.contains(Self.words), "\(testimony.output)")
    }

    @Test("a full device is an error to those that ask the kernel too", .needsRoot, .timeLimit(.minutes(20)))
    func fullDeviceWithLab() throws {
        try Program.with { nslab in
            try nslab.run("up", "ipv4-only", "--name", nslab.lab, "--no-probe", "--no-api")
            for arguments in [
                ["probe", "--lab", nslab.lab], ["probe", "--lab", nslab.lab, "--format", "junit"],
                ["probe", "--lab", nslab.lab, "--format", "tap"], ["inspect", nslab.lab], ["list"],
                ["verify", nslab.lab],
                ["up", "ipv4-only", "--name", nslab.lab, "--no-probe", "--no-api"],
            ] {
                let testimony = try runFull(arguments)
                #expect(testimony.status == 3 && testimony.output.contains(Self.words), "\(arguments)")
            }
        }
    }

    @Test("a pipe that takes little at a time without blocking gets the whole report")
    func nonBlockingPipe() throws {
        let reader = """
            import fcntl, os, subprocess, sys
            reading, writing = os.pipe()
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
            os.set_blocking(writing, False)
            program = subprocess.Popen(sys.argv[1:], stdout=writing)
            os.close(writing)
            size = 0
            while piece := os.read(reading, 1000): size += len(piece)
            print(program.wait(), size)
            """
        let plan = [BuiltProgram.path, "plan", "nodes-20x10"]
        let size = try Witness.output(plan).utf8.count
        #expect(size > 65536)
        #expect(try Witness.output(["python3", "-c", reader] + plan) == "0 \(size)\n")
    }
}
