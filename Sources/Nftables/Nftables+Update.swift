import CLinux
import Glibc
import Netlink
import NetworkNamespaces
import NetworkObjects

extension Nftables {
    /// Updates tables of a network namespace.
    ///
    /// It is one transaction, of which all takes effect or none. Only where there are very many sets of rules' own it takes
    /// several, because the kernel's time grows with their square: then a table that is made has no rules in its hooks before all
    /// else is there, and one that changes leads packets by what was or by what is to be (`RuleTable.changes`). One that takes the
    /// place of another does so at once.
    ///
    /// The kernel gets it in its own messages. What only nft's language can say goes through libnftables, which takes one thread
    /// at a time.
    ///
    /// - Parameter generation: the rule set that the updates are for; nil for whichever there is.
    /// - Returns: the number of the rule set afterwards, if no one else changes it; nil where that is not known.
    /// - Throws: `NftablesError` with what nft says of an update, or the kernel with the object's name; also where the rule set
    ///   is not the one that the updates are for any more.
    @discardableResult
    public static func update(
        _ updates: [TableUpdate], of generation: UInt32? = nil, in inside: borrowing InsideNamespace
    ) throws(NftablesError) -> UInt32? {
        do {
            return try commit(updates, of: generation, in: inside)
        } catch let error as NftablesError {
            throw error
        } catch is UnsayableRule {
            try run(updates.map(\.commands).joined(), in: inside)
            return nil
        } catch {
            throw NftablesError(message: "\(error)")
        }
    }

    /// How often a transaction is tried that another program's came before.
    static let attempts = 16

    /// A transaction that waits for those before it.
    private final class Transaction {
        var batch: RuleBatch

        init(_ batch: consuming RuleBatch) { self.batch = batch }

        /// Carries it out.
        func commit(_ socket: inout NetlinkSocket) throws(NftablesError) {
            batch.end()
            do {
                try socket.commit(&batch.requests)
            } catch {
                throw error.errno == ERESTART ? .otherGeneration : NftablesError(error, of: batch.requests)
            }
        }
    }

    private static func commit(
        _ updates: [TableUpdate], of generation: UInt32?, in inside: borrowing InsideNamespace
    ) throws -> UInt32? {
        var socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
        for attempt in 1... {
            guard let now = try Self.generation(&socket) else {
                throw NftablesError(message: "the kernel has no nf_tables")
            }
            if let generation, now != generation { throw NftablesError.otherGeneration }
            // Nothing is sent before it is known that messages can say all of it.
            let transactions = try transactions(updates, on: now)
            var done = 0
            do throws(NftablesError) {
                for transaction in transactions {
                    try transaction.commit(&socket)
                    done += 1
                }
                return now.next(done)
            } catch {
                // What has begun is not begun again.
                guard error == .otherGeneration, generation == nil, done == 0, attempt < attempts else { throw error }
            }
        }
        return nil
    }

    private static func transactions(
        _ updates: [TableUpdate], on generation: UInt32
    ) throws(UnsayableRule) -> [Transaction] {
        let areAtOnce = updates.contains(where: \.isReplacement)
        var found: [Transaction] = []
        var last = Transaction(RuleBatch(on: generation))
        for update in updates {
            for change in update.changes {
                try last.batch.append(change)
                // Elements that go and those that come in their place belong together.
                if areAtOnce || !change.hasRules || !last.batch.isFull { continue }
                found.append(last)
                last = Transaction(RuleBatch(on: generation.next(found.count)))
            }
        }
        return last.batch.isEmpty ? found : found + [last]
    }
}

extension UInt32 {
    /// The number of a rule set some transactions later: 0 is none (`nf_tables_commit`).
    fileprivate func next(_ count: Int) -> UInt32 {
        let next = self &+ UInt32(truncatingIfNeeded: count)
        return next < self ? next + 1 : next
    }
}

extension NftablesError {
    /// Somebody else changed the rule set meanwhile.
    static let otherGeneration = NftablesError(message: "another program changed the rule set meanwhile")

    /// What the kernel refused of a transaction, by the names of the objects.
    fileprivate init(_ error: NetlinkError, of requests: borrowing RequestBatch) {
        let messages: [Message]
        do throws(MalformedMessage) {
            messages = try Message.all(in: requests.bytes)
        } catch {
            messages = []
        }
        guard case .refused(let failures) = error else {
            if case .oversizedRequest(let index) = error, messages.indices.contains(index) {
                message = "\(RuleObjectName(messages[index])): longer than a message can be"
            } else {
                message = "\(error)"
            }
            return
        }
        // One that fails takes along those that refer to it.
        let told = failures.prefix(3).map { failure in
            messages.indices.contains(failure.requestIndex)
                ? "\(RuleObjectName(messages[failure.requestIndex])): \(failure)" : "\(failure)"
        }
        let rest = failures.count - told.count
        message = told.joined(separator: "\n") + (rest > 0 ? "\nand \(rest) more" : "")
    }
}

/// What a message of a transaction is about, in words: `add rule in chain ip kube-proxy services`.
struct RuleObjectName: CustomStringConvertible {
    let description: String

    init(_ message: Message) {
        let type = message.type & 0xff
        guard message.type >> 8 == Int(NFNL_SUBSYS_NFTABLES),
            let header = try? message.header(nfgenmsg.self), let family = RuleTable.Family(number: header.nfgen_family),
            let attributes = try? message.attributes(after: nfgenmsg.self)
        else {
            // What begins or ends a transaction is about all of it; the others are our own, and can be read.
            description = "the transaction"
            return
        }
        // In all of these messages the first attribute names the table; the part of it is one of the next two.
        func text(_ number: UInt32) -> String { attributes.first { $0.type == Int(number) }?.text ?? "" }
        let table = "\(family) \(text(NFTA_TABLE_NAME.rawValue))"
        description =
            switch nf_tables_msg_types(rawValue: UInt32(type)) {
            case NFT_MSG_NEWTABLE: "add table \(table)"
            case NFT_MSG_DELTABLE: "delete table \(table)"
            case NFT_MSG_NEWCHAIN: "add chain \(table) \(text(NFTA_CHAIN_NAME.rawValue))"
            case NFT_MSG_DELCHAIN: "delete chain \(table) \(text(NFTA_CHAIN_NAME.rawValue))"
            case NFT_MSG_NEWRULE: "add rule in chain \(table) \(text(NFTA_RULE_CHAIN.rawValue))"
            case NFT_MSG_DELRULE: "delete rules of chain \(table) \(text(NFTA_RULE_CHAIN.rawValue))"
            case NFT_MSG_NEWSET: "add set \(table) \(text(NFTA_SET_NAME.rawValue))"
            case NFT_MSG_DELSET: "delete set \(table) \(text(NFTA_SET_NAME.rawValue))"
            case NFT_MSG_NEWSETELEM: "add elements to set \(table) \(text(NFTA_SET_ELEM_LIST_SET.rawValue))"
            case NFT_MSG_DELSETELEM: "delete elements of set \(table) \(text(NFTA_SET_ELEM_LIST_SET.rawValue))"
            default: "a change of table \(table)"
            }
    }
}
