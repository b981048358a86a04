/// One step in making nf_tables tables what they should be.
public enum RuleChange: Hashable, Sendable {
    case addTable(RuleTable.ID, comment: String?)
    /// With all that it holds.
    case deleteTable(RuleTable.ID)
    /// Declares a set or map; its elements come apart.
    case addSet(RuleTable.ID, RuleTable.NamedSet)
    case deleteSet(RuleTable.ID, RuleTable.NamedSet)
    /// Declares a chain; its rules come apart.
    case addChain(RuleTable.ID, RuleTable.Chain)
    /// Deletes all rules of a chain.
    case flushChain(RuleTable.ID, String)
    case deleteChain(RuleTable.ID, String)
    /// Adds elements to a set, and whether it has none yet.
    case addElements(RuleTable.ID, RuleTable.NamedSet, [RuleTable.Element], isFirst: Bool)
    case deleteElements(RuleTable.ID, RuleTable.NamedSet, [RuleTable.Element])
    /// Adds rules at the end of a chain.
    case addRules(RuleTable.ID, chain: String, [Rule])
    /// Puts rules in the place of all rules of a chain.
    case replaceRules(RuleTable.ID, chain: String, [Rule])

    /// The table that it is about.
    public var table: RuleTable.ID {
        switch self {
        case .addTable(let id, _), .deleteTable(let id), .addSet(let id, _), .deleteSet(let id, _),
            .addChain(let id, _),
            .flushChain(let id, _), .deleteChain(let id, _), .addElements(let id, _, _, _),
            .deleteElements(let id, _, _), .addRules(let id, _, _), .replaceRules(let id, _, _):
            id
        }
    }

    /// Whether it gives a chain rules.
    public var hasRules: Bool {
        switch self {
        case .addRules, .replaceRules: true
        default: false
        }
    }

    /// The same in nft's words (nft(8)): commands, a line each.
    public var commands: String {
        switch self {
        case .addTable(let id, let comment):
            "add table \(id)\(comment.map { " { comment \"\($0)\"; }" } ?? "")\n"
        case .deleteTable(let id): "delete table \(id)\n"
        case .addSet(let id, let set):
            "add \(set.kind) \(id) \(set.name) { \(set.declaration.joined(separator: "; ")); }\n"
        case .deleteSet(let id, let set): "delete \(set.kind) \(id) \(set.name)\n"
        case .addChain(let id, let chain): "add chain \(id) \(chain.name)\(chain.block(in: id.family))\n"
        case .flushChain(let id, let chain): "flush chain \(id) \(chain)\n"
        case .deleteChain(let id, let chain): "delete chain \(id) \(chain)\n"
        case .addElements(let id, let set, let elements, _):
            "add element \(id) \(set.name) { \(RuleTable.list(elements)) }\n"
        case .deleteElements(let id, let set, let elements):
            "delete element \(id) \(set.name) { \(RuleTable.list(elements.map { .init($0.key) })) }\n"
        case .addRules(let id, let chain, let rules): rules.map { "add rule \(id) \(chain) \($0)\n" }.joined()
        case .replaceRules(let id, let chain, let rules):
            RuleChange.flushChain(id, chain).commands + RuleChange.addRules(id, chain: chain, rules).commands
        }
    }
}

extension RuleTable {
    /// What makes the table where there is none of its name. Until the last steps, which give the chains with hooks their rules,
    /// no packet gets to the others.
    public var creation: [RuleChange] {
        var changes: [RuleChange] = [.addTable(id, comment: comment)]
        changes += sets.map { .addSet(id, $0.declared) }
        changes += chains.map { .addChain(id, $0.declared) }
        for set in sets where !set.elements.isEmpty {
            changes.append(.addElements(id, set.declared, set.elements, isFirst: true))
        }
        var (bySets, hooked): ([RuleChange], [RuleChange]) = ([], [])
        for chain in chains where !chain.rules.isEmpty {
            let rules = RuleChange.addRules(id, chain: chain.name, chain.rules)
            if chain.hook != nil {
                hooked.append(rules)
            } else if chain.hasOwnSets {
                bySets.append(rules)
            } else {
                changes.append(rules)
            }
        }
        return changes + bySets + hooked
    }

