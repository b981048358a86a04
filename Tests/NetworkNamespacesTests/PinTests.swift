import CLinux
import Glibc
import KernelTestSupport
import System
import Testing

@testable import NetworkNamespaces

@Suite("NamedNamespaces", .needsRoot, .timeLimit(.minutes(20)))
struct PinTests {
    @Test("a pinned namespace is one that iproute2 lists and nsenter enters, and it goes with its pin")
    func pinned() throws {
        try TemporaryNamespaces.with { names in
            let name = names["a"]
            let identity = try NamespaceThread.run { thread in
                try thread.enterNew { inside in
                    try NamedNamespaces.pin(inside, as: name)
                    return try inside.namespace().identity()
                }
            }
            #expect(NamedNamespaces.identity(name) == identity)
            #expect(try NamedNamespaces.names().contains(name))
            #expect(try Witness.ip("-o netns list").split(separator: "\n").contains { $0.hasPrefix(name) })
            #expect(try Witness.output(["stat", "-Lc", "%i", NamedNamespaces.path(name)]) == "\(identity.inode)\n")
            #expect(try Witness.output(["readlink", "/proc/self/ns/net"], in: name) == "net:[\(identity.inode)]\n")
            #expect(try Witness.links(in: name) == ["lo"])

            try NamedNamespaces.unpin(name)
            #expect(NamedNamespaces.identity(name) == nil)
            #expect(try !NamedNamespaces.names().contains(name))
            #expect(access(NamedNamespaces.path(name), F_OK) != 0)
            #expect(try !mounts().contains { $0.contains(name) })
        }
    }

    @Test("a name that is taken is refused and left as it was")
    func taken() throws {
        try TemporaryNamespaces.with("a") { names in
            let name = names["a"]
            let before = NamedNamespaces.identity(name)
            let error = SystemCallError("open", NamedNamespaces.path(name), errno: EEXIST)
            #expect(throws: error) { try InsideNamespace.current { try NamedNamespaces.pin($0, as: name) } }
            #expect(NamedNamespaces.identity(name) == before)
            #expect(before != nil)
        }
    }

