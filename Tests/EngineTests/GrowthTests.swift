import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import System
import Testing
import Topology

/// What this process holds, as `/proc/self` tells it. `tools/cycles` looks at the machine.
@Suite("Many cycles of up and down", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct GrowthTests {
    private struct Held {
        let descriptors: Int
        let threads: Int
        let mounts: Int
        /// Resident memory in KiB that is the process's own (`RssAnon`, proc_pid_status(5)).
        let memory: Int

        init() throws {
            descriptors = Directory.names("/proc/self/fd").count
            threads = Directory.names("/proc/self/task").count
            mounts = try KernelFile.lines("/proc/self/mounts")
                .count { $0.contains("nslabgrowth-\(getpid())") }
            memory =
                try KernelFile.lines("/proc/self/status")
                .first { $0.hasPrefix("RssAnon:") }
                .flatMap { Int($0.filter(\.isNumber)) } ?? 0
        }
    }

    /// In a process of its own, for what other tests do meanwhile is not this one's: these tests' program, run again for this test
    /// alone. (An exit test would be one too, but the thread that waits for it takes no rest while there is any child that has
    /// ended and has not been waited for yet.)
    @Test("descriptors, threads, mounts and memory do not grow")
    func cycles() throws {
        if getenv(Self.isAlone) != nil { return try cyclesAlone() }
        let program = try #require(CommandLine.arguments.first)
        let result = try Witness.run([
            "env", "\(Self.isAlone)=1", program, "--testing-library", "swift-testing", "--filter", "GrowthTests",
        ])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("Test run with 1 test in 1 suite passed"), "\(result.output)")
    }

    private static let isAlone = "NSLAB_GROWTH_ALONE"

    private func cyclesAlone() throws {
        let name = "nslabgrowth-\(getpid())"
        var topology = try Topology.read(Array(Self.yaml.utf8), file: "growth.yaml")
        topology.name = name
        func cycle() throws {
            _ = try Lab.up(topology, source: "test", probing: true)
            _ = try Lab.up(topology, source: "test", probing: false)
            _ = try Lab.down(.named([name]))
        }
        defer { _ = try? Lab.down(.named([name])) }
        // What is made once is there after these.
        for _ in 0..<5 { try cycle() }
        let before = try Held()
        for _ in 0..<20 { try cycle() }
        let after = try Held()
        #expect(after.descriptors == before.descriptors)
        #expect(after.threads <= before.threads)
        #expect(after.mounts == 0)
        #expect(before.memory > 0)
        #expect(after.memory - before.memory < 4096, "\(before.memory) KiB before, \(after.memory) KiB after")
    }

    fileprivate static let yaml = TwoNodeLab.yaml(lab: "growth")
}
