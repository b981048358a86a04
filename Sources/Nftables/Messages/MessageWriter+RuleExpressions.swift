import CLinux
import Netlink
import NetworkObjects

/// A register: where an expression of a rule leaves what a later one takes.
///
/// There are sixteen of four bytes; four of them make one of sixteen, by whose number the kernel calls a place where one begins
/// (`nft_parse_register`, net/netfilter/nf_tables_api.c).
struct Register: Hashable {
    /// Which word of four bytes it begins at.
    var word: Int

    static let first = Register(word: 0)

    /// Its number in messages.
    var number: UInt32 {
        word & 3 == 0
            ? NFT_REG_1.rawValue + UInt32(word / 4) : NFT_REG32_00.rawValue + UInt32(word)
    }

    /// The register that messages call by this number; nil for the verdict's, and for those that there are not.
    init?(number: UInt32) {
        switch number {
        case NFT_REG_1.rawValue...NFT_REG_4.rawValue: word = 4 * Int(number - NFT_REG_1.rawValue)
        case NFT_REG32_00.rawValue...NFT_REG32_15.rawValue: word = Int(number - NFT_REG32_00.rawValue)
        default: return nil
        }
    }

    init(word: Int) { self.word = word }
}

/// The expressions that rules consist of in the kernel, each as nft(8) writes it.
extension MessageWriter {
    private mutating func expression(_ name: String, _ data: (inout MessageWriter) -> Void) {
        nested(NFTA_LIST_ELEM) { expression in
            expression.put(NFTA_EXPR_NAME, name)
            expression.nested(NFTA_EXPR_DATA, data)
        }
    }

    /// Loads bytes of a packet's header.
    mutating func payload(_ base: nft_payload_bases, offset: Int, length: Int, into register: Register) {
        expression("payload") { data in
            data.put(NFTA_PAYLOAD_DREG, register.number)
            data.put(NFTA_PAYLOAD_BASE, base)
            data.put(NFTA_PAYLOAD_OFFSET, UInt32(offset))
            data.put(NFTA_PAYLOAD_LEN, UInt32(length))
        }
    }

    /// Loads what the kernel knows of a packet besides its bytes.
    mutating func meta(_ key: nft_meta_keys, into register: Register) {
        expression("meta") { data in
            data.put(NFTA_META_KEY, key)
            data.put(NFTA_META_DREG, register.number)
        }
    }

    /// Changes it.
    mutating func meta(_ key: nft_meta_keys, from register: Register) {
        expression("meta") { data in
            data.put(NFTA_META_KEY, key)
            data.put(NFTA_META_SREG, register.number)
        }
    }

    /// Loads what the kernel knows of a packet's connection.
    mutating func connection(_ key: nft_ct_keys, into register: Register) {
        expression("ct") { data in
            data.put(NFTA_CT_KEY, key)
            data.put(NFTA_CT_DREG, register.number)
        }
    }

    /// Looks an address of a packet up in the routing tables.
    mutating func fib(_ result: nft_fib_result, _ flags: nft_fib_flags, into register: Register) {
        expression("fib") { data in
            data.put(NFTA_FIB_FLAGS, flags)
            data.put(NFTA_FIB_RESULT, result)
            data.put(NFTA_FIB_DREG, register.number)
        }
    }

    /// Draws a number from 0 on.
    mutating func random(below count: Int, into register: Register) {
        expression("numgen") { data in
            data.put(NFTA_NG_DREG, register.number)
            data.put(NFTA_NG_MODULUS, UInt32(truncatingIfNeeded: count))
            data.put(NFTA_NG_TYPE, NFT_NG_RANDOM)
            data.put(NFTA_NG_OFFSET, 0 as UInt32)
        }
    }

    /// Keeps the bits of a mask, and then turns those of another.
    mutating func bitwise(_ register: Register, keeping mask: RegisterValue, turning bits: RegisterValue) {
        expression("bitwise") { data in
            data.put(NFTA_BITWISE_SREG, register.number)
            data.put(NFTA_BITWISE_DREG, register.number)
            data.put(NFTA_BITWISE_LEN, UInt32(mask.size))
            data.put(NFTA_BITWISE_MASK, data: [mask])
            data.put(NFTA_BITWISE_XOR, data: [bits])
        }
    }

