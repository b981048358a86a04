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
        // FNV-1a (RFC 9923). It is to notice an edit, not a forgery.
        digest = tables.reduce(0xcbf2_9ce4_8422_2325) { hash, table in
            table.declaration.utf8.reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }
}