    /// What makes this table into another of its name; empty if nothing changes. What packets added to dynamic sets stays where
    /// the set stays. After any of the steps packets for something find all that it had, or all that it is to have.
    public func changes(to other: RuleTable) -> [RuleChange] { changes(TablePair(self, other)) }

    /// - Parameter pair: this table, and what it becomes.
    private func changes(_ pair: TablePair) -> [RuleChange] {
        let (sets, chains) = (pair.sets, pair.chains)
        var changes: [RuleChange] = []
        // First what others will refer to, last what nothing refers to any more.
        for set in sets.other where sets.ofOne(set.name).map({ $0.declared != set.declared }) ?? true {
            changes.append(.addSet(id, set.declared))
        }
        let new = chains.other.filter { chains.ofOne($0.name) == nil }
        changes += new.map { .addChain(id, $0.declared) }
        for chain in new where !chain.rules.isEmpty {
            changes.append(.addRules(id, chain: chain.name, chain.rules))
        }
        for chain in chains.other {
            guard let former = chains.ofOne(chain.name), former.rules != chain.rules else { continue }
            changes.append(.replaceRules(id, chain: chain.name, chain.rules))
        }
        for set in sets.one {
            let gone = set.elements(notIn: sets.ofOther(set.name))
            if !gone.isEmpty { changes.append(.deleteElements(id, set.declared, gone)) }
        }
        for set in sets.other {
            let former = sets.ofOne(set.name)
            let new = set.elements(notIn: former)
            if !new.isEmpty {
                changes.append(.addElements(id, set.declared, new, isFirst: former?.elements.isEmpty ?? true))
            }
        }
        let gone = chains.one.filter { chains.ofOther($0.name) == nil }
        // They may lead to each other.
        for chain in gone where !chain.rules.isEmpty { changes.append(.flushChain(id, chain.name)) }
        changes += gone.map { .deleteChain(id, $0.name) }
        for set in sets.one where sets.ofOther(set.name) == nil { changes.append(.deleteSet(id, set.declared)) }
        return changes
    }

    /// What makes a table that the kernel has into this one; nil where parts of it would have to be something else under the
    /// same name.
    public func changes(from seen: RuleTable) -> [RuleChange]? {
        let pair = TablePair(seen, self)
        let areSets = pair.sets.other.allSatisfy { set in
            pair.sets.ofOne(set.name).map { $0.declared == set.declared } ?? true
        }
        let areChains = pair.chains.other.allSatisfy { chain in
            pair.chains.ofOne(chain.name).map { $0.hook == chain.hook && $0.comment == chain.comment } ?? true
        }
        return areSets && areChains && comment == seen.comment && others == seen.others ? seen.changes(pair) : nil
    }
}

extension Rule {
    /// Whether it has a set of its own.
    fileprivate var hasOwnSets: Bool {
        statements.contains { statement in
            switch statement {
            case .match(_, .elements), .mismatch(_, .elements), .verdictMap(_, .elements): true
            default: false
            }
        }
    }
}

extension RuleTable.NamedSet {
    /// The set without its elements.
    fileprivate var declared: Self {
        var set = self
        set.elements = []
        return set
    }

    /// Its elements that another one does not have.
    fileprivate func elements(notIn other: Self?) -> [RuleTable.Element] {
        // The same ones in the same order are the common case, and soon compared.
        guard let other, !other.elements.isEmpty else { return elements }
        if elements == other.elements { return [] }
        let had = Set(other.elements)
        return elements.filter { !had.contains($0) }
    }
}

extension RuleTable.Chain {
    /// Whether a rule has a set of its own.
    fileprivate var hasOwnSets: Bool { rules.contains(where: \.hasOwnSets) }

    /// The chain without its rules.
    fileprivate var declared: Self {
        var chain = self
        chain.rules = []
        return chain
    }
}

// MARK: In nft's words

extension RuleTable {
    /// nft's commands that make this table into another of its name, as one transaction; empty if nothing changes.
    public func commands(to other: RuleTable) -> String { changes(to: other).map(\.commands).joined() }

    /// nft's commands that make a table that the kernel has into this one; nil where parts of it would have to be something else
    /// under the same name.
    public func commands(from seen: RuleTable) -> String? { changes(from: seen)?.map(\.commands).joined() }
}
