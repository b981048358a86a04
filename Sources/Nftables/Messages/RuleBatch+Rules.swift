import Addresses
import CLinux
import Netlink
import NetworkObjects

extension RuleBatch {
    /// Adds a rule at the end of a chain, after the sets of its own.
    mutating func append(_ rule: Rule, to chain: String, _ table: RuleTable.ID) throws(UnsayableRule) {
        var own: [RuleSetReference] = []
        for statement in rule.statements {
            switch statement {
            case .match(let left, .elements(let elements)), .mismatch(let left, .elements(let elements)):
                own.append(try appendOwn(elements, key: left.types(in: table), hasVerdicts: false, to: table))
            case .verdictMap(let key, .elements(let elements)):
                own.append(try appendOwn(elements, key: key.types(in: table), hasVerdicts: true, to: table))
            default: break
            }
        }
        var rest = own[...]
        try append(NFT_MSG_NEWRULE, table, [.create, .append]) { (message) throws(UnsayableRule) in
            message.put(NFTA_RULE_CHAIN, chain)
            try message.nested(NFTA_RULE_EXPRESSIONS) { (list) throws(UnsayableRule) in
                for statement in rule.statements { try list.put(statement, &rest, table) }
            }
            try message.put(NFTA_RULE_USERDATA, comment: rule.comment)
        }
    }
}

extension MessageWriter {
    /// Writes the expressions of a statement.
    ///
    /// - Parameter own: the sets of the rule's own that are not used yet, in their order.
    fileprivate mutating func put(
        _ statement: Rule.Statement, _ own: inout ArraySlice<RuleSetReference>, _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        switch statement {
        case .match(let left, let right): try match(left, right, isInverted: false, &own, table)
        case .mismatch(let left, let right): try match(left, right, isInverted: true, &own, table)
        case .counter: counter()
        case .verdict(let verdict): try immediate(verdict)
        case .verdictMap(let key, let map):
            guard let set = map.set(&own) else { throw UnsayableRule("\(statement)") }
            try load(key, table)
            verdict(of: .first, in: set)
        case .set(.mark, let value):
            if case .value(let value) = value {
                immediate(try RegisterValue(value, .mark), into: .first)
            } else {
                try load(value, table)
            }
            meta(NFT_META_MARK, from: .first)
        case .update(let set, let key):
            try load(key, table)
            update(set, .first)
        case .translation(let destination):
            guard destination.address.family == table.family.addresses,
                let address = RegisterValue(
                    destination.address.value, RuleDataType(destination.address.family)),
                let port = RegisterValue(UInt128(destination.port), .port)
            else { throw UnsayableRule("\(statement)") }
            let behind = Register(word: 4)
            immediate(address, into: .first)
            immediate(port, into: behind)
            destinationNAT(table.family, .first, behind)
        case .masquerade: masquerade()
        case .reject:
            guard table.family.addresses != nil else { throw UnsayableRule("\(statement) in \(table.family)") }
            reject(table.family)
        case .set, .other: throw UnsayableRule("\(statement)")
        }
    }

    private mutating func match(
        _ left: Rule.Expression, _ right: Rule.Expression, isInverted: Bool, _ own: inout ArraySlice<RuleSetReference>,
        _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        if let set = right.set(&own) {
            try load(left, table)
            return lookup(.first, in: set, isInverted: isInverted)
        }
        guard case .value(let value) = right else { throw UnsayableRule("\(right)") }
        let types = try left.types(in: table)
        guard types.parts.count == 1 else { throw UnsayableRule("\(left) \(right)") }
        let type = types.parts[0]
        let operation = isInverted ? NFT_CMP_NEQ : NFT_CMP_EQ
        switch value {
        case .prefix(let prefix):
            guard let place = left.place, prefix.family == table.family.addresses, prefix.length > 0,
                let bits = RegisterValue(prefix.address.value, type)
            else { throw UnsayableRule("\(left) \(right)") }
            if prefix.length % 8 == 0 {
                // Whole bytes: no others are looked at.
                let length = prefix.length / 8
                payload(place.base, offset: place.offset, length: length, into: .first)
                compare(.first, operation, bits.prefix(length))
            } else {
                try load(left, table)
                bitwise(.first, keeping: .mask(prefix.length, type), turning: .zero(type))
                compare(.first, operation, bits)
            }
        case _ where type == .connectionState:
            // Any of the bits.
            if isInverted { throw UnsayableRule("\(left) != \(right)") }
            try load(left, table)
            bitwise(.first, keeping: try RegisterValue(value, type), turning: .zero(type))
            compare(.first, NFT_CMP_NEQ, .zero(type))
        default:
            let bits = try RegisterValue(value, type)
            try load(left, table)
            compare(.first, operation, bits)
        }
    }

