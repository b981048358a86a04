import CLinux
import Netlink
import NetworkObjects

/// Makes values of the kernel's messages about rule sets: tables, sets, elements and chains, and then rules, which refer to them.
///
/// What a table holds that no value says, be it a single attribute, makes all of it one that only nft can list (`unsayable`):
/// what is read says no less than the kernel's messages.
struct RuleSetReader {
    /// The tables that were read, in their order.
    private(set) var tables: [RuleTable.ID] = []
    private var positions: [RuleTable.ID: Int] = [:]
    /// For each table.
    private var parts: [Parts] = []
    /// For each table that only nft's words can say, why.
    private(set) var unsayable: [RuleTable.ID: UnsayableRule] = [:]
    /// The tables of which a rule has counted a packet, or a dynamic set holds an element.
    private(set) var touched: Set<RuleTable.ID> = []

    /// What was read of a table.
    private struct Parts {
        var comment: String?
        var sets: [ReadSet] = []
        var setPositions: [String: Int] = [:]
        var chains: [RuleTable.Chain] = []
        var chainPositions: [String: Int] = [:]
    }

    /// A set to ask for the elements of.
    struct SetName: Hashable {
        var table: RuleTable.ID
        var name: String
    }

    /// All sets, those of rules among them.
    var sets: [SetName] {
        zip(tables, parts).flatMap { id, parts in parts.sets.map { SetName(table: id, name: $0.name) } }
    }

    /// Takes a message; one of another kind is passed over.
    mutating func take(_ message: Message) throws(MalformedMessage) {
        guard message.type >> 8 == Int(NFNL_SUBSYS_NFTABLES) else { return }
        let header = try message.header(nfgenmsg.self)
        guard let family = RuleTable.Family(number: header.nfgen_family) else { return }
        let attributes = try message.attributes(after: nfgenmsg.self)
        // In all messages the first kind of attribute is the name of the table.
        guard let name = attributes.first(where: { $0.type == Int(NFTA_TABLE_NAME.rawValue) }) else { return }
        let id = RuleTable.ID(family: family, name: name.text)
        let type = nf_tables_msg_types(rawValue: UInt32(message.type & 0xff))
        if type == NFT_MSG_NEWTABLE, positions[id] == nil {
            positions[id] = tables.count
            tables.append(id)
            parts.append(Parts())
        }
        guard let table = positions[id], unsayable[id] == nil else { return }
        do {
            switch type {
            case NFT_MSG_NEWTABLE: try takeTable(table, attributes)
            case NFT_MSG_NEWSET: try takeSet(table, attributes)
            case NFT_MSG_NEWSETELEM: try takeElements(table, attributes)
            case NFT_MSG_NEWCHAIN: try takeChain(table, attributes)
            case NFT_MSG_NEWRULE: try takeRule(table, attributes)
            case NFT_MSG_NEWOBJ: throw UnsayableRule("a stateful object")
            case NFT_MSG_NEWFLOWTABLE: throw UnsayableRule("a flowtable")
            default: break
            }
        } catch let error as UnsayableRule {
            unsayable[id] = error
        } catch let error as MalformedMessage {
            throw error
        } catch {
            preconditionFailure("no other errors are thrown here")
        }
    }

    /// The table as it was read; nil where only nft can say it.
    func table(_ id: RuleTable.ID) -> RuleTable? {
        guard let parts = positions[id].map({ parts[$0] }), unsayable[id] == nil else { return nil }
        var table = RuleTable(id.family, id.name)
        table.comment = parts.comment
        table.chains = parts.chains
        for set in parts.sets where !set.isOwn {
            guard let named = set.named else { return nil }
            table.sets.append(named)
        }
        return table
    }

    // MARK: Kinds of messages

    private mutating func takeTable(_ table: Int, _ attributes: Attributes) throws {
        for attribute in attributes {
            switch UInt32(attribute.type) {
            case NFTA_TABLE_FLAGS.rawValue where try attribute.bigEndian(UInt32.self) != 0:
                throw UnsayableRule("flags of a table")
            case NFTA_TABLE_OWNER.rawValue: throw UnsayableRule("the owner of a table")
            case NFTA_TABLE_USERDATA.rawValue: parts[table].comment = try attribute.comment()
            default: break
            }
        }
    }

    private mutating func takeSet(_ table: Int, _ attributes: Attributes) throws {
        let set = try ReadSet(attributes)
        parts[table].setPositions[set.name] = parts[table].sets.count
        parts[table].sets.append(set)
    }

