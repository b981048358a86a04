import Addresses
import CLinux
import Netlink
import NetworkObjects

/// A rule as the kernel's message says it: its expressions are followed from register to register, as the kernel carries them
/// out, and become the statements that nft would write for them.
struct ReadRule {
    private(set) var chain = ""
    private(set) var statements: [Rule.Statement] = []
    private(set) var comment: String?
    /// Whether a counter of it has counted a packet.
    private(set) var hasCounted = false
    private let table: RuleTable.ID
    /// What each register holds, by the word that it begins at.
    private var registers: [Int: Held] = [:]

    /// What a register holds.
    private enum Held {
        case expression(Rule.Expression)
        /// The first bytes alone of an address.
        case bytes(Rule.Expression, count: Int)
        /// The bits of an expression that a mask leaves.
        case masked(Rule.Expression, RegisterValue)
        case value(RegisterValue)
    }

    init(in table: RuleTable.ID) { self.table = table }

    /// Reads the message.
    ///
    /// - Parameter set: a set of the table by its name.
    /// - Throws: `UnsayableRule` where no value says it, `MalformedMessage`.
    mutating func read(_ attributes: Attributes, set: (String) -> ReadSet?) throws {
        for attribute in attributes {
            switch UInt32(attribute.type) {
            case NFTA_RULE_CHAIN.rawValue: chain = attribute.text
            case NFTA_RULE_COMPAT.rawValue: throw UnsayableRule("a rule of another program's")
            case NFTA_RULE_USERDATA.rawValue: comment = try attribute.comment()
            case NFTA_RULE_EXPRESSIONS.rawValue:
                for expression in try attribute.nested() { try read(expression, set) }
            default: break
            }
        }
    }

