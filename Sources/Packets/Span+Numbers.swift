import Addresses

/// Numbers and addresses in a packet, big end first. Whoever asks has made sure that the bytes are there.
extension Span<UInt8> {
    func number16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

    func number32(at offset: Int) -> UInt32 { UInt32(number16(at: offset)) << 16 | UInt32(number16(at: offset + 2)) }

    func number64(at offset: Int) -> UInt64 { UInt64(number32(at: offset)) << 32 | UInt64(number32(at: offset + 4)) }

    func mac(at offset: Int) -> MACAddress {
        MACAddress(UInt64(number16(at: offset)) << 32 | UInt64(number32(at: offset + 2)))
    }

    func ipv4(at offset: Int) -> IPv4Address { IPv4Address(number32(at: offset)) }

    func ipv6(at offset: Int) -> IPv6Address {
        IPv6Address(UInt128(number64(at: offset)) << 64 | UInt128(number64(at: offset + 8)))
    }
}
