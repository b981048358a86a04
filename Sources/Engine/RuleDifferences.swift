import Blueprint
import NetworkObjects

extension RuleTable {
    /// What of a table that nft lists is not as this value says: each chain, rule, set and element that differs.
    func differences(from seen: RuleTable) -> [AttributeDifference] {
        var found: [AttributeDifference] = []
        let (ours, theirs) = (Dictionary(named: sets), Dictionary(named: seen.sets))
        for set in sets {
            guard let other = theirs[set.name] else {
                found.append(AttributeDifference(set.title, wanted: "present", found: nil))
                continue
            }
            if set.isMap != other.isMap || set.declaration != other.declaration {
                found.append(
                    AttributeDifference(
                        set.title, wanted: set.declaration.joined(separator: "; "),
                        found: other.declaration.joined(separator: "; ")))
            }
            let (wanted, held) = (Set(set.elements), Set(other.elements))
            found += set.elements.filter { !held.contains($0) }.map {
                AttributeDifference("\(set.title) element", wanted: $0.text, found: nil)
            }
            found += other.elements.filter { !wanted.contains($0) }.map {
                AttributeDifference("\(set.title) element", wanted: nil, found: $0.text)
            }
        }
        found += seen.sets.filter { ours[$0.name] == nil }.map {
            AttributeDifference($0.title, wanted: nil, found: "present")
        }
        let (chains, others) = (Dictionary(named: self.chains), Dictionary(named: seen.chains))
        for chain in self.chains {
            guard let other = others[chain.name] else {
                found.append(AttributeDifference("chain \(chain.name)", wanted: "present", found: nil))
                continue
            }
            if chain.hook != other.hook {
                found.append(AttributeDifference("chain \(chain.name)", wanted: chain.hook, found: other.hook))
            }
            found += Self.differences("chain \(chain.name) rule", chain.rules, other.rules)
        }
        found += seen.chains.filter { chains[$0.name] == nil }.map {
            AttributeDifference("chain \($0.name)", wanted: nil, found: "present")
        }
        return found
    }

    /// Rules in order: those that are missing and those that are too much; one in the place of another is one difference.
    private static func differences(_ title: String, _ wanted: [String], _ seen: [String]) -> [AttributeDifference] {
        let changes = seen.difference(from: wanted)
        var inserted: [Int: String] = [:]
        for case .insert(let offset, let rule, _) in changes.insertions { inserted[offset] = rule }
        var found: [AttributeDifference] = []
        for case .remove(let offset, let rule, _) in changes.removals {
            found.append(AttributeDifference(title, wanted: rule, found: inserted.removeValue(forKey: offset)))
        }
        return found
            + inserted.sorted { $0.key < $1.key }.map { AttributeDifference(title, wanted: nil, found: $0.value) }
    }

    /// The commands that make a table, as nft lists it, into this one, in one transaction; nil where parts of it would have to
    /// be something else under the same name.
    func commands(from seen: RuleTable) -> String? {
        let (sets, chains) = (Dictionary(named: seen.sets), Dictionary(named: seen.chains))
        for set in self.sets {
            if let other = sets[set.name], other.isMap != set.isMap || other.declaration != set.declaration {
                return nil
            }
        }
        for chain in self.chains { if let other = chains[chain.name], other.hook != chain.hook { return nil } }
        return seen.commands(to: self)
    }
}

/// A part of a table that has a name.
private protocol Named {
    var name: String { get }
}

extension RuleTable.NamedSet: Named {
    fileprivate var title: String { "\(isMap ? "map" : "set") \(name)" }
}

extension RuleTable.Chain: Named {}

extension Dictionary where Key == String, Value: Named {
    fileprivate init(named values: [Value]) {
        self.init(values.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
