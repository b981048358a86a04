/// An IPv6 address (RFC 4291), held in host byte order so that it can be compared and counted.
///
/// Two words and not one `UInt128`: its alignment of 16 bytes would make every structure with an address larger, and
/// unoptimised code of Swift 6.3 misplaces such structures when they are returned in registers.
public struct IPv6Address: Hashable, Sendable {
    private var high: UInt64
    private var low: UInt64

    /// The address as a number: `::1` is 1.
    public var value: UInt128 {
        get { UInt128(high) << 64 | UInt128(low) }
        set { (high, low) = (UInt64(truncatingIfNeeded: newValue >> 64), UInt64(truncatingIfNeeded: newValue)) }
    }

    /// The address with this number, in host byte order.
    public init(_ value: UInt128) {
        (high, low) = (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
    }

    /// Parses the text forms of RFC 4291, 2.2: eight groups, `::` once, and a dotted-quad tail. A zone (`%eth0`) is refused.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 45 else { return nil }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        // A leading or trailing "::" leaves two empty parts where the compressed run needs one.
        if parts[0].isEmpty {
            guard parts[1].isEmpty else { return nil }
            parts.removeFirst()
        }
        if parts[parts.count - 1].isEmpty {
            guard parts[parts.count - 2].isEmpty else { return nil }
            parts.removeLast()
        }
        var groups: [UInt16] = []
        var compressedAt: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard compressedAt == nil else { return nil }
                compressedAt = groups.count
            } else if index == parts.count - 1, let tail = IPv4Address(part) {
                groups += [UInt16(tail.value >> 16), UInt16(truncatingIfNeeded: tail.value)]
            } else {
                guard part.utf8.count <= 4 else { return nil }
                var group: UInt16 = 0
                for byte in part.utf8 {
                    guard let digit = hexDigit(byte) else { return nil }
                    group = group << 4 | UInt16(digit)
                }
                groups.append(group)
            }
        }
        if let compressedAt {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: compressedAt)
        }
        guard groups.count == 8 else { return nil }
        self.init(groups.reduce(0) { $0 << 16 | UInt128($1) })
    }

    /// The eight 16-bit groups, first group first.
    public var groups: [UInt16] {
        (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
    }
}

extension IPv6Address: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.value < rhs.value }
}

extension IPv6Address: CustomStringConvertible {
    /// The canonical text of RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`,
    /// and the dotted-quad tail for IPv4-mapped addresses.
    public var description: String {
        if value >> 32 == 0xffff { return "::ffff:\(IPv4Address(UInt32(truncatingIfNeeded: value)))" }
        let groups = groups
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > max(best.count, 1) { best = index..<end }
            index = max(end, index + 1)
        }
        func join(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return join(groups[...]) }
        return join(groups[..<best.lowerBound]) + "::" + join(groups[best.upperBound...])
    }
}

/// The value of one hexadecimal digit in ASCII, or nil.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
