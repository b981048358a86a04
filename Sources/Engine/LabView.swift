import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables

/// A lab as the kernel has it: each namespace that its blueprint names, looked into with a socket that stays open.
struct LabView {
    /// For each namespace of the blueprint, the socket inside; nil for one that is not there.
    var sessions: [Session?]
    /// For each namespace, what it holds; nil for one that is not there.
    var observed: [ObservedNamespace?]
    /// For each namespace, the number of its rule set when it was looked at; nil where it was not asked for.
    var generations: [UInt32?]
    /// The pins of the lab's names that hold a namespace which is not marked as the lab's.
    var foreign: [String] = []

    /// Looks at the namespaces of a blueprint.
    ///
    /// - Parameters:
    ///   - allTables: whether to look for tables in namespaces that should hold none, too.
    ///   - records: the rule sets that need not be read if nobody has changed them.
    init(_ blueprint: Blueprint, allTables: Bool, records: [String: RuleRecord]) throws {
        let count = blueprint.namespaces.count
        let sessions = Slots<Session>(count: count)
        let observed = Slots<ObservedNamespace>(count: count)
        let generations = Slots<UInt32>(count: count)
        try NamespaceThread.forEach(count) { thread, index in
            let namespace = blueprint.namespaces[index]
            let pin = blueprint.pin(of: namespace)
            guard Pins.identity(pin) != nil else { return }
            sessions[index] = try thread.open(pin, of: namespace.name) { session, inside in
                var seen = try session.observe(for: namespace.content, everything: allTables, in: inside)
                if allTables || namespace.kind == .node || !namespace.content.tables.isEmpty {
                    let generation = try Nftables.generation(in: inside)
                    generations[index] = generation
                    if generation == Nftables.untouchedGeneration || generation == nil {
                        seen.rules = RuleListing("")
                    } else if records[pin] != RuleRecord(generation, namespace.content.tables) {
                        seen.rules = RuleListing(try Nftables.output(of: "list ruleset", in: inside))
                    }
                }
                observed[index] = seen
                return session
            }
        }
        self.sessions = sessions.all
        self.observed = observed.all
        self.generations = generations.all
        let alias = Ownership.alias(lab: blueprint.lab)
        for index in 0..<count {
            guard let seen = self.observed[index], seen.links["lo"]?.link.alias != alias else { continue }
            foreign.append(blueprint.pin(of: blueprint.namespaces[index]))
        }
    }

    /// For each namespace whose tables were read, those that it should hold, as nft lists them.
    func wantedTables(_ blueprint: Blueprint) throws -> [[RuleTable]] {
        try ListedTables.tables(
            zip(blueprint.namespaces, observed).map { $1?.rules == nil ? [] : $0.content.tables })
    }

    /// Records of all rule sets, for a lab of which all is as it should be. One in which a user has a table has to be read
    /// again, or that table would not be seen any more.
    func records(_ blueprint: Blueprint) -> [String: RuleRecord] {
        var records: [String: RuleRecord] = [:]
        for (index, namespace) in blueprint.namespaces.enumerated() where !namespace.content.tables.isEmpty {
            if let read = observed[index]?.rules, read.tables.count != namespace.content.tables.count { continue }
            records[blueprint.pin(of: namespace)] = RuleRecord(generations[index], namespace.content.tables)
        }
        return records
    }
}

/// A rule set that was as it should be: as long as its number is the same nobody has changed it, and it need not be read.
struct RuleRecord: Codable, Hashable, Sendable {
    /// The rule set's number in its namespace.
    var generation: UInt32
    /// What tells the tables that it should hold from others.
    var digest: UInt64

    /// Nil where the number is not known.
    init?(_ generation: UInt32?, _ tables: [RuleTable]) {
        guard let generation else { return nil }
        self.generation = generation
        // FNV-1a (RFC 9923). It is to notice an edit, not a forgery.
        digest = tables.reduce(0xcbf2_9ce4_8422_2325) { hash, table in
            table.declaration.utf8.reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }
}

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
