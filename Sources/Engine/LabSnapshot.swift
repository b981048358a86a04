import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables

/// A lab as the kernel has it: each namespace that its blueprint names, looked into with a socket that stays open.
struct LabSnapshot {
    /// For each namespace of the blueprint, the socket inside; nil for one that is not there.
    var sessions: [Session?]
    /// For each namespace, what it holds; nil for one that is not there.
    var observed: [NamespaceSnapshot?]
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
        let observed = Slots<NamespaceSnapshot>(count: count)
        let generations = Slots<UInt32>(count: count)
        try NamespaceThread.forEach(count) { thread, index in
            let namespace = blueprint.namespaces[index]
            let pin = blueprint.pin(of: namespace)
            guard NamedNamespaces.identity(pin) != nil else { return }
            sessions[index] = try thread.open(pin, of: namespace.name) { session, inside in
                var seen = try session.observe(for: namespace.content, everything: allTables, in: inside)
                if allTables || namespace.kind == .node || namespace.content.hasTables {
                    let generation = try Nftables.generation(in: inside)
                    generations[index] = generation
                    if generation == Nftables.untouchedGeneration || generation == nil {
                        seen.rules = RuleListing("")
                    } else if records[pin] != RuleRecord(generation, namespace.content.allTables) {
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
        for index in 0..<count {
            guard let seen = self.observed[index],
                !Ownership.isAlias(seen.links["lo"]?.link.alias, of: blueprint.lab)
            else { continue }
            foreign.append(blueprint.pin(of: blueprint.namespaces[index]))
        }
    }

    /// For each namespace whose tables were read, those that it should hold, as nft lists them.
    func wantedTables(_ blueprint: Blueprint) throws -> [[RuleTable]] {
        let read = zip(blueprint.namespaces, observed).map { $1?.rules == nil ? NamespaceContent() : $0.content }
        return try zip(ListedTables.tables(read.map(\.tables)), read).map { $0 + $1.listedTables }
    }

    /// Records of all rule sets, for a lab of which all is as it should be. One in which a user has a table has to be read
    /// again, or that table would not be seen any more.
    func records(_ blueprint: Blueprint) -> [String: RuleRecord] {
        var records: [String: RuleRecord] = [:]
        for (index, namespace) in blueprint.namespaces.enumerated() where namespace.content.hasTables {
            if let read = observed[index]?.rules, read.tables.count != namespace.content.allTables.count { continue }
            records[blueprint.pin(of: namespace)] = RuleRecord(generations[index], namespace.content.allTables)
        }
        return records
    }
}
