import CLinux
import Testing

@testable import Netlink

@Suite("reading messages")
struct ReadingTests {
    @Test("what is written is read back, with padding left out")
    func roundTrip() throws {
        var batch = RequestBatch()
        batch.append(20) { message in
            message.append(structure: UInt64(9))
            message.put(1, 7 as UInt8)
            message.put(2, 0x1234 as UInt16)
            message.put(3, -5 as Int32)
            message.putBigEndian(4, 0x0a00_0001 as UInt32)
            message.put(5, text: "eth0")
            message.nested(6) { $0.put(1, 1 as UInt64) }
        }
        batch.append(21) { _ in }
        let messages = try Message.all(in: batch.bytes)
        #expect(messages.map(\.type) == [20, 21])
        #expect(try messages[0].header(UInt64.self) == 9)
        let attributes = Array(try messages[0].attributes(after: UInt64.self))
        #expect(attributes.map(\.type) == [1, 2, 3, 4, 5, 6])
        #expect(try attributes[0].integer(UInt8.self) == 7)
        #expect(try attributes[1].integer(UInt16.self) == 0x1234)
        #expect(try attributes[2].integer(Int32.self) == -5)
        #expect(try attributes[3].bigEndian(UInt32.self) == 0x0a00_0001)
        #expect(attributes[4].text == "eth0")
        let inner = Array(try attributes[5].nested())
        #expect(try inner.map { try $0.integer(UInt64.self) } == [1])
        #expect(Array(try messages[1].attributes(after: UInt64.self)).isEmpty)
    }

    @Test("a value of another size than its type's is an error that names the attribute")
    func wrongSize() throws {
        let attribute = Attribute(type: 7, bytes: [1, 2, 3])
        let error = MalformedMessage.value(attribute: 7, length: 3)
        #expect(throws: error) { try attribute.integer(UInt8.self) }
        #expect(throws: error) { try attribute.integer(UInt32.self) }
        #expect(throws: error) { try attribute.bigEndian(UInt16.self) }
        #expect(throws: error) { try attribute.structure(UInt32.self) }
        #expect(try attribute.structure(UInt16.self) == 0x0201)
    }

    @Test("text ends at the first NUL, or at the end")
    func text() {
        #expect(Attribute(type: 1, bytes: [0x61, 0x62, 0, 0x63]).text == "ab")
        #expect(Attribute(type: 1, bytes: [0x61, 0x62]).text == "ab")
        #expect(Attribute(type: 1, bytes: []).text == "")
        #expect(Attribute(type: 1, bytes: [0xff, 0x61]).text == "\u{fffd}a")
    }

    @Test(
        "a length that does not fit is an error",
        arguments: [
            ([0, 0, 1, 0], 0), ([3, 0, 1, 0], 3), ([5, 0, 1, 0], 5), ([0xff, 0xff, 1, 0, 0, 0, 0, 0], 65535),
        ] as [([UInt8], Int)])
    func badAttributes(bytes: [UInt8], length: Int) {
        #expect(throws: MalformedMessage.attribute(length: length, available: bytes.count)) {
            try Attributes(bytes[...])
        }
    }

    @Test("an attribute header that is cut off is an error", arguments: 1...3)
    func cutHeader(count: Int) {
        #expect(throws: MalformedMessage.self) { try Attributes([UInt8](repeating: 4, count: count)[...]) }
        #expect(throws: MalformedMessage.self) { try Attributes([4, 0, 1, 0] + [UInt8](repeating: 4, count: count)) }
    }

    @Test("a last attribute without its padding is read")
    func unpadded() throws {
        #expect(Array(try Attributes([5, 0, 1, 0, 9])).map(\.bytes) == [[9]])
    }

    @Test("a message that says more than there is, or less than a header, is an error", arguments: [0, 15, 17, 1 << 31])
    func badMessages(length: Int) {
        let bytes = withUnsafeBytes(of: UInt32(length)) { Array($0) } + [UInt8](repeating: 0, count: 12)
        #expect(throws: MalformedMessage.message(length: length, available: 16)) { try Message.all(in: bytes) }
    }

    @Test("every cut of a good datagram is read or refused, and no cut is read as more than there was")
    func truncation() throws {
        let bytes = Hostile.datagram()
        let all = try Message.all(in: bytes).count
        for end in 0...bytes.count {
            if let messages = try? Message.all(in: Array(bytes[..<end])) { #expect(messages.count <= all) }
            Hostile.readEverything(Array(bytes[..<end]))
        }
    }

    @Test("a hundred thousand damaged datagrams are read or refused, and never more", arguments: 0..<4)
    func mutations(seed: Int) {
        var random = SeededGenerator(UInt64(seed))
        let good = Hostile.datagram()
        for _ in 0..<25_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                // Lengths stand in few places, so small numbers and the edges of sixteen bits are tried more often.
                bytes[position] = [0, 1, 3, 4, 5, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random)!
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            Hostile.readEverything(bytes)
        }
    }
}