    @Test("a pin that is not there is removed without an error, and so is the bare file of one that was cut short")
    func cutShort() throws {
        try TemporaryNamespaces.with { names in
            try NamedNamespaces.unpin(names["gone"])
            let path = NamedNamespaces.path(names["bare"])
            _ = try FileDescriptor(opening: path, O_CREAT | O_EXCL | O_RDONLY)
            #expect(NamedNamespaces.identity(names["bare"]) == nil)
            try NamedNamespaces.unpin(names["bare"])
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test("a name that no file can have is refused with the path and the kernel's words")
    func impossible() {
        let name = String(repeating: "n", count: 300)
        #expect(throws: SystemCallError("open", NamedNamespaces.path(name), errno: ENAMETOOLONG)) {
            try InsideNamespace.current { try NamedNamespaces.pin($0, as: name) }
        }
    }

    @Test("the folder is shared, so that a pin that goes is gone in every mount namespace that was made before")
    func propagation() throws {
        try TemporaryNamespaces.with("a") { names in
            #expect(try NamedNamespaces.directoryIsReady())
            let propagation = try Witness.output(["findmnt", "-no", "PROPAGATION", NamedNamespaces.directory])
            #expect(propagation.split(separator: "\n").last == "shared")
            let elsewhere = try Witness.Process(["unshare", "-m", "--propagation", "slave", "sleep", "60"])
            defer { elsewhere.send(SIGKILL) }
            // Until unshare(1) has become sleep(1) it has not copied the mounts yet.
            try eventually { try Witness.run(["cat", "/proc/\(elsewhere.pid)/comm"]).output == "sleep\n" }
            func seen() throws -> Bool {
                try Witness.output(["cat", "/proc/\(elsewhere.pid)/mounts"]).contains(NamedNamespaces.path(names["a"]))
            }
            #expect(try seen())
            try NamedNamespaces.unpin(names["a"])
            #expect(try !seen())
        }
    }

    /// In a mount namespace with a `/run` of its own, so that the system's folder is not touched.
    @Test("the folder is made and shared, stays while something is pinned, and goes with the last pin")
    func folder() async throws {
        try await inNamespace { inside in
            try privateRun()
            #expect(try mountsOnRun() == [])
            #expect(try !NamedNamespaces.directoryIsReady())
            #expect(try NamedNamespaces.names() == [])
            #expect(try NamedNamespaces.releaseDirectory())
            #expect(try NamedNamespaces.prepareDirectory())
            #expect(try NamedNamespaces.directoryIsReady())
            #expect(try isShared(NamedNamespaces.directory))
            #expect(Directory.names("/run") == ["netns"])

            try NamedNamespaces.pin(inside, as: "b")
            try NamedNamespaces.pin(inside, as: "a")
            #expect(try NamedNamespaces.names() == ["a", "b"])
            #expect(try !NamedNamespaces.releaseDirectory())
            try NamedNamespaces.unpin("a")
            #expect(try !NamedNamespaces.releaseDirectory())
            try NamedNamespaces.unpin("b")
            #expect(try NamedNamespaces.releaseDirectory())
            #expect(Directory.names("/run") == [])
            #expect(try mountsOnRun() == [])
        }
    }

    @Test("a namespace that is pinned while the folder is taken away stays, and so does the folder")
    func pinnedMeanwhile() async throws {
        try await inNamespace { inside in
            try privateRun()
            #expect(try NamedNamespaces.prepareDirectory())
            try NamedNamespaces.pin(inside, as: "late")
            let identity = NamedNamespaces.identity("late")
            #expect(identity != nil)
            // What `releaseDirectory` does once it has seen that nothing is pinned.
            #expect(try !NamedNamespaces.unmountDirectory())
            #expect(NamedNamespaces.identity("late") == identity)
            #expect(try NamedNamespaces.directoryIsReady())
            try NamedNamespaces.unpin("late")
            let inside = try Witness.Process(["sh", "-c", "cd \(NamedNamespaces.directory) && exec sleep 60"])
            try eventually { FileDescriptor.linkTarget("/proc/\(inside.pid)/cwd") == NamedNamespaces.directory }
            #expect(try !NamedNamespaces.releaseDirectory())
            inside.send(SIGKILL)
            _ = try inside.wait()
            #expect(try NamedNamespaces.releaseDirectory())
        }
    }

    @Test("a folder that is a mount and not shared becomes shared")
    func privateFolder() async throws {
        try await inNamespace { _ in
            try privateRun()
            #expect(try NamedNamespaces.prepareDirectory())
            try #require(mount("", NamedNamespaces.directory, "none", UInt(MS_PRIVATE), nil) == 0)
            #expect(try !isShared(NamedNamespaces.directory))
            #expect(try NamedNamespaces.directoryIsReady())
            #expect(try isShared(NamedNamespaces.directory))
        }
    }

    @Test("a folder that exists and is no mount is not ready, and becomes so with what is in it")
    func bareFolder() async throws {
        try await inNamespace { _ in
            try privateRun()
            try #require(mkdir(NamedNamespaces.directory, 0o755) == 0)
            #expect(try !NamedNamespaces.directoryIsReady())
            _ = try FileDescriptor(opening: NamedNamespaces.path("somebody"), O_CREAT | O_RDONLY)
            #expect(try NamedNamespaces.prepareDirectory())
            #expect(try NamedNamespaces.directoryIsReady())
            #expect(try NamedNamespaces.names() == ["somebody"])
            #expect(try !NamedNamespaces.releaseDirectory())
        }
    }
}

/// Gives the calling thread mounts of its own and an empty `/run`.
private func privateRun() throws {
    try #require(unshare(CLONE_NEWNS) == 0)
    try #require(mount("", "/", "none", UInt(MS_PRIVATE | MS_REC), nil) == 0)
    try #require(mount("tmpfs", "/run", "tmpfs", 0, nil) == 0)
}

/// What is mounted on the `/run` that is seen, and not below it: there are copies of the system's own mounts, which go when
/// other programs remove their mount points.
private func mountsOnRun() throws -> [String] {
    let mounts = try KernelFile.lines("/proc/thread-self/mountinfo").map { $0.split(separator: " ") }
    let run = try #require(mounts.last { $0[4] == "/run" })
    return mounts.filter { $0[1] == run[0] }.map { String($0[4]) }
}

/// The lines of the calling thread's mounts, as proc(5) has them.
private func mounts() throws -> [String] { try KernelFile.lines("/proc/thread-self/mounts") }

private func isShared(_ path: String) throws -> Bool {
    let mount = try #require(
        try KernelFile.lines("/proc/thread-self/mountinfo").last { $0.split(separator: " ")[4] == path })
    return mount.contains(" shared:")
}
