/// An Ethernet address (IEEE 802, EUI-48), held as the low 48 bits of a number, first octet highest.
public struct MACAddress: Hashable, Sendable {
    /// The address as a number below 2^48.
    public let value: UInt64

    /// The address with this number; bits above the 48th are dropped.
    public init(_ value: UInt64) { self.value = value & 0xffff_ffff_ffff }

    /// The address of these six octets, first octet first; nil for any other count.
    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 6 else { return nil }
        self.value = octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Parses `ee:ee:ee:ee:ee:ee`: six groups of two hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 17 else { return nil }
        var value: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index % 3 == 2 {
                guard byte == UInt8(ascii: ":") else { return nil }
            } else {
                guard let digit = hexDigit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
        }
        self.value = value
    }

    /// The six octets, first octet first.
    public var octets: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) } }

    /// The IPv6 link-local address that an interface with this address forms (modified EUI-64: RFC 4291, appendix A).
    public var linkLocalAddress: IPv6Address {
        let (high, low) = (value >> 24 ^ 0x02_0000, value & 0xff_ffff)
        return IPv6Address(0xfe80 << 112 | UInt128(high << 40 | 0xfffe << 24 | low))
    }
}

extension MACAddress: CustomStringConvertible {
    public var description: String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
