import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite("answers to an exchange")
struct ReplyReaderTests {
    private static let port: UInt32 = 4242

    /// A message as the kernel answers: to this sequence number, for this port.
    private static func answer(
        _ type: Int, _ sequence: UInt32, flags: Int32 = NLM_F_MULTI, port: UInt32 = port,
        _ body: (inout MessageWriter) -> Void = { _ in }
    ) -> [UInt8] {
        var batch = RequestBatch()
        batch.append(type, [], body)
        return Hostile.relabel(batch.bytes, flags: UInt16(flags), sequence: sequence, port: port)
    }

    private static func done(_ sequence: UInt32, error: Int32 = 0, flags: Int32 = NLM_F_MULTI, text: String? = nil) -> [UInt8] {
        answer(Int(NLMSG_DONE), sequence, flags: flags) { message in
            message.append(structure: error)
            if let text { message.put(1, text: text) }
        }
    }

    /// Feeds datagrams of the kernel to a reader; gives back the types of the messages that it handed on.
    private func read(_ reader: inout ReplyReader, _ datagrams: [UInt8]..., sender: UInt32 = 0) throws -> [Int] {
        var types: [Int] = []
        for datagram in datagrams { try reader.read(datagram[...], sender: sender) { types.append($0.type) } }
        return types
    }

