import Addresses
import CLinux
import Netlink
import NetworkObjects

/// A set or map as the kernel's messages say it.
struct ReadSet {
    private(set) var name = ""
    /// Its number in the transaction that makes it; nil in what the kernel lists.
    private(set) var number: UInt32?
    private var flags: UInt32 = 0
    private(set) var types = RuleDataTypes([])
    private var size: UInt32?
    private var timeout: UInt32?
    private var comment: String?
    private var elements: [Element] = []

    private struct Element {
        var key: [RegisterValue]
        var verdict: Rule.Verdict?
        var isEnd = false
        var comment: String?
    }

    /// Whether it is a rule's own.
    var isOwn: Bool { flags & NFT_SET_ANONYMOUS.rawValue != 0 }
    /// Whether packets add to it.
    var isDynamic: Bool { flags & NFT_SET_EVAL.rawValue != 0 }
    /// Whether it has verdicts for its keys.
    var isMap: Bool { flags & NFT_SET_MAP.rawValue != 0 }
    private var isInterval: Bool { flags & NFT_SET_INTERVAL.rawValue != 0 }

    /// Reads a declaration.
    ///
    /// - Throws: `UnsayableRule` where no value says it, `MalformedMessage`.
    init(_ attributes: Attributes) throws {
        var (hasVerdicts, typeNumber): (Bool, UInt32) = (false, 0)
        for attribute in attributes {
            switch UInt32(attribute.type) {
            case NFTA_SET_ID.rawValue: number = try attribute.bigEndian()
            case NFTA_SET_TABLE.rawValue, NFTA_SET_HANDLE.rawValue, NFTA_SET_PAD.rawValue,
                NFTA_SET_KEY_LEN.rawValue, NFTA_SET_DATA_LEN.rawValue:
                break
            case NFTA_SET_NAME.rawValue: name = attribute.text
            case NFTA_SET_FLAGS.rawValue: flags = try attribute.bigEndian()
            case NFTA_SET_KEY_TYPE.rawValue: typeNumber = try attribute.bigEndian()
            case NFTA_SET_DATA_TYPE.rawValue:
                hasVerdicts = try attribute.bigEndian(UInt32.self) == NFT_DATA_VERDICT.rawValue
            case NFTA_SET_DESC.rawValue:
                for part in try attribute.nested() where part.type == Int(NFTA_SET_DESC_SIZE.rawValue) {
                    size = try part.bigEndian()
                }
            case NFTA_SET_TIMEOUT.rawValue:
                let milliseconds = try attribute.bigEndian(UInt64.self)
                guard milliseconds % 1000 == 0, let seconds = UInt32(exactly: milliseconds / 1000) else {
                    throw UnsayableRule("the timeout of set \(name)")
                }
                timeout = seconds
            case NFTA_SET_POLICY.rawValue where try attribute.bigEndian(UInt32.self) == NFT_SET_POL_PERFORMANCE.rawValue:
                break
            case NFTA_SET_USERDATA.rawValue: try readUserData(attribute)
            // What newer kernels say of all sets, such as how many elements there are.
            case let type where type > NFTA_SET_EXPRESSIONS.rawValue: break
            default: throw UnsayableRule("attribute \(attribute.type) of set \(name)")
            }
        }
        let known =
            [NFT_SET_ANONYMOUS, NFT_SET_CONSTANT, NFT_SET_INTERVAL, NFT_SET_MAP, NFT_SET_TIMEOUT, NFT_SET_EVAL]
            .reduce(0) { $0 | $1.rawValue }
        guard flags & ~known == 0, let types = RuleDataTypes(number: typeNumber), isMap == hasVerdicts,
            !isInterval || types.parts.count == 1 && !isMap
        else { throw UnsayableRule("set \(name)") }
        self.types = types
    }

    private mutating func readUserData(_ attribute: Attribute) throws(UnsayableRule) {
        for (type, value) in try attribute.userData() {
            switch type {
            // What follows from the types.
            case SetUserData.keyByteOrder, SetUserData.dataByteOrder: break
            case SetUserData.comment: comment = value.text
            // With concatenations nft keeps an expression (`typeof`) without saying which, and with maps that their data are no
            // ranges.
            case SetUserData.keyExpression
            where try value.userData().allSatisfy { $0.type == 0 || $0.value.bytes.isEmpty }:
                break
            case SetUserData.dataInterval where value.bytes.allSatisfy { $0 == 0 }: break
            // In a rule's own set nft lists nothing of the rest.
            default: if !isOwn { throw UnsayableRule("user data of type \(type)") }
            }
        }
    }

    /// Takes an element.
    ///
    /// - Throws: `UnsayableRule` where no value says it, `MalformedMessage`.
    mutating func take(_ attribute: Attribute) throws {
        var element = Element(key: [])
        for part in try attribute.nested() {
            switch UInt32(part.type) {
            case NFTA_SET_ELEM_KEY.rawValue: element.key = try key(part)
            case NFTA_SET_ELEM_DATA.rawValue: element.verdict = try Rule.Verdict(part)
            case NFTA_SET_ELEM_FLAGS.rawValue:
                let flags = try part.bigEndian(UInt32.self)
                guard flags & ~NFT_SET_ELEM_INTERVAL_END.rawValue == 0 else {
                    throw UnsayableRule("flags of an element of set \(name)")
                }
                element.isEnd = flags != 0
            case NFTA_SET_ELEM_USERDATA.rawValue:
                for (type, value) in try part.userData() {
                    switch type {
                    case 0: element.comment = value.text
                    // That a range goes on to the last address (`NFTNL_SET_ELEM_F_INTERVAL_OPEN`), which its lack of an end says too.
                    case 1 where isInterval: break
                    default: throw UnsayableRule("user data of type \(type)")
                    }
                }
            case NFTA_SET_ELEM_PAD.rawValue: break
            default: throw UnsayableRule("attribute \(part.type) of an element of set \(name)")
            }
        }
        guard !element.key.isEmpty, element.isEnd || isMap == (element.verdict != nil) else {
            throw UnsayableRule("an element of set \(name)")
        }
        elements.append(element)
    }

