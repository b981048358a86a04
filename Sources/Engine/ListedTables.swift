import NetworkNamespaces
import NetworkObjects
import Nftables

/// Tables as nft lists them once the kernel has them, so that they can be compared with those that it lists of a lab.
enum ListedTables {
    /// Has the kernel take tables in a namespace that is thrown away, and reads them back.
    ///
    /// Not a comparison with the tables as they are declared: how nft writes a rule back differs from version to version, and
    /// what is there and should be there are to be told apart by nothing else. Asking the nft at hand takes a few
    /// milliseconds a lab, and nothing where no rule set has changed (`RuleRecord`).
    static func tables(_ wanted: [[RuleTable]]) throws -> [[RuleTable]] {
        let all = wanted.joined()
        if all.isEmpty { return wanted.map { _ in [] } }
        // Most nodes have the same ones.
        var names: [RuleTable: String] = [:]
        var declarations = ""
        for table in all where names[table] == nil {
            var copy = table
            copy.id.name = "t\(names.count)"
            names[table] = copy.name
            declarations += copy.declaration
        }
        let listing = try NamespaceThread.run { [declarations] thread in
            try thread.enterNew { inside in
                do throws(NftablesError) {
                    try Nftables.run(declarations, in: inside)
                    return RuleListing(try Nftables.output(of: "list ruleset", in: inside))
                } catch {
                    throw EngineError.refused(object: "nf_tables", reason: error.message, advice: nil)
                }
            }
        }
        let listed = Dictionary(listing.tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return wanted.map { tables in
            tables.compactMap { table in
                guard let name = names[table], var found = listed[name] else { return nil }
                found.id = table.id
                return found
            }
        }
    }
}
