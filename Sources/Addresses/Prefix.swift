/// A network prefix (RFC 4632 for IPv4, RFC 4291 for IPv6). Bits past the length are always zero.
public struct Prefix: Hashable, Sendable {
    /// The first address of the prefix.
    public let address: IPAddress
    /// The number of leading bits that are fixed: 0 to 32, or 0 to 128.
    public let length: Int

    /// The prefix of this length that holds `address`; host bits are cleared.
    ///
    /// - Precondition: `length` is within the family's bits.
    public init(_ address: IPAddress, length: Int) {
        precondition((0...address.family.bits).contains(length), "prefix length out of range")
        self.length = length
        let host = Prefix.hostMask(address.family, length)
        self.address = IPAddress(family: address.family, value: address.value & ~host)!
    }

    /// Parses `192.168.0.0/16` or `fd00::/48`. Text with host bits set is refused: it is an `InterfaceAddress`.
    public init?(_ text: some StringProtocol) {
        guard let parsed = InterfaceAddress(text), parsed.address == parsed.prefix.address else { return nil }
        self = parsed.prefix
    }

    /// Everything of a family: `0.0.0.0/0` or `::/0`.
    public static func all(_ family: AddressFamily) -> Prefix {
        Prefix(IPAddress(family: family, value: 0)!, length: 0)
    }

    /// The addresses that are only valid on their own link: `169.254.0.0/16` or `fe80::/10`.
    public static func linkLocal(_ family: AddressFamily) -> Prefix {
        switch family {
        case .ipv4: Prefix(.v4(IPv4Address(0xa9fe_0000)), length: 16)
        case .ipv6: Prefix(.v6(IPv6Address(0xfe80 << 112)), length: 10)
        }
    }

    public var family: AddressFamily { address.family }

    /// The last address of the prefix (an IPv4 subnet's broadcast address).
    public var lastAddress: IPAddress {
        IPAddress(family: family, value: address.value | Prefix.hostMask(family, length))!
    }

    /// Whether the address lies in the prefix.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.value & ~Prefix.hostMask(family, length) == address.value
    }

    /// Whether all of the other prefix lies in this one.
    public func contains(_ other: Prefix) -> Bool { other.length >= length && contains(other.address) }

    /// Whether the two share an address.
    public func overlaps(_ other: Prefix) -> Bool { contains(other) || other.contains(self) }

    /// The address at this position in the prefix, or nil past its end.
    public func address(at ordinal: UInt128) -> IPAddress? {
        ordinal > Prefix.hostMask(family, length)
            ? nil : IPAddress(family: family, value: address.value | ordinal)
    }

    private static func hostMask(_ family: AddressFamily, _ length: Int) -> UInt128 {
        let bits = family.bits - length
        return bits == 128 ? .max : (1 << UInt128(bits)) - 1
    }
}

extension Prefix: Comparable {
    /// By first address, the wider prefix first.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.address == rhs.address ? lhs.length < rhs.length : lhs.address < rhs.address
    }
}

extension Prefix: CustomStringConvertible {
    public var description: String { "\(address)/\(length)" }
}

/// An address as it is given to an interface: with the length of the prefix that is on link.
public struct InterfaceAddress: Hashable, Sendable {
    /// The interface's own address.
    public let address: IPAddress
    /// The length of the on-link prefix in bits.
    public let prefixLength: Int

    /// An address and the length of its on-link prefix.
    ///
    /// - Precondition: `prefixLength` is within the family's bits.
    public init(_ address: IPAddress, prefixLength: Int) {
        precondition((0...address.family.bits).contains(prefixLength), "prefix length out of range")
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Parses `10.10.10.1/24` or `fd00::1/64`; the length must be written.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.lastIndex(of: "/"), let address = IPAddress(text[..<slash]) else { return nil }
        let digits = text[text.index(after: slash)...].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        if digits.count > 1, digits.first == 48 { return nil }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        guard length <= address.family.bits else { return nil }
        self.init(address, prefixLength: length)
    }

    /// The prefix that is on link.
    public var prefix: Prefix { Prefix(address, length: prefixLength) }

    /// The address's family.
    public var family: AddressFamily { address.family }
}

extension InterfaceAddress: CustomStringConvertible {
    public var description: String { "\(address)/\(prefixLength)" }
}
