import CLinux
import Glibc
import System
import Testing

@Suite("Programs that are started")
struct SpawnTests {
    /// What a shell prints that runs this script with these descriptors from number 3 on.
    private func output(_ script: String, descriptors: [CInt] = []) throws -> String {
        let pipe = try Pipe("test")
        var spawn = Spawn(["sh", "-c", script])
        spawn.standardInput = .null
        spawn.standardOutput = .descriptor(pipe.writing.number)
        spawn.descriptors = descriptors
        let child = try spawn.start()
        let reading = pipe.takeReading()
        let text = String(decoding: try reading.readAll("pipe", limit: 1 << 20), as: UTF8.self)
        #expect(try child.wait() == .exited(0))
        return text
    }

    @Test("a program has its standard streams and the descriptors that it is given, and no other")
    func descriptors() throws {
        let held = try FileDescriptor(opening: "/dev/null", O_RDONLY)
        let pipe = try Pipe("test")
        let listing = try output("exec ls /proc/self/fd").split(separator: "\n")
        #expect(Set(["0", "1", "2"]).isSubset(of: listing))
        for number in [held.number, pipe.reading.number, pipe.writing.number] {
            if number > 3 { #expect(!listing.contains("\(number)")) }
        }
        // Given in the order that their own numbers do not have.
        let zero = try FileDescriptor(opening: "/dev/zero", O_RDONLY)
        let names = try output("readlink /proc/$$/fd/3 /proc/$$/fd/4", descriptors: [zero.number, held.number])
        #expect(names == "/dev/zero\n/dev/null\n")
    }

    @Test("a program has no signal blocked or ignored, whatever this thread does about them")
    func signals() throws {
        let before = SignalSet([SIGUSR1]).block()
        defer { if !before.contains(SIGUSR1) { SignalSet([SIGUSR1]).unblock() } }
        let status = try output("exec grep -E '^Sig(Blk|Ign):' /proc/self/status")
        // The C library's own two, 32 and 33, stay as they are.
        let masks = status.split(separator: "\n").compactMap { $0.split(separator: "\t").last }
        #expect(masks.map { (UInt64($0, radix: 16) ?? .max) & ~(3 << 31) } == [0, 0])
    }

    @Test("a program that is not there is refused by name")
    func missing() {
        let error = #expect(throws: SystemCallError.self) { _ = try Spawn(["/no/such/program"]).start() }
        #expect(error == SystemCallError("posix_spawn", "/no/such/program", errno: ENOENT))
    }

    @Test("a program that leads a group is ended with all that it has started")
    func group() throws {
        let pipe = try Pipe("test")
        var spawn = Spawn(["sh", "-c", "sleep 60 & sleep 60"])
        spawn.leadership = .group
        spawn.standardOutput = .descriptor(pipe.writing.number)
        let child = try spawn.start()
        #expect(try child.status() == nil)
        child.sendToGroup(SIGKILL)
        #expect(try child.wait() == .signalled(SIGKILL))
        // The end comes once nobody has the other end any more.
        #expect(try pipe.takeReading().readAll("pipe", limit: 1) == [])
    }

    @Test("variables are set in the place of those that were there")
    func environment() {
        var spawn = Spawn(["true"])
        spawn.environment = ["A=1", "AB=2"]
        spawn.set(["A": "3"])
        #expect(spawn.environment == ["AB=2", "A=3"])
    }

    @Test("a process is held by a handle and ended by it, with patience for one that ends by itself")
    func handle() throws {
        let child = try Spawn(["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.01; done"]).start()
        guard let handle = try ProcessHandle(child.pid) else {
            Issue.record("a child that nobody has waited for can be held")
            return
        }
        let hasEnded = handle.hasEnded(within: 100)
        #expect(!hasEnded)
        let isEnded = handle.end(grace: 5000)
        #expect(isEnded)
        #expect(try child.wait() == .exited(7))
        if try ProcessHandle(child.pid) != nil { Issue.record("a process that was waited for is gone") }
    }
}
