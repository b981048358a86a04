import Addresses

/// An nf_tables table as a value: its named sets and maps, and its chains with their rules. Two of them can be compared, so
/// that one is made of the other in the kernel without touching the rest.
public struct RuleTable: Sendable {
    /// What it is known by.
    public var id: ID
    /// The named sets and maps.
    public var sets: [NamedSet] = []
    /// The chains, in groups.
    public internal(set) var groups: [ChainGroup] = []
    /// What its writer says about it.
    public var comment: String?
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
        /// What its writer says about it.
        public var comment: String?
        /// What else is declared of it, a line each, in nft's words.
        public var others: [String] = []
        /// Its elements, those that packets add (`dynamic`) not among them.
        public var elements: [Element] = []

        /// A set or map of these parts.
        public init(
            _ name: String, key: [String], value: String? = nil, flags: Set<Flag> = [], size: UInt32? = nil,
            timeout: UInt32? = nil, comment: String? = nil, elements: [Element] = []
        ) {
            self.name = name
            self.key = key
            self.value = value
            self.flags = flags
            self.size = size
            self.timeout = timeout
            self.comment = comment
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
        /// What its writer says about it.
        public var comment: String?

        /// An element of a set, or of a map if it has a value.
        public init(_ key: [RuleValue], _ value: Value? = nil, comment: String? = nil) {
            self.key = key
            self.value = value
            self.comment = comment
        }

        /// What a map has for a key.
        public enum Value: Hashable, Sendable {
            case verdict(Rule.Verdict)
            case data([RuleValue])
        }
    }

    /// Adds chains behind those that there are.
    public mutating func add(_ groups: [ChainGroup]) { self.groups += groups }

    /// Whether a rule of it counts packets.
    public var counts: Bool { chains.contains { $0.rules.contains { $0.statements.contains(.counter) } } }

    /// Whether its sets and maps have nothing in them: no packet is for anything that it knows.
    public var isIdle: Bool { sets.allSatisfy(\.elements.isEmpty) }

    /// Whether it holds a set that packets add to.
    public var remembers: Bool { sets.contains { $0.flags.contains(.dynamic) } }
}
