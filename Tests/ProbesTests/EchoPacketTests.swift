import Addresses
import Testing

@testable import Probes

@Suite("Echo packets")
struct EchoPacketTests {
    static let mark = EchoPayload(
        cookie: 0x1122_3344_5566_7788, index: 70_000, attempt: 2, sentAt: 0x0102_0304_0506_0708)

    /// A request, and the reply that a host makes of it by changing the type.
    static func echo(_ family: AddressFamily, reply: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xaa, count: EchoPacket.size)
        var span = bytes.mutableSpan
        EchoPacket.write(mark, family: family, to: &span)
        if reply { bytes[0] = family == .ipv4 ? 0 : 129 }
        return bytes
    }

    static func ipv4(_ payload: [UInt8], options: Int = 0, ttl: UInt8 = 62, protocol: UInt8 = 1) -> [UInt8] {
        [0x45 + UInt8(options / 4), 0, 0, 0, 0, 0, 0, 0, ttl, `protocol`, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
            + [UInt8](repeating: 1, count: options) + payload
    }

    static func ipv6(_ payload: [UInt8], next: UInt8 = 58) -> [UInt8] {
        [0x60, 0, 0, 0, 0, 0, next, 64] + [UInt8](repeating: 0xfd, count: 16)
            + [0xfd] + [UInt8](repeating: 0, count: 14) + [9] + payload
    }

    // The test macros take no spans.
    static func readIPv4(_ bytes: [UInt8]) -> (from: IPv4Address, ttl: UInt8, arrival: EchoPacket.Arrival)? {
        EchoPacket.readIPv4(bytes.span)
    }

    static func readIPv6(_ bytes: [UInt8]) -> EchoPacket.Arrival? { EchoPacket.readIPv6(bytes.span) }

    static func checksum(_ bytes: [UInt8]) -> UInt16 { EchoPacket.checksum(bytes.span, bytes.count) }

    @Test("a request carries the identifier, the sequence and the mark, in network order")
    func layout() {
        let bytes = Self.echo(.ipv4, reply: false)
        #expect(Array(bytes[..<2]) == [8, 0])
        #expect(Array(bytes[4..<8]) == [0x77, 0x88, 0x11, 0x70])
        #expect(Array(bytes[8..<16]) == [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88])
        #expect(Array(bytes[16..<24]) == [0, 1, 0x11, 0x70, 0, 0, 0, 2])
        #expect(Array(bytes[24..<32]) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(Self.echo(.ipv6, reply: false)[0] == 128)
    }

    @Test("an IPv4 request with its checksum sums up to nothing")
    func checksum() {
        let bytes = Self.echo(.ipv4, reply: false)
        #expect(Self.checksum(bytes) == 0)
        // RFC 1071, 3: the example's sum is ddf2.
        let example: [UInt8] = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]
        #expect(Self.checksum(example) == ~0xddf2)
    }

    @Test("a reply brings back the sender, the TTL and the mark", arguments: [0, 4, 40])
    func replies(options: Int) throws {
        let packet = Self.ipv4(Self.echo(.ipv4, reply: true), options: options)
        let reply = try #require(Self.readIPv4(packet))
        #expect(reply.from == IPv4Address("10.0.0.1"))
        #expect(reply.ttl == 62)
        #expect(reply.arrival == .reply(Self.mark))
        let bytes = Self.echo(.ipv6, reply: true)
        #expect(Self.readIPv6(bytes) == .reply(Self.mark))
    }

    @Test("an error names what it quotes, with the mark if so much was quoted")
    func errors() throws {
        let request = Self.echo(.ipv4, reply: false)
        for (quoted, mark) in [(request, Self.mark), (Array(request[..<8]), nil)] as [([UInt8], EchoPayload?)] {
            let packet = Self.ipv4([3, 1, 0, 0, 0, 0, 0, 0] + Self.ipv4(quoted))
            let error = try #require(Self.readIPv4(packet))
            #expect(
                error.arrival
                    == .error(
                        ICMPError(family: .ipv4, type: 3, code: 1), identifier: 0x7788, sequence: 0x1170,
                        destination: IPAddress("10.0.0.2")!, mark: mark))
        }
        let packet = [3, 0, 0, 0, 0, 0, 0, 0] + Self.ipv6(Self.echo(.ipv6, reply: false))
        #expect(
            Self.readIPv6(packet)
                == .error(
                    ICMPError(family: .ipv6, type: 3, code: 0), identifier: 0x7788, sequence: 0x1170,
                    destination: IPAddress("fd00::9")!, mark: Self.mark))
    }

    @Test("an error about something else than an echo request is none of ours")
    func otherErrors() {
        let request = Self.echo(.ipv4, reply: false)
        let udp = Self.ipv4([3, 3, 0, 0, 0, 0, 0, 0] + Self.ipv4(request, protocol: 17))
        #expect(Self.readIPv4(udp) == nil)
        let reply = Self.ipv4([3, 3, 0, 0, 0, 0, 0, 0] + Self.ipv4(Self.echo(.ipv4, reply: true)))
        #expect(Self.readIPv4(reply) == nil)
        let udp6 = [1, 0, 0, 0, 0, 0, 0, 0] + Self.ipv6(Self.echo(.ipv6, reply: false), next: 17)
        #expect(Self.readIPv6(udp6) == nil)
    }

    @Test("a packet that is cut off anywhere is read within its bounds")
    func truncation() {
        let packets4 = [
            Self.ipv4(Self.echo(.ipv4, reply: true)),
            Self.ipv4(Self.echo(.ipv4, reply: true), options: 40),
            Self.ipv4([11, 0, 0, 0, 0, 0, 0, 0] + Self.ipv4(Self.echo(.ipv4, reply: false), options: 40), options: 8),
        ]
        for packet in packets4 {
            for count in 0..<packet.count { _ = Self.readIPv4(Array(packet[..<count])) }
            #expect(Self.readIPv4(packet) != nil)
        }
        let packets6 = [
            Self.echo(.ipv6, reply: true),
            [1, 0, 0, 0, 0, 0, 0, 0] + Self.ipv6(Self.echo(.ipv6, reply: false)),
        ]
        for packet in packets6 {
            for count in 0..<packet.count { _ = Self.readIPv6(Array(packet[..<count])) }
            #expect(Self.readIPv6(packet) != nil)
        }
    }

    @Test("header sizes that lie are refused")
    func lyingHeaders() {
        var packet = Self.ipv4(Self.echo(.ipv4, reply: true))
        packet[0] = 0x4f
        #expect(Self.readIPv4(packet) == nil)
        packet[0] = 0x44
        #expect(Self.readIPv4(packet) == nil)
        packet[0] = 0x65
        #expect(Self.readIPv4(packet) == nil)
        let quoted = [0x4f] + Self.ipv4(Self.echo(.ipv4, reply: false)).dropFirst()
        let error = Self.ipv4([3, 0, 0, 0, 0, 0, 0, 0] + quoted)
        #expect(Self.readIPv4(error) == nil)
    }

    @Test("no bytes whatever lead out of bounds")
    func noise() {
        var generator = SeededGenerator(state: 7)
        let seeds4 = [
            Self.ipv4(Self.echo(.ipv4, reply: true)),
            Self.ipv4([3, 1, 0, 0, 0, 0, 0, 0] + Self.ipv4(Self.echo(.ipv4, reply: false))),
        ]
        let seeds6 = [
            Self.echo(.ipv6, reply: true), [1, 0, 0, 0, 0, 0, 0, 0] + Self.ipv6(Self.echo(.ipv6, reply: false)),
        ]
        for _ in 0..<20_000 {
            var packet = (Bool.random(using: &generator) ? seeds4 : seeds6).randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                packet[Int.random(in: 0..<packet.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            packet.removeLast(Int.random(in: 0...packet.count, using: &generator) / 3)
            _ = Self.readIPv4(packet)
            _ = Self.readIPv6(packet)
        }
    }
}

/// The same numbers on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
