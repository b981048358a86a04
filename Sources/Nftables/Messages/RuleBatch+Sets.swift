import CLinux
import Netlink
import NetworkObjects

/// A set or map as its message declares it.
struct SetDeclaration {
    var name: String
    var id: UInt32
    var flags: UInt32
    var key: RuleDataTypes
    /// Whether it is a map of verdicts.
    var hasVerdicts: Bool
    var size: UInt32?
    /// In seconds.
    var timeout: UInt32?
    var comment: String?
    /// Whether it is a rule's own.
    var isOwn = false
}

extension RuleBatch {
    /// What becomes of elements.
    enum ElementChange { case add, delete }

    /// The most bytes of elements in a message: an attribute says its length with sixteen bits, and an element has less than
    /// what is left.
    private static let elementLimit = 60_000

    mutating func append(_ set: RuleTable.NamedSet, to table: RuleTable.ID) throws(UnsayableRule) {
        guard set.others.isEmpty, set.value == nil || set.value == "verdict" else {
            throw UnsayableRule("set \(set.name)")
        }
        let key = try set.types
        if key.parts.count > 1, set.flags.contains(.interval) { throw UnsayableRule("ranges of concatenations") }
        try append(
            SetDeclaration(
                name: set.name, id: takeSetNumber(), flags: set.flags.reduce(0) { $0 | $1.number }, key: key,
                hasVerdicts: set.value != nil, size: set.size, timeout: set.timeout, comment: set.comment), to: table)
    }

    /// Adds a set of a rule's own with its elements.
    ///
    /// - Parameter hasVerdicts: whether it is a map of verdicts.
    mutating func appendOwn(
        _ elements: [RuleTable.Element], key: RuleDataTypes, hasVerdicts: Bool, to table: RuleTable.ID
    ) throws(UnsayableRule) -> RuleSetReference {
        let hasRanges = elements.contains { element in
            element.key.contains { if case .prefix = $0 { true } else { false } }
        }
        if hasRanges, key.parts.count > 1 || hasVerdicts { throw UnsayableRule("ranges of concatenations") }
        let id = takeSetNumber()
        // The kernel would find a name by itself by reading those of all other sets, for each one anew.
        let name = "\(hasVerdicts ? "__map" : "__set")\(prefix).\(id)"
        var flags = NFT_SET_ANONYMOUS.rawValue | NFT_SET_CONSTANT.rawValue
        if hasRanges { flags |= NFT_SET_INTERVAL.rawValue }
        let declaration = SetDeclaration(
            name: name, id: id, flags: flags, key: key, hasVerdicts: hasVerdicts, isOwn: true)
        if hasRanges {
            let bounds = try IntervalBounds(elements, key.parts[0], isMerging: true, isFirst: true).bounds
            try append(declaration, count: bounds.count, to: table)
            try append(bounds, .add, name, id, table)
        } else {
            try append(declaration, count: elements.count, to: table)
            try append(elements, .add, name, id, key, table)
        }
        return .own(name: name, id: id)
    }

    private mutating func takeSetNumber() -> UInt32 {
        defer { nextSet += 1 }
        return nextSet
    }

    /// - Parameter count: how many elements a set of a rule's own has for good.
    private mutating func append(
        _ set: SetDeclaration, count: Int? = nil, to table: RuleTable.ID
    ) throws(UnsayableRule) {
        let size = set.size ?? count.map { UInt32(truncatingIfNeeded: $0) }
        try append(NFT_MSG_NEWSET, table, .create) { (message) throws(UnsayableRule) in
            message.put(NFTA_SET_NAME, set.name)
            message.put(NFTA_SET_FLAGS, set.flags | (set.hasVerdicts ? NFT_SET_MAP.rawValue : 0))
            message.put(NFTA_SET_KEY_TYPE, set.key.number)
            message.put(NFTA_SET_KEY_LEN, UInt32(set.key.size))
            if set.hasVerdicts {
                message.put(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT)
                message.put(NFTA_SET_DATA_LEN, 0 as UInt32)
            }
            message.put(NFTA_SET_ID, set.id)
            if let size { message.nested(NFTA_SET_DESC) { $0.put(NFTA_SET_DESC_SIZE, size) } }
            if let timeout = set.timeout { message.put(NFTA_SET_TIMEOUT, wide: UInt64(timeout) * 1000) }
            try message.attribute(Int(NFTA_SET_USERDATA.rawValue)) { (data) throws(UnsayableRule) in
                data.append(userData: SetUserData.keyByteOrder, set.key.byteOrder)
                if set.hasVerdicts { data.append(userData: SetUserData.dataByteOrder, ByteOrder.none) }
                if set.isOwn, set.flags & NFT_SET_INTERVAL.rawValue != 0 {
                    data.append(userData: SetUserData.mergesElements, 1)
                }
                if let comment = set.comment { try data.append(userData: SetUserData.comment, comment) }
            }
        }
    }

    // MARK: Elements

