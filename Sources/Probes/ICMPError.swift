import Addresses

/// An error message of ICMP (RFC 792, RFC 1812) or ICMPv6 (RFC 4443).
public struct ICMPError: Hashable, Sendable {
    /// The version that the type and the code belong to.
    public var family: AddressFamily
    /// The message's type.
    public var type: UInt8
    /// The message's code.
    public var code: UInt8

    /// The error with these numbers.
    public init(family: AddressFamily, type: UInt8, code: UInt8) {
        self.family = family
        self.type = type
        self.code = code
    }
}

extension ICMPError: CustomStringConvertible {
    /// The words that ping(8) uses.
    public var description: String {
        switch (family, type, code) {
        case (.ipv4, 3, 0): "network unreachable"
        case (.ipv4, 3, 1): "host unreachable"
        case (.ipv4, 3, 2): "protocol unreachable"
        case (.ipv4, 3, 3), (.ipv6, 1, 4): "port unreachable"
        case (.ipv4, 3, 4), (.ipv6, 2, _): "packet too big"
        case (.ipv4, 3, 9), (.ipv4, 3, 10), (.ipv4, 3, 13), (.ipv6, 1, 1): "prohibited by a filter"
        case (.ipv4, 3, _): "unreachable (code \(code))"
        case (.ipv4, 11, _), (.ipv6, 3, _): "time to live exceeded"
        case (.ipv4, 12, _), (.ipv6, 4, _): "malformed header"
        case (.ipv6, 1, 0): "no route"
        case (.ipv6, 1, 2): "beyond the scope of the source address"
        case (.ipv6, 1, 3): "address unreachable"
        case (.ipv6, 1, 5): "source address refused"
        case (.ipv6, 1, 6): "rejected by a route"
        case (.ipv6, 1, _): "unreachable (code \(code))"
        default: "ICMP type \(type), code \(code)"
        }
    }
}