    private func key(_ attribute: Attribute) throws -> [RegisterValue] {
        guard let value = try attribute.nested().first, value.type == Int(NFTA_DATA_VALUE.rawValue),
            value.bytes.count == types.size
        else { throw UnsayableRule("a key of set \(name)") }
        var rest = value.bytes
        return try types.parts.map { type in
            guard let part = RegisterValue(rest.prefix(type.size)) else { throw UnsayableRule("a key of set \(name)") }
            rest = rest.dropFirst(4 * type.words)
            return part
        }
    }

    // MARK: As values

    /// A set of the table with its elements; nil where no value says one of them.
    var named: RuleTable.NamedSet? {
        var set = RuleTable.NamedSet(
            name, key: types.parts.map(\.name), value: isMap ? "verdict" : nil, size: size, timeout: timeout,
            comment: comment)
        set.flags = Set(RuleTable.NamedSet.Flag.allCases.filter { flags & $0.number != 0 })
        guard let elements = values else { return nil }
        set.elements = elements
        return set
    }

    /// Its elements in the order that nft lists them; nil where no value says one of them.
    var values: [RuleTable.Element]? {
        if isInterval { return intervals }
        var found: [RuleTable.Element] = []
        found.reserveCapacity(elements.count)
        for element in elements.sorted(by: { isBefore($0, $1) }) {
            var key: [RuleValue] = []
            for (part, type) in zip(element.key, types.parts) {
                guard let value = RuleValue(part, type) else { return nil }
                key.append(value)
            }
            found.append(.init(key, element.verdict.map { .verdict($0) }, comment: element.comment))
        }
        return found
    }

    private func isBefore(_ one: Element, _ other: Element) -> Bool {
        for ((left, right), type) in zip(zip(one.key, other.key), types.parts) {
            let (left, right) = type.isInHostOrder ? (left.number(type), right.number(type)) : (left.bits, right.bits)
            if left != right { return left < right }
        }
        return false
    }

    /// The addresses and prefixes that lie between the bounds.
    private var intervals: [RuleTable.Element]? {
        let type = types.parts[0]
        let family: AddressFamily
        switch type {
        case .ipv4Address: family = .ipv4
        case .ipv6Address: family = .ipv6
        default: return nil
        }
        let sorted = elements.map { (value: $0.key[0].number(type), isEnd: $0.isEnd, comment: $0.comment) }
            // One is over before the next one begins.
            .sorted { ($0.value, $0.isEnd ? 0 : 1) < ($1.value, $1.isEnd ? 0 : 1) }
        var found: [RuleTable.Element] = []
        var open: (value: UInt128, comment: String?)?
        func close(_ last: UInt128) -> Bool {
            guard let first = open else { return true }
            guard let value = RuleValue(from: first.value, through: last, family) else { return false }
            found.append(.init([value], comment: first.comment))
            open = nil
            return true
        }
        for bound in sorted {
            // Where one begins, the one before is over at the latest.
            guard bound.value == 0 || close(bound.value - 1) else { return nil }
            if !bound.isEnd { open = (bound.value, bound.comment) }
        }
        return close(~0 >> (128 - UInt128(family.bits))) ? found : nil
    }
}

extension RuleValue {
    /// What a register holds, as one of a type; nil where no value says it.
    init?(_ value: RegisterValue, _ type: RuleDataType) {
        let number = value.number(type)
        switch type {
        case .integer, .port: self = .number(UInt32(truncatingIfNeeded: number))
        case .ipv4Address, .ipv6Address:
            guard let address = IPAddress(family: type == .ipv4Address ? .ipv4 : .ipv6, value: number) else {
                return nil
            }
            self = .address(address)
        case .transport:
            guard let transport = Transport(protocolNumber: number) else { return nil }
            self = .transport(transport)
        case .mark: self = .bits(UInt32(truncatingIfNeeded: number))
        case .connectionState, .addressType:
            guard let word = type.namedValues.first(where: { UInt128($0.value) == number }) else { return nil }
            self = .other(word.key)
        }
    }

    /// The address or prefix of these addresses; nil if there is none.
    fileprivate init?(from first: UInt128, through last: UInt128, _ family: AddressFamily) {
        guard last >= first, let address = IPAddress(family: family, value: first) else { return nil }
        let span = last - first
        // A prefix has a power of two of them, and begins at a multiple of it.
        guard span & (span &+ 1) == 0, first & span == 0 else { return nil }
        let length = family.bits - (128 - span.leadingZeroBitCount)
        self = length == family.bits ? .address(address) : .prefix(Prefix(address, length: length))
    }
}
