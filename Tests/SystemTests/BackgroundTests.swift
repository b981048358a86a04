import Glibc
import KernelTestSupport
import Synchronization
import System
import Testing

@Suite("Work in the background")
struct BackgroundTests {
    @Test("all that ask have the value, also those that ask while another waits", .timeLimit(.minutes(20)))
    func manyAsk() throws {
        let gate = try Pipe("test")
        let reading = gate.reading.number
        let work = try Background {
            var word: UInt8 = 0
            return Glibc.read(reading, &word, 1)
        }
        let asking = Threads()
        let askers = try (0..<4).map { _ in
            try Background {
                asking.addThis()
                return try work.value()
            }
        }
        let areWaiting = Result { try eventually("all of them wait") { asking.areSleeping(4) } }
        try gate.writing.write([1], "gate")
        try areWaiting.get()
        for asker in askers { #expect(try asker.value() == 1) }
        #expect(try work.value() == 1)
    }

    @Test("work that nobody asks about has ended when its value is gone")
    func notAsked() throws {
        let ended = Flag()
        let owner = Threads()
        owner.addThis()
        do {
            _ = try Background {
                try eventually("its owner waits for it") { owner.areSleeping(1) }
                ended.set()
            }
        }
        #expect(ended.isSet)
    }

    /// Threads of this process, by their folders in `/proc`.
    private final class Threads: Sendable {
        private let paths = Mutex<[String]>([])

        func addThis() {
            let path = FileDescriptor.linkTarget("/proc/thread-self").map { "/proc/\($0)/stat" }
            paths.withLock { $0.append(path ?? "") }
        }

        /// Whether there are so many, and each waits for something (proc_pid_stat(5)).
        func areSleeping(_ count: Int) -> Bool {
            let paths = paths.withLock { $0 }
            return paths.count == count
                && paths.allSatisfy { path in
                    let file = try? FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 4096)
                    return file.map { String(decoding: $0, as: UTF8.self).contains(") S ") } ?? false
                }
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }
}
