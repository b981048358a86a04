import Addresses
import Packets

/// What an echo request carries so that its answer is known again among all the ICMP that a raw socket sees.
///
/// The cookie is drawn again for each run, so no other ping in the namespace has it.
struct EchoPayload: Hashable {
    /// The run's secret; its low 16 bits are the message's identifier.
    var cookie: UInt64
    /// The request's place in the run's list.
    var index: UInt32
    /// Which attempt it is, 0 for the first.
    var attempt: UInt32
    /// When it was sent, in nanoseconds of the monotonic clock.
    var sentAt: UInt64

    /// The size of the mark in bytes.
    static let size = 24
}

/// Echo requests and what comes back for them, as bytes: RFC 792, RFC 4443.
///
/// Nothing here trusts a length in a packet: reading goes through `Span`, which checks its bounds, and a
/// packet that is too short is no packet of ours.
enum EchoPacket {
    /// The size of an echo request in bytes: the ICMP header and the mark.
    static let size = 8 + EchoPayload.size

    /// Writes an echo request; the checksum is made for IPv4 and left to the kernel for IPv6, whose pseudo-header only
    /// the kernel knows.
    static func write(_ mark: EchoPayload, family: AddressFamily, to bytes: inout MutableSpan<UInt8>) {
        bytes[0] = family == .ipv4 ? 8 : 128
        bytes[1] = 0
        bytes.store(0, at: 2, size: 2)
        bytes.store(mark.cookie & 0xffff, at: 4, size: 2)
        bytes.store(UInt64(mark.index) & 0xffff, at: 6, size: 2)
        bytes.store(mark.cookie, at: 8, size: 8)
        bytes.store(UInt64(mark.index), at: 16, size: 4)
        bytes.store(UInt64(mark.attempt), at: 20, size: 4)
        bytes.store(mark.sentAt, at: 24, size: 8)
        if family == .ipv4 { bytes.store(UInt64(checksum(bytes.span, size)), at: 2, size: 2) }
    }

    /// What a packet says, if it may be about a request of ours.
    enum Arrival: Hashable {
        /// An answer with the mark it brings back.
        case reply(EchoPayload)
        /// An error that quotes a request. Its sender need not have quoted the mark.
        case error(ICMPError, identifier: UInt16, sequence: UInt16, destination: IPAddress, mark: EchoPayload?)
    }

    /// Reads what a raw IPv4 socket gives: the IP header and all after it.
    ///
    /// - Returns: the sender, the TTL and the message; nil if it is none of ours.
    static func readIPv4(_ bytes: Span<UInt8>) -> (from: IPv4Address, ttl: UInt8, arrival: Arrival)? {
        guard let header = ipv4HeaderSize(bytes), bytes.count >= header + 8 else { return nil }
        let from = IPv4Address(UInt32(bytes.number(at: 12, size: 4)))
        let message = bytes.extracting(header...)
        switch message[0] {
        case 0:
            guard let mark = mark(in: message) else { return nil }
            return (from, bytes[8], .reply(mark))
        case 3, 11, 12:
            let quoted = message.extracting(8...)
            guard let header = ipv4HeaderSize(quoted), quoted[9] == 1 else { return nil }
            let destination = IPAddress.v4(IPv4Address(UInt32(quoted.number(at: 16, size: 4))))
            let error = ICMPError(family: .ipv4, type: message[0], code: message[1])
            guard let arrival = quotedRequest(quoted.extracting(header...), type: 8, error, destination) else {
                return nil
            }
            return (from, bytes[8], arrival)
        default: return nil
        }
    }

    /// Reads what a raw ICMPv6 socket gives: the message without the IPv6 header.
    static func readIPv6(_ message: Span<UInt8>) -> Arrival? {
        guard message.count >= 8 else { return nil }
        switch message[0] {
        case 129: return mark(in: message).map { .reply($0) }
        case 1, 2, 3, 4:
            let quoted = message.extracting(8...)
            guard quoted.count >= 40, quoted[0] >> 4 == 6, quoted[6] == 58 else { return nil }
            let (high, low) = (quoted.number(at: 24, size: 8), quoted.number(at: 32, size: 8))
            let destination = IPAddress.v6(IPv6Address(UInt128(high) << 64 | UInt128(low)))
            let error = ICMPError(family: .ipv6, type: message[0], code: message[1])
            return quotedRequest(quoted.extracting(40...), type: 128, error, destination)
        default: return nil
        }
    }

    private static func quotedRequest(
        _ request: Span<UInt8>, type: UInt8, _ error: ICMPError, _ destination: IPAddress
    ) -> Arrival? {
        guard request.count >= 8, request[0] == type else { return nil }
        return .error(
            error, identifier: UInt16(request.number(at: 4, size: 2)), sequence: UInt16(request.number(at: 6, size: 2)),
            destination: destination, mark: mark(in: request))
    }

    /// The mark after an echo message's header; nil if the message is too short for one.
    private static func mark(in message: Span<UInt8>) -> EchoPayload? {
        guard message.count >= size else { return nil }
        return EchoPayload(
            cookie: message.number(at: 8, size: 8), index: UInt32(message.number(at: 16, size: 4)),
            attempt: UInt32(message.number(at: 20, size: 4)), sentAt: message.number(at: 24, size: 8))
    }

    /// The size of the IPv4 header that the packet begins with; nil if there is none.
    private static func ipv4HeaderSize(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 20, bytes[0] >> 4 == 4 else { return nil }
        let size = Int(bytes[0] & 15) * 4
        return size >= 20 && size <= bytes.count ? size : nil
    }

    /// The Internet checksum of the first `count` bytes.
    static func checksum(_ bytes: Span<UInt8>, _ count: Int) -> UInt16 { internetChecksum(bytes.extracting(..<count)) }
}

extension Span<UInt8> {
    /// The big-endian number of `size` bytes at `offset`.
    fileprivate func number(at offset: Int, size: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in offset..<offset + size { number = number << 8 | UInt64(self[index]) }
        return number
    }
}

extension MutableSpan<UInt8> {
    /// Writes the low `size` bytes of a number at `offset`, big end first.
    fileprivate mutating func store(_ number: UInt64, at offset: Int, size: Int) {
        for index in 0..<size {
            self[offset + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (size - 1 - index)))
        }
    }
}