    private mutating func read(_ expression: Attribute, _ set: (String) -> ReadSet?) throws {
        var (name, data): (String, Attribute?) = ("", nil)
        for attribute in try expression.nested() {
            switch UInt32(attribute.type) {
            case NFTA_EXPR_NAME.rawValue: name = attribute.text
            case NFTA_EXPR_DATA.rawValue: data = attribute
            default: break
            }
        }
        let fields = try ExpressionFields(data)
        switch name {
        case "payload": try readPayload(fields)
        case "meta": try readMeta(fields)
        case "ct":
            try fields.allow(NFTA_CT_DREG, NFTA_CT_KEY)
            guard try fields.number(NFTA_CT_KEY) == NFT_CT_STATE.rawValue else { throw UnsayableRule(name) }
            try hold(.expression(.connectionState), in: fields.register(NFTA_CT_DREG))
        case "fib":
            try fields.allow(NFTA_FIB_DREG, NFTA_FIB_RESULT, NFTA_FIB_FLAGS)
            guard try fields.number(NFTA_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE.rawValue else {
                throw UnsayableRule(name)
            }
            let type: Rule.Expression =
                switch try fields.number(NFTA_FIB_FLAGS) {
                case NFTA_FIB_F_SADDR.rawValue: .sourceAddressType
                case NFTA_FIB_F_DADDR.rawValue: .destinationAddressType
                default: throw UnsayableRule(name)
                }
            try hold(.expression(type), in: fields.register(NFTA_FIB_DREG))
        case "numgen":
            try fields.allow(NFTA_NG_DREG, NFTA_NG_MODULUS, NFTA_NG_TYPE, NFTA_NG_OFFSET)
            guard try fields.number(NFTA_NG_TYPE) == NFT_NG_RANDOM.rawValue, try fields.number(NFTA_NG_OFFSET) == 0
            else { throw UnsayableRule(name) }
            try hold(
                .expression(.random(below: Int(try fields.number(NFTA_NG_MODULUS)))), in: fields.register(NFTA_NG_DREG))
        case "bitwise": try readBitwise(fields)
        case "cmp": try readComparison(fields)
        case "lookup": try readLookup(fields, set)
        case "immediate": try readImmediate(fields)
        case "dynset":
            try fields.allow(
                NFTA_DYNSET_SET_NAME, NFTA_DYNSET_SET_ID, NFTA_DYNSET_OP, NFTA_DYNSET_SREG_KEY, NFTA_DYNSET_FLAGS,
                NFTA_DYNSET_TIMEOUT)
            let name = fields.text(NFTA_DYNSET_SET_NAME)
            guard try fields.number(NFTA_DYNSET_OP) == NFT_DYNSET_OP_UPDATE.rawValue,
                try fields.number(NFTA_DYNSET_FLAGS) == 0, try fields.wide(NFTA_DYNSET_TIMEOUT) == 0,
                let types = set(name)?.types
            else { throw UnsayableRule("dynset") }
            statements.append(.update(set: name, try key(fields.register(NFTA_DYNSET_SREG_KEY), types)))
        case "counter":
            hasCounted = try hasCounted || fields.wide(NFTA_COUNTER_PACKETS) > 0
            statements.append(.counter)
        case "nat": try readTranslation(fields)
        case "masq":
            try fields.allow(NFTA_MASQ_FLAGS)
            guard try fields.number(NFTA_MASQ_FLAGS) == UInt32(NF_NAT_RANGE_PROTO_RANDOM_FULLY) else {
                throw UnsayableRule(name)
            }
            statements.append(.masquerade)
        case "reject":
            guard table.family.addresses != nil,
                try fields.number(NFTA_REJECT_TYPE) == NFT_REJECT_ICMP_UNREACH.rawValue,
                try fields.byte(NFTA_REJECT_ICMP_CODE) == table.family.portUnreachable
            else { throw UnsayableRule(name) }
            statements.append(.reject)
        default: throw UnsayableRule(name.isEmpty ? "an expression without a name" : name)
        }
    }

    // MARK: Registers

    private mutating func hold(_ held: Held, in register: Register) { registers[register.word] = held }

    private func held(in register: Register) throws(UnsayableRule) -> Held {
        guard let held = registers[register.word] else { throw UnsayableRule("a register that nothing is in") }
        return held
    }

    /// The expression that loads all of a key.
    private func key(_ register: Register, _ types: RuleDataTypes) throws(UnsayableRule) -> Rule.Expression {
        var parts: [Rule.Expression] = []
        var place = register
        for type in types.parts {
            guard case .expression(let part) = try held(in: place), try part.types(in: table).parts == [type] else {
                throw UnsayableRule("a key of another type than the set's")
            }
            parts.append(part)
            place.word += type.words
        }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    // MARK: Expressions

    private mutating func readPayload(_ fields: ExpressionFields) throws {
        try fields.allow(NFTA_PAYLOAD_DREG, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN)
        let base = try fields.number(NFTA_PAYLOAD_BASE)
        let (offset, length) = (Int(try fields.number(NFTA_PAYLOAD_OFFSET)), Int(try fields.number(NFTA_PAYLOAD_LEN)))
        var candidates: [Rule.Expression] = [.destinationPort]
        if let family = table.family.addresses {
            candidates = [.sourceAddress(family), .destinationAddress(family), .destinationPort]
        }
        for expression in candidates {
            guard let place = expression.place, place.base.rawValue == base, place.offset == offset else { continue }
            let size = try expression.types(in: table).size
            if length == size {
                return hold(.expression(expression), in: try fields.register(NFTA_PAYLOAD_DREG))
            }
            // The first bytes of an address are a prefix of it; those of a port mean nothing.
            if length < size, size > 2, length > 0 {
                return hold(.bytes(expression, count: length), in: try fields.register(NFTA_PAYLOAD_DREG))
            }
        }
        throw UnsayableRule("payload")
    }

    private mutating func readMeta(_ fields: ExpressionFields) throws {
        try fields.allow(NFTA_META_DREG, NFTA_META_KEY, NFTA_META_SREG)
        let key = try fields.number(NFTA_META_KEY)
        if fields.has(NFTA_META_SREG) {
            guard key == NFT_META_MARK.rawValue else { throw UnsayableRule("meta") }
            switch try held(in: fields.register(NFTA_META_SREG)) {
            case .expression(let expression): statements.append(.set(.mark, to: expression))
            case .value(let value) where value.size == 4:
                statements.append(.set(.mark, to: .value(.bits(UInt32(truncatingIfNeeded: value.number(.mark))))))
            default: throw UnsayableRule("meta")
            }
            return
        }
        let expression: Rule.Expression =
            switch key {
            case NFT_META_L4PROTO.rawValue: .transport
            case NFT_META_MARK.rawValue: .mark
            default: throw UnsayableRule("meta")
            }
        try hold(.expression(expression), in: fields.register(NFTA_META_DREG))
    }

    private mutating func readBitwise(_ fields: ExpressionFields) throws {
        try fields.allow(
            NFTA_BITWISE_SREG, NFTA_BITWISE_DREG, NFTA_BITWISE_LEN, NFTA_BITWISE_MASK, NFTA_BITWISE_XOR, NFTA_BITWISE_OP
        )
        let (source, destination) = (try fields.register(NFTA_BITWISE_SREG), try fields.register(NFTA_BITWISE_DREG))
        guard try fields.number(NFTA_BITWISE_OP) == 0, case .expression(let expression) = try held(in: source),
            let mask = try fields.value(NFTA_BITWISE_MASK), let bits = try fields.value(NFTA_BITWISE_XOR)
        else { throw UnsayableRule("bitwise") }
        let type = try expression.types(in: table).parts[0]
        guard mask.size == type.size, bits.size == type.size else { throw UnsayableRule("bitwise") }
        guard type == .mark else {
            guard bits.bits == 0 else { throw UnsayableRule("bitwise") }
            return hold(.masked(expression, mask), in: destination)
        }
        let (kept, turned) = (
            UInt32(truncatingIfNeeded: mask.number(type)), UInt32(truncatingIfNeeded: bits.number(type))
        )
        if turned == 0 {
            hold(.expression(.and(expression, kept)), in: destination)
        } else if kept == ~turned {
            hold(.expression(.or(expression, turned)), in: destination)
        } else if kept == ~0 {
            hold(.expression(.xor(expression, turned)), in: destination)
        } else {
            throw UnsayableRule("bitwise")
        }
    }

    private mutating func readComparison(_ fields: ExpressionFields) throws {
        try fields.allow(NFTA_CMP_SREG, NFTA_CMP_OP, NFTA_CMP_DATA)
        let isEqual: Bool
        switch try fields.number(NFTA_CMP_OP) {
        case NFT_CMP_EQ.rawValue: isEqual = true
        case NFT_CMP_NEQ.rawValue: isEqual = false
        default: throw UnsayableRule("cmp")
        }
        guard let value = try fields.value(NFTA_CMP_DATA) else { throw UnsayableRule("cmp") }
        let (expression, right): (Rule.Expression, RuleValue)
        switch try held(in: fields.register(NFTA_CMP_SREG)) {
        case .expression(let left):
            let type = try left.types(in: table).parts[0]
            // A state by itself is compared as a whole, which nft writes in another way than bits of it.
            guard type != .connectionState, value.size == type.size, let number = RuleValue(value, type) else {
                throw UnsayableRule("cmp")
            }
            (expression, right) = (left, number)
        case .bytes(let left, let count):
            guard value.size == count, let prefix = prefix(value, 8 * count) else { throw UnsayableRule("cmp") }
            (expression, right) = (left, .prefix(prefix))
        case .masked(.connectionState, let mask):
            guard !isEqual, value == .zero(.connectionState), let word = RuleValue(mask, .connectionState) else {
                throw UnsayableRule("cmp")
            }
            statements.append(.match(.connectionState, .value(word)))
            return
        case .masked(let left, let mask):
            let length = (~mask.bits).leadingZeroBitCount
            guard try left.types(in: table).parts[0] == table.family.addresses.map({ RuleDataType($0) }),
                mask.bits == (length == 0 ? 0 : ~0 << (128 - UInt128(length))), length % 8 != 0,
                value.size == mask.size, let prefix = prefix(value, length)
            else { throw UnsayableRule("cmp") }
            (expression, right) = (left, .prefix(prefix))
        case .value: throw UnsayableRule("cmp")
        }
        statements.append(isEqual ? .match(expression, .value(right)) : .mismatch(expression, .value(right)))
    }

    private func prefix(_ value: RegisterValue, _ length: Int) -> Prefix? {
        guard let family = table.family.addresses, length <= family.bits,
            let address = IPAddress(family: family, value: value.bits >> (128 - UInt128(family.bits)))
        else { return nil }
        let prefix = Prefix(address, length: length)
        // Bits behind it would be told by nobody.
        return prefix.address == address ? prefix : nil
    }

    private mutating func readLookup(_ fields: ExpressionFields, _ set: (String) -> ReadSet?) throws {
        try fields.allow(NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID, NFTA_LOOKUP_SREG, NFTA_LOOKUP_DREG, NFTA_LOOKUP_FLAGS)
        let name = fields.text(NFTA_LOOKUP_SET)
        guard let found = set(name) else { throw UnsayableRule("set \(name)") }
        let key = try key(fields.register(NFTA_LOOKUP_SREG), found.types)
        let flags = try fields.number(NFTA_LOOKUP_FLAGS)
        guard flags & ~NFT_LOOKUP_F_INV.rawValue == 0 else { throw UnsayableRule("lookup") }
        let right: Rule.Expression
        if found.isOwn {
            guard let elements = found.values else { throw UnsayableRule("set \(name)") }
            right = .elements(elements)
        } else {
            right = .named(name)
        }
        if fields.has(NFTA_LOOKUP_DREG) {
            guard try fields.number(NFTA_LOOKUP_DREG) == NFT_REG_VERDICT.rawValue, found.isMap, flags == 0 else {
                throw UnsayableRule("lookup")
            }
            statements.append(.verdictMap(key, right))
        } else {
            guard !found.isMap else { throw UnsayableRule("lookup") }
            statements.append(flags == 0 ? .match(key, right) : .mismatch(key, right))
        }
    }

    private mutating func readImmediate(_ fields: ExpressionFields) throws {
        try fields.allow(NFTA_IMMEDIATE_DREG, NFTA_IMMEDIATE_DATA)
        if try fields.number(NFTA_IMMEDIATE_DREG) == NFT_REG_VERDICT.rawValue {
            guard let data = fields[NFTA_IMMEDIATE_DATA] else { throw UnsayableRule("immediate") }
            statements.append(.verdict(try Rule.Verdict(data)))
        } else {
            guard let value = try fields.value(NFTA_IMMEDIATE_DATA) else { throw UnsayableRule("immediate") }
            try hold(.value(value), in: fields.register(NFTA_IMMEDIATE_DREG))
        }
    }

    private mutating func readTranslation(_ fields: ExpressionFields) throws {
        try fields.allow(
            NFTA_NAT_TYPE, NFTA_NAT_FAMILY, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX, NFTA_NAT_REG_PROTO_MIN,
            NFTA_NAT_REG_PROTO_MAX, NFTA_NAT_FLAGS)
        // The kernel itself says that there are an address and a port, which of them there are.
        let own = UInt32(NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED)
        let (address, port) = (
            try fields.register(NFTA_NAT_REG_ADDR_MIN), try fields.register(NFTA_NAT_REG_PROTO_MIN)
        )
        let lastAddress = fields.has(NFTA_NAT_REG_ADDR_MAX) ? try fields.register(NFTA_NAT_REG_ADDR_MAX) : address
        let lastPort = fields.has(NFTA_NAT_REG_PROTO_MAX) ? try fields.register(NFTA_NAT_REG_PROTO_MAX) : port
        guard try fields.number(NFTA_NAT_TYPE) == NFT_NAT_DNAT.rawValue, let family = table.family.addresses,
            try fields.number(NFTA_NAT_FAMILY) == UInt32(table.family.number),
            try fields.number(NFTA_NAT_FLAGS) & ~own == 0, lastAddress == address, lastPort == port,
            case .value(let host) = try held(in: address), case .value(let number) = try held(in: port),
            host.size * 8 == family.bits, number.size == 2,
            let destination = IPAddress(family: family, value: host.number(RuleDataType(family)))
        else { throw UnsayableRule("nat") }
        statements.append(
            .translation(to: .init(destination, UInt16(truncatingIfNeeded: number.number(.port)))))
    }
}

extension Rule.Verdict {
    /// Reads data that is a verdict.
    init(_ data: Attribute) throws {
        guard let verdict = try data.nested().first, verdict.type == Int(NFTA_DATA_VERDICT.rawValue) else {
            throw UnsayableRule("a value for a verdict")
        }
        let fields = try ExpressionFields(verdict)
        let chain = fields.text(NFTA_VERDICT_CHAIN)
        switch Int32(bitPattern: try fields.number(NFTA_VERDICT_CODE)) {
        case NF_ACCEPT: self = .accept
        case NF_DROP: self = .drop
        case NFT_RETURN.rawValue: self = .return
        case NFT_JUMP.rawValue: self = .jump(chain)
        case NFT_GOTO.rawValue: self = .goto(chain)
        case let code: throw UnsayableRule("verdict \(code)")
        }
    }
}