/// A datagram of many sorts, and a reader that reads all of it in every way.
enum Hostile {
    static func datagram() -> [UInt8] {
        var batch = RequestBatch()
        for type in [16, 20, 24, 28] {
            batch.append(type) { message in
                message.append(structure: (UInt64(1), UInt64(2)))
                message.put(1, text: "eth0")
                message.nested(18) { info in
                    info.put(1, text: "vxlan")
                    info.nested(2) { $0.putBigEndian(17, 1 as UInt128) }
                }
                message.put(4, 1500 as UInt32)
            }
        }
        return batch.bytes + error(-101, sequence: 9, text: "Nexthop has invalid gateway")
    }

    /// An error report as the kernel writes it: `NLMSG_ERROR`, capped, with attributes.
    static func error(
        _ code: Int32, sequence: UInt32, port: UInt32 = 0, text: String? = nil, offset: UInt32? = nil,
        missing: UInt32? = nil
    ) -> [UInt8] {
        var batch = RequestBatch()
        batch.append(Int(NLMSG_ERROR)) { message in
            message.append(structure: code)
            message.append(structure: nlmsghdr(nlmsg_len: 60, nlmsg_type: 24, nlmsg_flags: 1, nlmsg_seq: sequence, nlmsg_pid: port))
            if let text { message.put(1, text: text) }
            if let offset { message.put(2, offset) }
            if let missing { message.put(5, missing) }
        }
        return relabel(
            batch.bytes, flags: UInt16(NLM_F_CAPPED) | (text ?? "" == "" && offset == nil && missing == nil ? 0 : UInt16(NLM_F_ACK_TLVS)),
            sequence: sequence, port: port)
    }

    /// The same message with another header.
    static func relabel(_ bytes: [UInt8], flags: UInt16, sequence: UInt32, port: UInt32) -> [UInt8] {
        var bytes = bytes
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: flags, toByteOffset: 6, as: UInt16.self)
            raw.storeBytes(of: sequence, toByteOffset: 8, as: UInt32.self)
            raw.storeBytes(of: port, toByteOffset: 12, as: UInt32.self)
        }
        return bytes
    }

    static func readEverything(_ bytes: [UInt8]) {
        for exchange in [ReplyReader.Exchange.dump, .requests(count: 20)] {
            var reader = ReplyReader(exchange, firstSequence: 0, port: 0)
            try? reader.read(bytes[...], sender: 0) { message in
                for size in 0..<3 {
                    let attributes =
                        size == 0
                        ? try? message.attributes(after: (UInt64, UInt64).self)
                        : size == 1 ? try? message.attributes(after: UInt8.self) : try? Attributes(message.payload)
                    if let attributes { walk(attributes, depth: 0) }
                }
            }
        }
    }

    private static func walk(_ attributes: Attributes, depth: Int) {
        for attribute in attributes {
            _ = attribute.text
            _ = try? attribute.integer(UInt32.self)
            _ = try? attribute.bigEndian(UInt128.self)
            _ = try? attribute.structure(nlmsghdr.self)
            if depth < 8, let inner = try? attribute.nested() { walk(inner, depth: depth + 1) }
        }
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
