import CLinux
import Netlink
import NetworkObjects

/// Changes of nf_tables in one network namespace, in the kernel's messages (linux/netfilter/nf_tables.h): it carries out all of
/// them or none. Each is what nft(8) would send for the same words, so that nft lists what is made like what it made itself.
struct RuleBatch: ~Copyable {
    var requests: RequestBatch
    /// The number of the next set.
    var nextSet: UInt32 = 1
    /// Whether it should not have more sets of rules' own. For each of them the kernel goes through all that the transaction has
    /// (`__nft_set_trans_bind`), and at the end of one through all chains of the table: so many steps take about a millisecond.
    var isFull: Bool { Int(nextSet) * requests.count > 1 << 20 }
    /// What the names of rules' own sets begin with, so that no other set of the table has them.
    let prefix: String

    /// A transaction without changes.
    ///
    /// - Parameters:
    ///   - generation: the rule set that it changes: the kernel refuses it (ERESTART) if that is another one meanwhile. No two
    ///     transactions of a namespace may have the same.
    ///   - capacity: the bytes to start with.
    init(on generation: UInt32, capacity: Int = 16 << 10) {
        requests = RequestBatch(capacity: capacity)
        prefix = "\(generation)"
        requests.append(Int(NFNL_MSG_BATCH_BEGIN)) { message in
            message.append(structure: Self.header(family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES)))
            message.put(NFNL_BATCH_GENID, generation)
        }
    }

    /// Whether it changes nothing.
    var isEmpty: Bool { requests.count <= 1 }

    /// Ends it. Nothing may be added afterwards.
    mutating func end() {
        requests.append(Int(NFNL_MSG_BATCH_END)) { message in
            message.append(structure: Self.header(family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES)))
        }
    }

    /// A message's `struct nfgenmsg`: the family, the version, and which part of nfnetlink it is for where the type does not say.
    static func header(family: UInt8, resource: UInt16 = 0) -> nfgenmsg {
        nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: resource.bigEndian)
    }

    /// Adds a message about a table or a part of it.
    mutating func append(
        _ type: nf_tables_msg_types, _ table: RuleTable.ID, _ flags: RequestFlags = [],
        _ body: (inout MessageWriter) throws(UnsayableRule) -> Void
    ) throws(UnsayableRule) {
        try requests.append(type.number, flags) { (message) throws(UnsayableRule) in
            message.append(structure: Self.header(family: table.family.number))
            // In all messages the first attribute is the name of the table (`NFTA_TABLE_NAME`, `NFTA_CHAIN_TABLE` and the others).
            message.put(NFTA_TABLE_NAME, table.name)
            try body(&message)
        }
    }

    // MARK: Changes

    /// Adds a change.
    ///
    /// - Throws: where only nft's own language can say it; then the batch is of no use.
    mutating func append(_ change: RuleChange) throws(UnsayableRule) {
        let table = change.table
        switch change {
        case .addTable(_, let comment):
            try append(NFT_MSG_NEWTABLE, table, .create) { (message) throws(UnsayableRule) in
                message.put(NFTA_TABLE_FLAGS, 0 as UInt32)
                try message.put(NFTA_TABLE_USERDATA, comment: comment)
            }
        case .deleteTable: try append(NFT_MSG_DELTABLE, table) { _ in }
        case .addSet(_, let set): try append(set, to: table)
        case .deleteSet(_, let set):
            try append(NFT_MSG_DELSET, table) { $0.put(NFTA_SET_NAME, set.name) }
        case .addChain(_, let chain): try append(chain, to: table)
        case .flushChain(_, let name): try flush(name, table)
        case .deleteChain(_, let name):
            try append(NFT_MSG_DELCHAIN, table) { $0.put(NFTA_CHAIN_NAME, name) }
        case .addElements(_, let set, let elements, let isFirst):
            try append(elements, .add, set, table, isFirst: isFirst)
        case .deleteElements(_, let set, let elements):
            try append(elements, .delete, set, table, isFirst: false)
        case .addRules(_, let chain, let rules):
            for rule in rules { try append(rule, to: chain, table) }
        case .replaceRules(_, let chain, let rules):
            try flush(chain, table)
            for rule in rules { try append(rule, to: chain, table) }
        }
    }

    private mutating func flush(_ chain: String, _ table: RuleTable.ID) throws(UnsayableRule) {
        // Without a rule's handle: all of them.
        try append(NFT_MSG_DELRULE, table) { $0.put(NFTA_RULE_CHAIN, chain) }
    }

    private mutating func append(_ chain: RuleTable.Chain, to table: RuleTable.ID) throws(UnsayableRule) {
        try append(NFT_MSG_NEWCHAIN, table, .create) { (message) throws(UnsayableRule) in
            message.put(NFTA_CHAIN_NAME, chain.name)
            if let hook = chain.hook {
                guard let number = hook.number(in: table.family), let policy = hook.policyCode else {
                    throw UnsayableRule("\(hook)")
                }
                message.put(NFTA_CHAIN_TYPE, hook.type)
                message.put(NFTA_CHAIN_POLICY, policy)
                message.nested(NFTA_CHAIN_HOOK) { data in
                    data.put(NFTA_HOOK_HOOKNUM, number)
                    data.put(NFTA_HOOK_PRIORITY, UInt32(bitPattern: hook.priority))
                }
            }
            try message.put(NFTA_CHAIN_USERDATA, comment: chain.comment)
        }
    }
}

extension nf_tables_msg_types {
    /// The type of the message, with the part of nfnetlink that it is for.
    var number: Int { Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(rawValue) }
}

extension RuleTable.Hook {
    private static let points: [(name: String, number: nf_inet_hooks)] = [
        ("prerouting", NF_INET_PRE_ROUTING), ("input", NF_INET_LOCAL_IN), ("forward", NF_INET_FORWARD),
        ("output", NF_INET_LOCAL_OUT), ("postrouting", NF_INET_POST_ROUTING),
    ]

    /// The number of where packets enter the chain; nil for points with a device, and those of other families.
    fileprivate func number(in family: RuleTable.Family) -> UInt32? {
        guard family.addresses != nil else { return nil }
        return Self.points.first { $0.name == point }?.number.rawValue
    }

    /// The name of such a number.
    static func point(_ number: UInt32, in family: RuleTable.Family) -> String? {
        guard family.addresses != nil else { return nil }
        return points.first { $0.number.rawValue == number }?.name
    }

    fileprivate var policyCode: UInt32? {
        switch policy {
        case "accept": UInt32(NF_ACCEPT)
        case "drop": UInt32(NF_DROP)
        default: nil
        }
    }
}
