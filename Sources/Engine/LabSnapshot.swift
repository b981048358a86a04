import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink
import System

/// A lab as the kernel has it: each namespace that its blueprint names, looked into with a socket that stays open.
struct LabSnapshot {
    /// For each namespace of the blueprint, the socket inside; nil for one that is not there.
    var sessions: [Session?]
    /// For each namespace, what it holds; nil for one that is not there.
    var observed: [NamespaceSnapshot?]
    /// For each namespace, the number of its rule set when it was looked at; nil where it was not asked for.
    private(set) var generations: [UInt32?]
    /// For each namespace, the record that says that its rule set is as it should be; nil where there is none, or it was read.
    private var valid: [RuleRecord?]
    /// The namespaces of which the tables are known to be those of the former blueprint, and were not read: they are as they
    /// were declared.
    private var unread: Set<Int> = []
    /// The pins of the lab's names that hold a namespace which is not marked as the lab's.
    var foreign: [String] = []

    /// Looks at the namespaces of a blueprint.
    ///
    /// - Parameters:
    ///   - isWhole: whether to look at all that the kernel tells: also at what few labs have any of, and for changes of what no
    ///     blueprint names.
    ///   - records: the rule sets that need not be read if nobody has changed them.
    ///   - former: what the lab consisted of when the records were made, where that is known.
    ///   - dropped: by namespace, the names of settings that it had another value of and should have the kernel's now; they are
    ///     compared with those of a fresh one though the rest is not.
    init(
        _ blueprint: Blueprint, isWhole: Bool, records: [String: RuleRecord], former: Blueprint? = nil,
        dropped: [String: Set<Substring>] = [:]
    ) throws {
        let before = Dictionary(
            (former?.namespaces ?? []).map { ($0.name, $0.content.allTables) }, uniquingKeysWith: { first, _ in first })
        let count = blueprint.namespaces.count
        let sessions = Slots<Session>(count: count)
        let observed = Slots<NamespaceSnapshot>(count: count)
        let generations = Slots<UInt32>(count: count)
        let valid = Slots<RuleRecord>(count: count)
        let unread = Slots<Bool>(count: count)
        let fresh =
            isWhole || !dropped.isEmpty
            ? try FreshNamespaces(blueprint, of: isWhole ? nil : Set(dropped.keys)) : nil
        try NamespaceThread.forEach(count) { thread, index in
            let namespace = blueprint.namespaces[index]
            let pin = blueprint.pin(of: namespace)
            guard NamedNamespaces.identity(pin) != nil else { return }
            sessions[index] = try thread.open(pin, of: namespace.name) { session, inside in
                let isCompared = isWhole || dropped[namespace.name] != nil
                let look = try session.look(
                    for: namespace.content, everything: isWhole, inDetail: isCompared, in: inside)
                var seen = look.seen
                let context = look.context
                if isWhole || namespace.kind == .node || namespace.content.hasTables {
                    let generation = try Nftables.generation(in: inside)
                    generations[index] = generation
                    if generation == Nftables.untouchedGeneration || generation == nil {
                        seen.rules = RuleListing([], touched: [])
                    } else if let record = records[pin], record.generation == generation,
                        record == RuleRecord(generation, namespace.content.allTables)
                    {
                        valid[index] = record
                    } else if let record = records[pin], record.generation == generation,
                        let tables = before[namespace.name], record == RuleRecord(generation, tables)
                    {
                        unread[index] = true
                        seen.rules = RuleListing(tables, touched: [])
                    } else {
                        seen.rules = try Nftables.listing(in: inside)
                    }
                }
                if let fresh, isCompared {
                    var socket = try GenericSocket(in: inside)
                    seen.deviations = try session.deviations(from: fresh, at: index, seen, context, &socket, in: inside)
                    if isWhole {
                        do {
                            seen.deviations += try session.attachedPrograms(context, in: inside)
                        } catch let error as SystemCallError where error.errno == EPERM {
                            seen.unlisted.append("tcx programs")
                        }
                        try seen.add(fresh.otherObjects(&socket, in: inside))
                    } else if let names = dropped[namespace.name] {
                        seen.deviations.removeAll { finding in
                            let path = (finding.object.value as? Sysctl)?.path
                            return !(path?.split(separator: "/").last.map(names.contains) ?? false)
                        }
                    }
                }
                observed[index] = seen
                return session
            }
        }
        self.sessions = sessions.all
        self.observed = observed.all
        self.generations = generations.all
        self.valid = valid.all
        self.unread = Set((0..<count).filter { unread[$0] == true })
        for index in 0..<count {
            guard let seen = self.observed[index],
                !Ownership.isAlias(seen.links["lo"]?.link.alias, of: blueprint.lab)
            else { continue }
            foreign.append(blueprint.pin(of: blueprint.namespaces[index]))
        }
    }

    /// For each namespace whose tables were read, those that it should hold, as they are read back; of others, as they are
    /// declared.
    func wantedTables(_ blueprint: Blueprint) throws -> [[RuleTable]] {
        let read = blueprint.namespaces.enumerated().map { index, namespace in
            observed[index]?.rules == nil || unread.contains(index) ? NamespaceContent() : namespace.content
        }
        var wanted = try ListedTables.tables(read.map(\.allTables))
        for index in unread { wanted[index] = blueprint.namespaces[index].content.allTables }
        return wanted
    }

    /// Whether the tables of a namespace are known to be those that it held, and no others, without having been read.
    func areTablesKnown(_ index: Int) -> Bool { unread.contains(index) || observed[index] == nil }

    /// Notes that a rule set that is as it should be has another number now.
    mutating func setGeneration(_ generation: UInt32?, of index: Int) {
        generations[index] = generation
        valid[index] = nil
    }

    /// Records of all rule sets, for a lab of which all is as it should be. One in which a user has a table has to be read
    /// again, or that table would not be seen any more.
    func records(_ blueprint: Blueprint) -> [String: RuleRecord] {
        var records: [String: RuleRecord] = [:]
        for (index, namespace) in blueprint.namespaces.enumerated() where namespace.content.hasTables {
            if let read = observed[index]?.rules, read.tables.count != namespace.content.allTables.count { continue }
            records[blueprint.pin(of: namespace)] =
                valid[index] ?? RuleRecord(generations[index], namespace.content.allTables)
        }
        return records
    }
}
