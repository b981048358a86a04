import Addresses

/// A value in a rule, or a part of a set's key.
public enum RuleValue: Hashable, Sendable {
    case address(IPAddress)
    case prefix(Prefix)
    case transport(Transport)
    case number(UInt32)
    /// A number that stands for its bits.
    case bits(UInt32)
    /// What no other case says, in nft's words.
    case other(String)

    /// Reads a value as nft lists it; what is not known is taken as it is.
    init(reading text: Substring) {
        // By the first character: a set may have very many of them.
        if let number = UInt32(text) {
            self = .number(number)
        } else if text.hasPrefix("0x"), let bits = UInt32(text.dropFirst(2), radix: 16) {
            self = .bits(bits)
        } else if let address = IPAddress(text) {
            self = .address(address)
        } else if text.contains("/"), let prefix = Prefix(text) {
            self = .prefix(prefix)
        } else if let transport = Transport(String(text)) {
            self = .transport(transport)
        } else {
            self = .other(String(text))
        }
    }
}

extension RuleValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .address(let address): "\(address)"
        case .prefix(let prefix): "\(prefix)"
        case .transport(let transport): "\(transport)"
        case .number(let number): "\(number)"
        case .bits(let bits): bits.hexadecimal
        case .other(let text): text
        }
    }
}

extension UInt32 {
    /// As nft writes bits: `0x00004000`.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}

extension AddressFamily {
    /// The type of its addresses in sets, by nft's name.
    public var ruleType: String { self == .ipv4 ? "ipv4_addr" : "ipv6_addr" }
}
