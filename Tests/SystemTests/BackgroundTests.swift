import Glibc
import Synchronization
import System
import Testing

@Suite("Work in the background")
struct BackgroundTests {
    @Test("all that ask have the value, also those that ask while another waits")
    func manyAsk() throws {
        let gate = try Pipe("test")
        let reading = gate.reading.number
        let work = try Background {
            var word: UInt8 = 0
            return Glibc.read(reading, &word, 1)
        }
        let askers = try (0..<4).map { _ in try Background { try work.value() } }
        try gate.writing.write([1], "gate")
        for asker in askers { #expect(try asker.value() == 1) }
        #expect(try work.value() == 1)
    }

    @Test("work that nobody asks about has ended when its value is gone")
    func notAsked() throws {
        let ended = Flag()
        do {
            _ = try Background {
                usleep(20_000)
                ended.set()
            }
        }
        #expect(ended.isSet)
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }
}
