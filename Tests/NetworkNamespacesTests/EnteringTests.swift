import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("Entering a namespace", .needsRoot, .timeLimit(.minutes(10)))
struct EnteringTests {
    @Test("a thread enters and comes back, and no other thread moves with it")
    func enterAndReturn() async throws {
        let others = try NetworkNamespace.current().identity()
        try await inNamespace {
            try TemporaryNamespaces.with("a") { names in
                let home = try NetworkNamespace.current()
                let outside = try home.identity()
                let inside = try #require(Pins.identity(names["a"]))
                #expect(Set([others, outside, inside]).count == 3)
                try NetworkNamespace(at: Pins.path(names["a"])).enter()
                #expect(try NetworkNamespace.current().identity() == inside)
                // A thread begins where the one is that starts it.
                #expect(try Threads.run { try NetworkNamespace.current().identity() } == inside)
                try home.enter()
                #expect(try NetworkNamespace.current().identity() == outside)
            }
        }
        #expect(try NetworkNamespace.current().identity() == others)
    }

    @Test("a namespace that a process is in can be had by the process")
    func byProcess() throws {
        try TemporaryNamespaces.with("a") { names in
            let sleeper = try Witness.Process(["sleep", "60"], in: names["a"])
            try eventually {
                try NetworkNamespace(at: "/proc/\(sleeper.pid)/ns/net").identity() == Pins.identity(names["a"])
            }
        }
    }

    @Test(
        "what is no network namespace is refused by name",
        arguments: [("/etc/passwd", ENOTTY), ("/proc/self/ns/uts", EINVAL), ("/run/netns/nslabtest-none", ENOENT)])
    func noNamespace(path: String, code: CInt) {
        let error = #expect(throws: SystemCallError.self) { _ = try NetworkNamespace(at: path) }
        #expect(error?.object == path)
        #expect(error?.errno == code || error?.errno == EINVAL)
    }

    @Test("a namespace without a name exists as long as someone holds it")
    func unnamed() throws {
        let held = try Threads.run {
            try NetworkNamespace.unshareThread()
            return try FileDescriptor(opening: "/proc/thread-self/ns/net", O_RDONLY).release()
        }
        let descriptor = FileDescriptor(owning: held)
        let testimony = try Witness.run([
            "nsenter", "--net=/proc/\(getpid())/fd/\(descriptor.number)", "ip", "-o", "link",
        ])
        #expect(testimony.output.contains("1: lo:"))
        #expect(testimony.output.split(separator: "\n").count == 1)
    }
}
