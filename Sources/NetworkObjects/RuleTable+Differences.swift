import Addresses

extension RuleTable: NetworkObject {
    public static var kindName: String { "table" }
    public var identity: ID { id }
    public var link: InterfaceName? { nil }
    public var description: String { "\(id)" }

    /// What of a table that nft lists is not as this value says: each chain, rule, set and element that differs.
    public func differences(from seen: RuleTable) -> [AttributeDifference] {
        var found: [AttributeDifference] = []
        let pair = TablePair(self, seen)
        if comment != seen.comment {
            found.append(AttributeDifference(AttributeName("comment"), wanted: comment, found: seen.comment))
        }
        for set in pair.sets.one {
            guard let other = pair.sets.ofOther(set.name) else {
                found.append(AttributeDifference(AttributeName(set.title), wanted: "present", found: nil))
                continue
            }
            if set.declaration != other.declaration {
                found.append(
                    AttributeDifference(
                        AttributeName(set.title), wanted: set.declaration.joined(separator: "; "),
                        found: other.declaration.joined(separator: "; ")))
            }
            let (wanted, held) = (Set(set.elements), Set(other.elements))
            found += set.elements.filter { !held.contains($0) }.map {
                AttributeDifference(AttributeName("\(set.title) element"), wanted: "\($0)", found: nil)
            }
            found += other.elements.filter { !wanted.contains($0) }.map {
                AttributeDifference(AttributeName("\(set.title) element"), wanted: nil, found: "\($0)")
            }
        }
        found += pair.sets.other.filter { pair.sets.ofOne($0.name) == nil }.map {
            AttributeDifference(AttributeName($0.title), wanted: nil, found: "present")
        }
        for chain in pair.chains.one {
            guard let other = pair.chains.ofOther(chain.name) else {
                found.append(AttributeDifference(AttributeName("chain \(chain.name)"), wanted: "present", found: nil))
                continue
            }
            let (wanted, held) = (chain.declaration(in: family), other.declaration(in: family))
            if wanted != held {
                found.append(
                    AttributeDifference(
                        AttributeName("chain \(chain.name)"),
                        wanted: wanted.isEmpty ? nil : wanted.joined(separator: " "),
                        found: held.isEmpty ? nil : held.joined(separator: " ")))
            }
            found += Self.differences("chain \(chain.name) rule", chain.rules, other.rules)
        }
        found += pair.chains.other.filter { pair.chains.ofOne($0.name) == nil }.map {
            AttributeDifference(AttributeName("chain \($0.name)"), wanted: nil, found: "present")
        }
        found += others.filter { !seen.others.contains($0) }.map {
            AttributeDifference(AttributeName($0), wanted: "present", found: nil)
        }
        found += seen.others.filter { !others.contains($0) }.map {
            AttributeDifference(AttributeName($0), wanted: nil, found: "present")
        }
        return found
    }

    /// Rules in order: those that are missing and those that are too much; one in the place of another is one difference.
    private static func differences(_ title: String, _ wanted: [Rule], _ seen: [Rule]) -> [AttributeDifference] {
        if wanted == seen { return [] }
        let changes = seen.difference(from: wanted)
        var inserted: [Int: Rule] = [:]
        for case .insert(let offset, let rule, _) in changes.insertions { inserted[offset] = rule }
        var found: [AttributeDifference] = []
        for case .remove(let offset, let rule, _) in changes.removals {
            found.append(
                AttributeDifference(
                    AttributeName(title), wanted: "\(rule)", found: inserted.removeValue(forKey: offset)?.description))
        }
        return found
            + inserted.sorted { $0.key < $1.key }.map {
                AttributeDifference(AttributeName(title), wanted: nil, found: "\($0.value)")
            }
    }
}
