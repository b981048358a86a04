import CLinux
import Netlink
import NetworkNamespaces
import NetworkObjects

extension Nftables {
    /// The rule set of a network namespace.
    ///
    /// It is read from the kernel's own messages, in any number of namespaces at once. Tables in which there is something that no
    /// value says are listed by libnftables, in nft's words, one thread at a time.
    ///
    /// - Throws: `NftablesError`; also where the rule set changes each time that it is read.
    public static func listing(in inside: borrowing InsideNamespace) throws(NftablesError) -> RuleListing {
        for _ in 0..<attempts {
            let reader: RuleSetReader
            let generation: UInt32?
            do throws(NetlinkError) {
                var socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
                generation = try Self.generation(&socket)
                // The parts come one after the other: they belong together if nobody changed anything meanwhile.
                guard let whole = try read(&socket), try Self.generation(&socket) == generation else { continue }
                reader = whole
            } catch {
                throw NftablesError(message: "\(error)")
            }
            var (tables, touched): ([RuleTable], Set<RuleTable.ID>) = ([], reader.touched)
            for id in reader.tables {
                if let table = reader.table(id) {
                    tables.append(table)
                } else {
                    let listed = RuleListing(try output(of: "list table \(id)", in: inside))
                    tables += listed.tables
                    touched.formUnion(listed.touched)
                }
            }
            return RuleListing(tables, touched: touched)
        }
        throw NftablesError(message: "the rule set changed during each of \(attempts) attempts to read it")
    }

    /// The tables of a namespace that only nft's words can say, and why.
    static func unlistable(in inside: borrowing InsideNamespace) throws(NetlinkError) -> [RuleTable.ID: String] {
        var socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
        guard let reader = try read(&socket) else { return [:] }
        let tables = reader.tables.filter { reader.table($0) == nil }
        return Dictionary(
            tables.map { ($0, reader.unsayable[$0]?.description ?? "an element of a set") },
            uniquingKeysWith: { first, _ in first })
    }

    /// - Returns: nil where the rule set changed meanwhile.
    private static func read(_ socket: inout NetlinkSocket) throws(NetlinkError) -> RuleSetReader? {
        var reader = RuleSetReader()
        guard try dump(NFT_MSG_GETTABLE, &socket, &reader) else { return nil }
        if reader.tables.isEmpty { return reader }
        for kind in [NFT_MSG_GETOBJ, NFT_MSG_GETFLOWTABLE, NFT_MSG_GETSET] {
            guard try dump(kind, &socket, &reader) else { return nil }
        }
        for set in reader.sets {
            let isWhole = try dump(NFT_MSG_GETSETELEM, &socket, &reader, family: set.table.family) { request in
                request.put(NFTA_SET_ELEM_LIST_TABLE, set.table.name)
                request.put(NFTA_SET_ELEM_LIST_SET, set.name)
            }
            guard isWhole else { return nil }
        }
        guard try dump(NFT_MSG_GETCHAIN, &socket, &reader), try dump(NFT_MSG_GETRULE, &socket, &reader) else {
            return nil
        }
        return reader
    }

    /// - Returns: false where the reader was given some of it twice, because the rule set changed meanwhile.
    private static func dump(
        _ type: nf_tables_msg_types, _ socket: inout NetlinkSocket, _ reader: inout RuleSetReader,
        family: RuleTable.Family? = nil, _ body: (inout MessageWriter) -> Void = { _ in }
    ) throws(NetlinkError) -> Bool {
        var attempts = 0
        _ = try socket.dump(type.number) { request in
            attempts += 1
            request.append(structure: RuleBatch.header(family: family?.number ?? 0))
            body(&request)
        } decode: { message throws(MalformedMessage) -> Never? in
            if attempts == 1 { try reader.take(message) }
            return nil
        }
        return attempts == 1
    }

    /// A table as `listing` would give it back from a kernel that has it; nil where it would be in nft's words.
    public static func readBack(_ table: RuleTable) -> RuleTable? {
        do {
            var batch = RuleBatch(on: 0)
            for change in table.creation { try batch.append(change) }
            var reader = RuleSetReader()
            for message in try Message.all(in: batch.requests.bytes) { try reader.take(message) }
            return reader.table(table.id)
        } catch {
            return nil
        }
    }
}
