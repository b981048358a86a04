/// The two versions of the Internet Protocol.
public enum AddressFamily: UInt8, Codable, Hashable, Sendable, CaseIterable, Comparable {
    case ipv4 = 4
    case ipv6 = 6

    /// The length of an address in bits.
    public var bits: Int { self == .ipv4 ? 32 : 128 }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension AddressFamily: CustomStringConvertible {
    public var description: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

/// An address of either family.
public enum IPAddress: Hashable, Sendable {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Parses either family.
    public init?(_ text: some StringProtocol) {
        if let v4 = IPv4Address(text) {
            self = .v4(v4)
        } else if let v6 = IPv6Address(text) {
            self = .v6(v6)
        } else {
            return nil
        }
    }

    /// The address of a family with this number; nil if the number is too large for the family.
    public init?(family: AddressFamily, value: UInt128) {
        switch family {
        case .ipv4:
            guard let value = UInt32(exactly: value) else { return nil }
            self = .v4(IPv4Address(value))
        case .ipv6: self = .v6(IPv6Address(value))
        }
    }

    /// The family the address belongs to.
    public var family: AddressFamily {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }

    /// The address as a number, in host byte order.
    public var value: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.value)
        case .v6(let address): address.value
        }
    }

    /// The address `offset` further on, or nil past the end of the address space.
    public func advanced(by offset: UInt128) -> IPAddress? {
        let (sum, overflow) = value.addingReportingOverflow(offset)
        return overflow ? nil : IPAddress(family: family, value: sum)
    }

    /// Whether it is only valid on its own link (RFC 3927; RFC 4291, 2.5.6).
    public var isLinkLocal: Bool { Prefix.linkLocal(family).contains(self) }

    /// Whether it is an IPv6 address of a site's own choice, `fc00::/7` (RFC 4193).
    public var isUniqueLocal: Bool { family == .ipv6 && value >> 121 == 0xfc >> 1 }

    /// The prefix that holds this address alone: `/32` or `/128`.
    public var hostPrefix: Prefix { Prefix(self, length: family.bits) }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.family, lhs.value) < (rhs.family, rhs.value)
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}
