import Glibc
import KernelTestSupport
import NetworkNamespaces
import Testing

@Suite("Processes inside a namespace", .needsRoot, .timeLimit(.minutes(20)))
struct InsideProcessTests {
    /// A shell that says so once it runs this script.
    private func shell(_ script: String, in pin: String, _ marker: String) throws -> Witness.Process {
        let path = "/tmp/\(marker)"
        let process = try Witness.Process(["sh", "-c", "\(script.replacing("READY", with: ": > \(path)"))"], in: pin)
        try eventually { access(path, F_OK) == 0 }
        unlink(path)
        return process
    }

    @Test("those inside are found, and nobody else, this process least of all")
    func found() throws {
        try TemporaryNamespaces.with("a", "b") { names in
            let inside = try shell("READY; exec sleep 60", in: names["a"], names["found"])
            let elsewhere = try shell("READY; exec sleep 60", in: names["b"], names["else"])
            let a = try #require(NamedNamespaces.identity(names["a"]))
            let b = try #require(NamedNamespaces.identity(names["b"]))
            #expect(try NamespaceProcesses.find(in: [a]).map(\.pid) == [inside.pid])
            let both = try NamespaceProcesses.find(in: [a, b])
            #expect(both.count == 2)
            #expect(both.contains { $0.pid == elsewhere.pid && $0.namespace == b })
            #expect(try NamespaceProcesses.find(in: []).isEmpty)
            let own = try #require(NamespaceProcesses.namespace(of: getpid()))
            #expect(try !NamespaceProcesses.find(in: [own]).contains { $0.pid == getpid() })
            #expect(try Witness.ip("netns pids \(names["a"])") == "\(inside.pid)\n")
        }
    }

    @Test("processes that end when asked have the time to do so")
    func obedient() throws {
        try TemporaryNamespaces.with("a", "b") { names in
            let inside = try shell(
                "trap 'exit 7' TERM; READY; while :; do sleep 0.01; done", in: names["a"], names["ready"])
            let elsewhere = try shell("READY; exec sleep 60", in: names["b"], names["else"])
            let a = try #require(NamedNamespaces.identity(names["a"]))
            let ended = try NamespaceProcesses.end(in: [a], grace: 3000)
            #expect(ended.contains(inside.pid))
            #expect(!ended.contains(elsewhere.pid))
            #expect(try inside.wait().status == 7)
            #expect(try NamespaceProcesses.find(in: [a]).isEmpty)
            #expect(kill(elsewhere.pid, 0) == 0)
        }
    }

    @Test("one that ignores SIGTERM and SIGHUP is killed once its time is over")
    func stubborn() throws {
        try TemporaryNamespaces.with("a") { names in
            let process = try shell(
                "trap '' TERM HUP; READY; while :; do sleep 0.05; done", in: names["a"], names["ready"])
            let clock = ContinuousClock()
            let start = clock.now
            let ended = try NamespaceProcesses.end(in: [try #require(NamedNamespaces.identity(names["a"]))], grace: 200)
            #expect(ended.contains(process.pid))
            #expect(start.duration(to: clock.now) > .milliseconds(190))
            #expect(try process.wait().status == 128 + SIGKILL)
        }
    }

    @Test("one that is stopped is woken to end, and one that starts others takes them with it")
    func stoppedAndBreeding() throws {
        try TemporaryNamespaces.with("a") { names in
            let stopped = try shell("READY; kill -STOP $$; sleep 60", in: names["a"], names["ready"])
            let breeding = try shell(
                "trap '' TERM HUP; READY; while :; do sleep 0.02 & sleep 0.01; done", in: names["a"], names["breeding"])
            let a = try #require(NamedNamespaces.identity(names["a"]))
            let ended = try NamespaceProcesses.end(in: [a], grace: 100)
            #expect(ended.contains(stopped.pid) && ended.contains(breeding.pid))
            _ = try stopped.wait()
            _ = try breeding.wait()
            #expect(try NamespaceProcesses.find(in: [a]).isEmpty)
        }
    }

    @Test("where nobody is inside nothing is ended, at once")
    func empty() throws {
        try TemporaryNamespaces.with("a") { names in
            let clock = ContinuousClock()
            let start = clock.now
            let a = try #require(NamedNamespaces.identity(names["a"]))
            #expect(try NamespaceProcesses.end(in: [a]) == [])
            #expect(start.duration(to: clock.now) < .milliseconds(250))
        }
    }
}
