import Addresses
import DNS
import Testing

@Suite("Reading and writing DNS messages")
struct MessageTests {
    @Test("all sorts of records are the same after they were written and read")
    func roundTrip() throws {
        let name = DomainName("Web-0.headless.default.svc.cluster.local")!
        var message = Message.query(name, .srv, id: 0xffff, payload: 1400)
        message.isResponse = true
        message.responseCode = ResponseCode(rawValue: 0x123)
        message.answers = [
            Record(name: name, ttl: 30, data: .a(IPv4Address("10.0.0.1")!)),
            Record(name: name, ttl: .max, data: .aaaa(IPv6Address("fd00::1")!)),
            Record(name: .root, ttl: 0, data: .cname(name)),
            Record(
                name: DomainName("svc.cluster.local")!, ttl: 1,
                data: .srv(priority: 1, weight: 2, port: 3, target: name)),
            Record(name: name, ttl: 1, data: .txt([[], [1, 2, 3], Array(repeating: 7, count: 255)])),
            Record(name: name, ttl: 1, data: .other(RecordType(rawValue: 65), [1, 2, 3])),
        ]
        message.authorities = [
            Record(
                name: DomainName("cluster.local")!, ttl: 1,
                data: .soa(
                    StartOfAuthority(
                        primary: name, mailbox: .root, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5))),
            Record(name: name, ttl: 1, data: .ns(name)),
        ]
        message.additionals = [Record(name: name, recordClass: 3, ttl: 1, data: .ptr(name))]
        #expect(try Message(reading: message.bytes()) == message)
    }

    @Test("names compare without case and keep it")
    func names() {
        #expect(DomainName("A.b") == DomainName("a.B."))
        #expect(DomainName("A.b")?.hashValue == DomainName("a.B")?.hashValue)
        #expect(DomainName("[.b") != DomainName("{.b"))
        #expect(DomainName("A.b")?.description == "A.b.")
        #expect(DomainName("")?.description == "." && DomainName(".")?.description == ".")
        #expect(DomainName("a..b") == nil && DomainName(".a") == nil)
        #expect(DomainName(String(repeating: "a", count: 63)) != nil)
        #expect(DomainName(String(repeating: "a", count: 64)) == nil)
        #expect(DomainName(String(repeating: "a.", count: 127)) != nil)
        #expect(DomainName(String(repeating: "a.", count: 128)) == nil)
        #expect(DomainName(String(repeating: "a.", count: 127))?.child("b") == nil)
        #expect(DomainName("a.b.c")!.isInside(DomainName("B.c")!) && !DomainName("ab.c")!.isInside(DomainName("b.c")!))
        #expect(DomainName("x")!.isInside(.root) && !DomainName.root.isInside(DomainName("x")!))
    }

    @Test("reverse names")
    func reverse() {
        #expect(DomainName.reverse(IPAddress("10.96.0.10")!).description == "10.0.96.10.in-addr.arpa.")
        #expect(
            DomainName.reverse(IPAddress("fd00:10:96::a")!).description
                == "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa.")
    }

    /// A header with one question, and what comes after it.
    private func question(_ bytes: [UInt8]) -> [UInt8] { [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + bytes }

    @Test("pointers lead backwards only, and names end")
    func pointers() {
        func failure(_ bytes: [UInt8]) -> MalformedMessage? {
            do {
                _ = try Message(reading: bytes)
                return nil
            } catch { return error }
        }
        // To itself, forwards, to and fro, cut in the middle.
        #expect(failure(question([0xc0, 12, 0, 1, 0, 1])) == .badPointer)
        #expect(failure(question([0xc0, 14, 0, 0, 1, 0, 1])) == .badPointer)
        #expect(failure(question([1, 97, 0xc0, 12, 0, 1, 0, 1])) == .badPointer)
        #expect(failure(question([0xc0])) == .cutShort)
        #expect(failure(question([5, 97])) == .cutShort)
        #expect(failure(question([])) == .cutShort)
        // Reserved forms of labels.
        #expect(failure(question([0x40, 0, 0, 1, 0, 1])) == .badName)
        #expect(failure(question([0x80, 0, 0, 1, 0, 1])) == .badName)
        // 256 octets.
        let label = [UInt8(63)] + [UInt8](repeating: 97, count: 63)
        #expect(failure(question(label + label + label + label + [0, 0, 1, 0, 1])) == .badName)
        #expect(
            failure(question(label + label + label + [61] + [UInt8](repeating: 97, count: 61) + [0, 0, 1, 0, 1])) == nil
        )
    }

    @Test("a long chain of pointers is read in the time its length takes")
    func chain() throws {
        // Each name is one letter and a pointer to the one before: 127 letters are the most.
        var bytes: [UInt8] = [0, 1, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]
        var previous = 12
        for _ in 1..<200 {
            let place = bytes.count
            bytes += [1, 97, 0xc0 | UInt8(previous >> 8), UInt8(previous & 255), 0, 1, 0, 1]
            previous = place
        }
        #expect(throws: MalformedMessage.badName) { try Message(reading: bytes) }
    }

    @Test("a record's data is as long as it says")
    func lengths() {
        func record(_ type: UInt8, _ length: UInt8, _ data: [UInt8]) -> [UInt8] {
            [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, type, 0, 1, 0, 0, 0, 1, 0, length] + data
        }
        #expect(throws: Never.self) { try Message(reading: record(1, 4, [1, 2, 3, 4])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(1, 3, [1, 2, 3])) }
        #expect(throws: MalformedMessage.cutShort) { try Message(reading: record(1, 4, [1, 2, 3])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(28, 4, [1, 2, 3, 4])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(5, 2, [0, 0])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(16, 2, [5, 0, 0, 0, 0, 0])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(41, 3, [1, 2, 3])) }
        #expect(throws: MalformedMessage.badData) { try Message(reading: record(41, 4, [0, 0, 0, 9])) }
    }

    @Test("random bytes never do worse than throw")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let query = Message.query(DomainName("web-0.headless.default.svc.cluster.local")!, .srv, id: 1, payload: 1232)
            .bytes()
        for round in 0..<20000 {
            var bytes = round % 2 == 0 ? query : (0..<Int.random(in: 0..<80)).map { _ in UInt8.random(in: 0...255) }
            for _ in 0..<Int.random(in: 1...4) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255)
            }
            _ = try? Message(reading: bytes)
            if let answer = server.answer(bytes, over: .udp) {
                #expect(throws: Never.self) { try Message(reading: answer) }
            }
        }
    }
}
