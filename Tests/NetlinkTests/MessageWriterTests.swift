import CLinux
import CMnl
import Testing

@testable import Netlink

/// The bytes that libmnl writes for a message of type 16: it is the witness for the layout.
private func libmnl(_ body: (UnsafeMutablePointer<nlmsghdr>) -> Void) -> [UInt8] {
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 16)
    defer { buffer.deallocate() }
    buffer.initializeMemory(as: UInt8.self, repeating: 0, count: 8192)
    let header = mnl_nlmsg_put_header(buffer)!
    header.pointee.nlmsg_type = 16
    header.pointee.nlmsg_flags = UInt16(NLM_F_REQUEST)
    body(header)
    return Array(UnsafeRawBufferPointer(start: buffer, count: Int(header.pointee.nlmsg_len)))
}

private func ours(_ body: (inout MessageWriter) -> Void) -> [UInt8] {
    var batch = RequestBatch(capacity: 0)
    batch.append(16, [], body)
    return batch.bytes
}

@Suite("writing messages")
struct MessageWriterTests {
    @Test("a message is its header, a structure, and attributes padded to four bytes")
    func exactBytes() {
        let bytes = ours { message in
            message.append(structure: UInt32(0xaabb_ccdd))
            message.put(1, 7 as UInt8)
            message.put(2, 0x0102 as UInt16)
            message.put(3, 0x0102_0304 as UInt32)
            message.putBigEndian(4, 0x0102 as UInt16)
            message.put(5, text: "abc")
            message.put(6, text: "abcd", terminated: false)
            message.putFlag(7)
        }
        #expect(
            bytes == [
                72, 0, 0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0xdd, 0xcc, 0xbb, 0xaa,
                5, 0, 1, 0, 7, 0, 0, 0,
                6, 0, 2, 0, 2, 1, 0, 0,
                8, 0, 3, 0, 4, 3, 2, 1,
                6, 0, 4, 0, 1, 2, 0, 0,
                8, 0, 5, 0, 0x61, 0x62, 0x63, 0,
                8, 0, 6, 0, 0x61, 0x62, 0x63, 0x64,
                4, 0, 7, 0,
            ])
    }

    @Test("numbers, text and structures are laid out as libmnl lays them out")
    func sameAsLibmnl() {
        let structure: (UInt32, UInt16, UInt16) = (1, 2, 3)
        let expected = libmnl { header in
            mnl_attr_put_u8(header, 1, 0xff)
            mnl_attr_put_u16(header, 2, 0xabcd)
            mnl_attr_put_u32(header, 3, 0xdead_beef)
            mnl_attr_put_u64(header, 4, 0x0102_0304_0506_0708)
            mnl_attr_put_u32(header, 5, (0x0a00_0001 as UInt32).bigEndian)
            mnl_attr_put_strz(header, 6, "eth0")
            mnl_attr_put_str(header, 7, "alias")
            withUnsafeBytes(of: structure) { mnl_attr_put(header, 8, $0.count, $0.baseAddress) }
            mnl_attr_put(header, 9, 0, nil)
        }
        let bytes = ours { message in
            message.put(1, 0xff as UInt8)
            message.put(2, 0xabcd as UInt16)
            message.put(3, 0xdead_beef as UInt32)
            message.put(4, 0x0102_0304_0506_0708 as UInt64)
            message.putBigEndian(5, 0x0a00_0001 as UInt32)
            message.put(6, text: "eth0")
            message.put(7, text: "alias", terminated: false)
            message.put(8, structure: structure)
            message.putFlag(9)
        }
        #expect(bytes == expected)
    }

    @Test("attributes inside attributes are laid out as libmnl lays them out")
    func nested() {
        let expected = libmnl { header in
            let outer = mnl_attr_nest_start(header, 18)
            mnl_attr_put_strz(header, 1, "veth")
            let inner = mnl_attr_nest_start(header, 2)
            mnl_attr_put_u8(header, 3, 1)
            mnl_attr_nest_end(header, inner)
            mnl_attr_nest_end(header, outer)
            mnl_attr_put_u32(header, 4, 5)
        }
        let bytes = ours { message in
            message.nested(18) { outer in
                outer.put(1, text: "veth")
                outer.nested(2) { $0.put(3, 1 as UInt8) }
            }
            message.put(4, 5 as UInt32)
        }
        #expect(bytes == expected)
    }

    @Test("bytes appended inside an attribute count exactly, and the padding behind them does not", arguments: 0...9)
    func appended(count: Int) {
        let bytes = ours { message in
            message.attribute(1) { value in for byte in 0..<count { value.append(UInt8(byte + 1)) } }
            message.putFlag(2)
        }
        let padding = [UInt8](repeating: 0, count: (4 - count % 4) % 4)
        #expect(
            Array(bytes[16...]) == [UInt8(4 + count), 0, 1, 0] + (0..<count).map { UInt8($0 + 1) } + padding + [4, 0, 2, 0])
    }

    @Test("128 bits in network byte order are sixteen bytes, highest first")
    func bigEndian128() {
        let bytes = ours { $0.putBigEndian(1, 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10 as UInt128) }
        #expect(Array(bytes[16...]) == [20, 0, 1, 0] + Array(1...16))
    }

    @Test("the buffer grows without losing what is in it")
    func growth() {
        var batch = RequestBatch(capacity: 0)
        for number in 0..<UInt32(5000) { batch.append(16) { $0.put(1, number) } }
        #expect(batch.count == 5000)
        let bytes = batch.bytes
        #expect(bytes.count == 5000 * 24)
        for number in [0, 1, 2499, 4999] {
            #expect(bytes[number * 24 + 20] == UInt8(truncatingIfNeeded: number))
            #expect(bytes[number * 24 + 21] == UInt8(truncatingIfNeeded: number >> 8))
        }
    }
}

