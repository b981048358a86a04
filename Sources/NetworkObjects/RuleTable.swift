import Addresses

/// An nf_tables table as a value: its named sets and maps, and its chains with their rules. Two of them can be compared, so
/// that one is made of the other in the kernel without touching the rest.
public struct RuleTable: Hashable, Sendable {
    /// What it is known by.
    public var id: ID
    /// The named sets and maps.
    public var sets: [NamedSet] = []
    public var chains: [Chain] = []
    /// What else it holds (flowtables, named counters, flags of its own), in nft's words.
    public var others: [String] = []

    /// A table that holds nothing yet.
    public init(_ family: Family, _ name: String) { id = ID(family: family, name: name) }

    /// The packets that its chains see.
    public var family: Family { id.family }

    public var name: String { id.name }

    /// What a table is known by in its network namespace.
    public struct ID: Hashable, Sendable, CustomStringConvertible {
        public var family: Family
        public var name: String

        /// The table of this name in this family.
        public init(family: Family, name: String) {
            self.family = family
            self.name = name
        }

        public var description: String { "\(family) \(name)" }
    }

    /// The families of tables, by nft's names.
    public enum Family: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        case ip, ip6, inet, arp, bridge, netdev

        /// The family that sees packets of one address family alone.
        public init(_ family: AddressFamily) { self = family == .ipv4 ? .ip : .ip6 }

        public var description: String { rawValue }
    }

    /// A named set, or a map.
    public struct NamedSet: Hashable, Sendable {
        public var name: String
        /// The types of its keys' parts, by nft's names (`ipv4_addr`).
        public var key: [String]
        /// The type of what a map has for a key (`verdict`); nil for a set.
        public var value: String?
        /// How it may be used.
        public var flags: Set<Flag>
        /// The most elements; nil for as many as there come.
        public var size: UInt32?
        /// How long an element stays, in seconds; nil for good.
        public var timeout: UInt32?
        /// What else is declared of it, a line each, in nft's words.
        public var others: [String] = []
        /// Its elements, those that packets add (`dynamic`) not among them.
        public var elements: [Element] = []

        /// A set or map of these parts.
        public init(
            _ name: String, key: [String], value: String? = nil, flags: Set<Flag> = [], size: UInt32? = nil,
            timeout: UInt32? = nil, elements: [Element] = []
        ) {
            self.name = name
            self.key = key
            self.value = value
            self.flags = flags
            self.size = size
            self.timeout = timeout
            self.elements = elements
        }

        /// How a set may be used.
        public enum Flag: String, Hashable, Sendable, CaseIterable {
            case constant, interval, timeout, dynamic
        }
    }

    /// An element of a set or map.
    public struct Element: Hashable, Sendable {
        /// What is looked up.
        public var key: [RuleValue]
        /// What a map has for it.
        public var value: Value?

        /// An element of a set, or of a map if it has a value.
        public init(_ key: [RuleValue], _ value: Value? = nil) {
            self.key = key
            self.value = value
        }

        /// What a map has for a key.
        public enum Value: Hashable, Sendable {
            case verdict(Rule.Verdict)
            case data([RuleValue])
        }
    }

    /// A chain of rules, in nft's words (nft(8), CHAINS).
    public struct Chain: Hashable, Sendable {
        public var name: String
        /// Where packets enter it; nil if only rules lead to it.
        public var hook: Hook?
        /// Its rules, in order.
        public var rules: [Rule]

        /// A chain of these rules.
        public init(_ name: String, hook: Hook? = nil, _ rules: [Rule]) {
            self.name = name
            self.hook = hook
            self.rules = rules
        }
    }

    /// Where packets enter a chain.
    public struct Hook: Hashable, Sendable {
        /// `filter`, `nat` or `route`.
        public var type: String
        /// `prerouting`, `forward` and the others, with the device for one that has its own.
        public var point: String
        /// Which of the chains at this point comes first, as a number or in nft's words (`srcnat + 10`).
        public var priority: String
        /// What becomes of a packet that no rule decided on.
        public var policy: String

        /// A hook of these parts.
        public init(_ type: String, _ point: String, _ priority: String, policy: String = "accept") {
            self.type = type
            self.point = point
            self.priority = priority
            self.policy = policy
        }
    }

    /// Whether a rule of it counts packets.
    public var counts: Bool { chains.contains { $0.rules.contains { $0.statements.contains(.counter) } } }

    /// Whether it holds a set that packets add to.
    public var remembers: Bool { sets.contains { $0.flags.contains(.dynamic) } }
}

// MARK: In nft's words

extension RuleTable {
    /// The table as nft(8) declares it.
    public var declaration: String {
        var lines: [String] = []
        for set in sets {
            lines.append("\(set.title) {")
            lines += set.declaration.map { "\t" + $0 }
            if !set.elements.isEmpty { lines.append("\telements = { \(Self.list(set.elements)) }") }
            lines.append("}")
        }
        for chain in chains {
            lines.append("chain \(chain.name) {")
            if let hook = chain.hook { lines.append("\t\(hook)") }
            lines += chain.rules.map { "\t\($0)" }
            lines.append("}")
        }
        return "table \(id) {\n" + lines.map { "\t\($0)\n" }.joined() + "}\n"
    }

    /// The commands that put the table in the place of whatever has its name, in one transaction.
    public var replacement: String {
        // Adding first makes the deletion succeed where there is none.
        "add table \(id)\ndelete table \(id)\n" + declaration
    }

