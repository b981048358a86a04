import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Synchronization
import System
import Testing

/// The built program, run as a user runs it, with labs under names that no user would choose.
struct Program {
    /// The lab's name in this test.
    let lab: String

    private static let counter = Atomic<Int>(0)

    /// With a name that no other test has. Whoever asks for it takes the lab down.
    static func new() -> Program {
        Program(lab: "nslabtest-\(getpid())-\(counter.wrappingAdd(1, ordering: .relaxed).oldValue)cli")
    }

    /// Gives `body` a lab name of its own, and takes that lab down again however the test ends.
    static func with(_ body: (Program) throws -> Void) throws {
        let program = new()
        defer { _ = try? program.run("down", program.lab) }
        try body(program)
    }

    /// Gives `body` a running lab of this topology, and takes it down again however the test ends.
    static func with(topology yaml: String, _ body: (Program) throws -> Void) throws {
        try with { program in
            let file = FileManager.default.temporaryDirectory.path + "/\(program.lab).yaml"
            defer { unlink(file) }
            try yaml.write(toFile: file, atomically: true, encoding: .utf8)
            let up = try program.run("up", file, "--name", program.lab, "--no-probe", "--no-api")
            #expect(up.status == 0, "\(up.output)")
            try body(program)
        }
    }

    /// Runs the program.
    @discardableResult
    func run(_ arguments: String...) throws -> Witness.Testimony { try Witness.run([BuiltProgram.path] + arguments) }

    /// Runs the program, which must succeed, and reads the JSON that it prints.
    func json(_ arguments: String...) throws -> [String: Any] {
        let output = try Witness.output([BuiltProgram.path] + arguments + ["-o", "json", "-q"])
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// Kills the process that answers for the lab's pods.
    func killPodServer() throws {
        let pid = try #require(json("inspect", lab)["respondersPID"] as? Int)
        kill(pid_t(pid), SIGKILL)
        try eventually { try json("inspect", lab)["responders"] as? String != "running" }
    }

    /// The pin of the lab's namespace of this name.
    func pin(_ name: String) -> String { "\(lab)-\(name)" }
}

/// What a lab could leave behind on the host, as the system's own tools and files tell it.
struct HostState: Equatable {
    var namespaces: [String]
    var mounts: [String]
    var links: String
    var files: [String]

    /// The host now; of namespaces, mounts and files only those that bear the lab's name or are nslab's own.
    init(lab: String) throws {
        namespaces = Directory.names(NamedNamespaces.directory).filter { $0.contains(lab) }
        mounts = try KernelFile.lines("/proc/self/mounts").filter { $0.contains(lab) }.sorted()
        links = try Witness.output(["ip", "-br", "link"])
        files =
            Directory.names("/run/nslab").filter { $0.contains(lab) }
            + Directory.names("/etc/netns").filter { $0.contains(lab) }
    }
}
