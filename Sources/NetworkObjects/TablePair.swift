/// Two tables side by side: those of their sets and chains that are not the same and in the same place.
///
/// Most of two large tables is: what begins and ends both of them alike is passed over, so that a small difference takes little
/// more than one look at each part.
struct TablePair {
    let sets: Parts<RuleTable.NamedSet>
    let chains: Parts<RuleTable.Chain>

    init(_ one: RuleTable, _ other: RuleTable) {
        sets = Parts(one.sets, other.sets)
        // A group that both have, wherever, has nothing that differs.
        let (own, others) = (one.groups, other.groups)
        let (inOwn, inOthers) = (Set(own.map(ObjectIdentifier.init)), Set(others.map(ObjectIdentifier.init)))
        chains = Parts(
            own.filter { !inOthers.contains(ObjectIdentifier($0)) }.flatMap(\.chains),
            others.filter { !inOwn.contains(ObjectIdentifier($0)) }.flatMap(\.chains))
    }

    /// Parts of a kind.
    struct Parts<Part: NamedRulePart> {
        let one: ArraySlice<Part>
        let other: ArraySlice<Part>
        private let inOne: [String: Int]
        private let inOther: [String: Int]

        fileprivate init(_ all: [Part], _ others: [Part]) {
            var (first, end, otherEnd) = (0, all.count, others.count)
            while first < end, first < otherEnd, all[first] == others[first] { first += 1 }
            while end > first, otherEnd > first, all[end - 1] == others[otherEnd - 1] {
                end -= 1
                otherEnd -= 1
            }
            (one, other) = (all[first..<end], others[first..<otherEnd])
            inOne = Self.positions(one)
            inOther = Self.positions(other)
        }

        private static func positions(_ parts: ArraySlice<Part>) -> [String: Int] {
            Dictionary(parts.indices.map { (parts[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        }

        /// The part of the first table with this name.
        func ofOne(_ name: String) -> Part? { inOne[name].map { one[$0] } }

        /// The part of the second table with this name.
        func ofOther(_ name: String) -> Part? { inOther[name].map { other[$0] } }
    }
}

/// A part of a table that has a name in it.
protocol NamedRulePart: Hashable {
    var name: String { get }
}

extension RuleTable.NamedSet: NamedRulePart {}
extension RuleTable.Chain: NamedRulePart {}
