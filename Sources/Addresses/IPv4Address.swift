/// An IPv4 address (RFC 791), held in host byte order so that it can be compared and counted.
public struct IPv4Address: Hashable, Sendable {
    /// The address as a number: `10.0.0.1` is `0x0A00_0001`.
    public var value: UInt32

    /// The address with this number, in host byte order.
    public init(_ value: UInt32) { self.value = value }

    /// Parses dotted-quad notation: four decimal octets without signs, spaces or leading zeros (RFC 6943, 3.1.1).
    public init?(_ text: some StringProtocol) {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits > 0 && octet == 0 { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                if octet > 255 { return nil }
            case UInt8(ascii: "."):
                if digits == 0 || dots == 3 { return nil }
                value = value << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            default: return nil
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        self.value = value << 8 | octet
    }
}

extension IPv4Address: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.value < rhs.value }
}

extension IPv4Address: CustomStringConvertible {
    public var description: String {
        "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
    }
}
