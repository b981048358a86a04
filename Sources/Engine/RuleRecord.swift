import NetworkObjects
import Synchronization

/// A rule set that was as it should be: as long as its number is the same nobody has changed it, and it need not be read.
struct RuleRecord: Codable, Hashable, Sendable {
    /// The rule set's number in its namespace.
    var generation: UInt32
    /// What tells the tables that it should hold from others.
    var digest: UInt64

    /// Nil where the number is not known.
    init?(_ generation: UInt32?, _ tables: [RuleTable], _ digests: RuleDigests) {
        guard let generation else { return nil }
        self.generation = generation
        digest = digests.digest(of: tables)
    }
}

/// The digests of tables, of which most nodes have the same: worked out once.
final class RuleDigests: Sendable {
    private let known = Mutex<[(tables: [RuleTable], value: UInt64)]>([])

    func digest(of tables: [RuleTable]) -> UInt64 {
        // Others wait: they most likely ask for the same ones.
        known.withLock { known in
            if let found = known.first(where: { $0.tables == tables }) { return found.value }
            let value = RuleDigest(tables).value
            known.append((tables, value))
            return value
        }
    }
}
