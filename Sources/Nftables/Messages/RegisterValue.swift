import Addresses
import NetworkObjects

/// A value as the kernel's registers and sets hold it: up to sixteen bytes.
struct RegisterValue: Hashable {
    /// The bytes, the first ones highest; what is behind them is zero.
    var bits: UInt128
    /// How many bytes there are.
    var size: Int

    private init(bits: UInt128, size: Int) {
        self.bits = bits
        self.size = size
    }

    /// A number of this type.
    ///
    /// - Returns: nil if it does not fit.
    init?(_ number: UInt128, _ type: RuleDataType) {
        size = type.size
        if size < 16, number >> (8 * UInt128(size)) != 0 { return nil }
        // Those in the machine's order have four bytes.
        let ordered = type.isInHostOrder ? UInt128(UInt32(truncatingIfNeeded: number).bigEndian) : number
        bits = ordered << (128 - 8 * UInt128(size))
    }

    /// A value of a rule, as one of this type.
    ///
    /// - Throws: where no value of this type is written so.
    init(_ value: RuleValue, _ type: RuleDataType) throws(UnsayableRule) {
        let number: UInt128? =
            switch (value, type) {
            case (.address(let address), .ipv4Address) where address.family == .ipv4: address.value
            case (.address(let address), .ipv6Address) where address.family == .ipv6: address.value
            case (.transport(let transport), .transport): transport.protocolNumber
            case (.number(let number), .port), (.number(let number), .integer): UInt128(number)
            case (.bits(let bits), .mark): UInt128(bits)
            case (.other(let word), _): type.namedValues.first { $0.key == word }.map { UInt128($0.value) }
            default: nil
            }
        guard let number, let value = RegisterValue(number, type) else {
            throw UnsayableRule("\(value) as \(type.name)")
        }
        self = value
    }

    /// The bytes that these are in a message.
    init?(_ bytes: ArraySlice<UInt8>) {
        if bytes.count > 16 { return nil }
        size = bytes.count
        bits = bytes.reduce(0) { $0 << 8 | UInt128($1) } << (128 - 8 * UInt128(size))
    }

    /// The number that it is as one of this type.
    func number(_ type: RuleDataType) -> UInt128 {
        let number = bits >> (128 - 8 * UInt128(size))
        return type.isInHostOrder ? UInt128(UInt32(truncatingIfNeeded: number).bigEndian) : number
    }

    /// Its bytes, the first one first.
    func forEachByte(_ body: (UInt8) -> Void) {
        var shift: UInt128 = 120
        for _ in 0..<size {
            body(UInt8(truncatingIfNeeded: bits >> shift))
            shift = shift &- 8
        }
    }

    /// The mask of a prefix's length in this type's size.
    static func mask(_ length: Int, _ type: RuleDataType) -> RegisterValue {
        RegisterValue(bits: length == 0 ? 0 : ~0 << (128 - UInt128(length)), size: type.size)
    }

    /// As many bytes of it.
    func prefix(_ size: Int) -> RegisterValue { RegisterValue(bits: bits, size: size) }

    /// As many zeros.
    static func zero(_ type: RuleDataType) -> RegisterValue { RegisterValue(bits: 0, size: type.size) }
}

extension Transport {
    /// Its number in the IP header (IANA, Protocol Numbers).
    var protocolNumber: UInt128 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
    }

    init?(protocolNumber: UInt128) {
        guard let transport = Self.allCases.first(where: { $0.protocolNumber == protocolNumber }) else { return nil }
        self = transport
    }
}

extension RuleDataType {
    /// nft's words for some values of this type (nft(8), DATA TYPES), and the kernel's numbers of them.
    var namedValues: [(key: String, value: UInt32)] {
        switch self {
        // `NF_CT_STATE_BIT` (linux/netfilter/nf_conntrack_common.h).
        case .connectionState: [("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)]
        // `RTN_*` (linux/rtnetlink.h).
        case .addressType:
            [
                ("unspec", 0), ("unicast", 1), ("local", 2), ("broadcast", 3), ("anycast", 4), ("multicast", 5),
                ("blackhole", 6), ("unreachable", 7), ("prohibit", 8),
            ]
        default: []
        }
    }
}

/// What of a table only nft's own language can say.
struct UnsayableRule: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
