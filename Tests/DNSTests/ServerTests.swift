import Addresses
import DNS
import Testing

@Suite("A name server's answers on the wire")
struct ServerTests {
    @Test("an answer byte for byte: the question's case is kept, its name is pointed to")
    func bytes() throws {
        let query: [UInt8] =
            [0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0] + [8] + Array("KuBe-DnS".utf8) + [11]
            + Array("kube-system".utf8) + [3] + Array("svc".utf8) + [7] + Array("cluster".utf8) + [5]
            + Array("local".utf8) + [0, 0, 1, 0, 1]
        let answer = try #require(server.answer(query, over: .udp))
        #expect(
            answer == [0xab, 0xcd, 0x85, 0x00, 0, 1, 0, 1, 0, 0, 0, 0] + query[12...]
                + [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 96, 0, 10])
    }

    @Test("a datagram holds 512 bytes unless the client takes more; TC tells what was left out")
    func truncation() throws {
        let name = "many.default.svc.cluster.local"
        let query = Message.query(DomainName(name)!, .a, id: 7)
        let short = try #require(server.answer(query.bytes(), over: .udp))
        #expect(short.count <= 512 && short.count > 480)
        #expect(try Message(reading: short).isTruncated)
        let long = try #require(server.answer(query.bytes(), over: .tcp))
        #expect(try Message(reading: long).addresses.count == 200)
        #expect(try !Message(reading: long).isTruncated)
        for payload: UInt16 in [0, 512, 1232, 4096, 65535] {
            let query = Message.query(DomainName(name)!, .a, id: 7, payload: payload)
            let answer = try #require(server.answer(query.bytes(), over: .udp))
            let message = try Message(reading: answer)
            #expect(answer.count <= max(512, payload))
            #expect(message.isTruncated == (payload < 4096))
            #expect(message.edns?.payload == max(512, payload))
        }
    }

    @Test("additional records that do not fit are left out, and TC tells of them too, as CoreDNS has it")
    func additionals() throws {
        let name = DomainName("_http._tcp.headless.default.svc.cluster.local")!
        var message = Message.query(name, .srv, id: 1)
        message.answers = [Record(name: name, ttl: 1, data: .srv(priority: 0, weight: 1, port: 2, target: name))]
        message.additionals = (0..<100).map { Record(name: name, ttl: 1, data: .a(IPv4Address($0))) }
        let read = try Message(reading: message.bytes(limit: 512))
        #expect(read.isTruncated && read.answers == message.answers && read.additionals.count > 10)
    }

    @Test("an unknown EDNS version is answered BADVERS, DO is repeated")
    func edns() throws {
        var query = Message.query(DomainName("cluster.local")!, .soa, id: 7, payload: 1232)
        query.edns?.version = 1
        query.edns?.dnssecOK = true
        let answer = try Message(reading: #require(server.answer(query.bytes(), over: .udp)))
        #expect(answer.responseCode == .badVersion && answer.answers.isEmpty)
        #expect(answer.edns?.version == 0 && answer.edns?.dnssecOK == true)
    }

    @Test("what is no query is not answered: answers, fragments")
    func dropped() {
        var message = Message.query(DomainName("cluster.local")!, .a, id: 7)
        message.isResponse = true
        #expect(server.answer(message.bytes(), over: .udp) == nil)
        #expect(server.answer([], over: .udp) == nil)
        #expect(server.answer(Array(message.bytes().prefix(11)), over: .udp) == nil)
    }

    @Test("other opcodes are not implemented", arguments: [1, 2, 4, 5, 6, 15] as [UInt8])
    func opcodes(_ opcode: UInt8) throws {
        var message = Message.query(DomainName("cluster.local")!, .a, id: 7)
        message.opcode = opcode
        let answer = try Message(reading: #require(server.answer(message.bytes(), over: .udp)))
        #expect(answer.responseCode == .notImplemented && answer.opcode == opcode && answer.id == 7)
    }

    @Test("a query that cannot be read is a format error")
    func malformed() throws {
        let query = Message.query(DomainName("cluster.local")!, .a, id: 7, payload: 1232).bytes()
        func code(_ bytes: [UInt8]) throws -> ResponseCode {
            let answer = try Message(reading: #require(server.answer(bytes, over: .udp)))
            #expect(answer.id == 7 && answer.isResponse && answer.questions.isEmpty)
            return answer.responseCode
        }
        for length in 12..<query.count { #expect(try code(Array(query[..<length])) == .formatError) }
        for (place, value) in [(5, 0), (5, 2), (7, 1), (9, 2), (11, 3)] {
            var bytes = query
            bytes[place] = UInt8(value)
            #expect(try code(bytes) == .formatError)
        }
        #expect(try code(query + [UInt8](repeating: 0, count: 5000)) == .formatError)
        // A second OPT record.
        var twice = query + query[query.index(query.endIndex, offsetBy: -11)...]
        twice[11] = 2
        #expect(try code(twice) == .formatError)
    }

    @Test("messages on TCP come one by one, whatever pieces they come in")
    func frames() {
        let messages: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 9, count: 300)]
        let stream = messages.flatMap { TCPFrames.framed($0) }
        for size in [1, 2, 3, 7, 400] {
            var frames = TCPFrames()
            var read: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                frames.append(stream[start..<min(start + size, stream.count)])
                while let message = frames.next() { read.append(message) }
            }
            #expect(read == messages)
            #expect(frames.count == 0)
        }
    }
}
