import Synchronization

extension RuleTable {
    /// Chains of a table that come together: those of a service's port, or all that were written one by one.
    ///
    /// What a table consists of is shared by the nodes of a cluster, and by a lab's rules before and after most changes: a group that
    /// is shared is equal at one look. Its chains are worked out when somebody asks for them, so that those of thousands of services
    /// cost nothing while they stay as they are.
    public final class ChainGroup: Sendable {
        /// Of all that the chains are worked out of; nil for chains that were written.
        private let source: UInt64?
        private let state: Mutex<State>

        private enum State: Sendable {
            case waiting(@Sendable () -> [Chain])
            case known([Chain])
        }

        /// Chains that are worked out once, when they are asked for.
        ///
        /// - Parameter digest: of all that the chains are worked out of.
        public init(_ digest: RuleDigest, _ chains: @escaping @Sendable () -> [Chain]) {
            source = digest.value
            state = Mutex(.waiting(chains))
        }

        /// These chains.
        public init(_ chains: [Chain]) {
            source = nil
            state = Mutex(.known(chains))
        }

        /// The chains, in order.
        public var chains: [Chain] {
            state.withLock { state in
                switch state {
                case .known(let chains): return chains
                case .waiting(let work):
                    let chains = work()
                    state = .known(chains)
                    return chains
                }
            }
        }

        /// Whether the chains are worked out of something else: then there is nothing in them that this program does not know.
        public var isWorkedOut: Bool { source != nil }

        /// A number that tells it from others, and that is the same in every process of one program.
        var digest: UInt64 { source ?? RuleDigest(chains).value }

        /// Whether two groups hold the same chains. Those of one that is shared are not asked for.
        static func areSame(_ one: ChainGroup, _ other: ChainGroup) -> Bool {
            one === other || one.chains == other.chains
        }
    }

    /// The chains, those with hooks among them.
    public var chains: [Chain] {
        get { groups.count == 1 ? groups[0].chains : groups.flatMap(\.chains) }
        set { groups = newValue.isEmpty ? [] : [ChainGroup(newValue)] }
        _modify {
            // Nobody else may hold the chains meanwhile, or each that is appended would copy all.
            var chains = self.chains
            groups = []
            defer { groups = chains.isEmpty ? [] : [ChainGroup(chains)] }
            yield &chains
        }
    }
}

extension RuleTable: Hashable {
    public static func == (one: RuleTable, other: RuleTable) -> Bool {
        guard one.id == other.id, one.comment == other.comment, one.others == other.others, one.sets == other.sets
        else { return false }
        let (own, others) = one.groups.withoutShared(other.groups)
        if own.count == others.count { return zip(own, others).allSatisfy(ChainGroup.areSame) }
        return own.flatMap(\.chains) == others.flatMap(\.chains)
    }

    /// Of its chains nothing: they may not be worked out yet, and tables that differ in them alone are few.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(sets)
        hasher.combine(comment)
        hasher.combine(others)
    }
}

extension [RuleTable.ChainGroup] {
    /// These groups and others without those that both begin and end with.
    fileprivate func withoutShared(_ others: [RuleTable.ChainGroup]) -> (Self.SubSequence, Self.SubSequence) {
        var (first, end, otherEnd) = (0, count, others.count)
        while first < end, first < otherEnd, self[first] === others[first] { first += 1 }
        while end > first, otherEnd > first, self[end - 1] === others[otherEnd - 1] {
            end -= 1
            otherEnd -= 1
        }
        return (self[first..<end], others[first..<otherEnd])
    }
}