    /// Goes on if a register holds a value, or if it does not.
    mutating func compare(_ register: Register, _ operation: nft_cmp_ops, _ value: RegisterValue) {
        expression("cmp") { data in
            data.put(NFTA_CMP_SREG, register.number)
            data.put(NFTA_CMP_OP, operation)
            data.put(NFTA_CMP_DATA, data: [value])
        }
    }

    /// Goes on if what begins at a register is in a set, or if it is not.
    mutating func lookup(_ register: Register, in set: RuleSetReference, isInverted: Bool) {
        expression("lookup") { data in
            data.put(NFTA_LOOKUP_SREG, register.number)
            data.put(set, NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID)
            if isInverted { data.put(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV) }
        }
    }

    /// Sends the packet where a map says for what begins at a register.
    mutating func verdict(of register: Register, in map: RuleSetReference) {
        expression("lookup") { data in
            data.put(NFTA_LOOKUP_SREG, register.number)
            data.put(map, NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID)
            data.put(NFTA_LOOKUP_DREG, NFT_REG_VERDICT)
        }
    }

    /// Adds what is in a register to a dynamic set, or renews it there.
    mutating func update(_ set: String, _ register: Register) {
        expression("dynset") { data in
            data.put(NFTA_DYNSET_SREG_KEY, register.number)
            data.put(NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE)
            data.put(NFTA_DYNSET_SET_NAME, set)
        }
    }

    /// Puts a value in a register.
    mutating func immediate(_ value: RegisterValue, into register: Register) {
        expression("immediate") { data in
            data.put(NFTA_IMMEDIATE_DREG, register.number)
            data.put(NFTA_IMMEDIATE_DATA, data: [value])
        }
    }

    /// Sends the packet somewhere.
    mutating func immediate(_ verdict: Rule.Verdict) throws(UnsayableRule) {
        try nested(NFTA_LIST_ELEM) { (expression) throws(UnsayableRule) in
            expression.put(NFTA_EXPR_NAME, "immediate")
            try expression.nested(NFTA_EXPR_DATA) { (data) throws(UnsayableRule) in
                data.put(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT)
                try data.put(NFTA_IMMEDIATE_DATA, verdict)
            }
        }
    }

    /// Counts packets, from zero on.
    mutating func counter() { expression("counter") { _ in } }

    /// Sends the packet to the address and port in two registers.
    mutating func destinationNAT(_ family: RuleTable.Family, _ address: Register, _ port: Register) {
        expression("nat") { data in
            data.put(NFTA_NAT_TYPE, NFT_NAT_DNAT)
            data.put(NFTA_NAT_FAMILY, UInt32(family.number))
            data.put(NFTA_NAT_REG_ADDR_MIN, address.number)
            data.put(NFTA_NAT_REG_PROTO_MIN, port.number)
            data.put(NFTA_NAT_FLAGS, UInt32(NF_NAT_RANGE_PROTO_SPECIFIED))
        }
    }

    /// Gives the packet the source address of the link that it leaves by, and a port at random.
    mutating func masquerade() {
        expression("masq") { data in data.put(NFTA_MASQ_FLAGS, UInt32(NF_NAT_RANGE_PROTO_RANDOM_FULLY)) }
    }

    /// Answers that nothing listens at the port, in ICMP or ICMPv6.
    mutating func reject(_ family: RuleTable.Family) {
        expression("reject") { data in
            data.put(NFTA_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH)
            data.put(Int(NFTA_REJECT_ICMP_CODE.rawValue), family.portUnreachable)
        }
    }
}

extension RuleTable.Family {
    /// The code of "port unreachable" (RFC 792; RFC 4443, 3.1).
    var portUnreachable: UInt8 { self == .ip ? 3 : 4 }
}

/// A set as a rule names it.
enum RuleSetReference {
    /// One of the table.
    case named(String)
    /// One of the rule's own, which the same transaction makes.
    case own(name: String, id: UInt32)
}

extension MessageWriter {
    fileprivate mutating func put<Kind: RawRepresentable<UInt32>>(
        _ set: RuleSetReference, _ name: Kind, _ number: Kind
    ) {
        switch set {
        case .named(let text): put(name, text)
        case .own(let text, let id):
            put(name, text)
            put(number, id)
        }
    }
}