    mutating func append(
        _ elements: [RuleTable.Element], _ change: ElementChange, _ set: RuleTable.NamedSet, _ table: RuleTable.ID,
        isFirst: Bool
    ) throws(UnsayableRule) {
        let types = try set.types
        if set.flags.contains(.interval) {
            guard types.parts.count == 1 else { throw UnsayableRule("ranges of concatenations") }
            let bounds = try IntervalBounds(elements, types.parts[0], isMerging: false, isFirst: isFirst).bounds
            try append(bounds, change, set.name, nil, table)
        } else {
            try append(elements, change, set.name, nil, types, table)
        }
    }

    private mutating func append(
        _ elements: [RuleTable.Element], _ change: ElementChange, _ set: String, _ id: UInt32?, _ types: RuleDataTypes,
        _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        try append(elements, change, set, id, table) { (element, message) throws(UnsayableRule) in
            guard element.key.count == types.parts.count else { throw UnsayableRule("\(element)") }
            var key: [RegisterValue] = []
            for (part, type) in zip(element.key, types.parts) { key.append(try RegisterValue(part, type)) }
            message.put(NFTA_SET_ELEM_KEY, data: key)
            if change == .delete { return }
            switch element.value {
            case nil: break
            case .verdict(let verdict): try message.put(NFTA_SET_ELEM_DATA, verdict)
            case .data: throw UnsayableRule("\(element)")
            }
            try message.put(NFTA_SET_ELEM_USERDATA, comment: element.comment)
        }
    }

    private mutating func append(
        _ bounds: [IntervalBounds.Bound], _ change: ElementChange, _ set: String, _ id: UInt32?, _ table: RuleTable.ID
    ) throws(UnsayableRule) {
        try append(bounds, change, set, id, table) { (bound, message) throws(UnsayableRule) in
            message.put(NFTA_SET_ELEM_KEY, data: [bound.value])
            if bound.isEnd { message.put(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END) }
            if change == .add { try message.put(NFTA_SET_ELEM_USERDATA, comment: bound.comment) }
        }
    }

    /// Adds messages with as many elements each as there is room for.
    private mutating func append<Element>(
        _ elements: [Element], _ change: ElementChange, _ set: String, _ id: UInt32?, _ table: RuleTable.ID,
        _ body: (Element, inout MessageWriter) throws(UnsayableRule) -> Void
    ) throws(UnsayableRule) {
        var rest = elements[...]
        while !rest.isEmpty {
            let (type, flags): (nf_tables_msg_types, RequestFlags) =
                change == .add ? (NFT_MSG_NEWSETELEM, .create) : (NFT_MSG_DELSETELEM, [])
            try append(type, table, flags) { (message) throws(UnsayableRule) in
                // By its number alone, where it has one: by its name the kernel would look through all sets of the table.
                if let id {
                    message.put(NFTA_SET_ELEM_LIST_SET_ID, id)
                } else {
                    message.put(NFTA_SET_ELEM_LIST_SET, set)
                }
                try message.nested(NFTA_SET_ELEM_LIST_ELEMENTS) { (list) throws(UnsayableRule) in
                    let start = list.length
                    while list.length - start < Self.elementLimit, let element = rest.popFirst() {
                        try list.nested(NFTA_LIST_ELEM) { (message) throws(UnsayableRule) in try body(element, &message)
                        }
                    }
                }
            }
        }
    }
}

extension RuleTable.NamedSet {
    /// The types of its keys' parts.
    fileprivate var types: RuleDataTypes {
        get throws(UnsayableRule) {
            let parts = key.compactMap { RuleDataType($0) }
            guard parts.count == key.count, !parts.isEmpty else {
                throw UnsayableRule("type \(key.joined(separator: " . "))")
            }
            return RuleDataTypes(parts)
        }
    }
}

extension RuleTable.NamedSet.Flag {
    /// The kernel's bit for it.
    var number: UInt32 {
        switch self {
        case .constant: NFT_SET_CONSTANT.rawValue
        case .interval: NFT_SET_INTERVAL.rawValue
        case .timeout: NFT_SET_TIMEOUT.rawValue
        case .dynamic: NFT_SET_EVAL.rawValue
        }
    }
}

/// What nft keeps with a set (`enum nftnl_udata_set_types`, libnftnl, udata.h).
enum SetUserData {
    static let keyByteOrder: UInt8 = 0
    static let dataByteOrder: UInt8 = 1
    static let mergesElements: UInt8 = 2
    static let keyExpression: UInt8 = 3
    static let dataInterval: UInt8 = 6
    static let comment: UInt8 = 7
}

/// How nft says the order of bytes (`enum byteorder`, include/datatype.h of nftables).
enum ByteOrder {
    static let none: UInt32 = 0
    static let host: UInt32 = 1
    static let network: UInt32 = 2
}

extension RuleDataTypes {
    /// The order of a key's bytes; a concatenation has none.
    fileprivate var byteOrder: UInt32 {
        if parts.count > 1 { return ByteOrder.none }
        return parts[0].isInHostOrder ? ByteOrder.host : ByteOrder.network
    }
}
