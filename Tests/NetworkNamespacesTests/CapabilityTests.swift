import CCap
import CLinux
import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("Capabilities", .needsRoot, .timeLimit(.minutes(20)))
struct CapabilityTests {
    /// The numbers of the capabilities that the calling thread has in effect, as proc(5) tells.
    private static func effective() throws -> Set<Int> {
        let path = "/proc/thread-self/status"
        let text = String(
            decoding: try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 1 << 20), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("CapEff:") })
        let mask = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        return Set((0..<64).filter { mask >> UInt64($0) & 1 == 1 })
    }

    @Test("the two that a lab cannot do without are missing where the thread has none, and not where it has all")
    func missing() throws {
        #expect(Capabilities.missing() == [])
        let names = try Background {
            let none = try #require(cap_init())
            defer { cap_free(UnsafeMutableRawPointer(none)) }
            try #require(cap_set_proc(none) == 0)
            return Capabilities.missing().map(\.name)
        }.value()
        #expect(names == ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])
        #expect(Capabilities.missing() == [])
    }

    @Test("one that is missing alone is named alone")
    func oneMissing() throws {
        let names = try Background {
            let state = try #require(cap_get_proc())
            defer { cap_free(UnsafeMutableRawPointer(state)) }
            var value: cap_value_t = CAP_NET_ADMIN
            try #require(cap_set_flag(state, CAP_EFFECTIVE, 1, &value, CAP_CLEAR) == 0)
            try #require(cap_set_proc(state) == 0)
            return Capabilities.missing().map(\.name)
        }.value()
        #expect(names == ["CAP_NET_ADMIN"])
    }

    @Test("what nslab has no use for is given up, by the calling thread and those that it starts")
    func dropped() async throws {
        let before = try Self.effective()
        // From linux/capability.h: DAC_READ_SEARCH, KILL, NET_BIND_SERVICE, NET_ADMIN, NET_RAW, SYS_PTRACE, SYS_ADMIN,
        // SYS_RESOURCE.
        let kept: Set = [2, 5, 10, 12, 13, 19, 21, 24]
        try await inNamespace { inside in
            try Capabilities.dropUnneeded()
            #expect(try Self.effective() == before.intersection(kept))
            #expect(try Background { try Self.effective() }.value() == before.intersection(kept))
            #expect(Capabilities.missing() == [])
            // Still enough for what a lab takes.
            _ = try NetworkNamespace.another()
            // The bounding set stays, so what root runs inside a lab is root as ever.
            let child = try Witness.output(["grep", "CapEff", "/proc/self/status"])
            #expect(
                child.split(separator: "\t").last.flatMap { UInt64($0.dropLast(), radix: 16) }?.nonzeroBitCount
                    == before.count)
        }
        #expect(try Self.effective() == before)
    }

    @Test("where no program may gain privileges, one that is started has root's capabilities all the same")
    func noNewPrivileges() async throws {
        let before = try Self.effective()
        try await inNamespace { _ in
            try #require(nslab_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0)
            try Capabilities.dropUnneeded()
            #expect(try Self.effective().count < before.count)
            let child = try Witness.output(["grep", "CapEff", "/proc/self/status"])
            #expect(
                child.split(separator: "\t").last.flatMap { UInt64($0.dropLast(), radix: 16) }?.nonzeroBitCount
                    == before.count)
        }
        #expect(try Self.effective() == before)
    }
}
