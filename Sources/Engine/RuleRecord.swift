import NetworkObjects

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
        digest = RuleDigest(tables).value
    }
}
