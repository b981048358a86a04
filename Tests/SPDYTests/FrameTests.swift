import KernelTestSupport
import Testing

@testable import SPDY

@Suite("Frames of SPDY/3.1")
struct FrameTests {
    /// Two SYN_STREAM frames whose header blocks zlib has made for Python, with the dictionary of the protocol's own text.
    private static let opening = bytes(
        "80030001000000280000000100000000000078f9e3c6a7c202a62346703a2b294a4dcc851625aca9a08006000000ffff"
            + "80030001010000250000000300000000000002651c0c2960624ec90797d1c022bb084c5b18581800000000ffff")

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { UInt8(hexDigit: $0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func frames(_ bytes: [UInt8], pieces: Int = .max) throws -> [Frame] {
        let reader = FrameReader()
        var (frames, rest) = ([Frame](), bytes[...])
        while !rest.isEmpty {
            reader.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let frame = try reader.next() { frames.append(frame) }
        }
        return frames
    }

    @Test("are read as they come, in whatever pieces", arguments: [1, 7, 1000])
    func reading(_ pieces: Int) throws {
        #expect(
            try frames(Self.opening, pieces: pieces) == [
                .open(stream: 1, headers: ["streamtype": "error"], isLast: false),
                .open(stream: 3, headers: ["streamtype": "stdout", "port": "8080"], isLast: true),
            ])
    }

    @Test("are written as they are read")
    func roundTrip() throws {
        let all: [Frame] = [
            .open(stream: 1, headers: ["streamtype": "data", "port": "80", "requestid": "0"], isLast: false),
            .reply(stream: 1), .data(stream: 1, Array("hello".utf8), isLast: false), .data(stream: 1, [], isLast: true),
            .ping(7), .open(stream: 3, headers: ["streamtype": "data"], isLast: true), .reset(stream: 3, .cancel),
            .goAway(lastStream: 3),
        ]
        let writer = FrameWriter()
        #expect(try frames(all.flatMap { writer.bytes(of: $0) }, pieces: 3).merged == all)
    }

    @Test("header blocks are what zlib reads for another program")
    func witness() throws {
        let writer = FrameWriter()
        let blocks = [writer.bytes(of: .reply(stream: 1)), writer.bytes(of: .reply(stream: 3))].map { $0[12...] }
        let script = """
            import sys, zlib
            words = sys.stdin.read().split()
            reader = zlib.decompressobj(zdict=bytes.fromhex(words[0]))
            print([reader.decompress(bytes.fromhex(word)).hex() for word in words[1:]])
            """
        let words = ([HeaderDictionary.bytes[...]] + blocks).map { $0.map(hex).joined() }
        let read = try Witness.output(["python3", "-c", script], input: words.joined(separator: " "))
        #expect(read == "['00000000', '00000000']\n")
        // The dictionary is the one that the protocol names: its checksum is in the head of every stream (RFC 1950).
        #expect(Array(blocks[0].prefix(6).dropFirst(2)) == [0xe3, 0xc6, 0xa7, 0xc2])
    }

    private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    @Test("a long frame of data comes in parts, the last of which ends the stream")
    func parts() throws {
        let content = [UInt8](repeating: 7, count: 100_000)
        let writer = FrameWriter()
        let read = try frames(writer.bytes(of: .data(stream: 5, content, isLast: true)))
        #expect(read.count > 1 && read.merged == [.data(stream: 5, content, isLast: true)])
    }

    @Test("of another version, too long or too short are none")
    func refused() {
        func error(_ bytes: [UInt8]) -> MalformedFrame? {
            do { _ = try frames(bytes) } catch { return error as? MalformedFrame }
            return nil
        }
        #expect(error([0x80, 2, 0, 1, 0, 0, 0, 0]) == .version(2))
        #expect(error([0x80, 3, 0, 4, 0, 1, 0, 0]) == .length(65536))
        #expect(error([0x80, 3, 0, 6, 0, 0, 0, 1, 9]) == .length(1))
        #expect(error([0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9, 9]) == .headers)
    }

    @Test("header blocks that decompress to more than there is room for are none")
    func bomb() throws {
        let writer = FrameWriter()
        func bytes(_ count: Int) -> [UInt8] {
            writer.bytes(
                of: .open(stream: 1, headers: ["a": String(repeating: "x", count: count)], isLast: false))
        }
        #expect(try frames(bytes(60_000)).count == 1)
        let long = FrameWriter().bytes(
            of: .open(stream: 1, headers: ["a": String(repeating: "x", count: 1_000_000)], isLast: false))
        #expect(long.count < FrameReader.longest)
        #expect(throws: MalformedFrame.headers) { try frames(long) }
    }

    @Test(
        "header blocks whose numbers do not fit are none",
        arguments: [
            [], [0, 0, 0, 1], [255, 255, 255, 255], [0, 0, 0, 1, 0, 0, 0, 9, 97, 0, 0, 0, 0], [0, 0, 0, 0, 1],
        ])
    func fields(_ bytes: [UInt8]) { #expect(throws: MalformedFrame.headers) { try HeaderDecoder.fields(bytes) } }
}

extension UInt8 {
    fileprivate init(hexDigit: UInt8) { self = hexDigit >= 97 ? hexDigit - 87 : hexDigit - 48 }
}

extension [Frame] {
    /// With the parts of data made one again.
    fileprivate var merged: [Frame] {
        reduce(into: []) { frames, frame in
            if case .data(let stream, let bytes, let isLast) = frame, !bytes.isEmpty,
                case .data(stream, let before, false)? = frames.last
            {
                frames[frames.count - 1] = .data(stream: stream, before + bytes, isLast: isLast)
            } else {
                frames.append(frame)
            }
        }
    }
}