@Suite("batches of requests")
struct RequestBatchTests {
    private struct Refused: Error {}

    @Test("a request whose body throws leaves no trace")
    func throwing() {
        var batch = RequestBatch()
        batch.append(16) { $0.put(1, 1 as UInt32) }
        let before = batch.bytes
        #expect(throws: Refused.self) {
            try batch.append(17) { message throws(Refused) in
                message.put(2, text: String(repeating: "x", count: 70_000))
                try message.nested(3) { _ throws(Refused) in throw Refused() }
            }
        }
        #expect(batch.bytes == before)
        #expect(batch.count == 1)
        #expect(batch.oversizedRequest == nil)
    }

    @Test("an attribute that is too long is remembered by its request, however it came about")
    func oversized() {
        let long = String(repeating: "x", count: 65_532)
        for body: (inout MessageWriter) -> Void in [
            { $0.put(1, text: long, terminated: false) },
            { $0.nested(1) { for _ in 0..<9000 { $0.put(2, 1 as UInt32) } } },
            { $0.nested(1) { $0.put(2, text: long, terminated: true) } },
        ] {
            var batch = RequestBatch()
            batch.append(16) { $0.put(1, 1 as UInt32) }
            batch.append(16, [], body)
            batch.append(16) { $0.put(1, 1 as UInt32) }
            #expect(batch.oversizedRequest == 1)
            #expect(batch.count == 3)
            batch.removeAll()
            #expect(batch.oversizedRequest == nil)
        }
        var batch = RequestBatch()
        batch.append(16) { $0.put(1, text: String(long.dropLast()), terminated: false) }
        #expect(batch.oversizedRequest == nil)
    }

    @Test("chunks hold whole requests, number them onwards, and ask for an answer to the last of each")
    func chunks() throws {
        var batch = RequestBatch()
        for _ in 0..<10 { batch.append(16, .create) { $0.put(1, 1 as UInt32) } }
        var found: [RequestBatch.Chunk] = []
        var previous: RequestBatch.Chunk?
        while let chunk = batch.prepareChunk(after: previous, firstSequence: 100, byteLimit: 100, requestLimit: 50) {
            found.append(chunk)
            previous = chunk
        }
        #expect(found.map(\.requests) == [0..<4, 4..<8, 8..<10])
        #expect(found.map(\.bytes) == [0..<96, 96..<192, 192..<240])
        let messages = try Message.all(in: batch.bytes)
        #expect(messages.map(\.sequence) == Array(100..<110))
        let acknowledged = messages.filter { $0.flags & UInt16(NLM_F_ACK) != 0 }
        #expect(acknowledged.map(\.sequence) == [103, 107, 109])
        #expect(messages.allSatisfy { $0.flags & UInt16(NLM_F_CREATE | NLM_F_REQUEST) == NLM_F_CREATE | NLM_F_REQUEST })
    }

    @Test("a chunk holds no more requests than may fail at once, and at least one however long it is")
    func limits() {
        var batch = RequestBatch()
        for _ in 0..<5 { batch.append(16) { $0.put(1, text: String(repeating: "x", count: 200)) } }
        let one = batch.prepareChunk(after: nil, firstSequence: 1, byteLimit: 10, requestLimit: 9)
        #expect(one?.requests == 0..<1)
        let two = batch.prepareChunk(after: nil, firstSequence: 1, byteLimit: 9999, requestLimit: 2)
        #expect(two?.requests == 0..<2)
        let end = RequestBatch.Chunk(bytes: 0..<batch.bytes.count, requests: 0..<5)
        #expect(batch.prepareChunk(after: end, firstSequence: 1, byteLimit: 10, requestLimit: 9) == nil)
    }

    @Test("sequence numbers go past the largest and start over")
    func wrapping() throws {
        var batch = RequestBatch()
        for _ in 0..<3 { batch.append(16) { _ in } }
        _ = batch.prepareChunk(after: nil, firstSequence: .max - 1, byteLimit: 9999, requestLimit: 99)
        #expect(try Message.all(in: batch.bytes).map(\.sequence) == [.max - 1, .max, 0])
    }

    @Test("an offset that the kernel names is translated to the attribute that stands there")
    func attributeTypes() {
        var batch = RequestBatch()
        batch.append(16) { _ in }
        batch.append(16) { message in
            message.append(structure: UInt32(0))
            message.put(5, 1 as UInt32)
            message.nested(9) { $0.put(6, 1 as UInt8) }
        }
        let chunk = RequestBatch.Chunk(bytes: 0..<batch.bytes.count, requests: 10..<12)
        #expect(batch.attributeType(ofRequest: 11, in: chunk, at: 20) == 5)
        #expect(batch.attributeType(ofRequest: 11, in: chunk, at: 28) == 9)
        #expect(batch.attributeType(ofRequest: 11, in: chunk, at: 32) == 6)
        for offset in [-4, 0, 15, 37, 38, 40, 10_000, .max - 4] {
            #expect(batch.attributeType(ofRequest: 11, in: chunk, at: offset) == nil)
        }
        #expect(batch.attributeType(ofRequest: 10, in: chunk, at: 16) == nil)
    }
}