    /// Loads an expression into the first registers.
    private mutating func load(_ expression: Rule.Expression, _ table: RuleTable.ID) throws(UnsayableRule) {
        guard case .concatenation(let parts) = expression else { return try load(expression, into: .first, table) }
        var register = Register.first
        for part in parts {
            try load(part, into: register, table)
            register.word += try part.types(in: table).parts[0].words
        }
    }

    private mutating func load(
        _ expression: Rule.Expression, into register: Register, _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        // What a rule may not look at in this table is found here.
        let type = try expression.types(in: table).parts[0]
        if let place = expression.place {
            return payload(place.base, offset: place.offset, length: type.size, into: register)
        }
        switch expression {
        case .transport: meta(NFT_META_L4PROTO, into: register)
        case .mark: meta(NFT_META_MARK, into: register)
        case .connectionState: connection(NFT_CT_STATE, into: register)
        case .sourceAddressType: fib(NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_SADDR, into: register)
        case .destinationAddressType: fib(NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, into: register)
        case .random(let count): random(below: count, into: register)
        case .and(let inner, let bits): try change(inner, keeping: bits, turning: 0, register, table)
        case .or(let inner, let bits): try change(inner, keeping: ~bits, turning: bits, register, table)
        case .xor(let inner, let bits): try change(inner, keeping: ~0, turning: bits, register, table)
        default: throw UnsayableRule("\(expression)")
        }
    }

    /// Loads an expression, and changes bits of it.
    private mutating func change(
        _ inner: Rule.Expression, keeping mask: UInt32, turning bits: UInt32, _ register: Register,
        _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        try load(inner, into: register, table)
        bitwise(
            register, keeping: try RegisterValue(.bits(mask), .mark), turning: try RegisterValue(.bits(bits), .mark))
    }
}

extension Rule.Expression {
    /// The set that it names, or the next one of the rule's own.
    fileprivate func set(_ own: inout ArraySlice<RuleSetReference>) -> RuleSetReference? {
        switch self {
        case .named(let name): .named(name)
        case .elements: own.popFirst()
        default: nil
        }
    }

    /// Where in a packet it is; nil for what no packet has.
    var place: (base: nft_payload_bases, offset: Int)? {
        switch self {
        // RFC 791, 3.1 and RFC 8200, 3.
        case .sourceAddress(.ipv4): (NFT_PAYLOAD_NETWORK_HEADER, 12)
        case .destinationAddress(.ipv4): (NFT_PAYLOAD_NETWORK_HEADER, 16)
        case .sourceAddress(.ipv6): (NFT_PAYLOAD_NETWORK_HEADER, 8)
        case .destinationAddress(.ipv6): (NFT_PAYLOAD_NETWORK_HEADER, 24)
        // The same in TCP, UDP and SCTP.
        case .destinationPort: (NFT_PAYLOAD_TRANSPORT_HEADER, 2)
        default: nil
        }
    }

    /// The types of its parts.
    ///
    /// - Throws: where it has none that messages can say, or where nft would have to look at something else first.
    func types(in table: RuleTable.ID) throws(UnsayableRule) -> RuleDataTypes {
        switch self {
        case .sourceAddress(let family), .destinationAddress(let family):
            guard table.family.addresses == family else { throw UnsayableRule("\(self) in \(table.family)") }
            return RuleDataTypes([RuleDataType(family)])
        case .destinationPort: return RuleDataTypes([.port])
        case .transport: return RuleDataTypes([.transport])
        case .mark: return RuleDataTypes([.mark])
        case .connectionState: return RuleDataTypes([.connectionState])
        case .sourceAddressType, .destinationAddressType: return RuleDataTypes([.addressType])
        case .random: return RuleDataTypes([.integer])
        case .and(let inner, _), .or(let inner, _), .xor(let inner, _):
            guard case .mark = inner else { throw UnsayableRule("\(self)") }
            return RuleDataTypes([.mark])
        case .concatenation(let parts):
            var types: [RuleDataType] = []
            for part in parts { types += try part.types(in: table).parts }
            if parts.isEmpty || types.count != parts.count { throw UnsayableRule("\(self)") }
            return RuleDataTypes(types)
        case .named, .elements, .value, .other: throw UnsayableRule("\(self)")
        }
    }
}
