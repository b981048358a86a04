/// The Internet checksum of bytes (RFC 1071): that of an odd number is as if a zero followed.
public func internetChecksum(_ bytes: Span<UInt8>) -> UInt16 {
    var sum: UInt64 = 0
    for offset in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt64(bytes[offset]) << 8 | (offset + 1 < bytes.count ? UInt64(bytes[offset + 1]) : 0)
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
}
