import Glibc
import KernelTestSupport
import NetworkNamespaces
import Synchronization
import System
import Testing

@Suite("Threads of their own")
struct ThreadTests {
    @Test("every number is taken once, on as many threads as asked for")
    func all() throws {
        let seen = Recorder()
        try NamespaceThread.forEach(500, width: 4) { seen.add($1) }
        #expect(seen.numbers.sorted() == Array(0..<500))
        try NamespaceThread.forEach(0) { _, _ in Issue.record("there is nothing to do") }
    }

    @Test("the error of the lowest number is thrown, and no number is begun after it")
    func failing() {
        struct Failed: Error, Equatable { var number: Int }
        let seen = Recorder()
        #expect(throws: Failed(number: 10)) {
            try NamespaceThread.forEach(100_000, width: 2) { _, number in
                seen.add(number)
                if number >= 10 { throw Failed(number: number) }
            }
        }
        #expect(seen.numbers.count < 20)
    }

    @Test("work in the background goes on meanwhile, and gives its value or its error")
    func background() throws {
        struct Failed: Error {}
        let work = try Background { pthread_self() }
        #expect(try work.value() != pthread_self())
        #expect(try work.value() != pthread_self())
        let failing = try Background { throw Failed() }
        #expect(throws: Failed.self) { try failing.value() }
    }

    @Test("there are as many processors as nproc counts")
    func processors() throws {
        #expect(try Witness.output(["nproc"]) == "\(Processors.available)\n")
    }
}