    @Test("a batch is over with the answer to its last request, and failures before it are kept in order")
    func batch() throws {
        var reader = ReplyReader(.requests(count: 5), firstSequence: 100, port: Self.port)
        _ = try read(&reader, Hostile.error(-ENETUNREACH, sequence: 101, port: Self.port, text: "Nexthop has invalid gateway"))
        #expect(!reader.isFinished)
        _ = try read(&reader, Hostile.error(-EEXIST, sequence: 103, port: Self.port))
        #expect(!reader.isFinished)
        _ = try read(&reader, Hostile.error(0, sequence: 104, port: Self.port))
        #expect(reader.isFinished)
        #expect(
            reader.failures == [
                RequestFailure(requestIndex: 1, errno: ENETUNREACH, message: "Nexthop has invalid gateway"),
                RequestFailure(requestIndex: 3, errno: EEXIST),
            ])
    }

    @Test("a batch whose last request fails is over as well")
    func lastFails() throws {
        var reader = ReplyReader(.requests(count: 2), firstSequence: 7, port: Self.port)
        _ = try read(&reader, Hostile.error(-EPERM, sequence: 8, port: Self.port))
        #expect(reader.isFinished)
        #expect(reader.failures.map(\.requestIndex) == [1])
    }

    @Test("the sentence, the place and the missing attribute are read, and words go before them")
    func extendedAcknowledgement() throws {
        var reader = ReplyReader(.requests(count: 1), firstSequence: 1, port: Self.port)
        _ = try read(
            &reader, Hostile.error(-EINVAL, sequence: 1, port: Self.port, text: "Bad thing", offset: 36, missing: 4))
        #expect(
            reader.failures == [
                RequestFailure(requestIndex: 0, errno: EINVAL, message: "Bad thing", attributeOffset: 36, attributeType: 4)
            ])
        #expect(reader.failures[0].description == "Invalid argument (kernel: Bad thing)")
        #expect(NetlinkError.refused(reader.failures).description == "Invalid argument (kernel: Bad thing)")
        #expect(NetlinkError.refused(reader.failures).errno == EINVAL)
    }

    @Test("a report that brings the request back has its attributes behind it")
    func uncapped() throws {
        var batch = RequestBatch()
        batch.append(Int(NLMSG_ERROR)) { message in
            message.append(structure: -EINVAL)
            message.append(structure: nlmsghdr(nlmsg_len: 23, nlmsg_type: 24, nlmsg_flags: 1, nlmsg_seq: 1, nlmsg_pid: 0))
            // The rest of the request: seven bytes and their padding.
            message.append(structure: (UInt32.max, UInt32.max))
            message.put(1, text: "behind the echo")
        }
        let datagram = Hostile.relabel(batch.bytes, flags: UInt16(NLM_F_ACK_TLVS), sequence: 1, port: Self.port)
        var reader = ReplyReader(.requests(count: 1), firstSequence: 1, port: Self.port)
        _ = try read(&reader, datagram)
        #expect(reader.failures.map(\.message) == ["behind the echo"])
    }

    @Test("what another process sent, or what answers another socket or an earlier exchange, is passed over")
    func foreign() throws {
        var reader = ReplyReader(.requests(count: 3), firstSequence: 50, port: Self.port)
        let acknowledgement = Hostile.error(0, sequence: 52, port: Self.port)
        _ = try read(&reader, acknowledgement, sender: 999)
        _ = try read(&reader, Hostile.error(0, sequence: 52, port: 1))
        _ = try read(&reader, Hostile.error(-EPERM, sequence: 49, port: Self.port))
        _ = try read(&reader, Hostile.error(-EPERM, sequence: 53, port: Self.port))
        #expect(!reader.isFinished)
        #expect(reader.failures.isEmpty)
        _ = try read(&reader, acknowledgement)
        #expect(reader.isFinished)
    }

    @Test("a dump hands on its objects over several datagrams and ends with NLMSG_DONE")
    func dump() throws {
        var reader = ReplyReader(.dump, firstSequence: 9, port: Self.port)
        let types = try read(
            &reader, Self.answer(16, 9) + Self.answer(17, 9), Self.answer(18, 9), Self.answer(Int(NLMSG_NOOP), 9))
        #expect(types == [16, 17, 18])
        #expect(!reader.isFinished)
        #expect(try read(&reader, Self.answer(19, 9) + Self.done(9)) == [19])
        #expect(reader.isFinished && !reader.isInterrupted && reader.failures.isEmpty)
    }

    @Test("a dump under which the table changed says so, wherever the flag stands", arguments: [0, 1, 2])
    func interrupted(position: Int) throws {
        let flags = (0..<3).map { $0 == position ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI }
        var reader = ReplyReader(.dump, firstSequence: 9, port: Self.port)
        _ = try read(
            &reader, Self.answer(16, 9, flags: flags[0]), Self.answer(16, 9, flags: flags[1]),
            Self.done(9, flags: flags[2]))
        #expect(reader.isFinished && reader.isInterrupted)
    }

    @Test("a dump that ends with an error, or is refused at once, has failed")
    func failedDump() throws {
        var reader = ReplyReader(.dump, firstSequence: 9, port: Self.port)
        _ = try read(
            &reader, Self.answer(16, 9), Self.done(9, error: -ENOBUFS, flags: NLM_F_MULTI | NLM_F_ACK_TLVS, text: "no room"))
        #expect(reader.isFinished)
        #expect(reader.failures == [RequestFailure(requestIndex: 0, errno: ENOBUFS, message: "no room")])

        var refused = ReplyReader(.dump, firstSequence: 9, port: Self.port)
        _ = try read(&refused, Hostile.error(-EOPNOTSUPP, sequence: 9, port: Self.port))
        #expect(refused.isFinished)
        #expect(refused.failures.map(\.errno) == [EOPNOTSUPP])
    }

    @Test("an overrun means lost answers")
    func overrun() {
        var reader = ReplyReader(.dump, firstSequence: 9, port: Self.port)
        #expect(throws: NetlinkError.repliesLost) { try read(&reader, Self.answer(Int(NLMSG_OVERRUN), 9)) }
    }

    @Test("an error code that cannot be negated is an error all the same")
    func extremeCode() throws {
        var reader = ReplyReader(.requests(count: 1), firstSequence: 1, port: Self.port)
        _ = try read(&reader, Hostile.error(.min, sequence: 1, port: Self.port))
        #expect(reader.failures.map(\.errno) == [.max])
    }

    @Test("an error report that is cut off is malformed", arguments: 0..<20)
    func cut(length: Int) {
        let datagram = Self.answer(Int(NLMSG_ERROR), 1) { message in for _ in 0..<length { message.append(1 as UInt8) } }
        // A batch pads what it holds; here the message ends where it ends.
        var bytes = Array(datagram[..<(16 + length)])
        bytes[0] = UInt8(16 + length)
        var reader = ReplyReader(.requests(count: 1), firstSequence: 1, port: Self.port)
        #expect(throws: NetlinkError.malformed(.header(needed: 20, available: length))) { try read(&reader, bytes) }
    }
}
