import NetworkNamespaces
import NetworkObjects
import Nftables

/// Tables as they are read back once the kernel has them, so that they can be compared with those that are read of a lab.
enum ListedTables {
    /// For each list, its tables as they are read back.
    ///
    /// Not a comparison with the tables as they are declared: one thing can be written in several ways, and what is there and
    /// should be there are to be told apart by nothing else. What messages cannot say, the kernel takes in a namespace that is
    /// thrown away, from where it is read.
    static func tables(_ wanted: [[RuleTable]]) throws -> [[RuleTable]] {
        // Most nodes have the same ones.
        var readBack: [RuleTable: RuleTable] = [:]
        var others: [RuleTable] = []
        for table in wanted.joined() where readBack[table] == nil {
            if let known = Nftables.readBack(table) {
                readBack[table] = known
            } else {
                readBack[table] = table
                // What nft lists in part alone it does not take back.
                if KernelObject(table).isMakeable { others.append(table) }
            }
        }
        if !others.isEmpty { readBack.merge(try asListed(others)) { $1 } }
        return wanted.map { tables in tables.map { readBack[$0] ?? $0 } }
    }

    private static func asListed(_ tables: [RuleTable]) throws -> [RuleTable: RuleTable] {
        let named = tables.enumerated().map { index, table in
            var copy = table
            copy.id.name = "t\(index)"
            return copy
        }
        let listing = try NamespaceThread.run { thread in
            try thread.enterNew { inside in
                do throws(NftablesError) {
                    try Nftables.update(named.map { .add($0) }, in: inside)
                    return try Nftables.listing(in: inside)
                } catch {
                    throw EngineError.refused(object: "nf_tables", reason: error.message, advice: nil)
                }
            }
        }
        let listed = Dictionary(listing.tables.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [RuleTable: RuleTable] = [:]
        for (table, copy) in zip(tables, named) {
            guard var read = listed[copy.id] else { continue }
            read.id = table.id
            found[table] = read
        }
        return found
    }
}
