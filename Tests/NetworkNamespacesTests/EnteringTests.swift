import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("Entering a namespace", .needsRoot, .timeLimit(.minutes(20)))
struct EnteringTests {
    @Test("a thread enters and comes back, and no other thread moves with it")
    func enterAndReturn() async throws {
        @Sendable func here() throws -> FileIdentity {
            try InsideNamespace.current { inside in try inside.namespace().identity() }
        }
        let others = try here()
        try await inNamespace { _ in
            try TemporaryNamespaces.with("a") { names in
                let outside = try here()
                let identity = try #require(NamedNamespaces.identity(names["a"]))
                #expect(Set([others, outside, identity]).count == 3)
                try NetworkNamespace(at: NamedNamespaces.path(names["a"])).inside { inside in
                    let seen = try inside.namespace().identity()
                    #expect(seen == identity)
                    // A thread begins where the one is that starts it.
                    let other = try Background { try here() }.value()
                    #expect(other == identity)
                }
                #expect(try here() == outside)
            }
        }
        #expect(try here() == others)
    }

    @Test("a thread of its own goes from namespace to namespace, and the one that started it stays")
    func threadOfItsOwn() throws {
        try TemporaryNamespaces.with("a", "b") { names in
            let before = try InsideNamespace.current { try $0.namespace().identity() }
            let pins = [names["a"], names["b"]]
            let seen = try NamespaceThread.run { thread in
                try pins.map { pin in
                    try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { try $0.namespace().identity() }
                }
            }
            #expect(seen == pins.map { NamedNamespaces.identity($0) })
            #expect(try InsideNamespace.current { try $0.namespace().identity() } == before)
        }
    }

    @Test("a namespace that a process is in can be had by the process")
    func byProcess() throws {
        try TemporaryNamespaces.with("a") { names in
            let sleeper = try Witness.Process(["sleep", "60"], in: names["a"])
            try eventually {
                try NetworkNamespace(at: "/proc/\(sleeper.pid)/ns/net").identity()
                    == NamedNamespaces.identity(names["a"])
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
        let held = try NamespaceThread.run { thread in
            try thread.enterNew { _ in try FileDescriptor(opening: "/proc/thread-self/ns/net", O_RDONLY).release() }
        }
        let descriptor = FileDescriptor(owning: held)
        let testimony = try Witness.run([
            "nsenter", "--net=/proc/\(getpid())/fd/\(descriptor.number)", "ip", "-o", "link",
        ])
        #expect(testimony.output.contains("1: lo:"))
        #expect(testimony.output.split(separator: "\n").count == 1)
    }
}
