import CLinux
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Synchronization
import System
import Testing

@testable import Netlink

@Suite("dumps under which the table changes")
struct DumpTests {
    @Test("an interrupted dump is made anew, and what it had read is dropped")
    func retry() throws {
        var attempts = 0
        let objects = try wholeDump { () throws(NetlinkError) -> [Int]? in
            attempts += 1
            return attempts < 3 ? nil : [attempts]
        }
        #expect(objects == [3])
    }

    @Test("a table that never holds still is an error with the number of attempts")
    func never() {
        var attempts = 0
        #expect(throws: NetlinkError.dumpInterrupted(attempts: 16)) {
            try wholeDump { () throws(NetlinkError) -> [Int]? in
                attempts += 1
                return nil
            }
        }
        #expect(attempts == 16)
    }

    @Test("a dump that is refused is not made anew")
    func refused() {
        var attempts = 0
        #expect(throws: NetlinkError.refused([RequestFailure(requestIndex: 0, errno: EPERM)])) {
            try wholeDump { () throws(NetlinkError) -> [Int]? in
                attempts += 1
                throw .refused([RequestFailure(requestIndex: 0, errno: EPERM)])
            }
        }
        #expect(attempts == 1)
    }

    @Test(
        "while links come and go, every dump holds each link that stays, and no link twice", .needsRoot,
        .timeLimit(.minutes(20)))
    func underChange() async throws {
        try await inNamespace { inside in
            // Stable dummies would need a module; bridges are everywhere.
            let stable = Set((0..<60).map { "stable\($0)" })
            var socket = try NetlinkSocket(in: inside)
            var batch = RequestBatch()
            for name in stable { batch.bridge(RTM_NEWLINK, name, .create) }
            try socket.execute(&batch)

            let stop = Stop()
            // A thread begins where the one is that starts it.
            let churn = try Background {
                var socket = try InsideNamespace.current { inside in try NetlinkSocket(in: inside) }
                while !stop.isSet {
                    for type in [RTM_NEWLINK, RTM_DELLINK] {
                        var batch = RequestBatch()
                        batch.bridge(type, "fickle", type == RTM_NEWLINK ? .create : [])
                        try socket.execute(&batch)
                    }
                }
            }
            defer { stop.set() }
            var whole = 0
            for _ in 0..<30 {
                let names: [String]
                do throws(NetlinkError) {
                    names = try socket.linkNames()
                } catch {
                    // The table may change under every attempt; what must not be is a dump with a hole.
                    #expect(error == .dumpInterrupted(attempts: dumpAttempts))
                    continue
                }
                whole += 1
                #expect(Set(names).count == names.count)
                #expect(stable.isSubset(of: names))
            }
            #expect(whole > 0)
            stop.set()
            try churn.value()
        }
    }
}

private final class Stop: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

extension RequestBatch {
    /// A request about a bridge of this name.
    fileprivate mutating func bridge(_ type: Int, _ name: String, _ flags: RequestFlags) {
        append(type, flags) { message in
            message.append(structure: ifinfomsg())
            message.put(3, text: name)
            message.nested(18) { $0.put(1, text: "bridge") }
        }
    }
}

extension NetlinkSocket {
    /// The names of all links.
    fileprivate mutating func linkNames() throws(NetlinkError) -> [String] {
        try dump(RTM_GETLINK) {
            $0.append(structure: ifinfomsg())
        } decode: { message throws(MalformedMessage) in
            try message.attributes(after: ifinfomsg.self).first { $0.type == 3 }?.text
        }
    }
}

// From linux/rtnetlink.h: enumerators, which Swift sees as another type.
private let (RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK) = (16, 17, 18)