    /// The commands that make this table into another of its name, as one transaction; empty if nothing changes. What
    /// packets added to dynamic sets stays where the set stays.
    public func commands(to other: RuleTable) -> String {
        let (was, will) = (Parts(self), Parts(other))
        var commands: [String] = []
        // First what others will refer to, last what nothing refers to any more.
        for set in other.sets where was.sets[set.name]?.declaration != set.declaration {
            commands.append(
                "add \(set.kind) \(id) \(set.name) { \(set.declaration.joined(separator: "; ")); }")
        }
        for chain in other.chains where was.chains[chain.name] == nil {
            commands.append("add chain \(id) \(chain.name)" + (chain.hook.map { " { \($0) }" } ?? ""))
        }
        for chain in chains where will.chains[chain.name]?.rules != chain.rules {
            commands.append("flush chain \(id) \(chain.name)")
        }
        for set in sets {
            let kept = Set(will.sets[set.name]?.elements ?? [])
            let gone = set.elements.filter { !kept.contains($0) }.map { Element($0.key) }
            if !gone.isEmpty { commands.append("delete element \(id) \(set.name) { \(Self.list(gone)) }") }
        }
        for set in other.sets {
            let had = Set(was.sets[set.name]?.elements ?? [])
            let new = set.elements.filter { !had.contains($0) }
            if !new.isEmpty { commands.append("add element \(id) \(set.name) { \(Self.list(new)) }") }
        }
        for chain in other.chains where was.chains[chain.name]?.rules != chain.rules {
            commands += chain.rules.map { "add rule \(id) \(chain.name) \($0)" }
        }
        for chain in chains where will.chains[chain.name] == nil {
            commands.append("delete chain \(id) \(chain.name)")
        }
        for set in sets where will.sets[set.name] == nil {
            commands.append("delete \(set.kind) \(id) \(set.name)")
        }
        return commands.map { $0 + "\n" }.joined()
    }

    /// The commands that make a table, as nft lists it, into this one, in one transaction; nil where parts of it would have to
    /// be something else under the same name.
    public func commands(from seen: RuleTable) -> String? {
        let parts = Parts(seen)
        let areSets = sets.allSatisfy { set in
            parts.sets[set.name].map { $0.declaration == set.declaration } ?? true
        }
        let areChains = chains.allSatisfy { chain in parts.chains[chain.name].map { $0.hook == chain.hook } ?? true }
        return areSets && areChains && others == seen.others ? seen.commands(to: self) : nil
    }

    private static func list(_ elements: [Element]) -> String {
        elements.map(\.description).joined(separator: ", ")
    }

    /// A table's parts by name.
    private struct Parts {
        let sets: [String: NamedSet]
        let chains: [String: Chain]

        init(_ table: RuleTable) {
            sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension RuleTable.NamedSet {
    fileprivate var kind: String { value == nil ? "set" : "map" }

    fileprivate var title: String { "\(kind) \(name)" }

    /// The lines that declare it.
    fileprivate var declaration: [String] {
        let names = Flag.allCases.filter(flags.contains).map(\.rawValue).sorted()
        var lines: [String] = []
        if !key.isEmpty { lines.append("type " + key.joined(separator: " . ") + (value.map { " : \($0)" } ?? "")) }
        if let size { lines.append("size \(size)") }
        if !names.isEmpty { lines.append("flags " + names.joined(separator: ",")) }
        if let timeout { lines.append("timeout \(timeout)s") }
        return lines + others
    }
}

extension RuleTable.Element: CustomStringConvertible {
    public var description: String {
        let key = key.map(\.description).joined(separator: " . ")
        return switch value {
        case nil: key
        case .verdict(let verdict): "\(key) : \(verdict)"
        case .data(let values): "\(key) : " + values.map(\.description).joined(separator: " . ")
        }
    }
}

extension RuleTable.Hook: CustomStringConvertible {
    public var description: String { "type \(type) hook \(point) priority \(priority); policy \(policy);" }
}

// MARK: Differences

extension RuleTable: NetworkObject {
    public static var kindName: String { "table" }
    public var identity: ID { id }
    public var link: InterfaceName? { nil }
    public var description: String { "\(id)" }

    /// What of a table that nft lists is not as this value says: each chain, rule, set and element that differs.
    public func differences(from seen: RuleTable) -> [AttributeDifference] {
        var found: [AttributeDifference] = []
        let (ours, theirs) = (Parts(self), Parts(seen))
        for set in sets {
            guard let other = theirs.sets[set.name] else {
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
        found += seen.sets.filter { ours.sets[$0.name] == nil }.map {
            AttributeDifference(AttributeName($0.title), wanted: nil, found: "present")
        }
        for chain in chains {
            guard let other = theirs.chains[chain.name] else {
                found.append(AttributeDifference(AttributeName("chain \(chain.name)"), wanted: "present", found: nil))
                continue
            }
            if chain.hook != other.hook {
                found.append(
                    AttributeDifference(
                        AttributeName("chain \(chain.name)"), wanted: chain.hook?.description,
                        found: other.hook?.description))
            }
            found += Self.differences("chain \(chain.name) rule", chain.rules, other.rules)
        }
        found += seen.chains.filter { ours.chains[$0.name] == nil }.map {
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
