import CLinux
import Netlink
import NetworkNamespaces
import NetworkObjects

/// A rule in its chain, by the number that `nft -a` shows.
public struct RuleID: Hashable, Sendable {
    public var table: RuleTable.ID
    public var chain: String
    public var handle: UInt64

    public init(_ table: RuleTable.ID, _ chain: String, _ handle: UInt64) {
        (self.table, self.chain, self.handle) = (table, chain, handle)
    }
}

extension Nftables {
    /// Rules as nft prints them.
    ///
    /// The kernel is asked for these rules alone. Of those that only nft can say, all of the chain is listed by libnftables.
    ///
    /// - Parameter rules: which ones; those that are gone meanwhile are left out, and those of tables that cannot be listed.
    public static func texts(
        of rules: Set<RuleID>, in inside: borrowing InsideNamespace
    ) throws(NetlinkError) -> [RuleID: String] {
        if rules.isEmpty { return [:] }
        var reader = SingleRules(socket: try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false))
        var texts: [RuleID: String] = [:]
        var listed: Set<RuleID> = []
        for id in rules where !listed.contains(id) {
            switch try reader.text(of: id) {
            case .text(let text): texts[id] = text
            case .gone: break
            case .unsayable:
                let chain = rules.filter { $0.table == id.table && $0.chain == id.chain }
                listed.formUnion(chain)
                // Gone, or of another program that does not let it be listed: its rules are told without their text.
                guard let listing = try? output(of: "list chain \(id.table) \(id.chain)", handles: true, in: inside)
                else { continue }
                for line in listing.split(separator: "\n") {
                    guard let mark = line.ranges(of: " # handle ").last,
                        let handle = UInt64(line[mark.upperBound...])
                    else { continue }
                    let id = RuleID(id.table, id.chain, handle)
                    if chain.contains(id) {
                        texts[id] = String(line[..<mark.lowerBound].drop { $0 == "\t" || $0 == " " })
                    }
                }
            }
        }
        return texts
    }
}

/// Reads rules one at a time, and the sets that they look something up in.
private struct SingleRules: ~Copyable {
    var socket: NetlinkSocket
    private var sets: [RuleSetReader.SetName: ReadSet] = [:]

    init(socket: consuming NetlinkSocket) { self.socket = socket }

    enum Answer {
        case text(String)
        case gone
        /// No value says it.
        case unsayable
    }

    mutating func text(of id: RuleID) throws(NetlinkError) -> Answer {
        let found = try reply(NFT_MSG_GETRULE, id.table) { request in
            request.put(NFTA_RULE_TABLE, id.table.name)
            request.put(NFTA_RULE_CHAIN, id.chain)
            request.put(NFTA_RULE_HANDLE, wide: id.handle)
        }
        guard let found else { return .gone }
        do {
            let attributes = try found.attributes(after: nfgenmsg.self)
            while true {
                var missing: RuleSetReader.SetName?
                var rule = ReadRule(in: id.table)
                do {
                    try rule.read(attributes) { name in
                        let name = RuleSetReader.SetName(table: id.table, name: name)
                        if sets[name] == nil { missing = name }
                        return sets[name]
                    }
                    return .text("\(Rule(rule.statements, comment: rule.comment))")
                } catch let error as UnsayableRule {
                    guard let missing else { throw error }
                    // There are no more sets than the rule names.
                    sets[missing] = try set(missing)
                }
            }
        } catch is UnsayableRule {
            return .unsayable
        } catch let error as NetlinkError {
            throw error
        } catch let error as MalformedMessage {
            throw .malformed(error)
        } catch {
            preconditionFailure("no other errors are thrown here")
        }
    }

    /// A set, with its elements where it is a rule's own.
    private mutating func set(_ id: RuleSetReader.SetName) throws -> ReadSet {
        let declaration = try reply(NFT_MSG_GETSET, id.table) { request in
            request.put(NFTA_SET_TABLE, id.table.name)
            request.put(NFTA_SET_NAME, id.name)
        }
        guard let declaration else { throw UnsayableRule("set \(id.name)") }
        var set = try ReadSet(declaration.attributes(after: nfgenmsg.self))
        if !set.isOwn { return set }
        let parts = try socket.dump(NFT_MSG_GETSETELEM.number) { request in
            request.append(structure: RuleBatch.header(family: id.table.family.number))
            request.put(NFTA_SET_ELEM_LIST_TABLE, id.table.name)
            request.put(NFTA_SET_ELEM_LIST_SET, id.name)
        } decode: { message throws(MalformedMessage) -> Attribute? in
            try message.attributes(after: nfgenmsg.self).first { $0.type == Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) }
        }
        for part in parts { for element in try part.nested() { try set.take(element) } }
        return set
    }

    /// The kernel's answer to a question for one thing; nil where it is not there.
    private mutating func reply(
        _ type: nf_tables_msg_types, _ table: RuleTable.ID, _ body: (inout MessageWriter) -> Void
    ) throws(NetlinkError) -> Message? {
        do {
            return try socket.replies(to: type.number) { request in
                request.append(structure: RuleBatch.header(family: table.family.number))
                body(&request)
            }.first
        } catch {
            // Not there any more, or of a table that another program owns.
            if case .refused = error { return nil }
            throw error
        }
    }
}
