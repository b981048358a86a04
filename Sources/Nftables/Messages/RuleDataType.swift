import NetworkObjects

/// The type of what a rule looks at and a set holds: how nft(8) calls it, and how the kernel keeps it.
///
/// Its number is nft's own (`enum datatypes`, include/datatype.h of nftables): the kernel keeps it with a set and gives it back.
enum RuleDataType: UInt32, Hashable, CaseIterable {
    case integer = 4
    case ipv4Address = 7
    case ipv6Address = 8
    case transport = 12
    case port = 13
    case mark = 19
    case connectionState = 26
    case addressType = 38

    /// The type that a set's declaration calls so; nil for those that no value here has.
    init?(_ name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// Its name in declarations.
    var name: String {
        switch self {
        case .integer: "integer"
        case .ipv4Address: "ipv4_addr"
        case .ipv6Address: "ipv6_addr"
        case .transport: "inet_proto"
        case .port: "inet_service"
        case .mark: "mark"
        case .connectionState: "ct_state"
        case .addressType: "fib_addrtype"
        }
    }

    /// How many bytes a value has.
    var size: Int {
        switch self {
        case .ipv6Address: 16
        case .transport: 1
        case .port: 2
        case .integer, .ipv4Address, .mark, .connectionState, .addressType: 4
        }
    }

    /// Whether a value's bytes are in the machine's order, and not in the network's.
    var isInHostOrder: Bool {
        switch self {
        case .integer, .mark, .connectionState, .addressType: true
        case .ipv4Address, .ipv6Address, .transport, .port: false
        }
    }

    /// How many registers of four bytes a value takes.
    var words: Int { (size + 3) / 4 }
}

/// The types of a key's parts, or of what a map has for it.
struct RuleDataTypes: Hashable {
    let parts: [RuleDataType]

    init(_ parts: [RuleDataType]) { self.parts = parts }

    /// The number that nft keeps for it: six bits a part (`TYPE_BITS`).
    var number: UInt32 { parts.reduce(0) { $0 << 6 | $1.rawValue } }

    /// The types of this number; nil where one of them is none of those here.
    init?(number: UInt32) {
        var (rest, parts): (UInt32, [RuleDataType]) = (number, [])
        while rest != 0 {
            guard let part = RuleDataType(rawValue: rest & 0x3f) else { return nil }
            parts.insert(part, at: 0)
            rest >>= 6
        }
        if parts.isEmpty { return nil }
        self.parts = parts
    }

    /// How many bytes a key has: in a concatenation every part takes whole registers.
    var size: Int { parts.count == 1 ? parts[0].size : 4 * parts.reduce(0) { $0 + $1.words } }
}