    private mutating func takeElements(_ table: Int, _ attributes: Attributes) throws {
        let name = attributes.first { $0.type == Int(NFTA_SET_ELEM_LIST_SET.rawValue) }?.text
        // The set that was declared just before, where it is called by its number.
        let number = try attributes.first { $0.type == Int(NFTA_SET_ELEM_LIST_SET_ID.rawValue) }?.bigEndian(UInt32.self)
        let last = parts[table].sets.last.flatMap {
            $0.number == number && number != nil ? parts[table].sets.count - 1 : nil
        }
        guard let position = name.map({ parts[table].setPositions[$0] }) ?? last,
            let list = attributes.first(where: { $0.type == Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) })
        else { return }
        for element in try list.nested() {
            if parts[table].sets[position].isDynamic {
                touched.insert(tables[table])
                return
            }
            try parts[table].sets[position].take(element)
        }
    }

    private mutating func takeChain(_ table: Int, _ attributes: Attributes) throws {
        let chain = try RuleTable.Chain(attributes, in: tables[table])
        parts[table].chainPositions[chain.name] = parts[table].chains.count
        parts[table].chains.append(chain)
    }

    private mutating func takeRule(_ table: Int, _ attributes: Attributes) throws {
        // Not all of the parts: chains change while this is held.
        let (sets, positions) = (parts[table].sets, parts[table].setPositions)
        var rule = ReadRule(in: tables[table])
        try rule.read(attributes) { name in positions[name].map { sets[$0] } }
        if rule.hasCounted { touched.insert(tables[table]) }
        guard let position = parts[table].chainPositions[rule.chain] else {
            throw UnsayableRule("a rule of chain \(rule.chain)")
        }
        parts[table].chains[position].rules.append(Rule(rule.statements, comment: rule.comment))
    }
}

extension RuleTable.Chain {
    fileprivate init(_ attributes: Attributes, in table: RuleTable.ID) throws {
        self.init("", [])
        var type: String?
        var policy = UInt32(NF_ACCEPT)
        var (point, priority): (UInt32?, Int32) = (nil, 0)
        for attribute in attributes {
            switch UInt32(attribute.type) {
            case NFTA_CHAIN_NAME.rawValue: name = attribute.text
            case NFTA_CHAIN_TYPE.rawValue: type = attribute.text
            case NFTA_CHAIN_POLICY.rawValue: policy = try attribute.bigEndian()
            case NFTA_CHAIN_FLAGS.rawValue:
                guard try attribute.bigEndian(UInt32.self) & ~NFT_CHAIN_BASE.rawValue == 0 else {
                    throw UnsayableRule("flags of a chain")
                }
            case NFTA_CHAIN_HOOK.rawValue:
                for part in try attribute.nested() {
                    switch UInt32(part.type) {
                    case NFTA_HOOK_HOOKNUM.rawValue: point = try part.bigEndian()
                    case NFTA_HOOK_PRIORITY.rawValue: priority = Int32(bitPattern: try part.bigEndian(UInt32.self))
                    default: throw UnsayableRule("a device of a chain")
                    }
                }
            case NFTA_CHAIN_USERDATA.rawValue: comment = try attribute.comment()
            default: break
            }
        }
        guard let point else { return }
        guard let type, let words = RuleTable.Hook.point(point, in: table.family),
            policy == UInt32(NF_ACCEPT) || policy == UInt32(NF_DROP)
        else { throw UnsayableRule("the hook of chain \(name)") }
        hook = RuleTable.Hook(type, words, priority, policy: policy == UInt32(NF_ACCEPT) ? "accept" : "drop")
    }
}

extension Attribute {
    /// The comment that nft keeps with something, where it keeps nothing else.
    func comment() throws(UnsayableRule) -> String? {
        var comment: String?
        for (type, value) in try userData() {
            guard type == 0 else { throw UnsayableRule("user data of type \(type)") }
            comment = value.text
        }
        return comment
    }

    /// What nft keeps with something, by its types.
    func userData() throws(UnsayableRule) -> [(type: UInt8, value: Attribute)] {
        var found: [(type: UInt8, value: Attribute)] = []
        var rest = bytes
        while let type = rest.popFirst() {
            guard let length = rest.popFirst(), rest.count >= length else { throw UnsayableRule("user data cut off") }
            found.append((type, Attribute(type: Int(type), bytes: rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
        return found
    }
}
