/// The name of a network interface: 1 to 15 bytes, as the kernel takes it (`dev_valid_name` in net/core/dev.c).
///
/// Held inline in 16 bytes, so that names can be compared and hashed without following a pointer.
public struct InterfaceName: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// The longest name in bytes: IFNAMSIZ less the closing NUL.
    public static let maximumLength = 15

    /// Takes a name; nil if it is empty, longer than 15 bytes, `.` or `..`, or has a `/`, `:`, white space or control character.
    public init?(_ text: some StringProtocol) {
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) { return nil }
        self.init(bytes: text.utf8)
    }

    /// Takes a name as the kernel has it, up to the first NUL: that may hold any bytes but `/`, `:` and white space.
    public init?(bytes: some Sequence<UInt8>) {
        var (high, low): (UInt64, UInt64) = (0, 0)
        var count = 0
        for byte in bytes {
            if byte == 0 { break }
            guard count < Self.maximumLength, byte != UInt8(ascii: "/"), byte != UInt8(ascii: ":") else { return nil }
            if count < 8 {
                high |= UInt64(byte) << UInt64(56 - 8 * count)
            } else {
                low |= UInt64(byte) << UInt64(56 - 8 * (count - 8))
            }
            count += 1
        }
        guard count > 0, high != 0x2e << 56, high != 0x2e2e << 48 else { return nil }
        (self.high, self.low) = (high, low)
    }

    /// Calls `body` with each byte of the name in turn, without the closing NUL.
    public func forEachByte(_ body: (UInt8) -> Void) {
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift))
                if byte == 0 { return }
                body(byte)
            }
        }
    }
}

extension InterfaceName: ExpressibleByStringLiteral {
    /// A name that is written in the source.
    ///
    /// - Precondition: the literal is a valid name.
    public init(stringLiteral value: StaticString) {
        guard let name = InterfaceName(value.description) else {
            preconditionFailure("not an interface name: \(value)")
        }
        self = name
    }
}

extension InterfaceName: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}

extension InterfaceName: CustomStringConvertible {
    public var description: String {
        var bytes: [UInt8] = []
        forEachByte { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
