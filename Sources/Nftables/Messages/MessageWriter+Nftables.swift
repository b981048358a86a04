import Addresses
import CLinux
import Netlink
import NetworkObjects

extension MessageWriter {
    /// An attribute of thirty-two bits; nf_tables has all numbers in network byte order.
    mutating func put<Kind: RawRepresentable<UInt32>>(_ attribute: Kind, _ value: UInt32) {
        putBigEndian(Int(attribute.rawValue), value)
    }

    /// The same with one of the kernel's constants.
    mutating func put<Kind: RawRepresentable<UInt32>, Value: RawRepresentable<UInt32>>(
        _ attribute: Kind, _ value: Value
    ) {
        putBigEndian(Int(attribute.rawValue), value.rawValue)
    }

    /// An attribute of sixty-four bits.
    mutating func put<Kind: RawRepresentable<UInt32>>(_ attribute: Kind, wide value: UInt64) {
        put(Int(attribute.rawValue), value.bigEndian)
    }

    /// An attribute of text with its closing NUL.
    mutating func put<Kind: RawRepresentable<UInt32>>(_ attribute: Kind, _ text: String) {
        put(Int(attribute.rawValue), text: text)
    }

    /// Attributes inside one.
    mutating func nested<Kind: RawRepresentable<UInt32>, Failure: Error>(
        _ attribute: Kind, _ body: (inout MessageWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try nested(Int(attribute.rawValue), body)
    }

    // MARK: Data

    /// Data (`struct nft_data_attributes`): one value, or the parts of a key, each in registers of its own.
    mutating func put<Kind: RawRepresentable<UInt32>>(_ attribute: Kind, data values: [RegisterValue]) {
        nested(attribute) { data in
            data.attribute(Int(NFTA_DATA_VALUE.rawValue)) { bytes in
                for value in values {
                    value.forEachByte { bytes.append($0) }
                    if values.count > 1 { for _ in 0..<(-value.size & 3) { bytes.append(0) } }
                }
            }
        }
    }

    /// A verdict as data.
    mutating func put<Kind: RawRepresentable<UInt32>>(
        _ attribute: Kind, _ verdict: Rule.Verdict
    ) throws(UnsayableRule) {
        let code = try verdict.code
        nested(attribute) { data in
            data.nested(NFTA_DATA_VERDICT) { value in
                value.put(NFTA_VERDICT_CODE, UInt32(bitPattern: code))
                if let chain = verdict.chain { value.put(NFTA_VERDICT_CHAIN, chain) }
            }
        }
    }

    // MARK: What nft keeps for itself

    /// A comment where nft(8) looks for it: among the data that the kernel keeps and does not look at, each with a type and
    /// a length of one byte (libnftnl, udata.h).
    ///
    /// - Throws: where it is longer than nft takes (`NFTNL_UDATA_COMMENT_MAXLEN`).
    mutating func put<Kind: RawRepresentable<UInt32>>(
        _ attribute: Kind, comment: String?
    ) throws(UnsayableRule) {
        guard let comment else { return }
        try self.attribute(Int(attribute.rawValue)) { (data) throws(UnsayableRule) in
            try data.append(userData: 0, comment)
        }
    }

    /// Text among what nft keeps, with its closing NUL.
    mutating func append(userData type: UInt8, _ text: String) throws(UnsayableRule) {
        let bytes = text.utf8
        guard bytes.count <= 128 else { throw UnsayableRule("a comment of \(bytes.count) bytes") }
        append(type)
        append(UInt8(bytes.count + 1))
        for byte in bytes { append(byte) }
        append(0 as UInt8)
    }

    /// A number among what nft keeps, in the machine's byte order.
    mutating func append(userData type: UInt8, _ number: UInt32) {
        append(type)
        append(4 as UInt8)
        append(structure: number)
    }
}

extension Rule.Verdict {
    /// The kernel's number for it.
    fileprivate var code: Int32 {
        get throws(UnsayableRule) {
            switch self {
            case .accept: NF_ACCEPT
            case .drop: NF_DROP
            case .return: NFT_RETURN.rawValue
            case .jump: NFT_JUMP.rawValue
            case .goto: NFT_GOTO.rawValue
            case .other(let text): throw UnsayableRule(text)
            }
        }
    }
}

extension RuleTable.Family {
    /// Its number in messages.
    var number: UInt8 {
        let number =
            switch self {
            case .ip: NFPROTO_IPV4
            case .ip6: NFPROTO_IPV6
            case .inet: NFPROTO_INET
            case .arp: NFPROTO_ARP
            case .bridge: NFPROTO_BRIDGE
            case .netdev: NFPROTO_NETDEV
            }
        return UInt8(truncatingIfNeeded: number)
    }

    /// The family that messages call by this number.
    init?(number: UInt8) {
        guard let family = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = family
    }

    /// The family of the addresses that its packets have; nil where they may have either.
    var addresses: AddressFamily? {
        switch self {
        case .ip: .ipv4
        case .ip6: .ipv6
        case .inet, .arp, .bridge, .netdev: nil
        }
    }
}
