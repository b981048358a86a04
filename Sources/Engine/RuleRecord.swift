import Glibc
import NetworkObjects

/// A rule set that was as it should be: as long as its number is the same nobody has changed it, and it need not be read.
struct RuleRecord: Codable, Hashable, Sendable {
    /// The rule set's number in its namespace.
    var generation: UInt32
    /// What tells the tables that it should hold from others.
    var digest: UInt64

    /// Nil where the number is not known, or which program this is.
    init?(_ generation: UInt32?, _ tables: [RuleTable]) {
        guard let generation, let program = Self.program else { return nil }
        self.generation = generation
        var digest = RuleDigest(tables)
        digest.add(program)
        self.digest = digest.value
    }

    /// What tells this program from others, of another version among them: of the same services it may make other rules.
    private static let program: UInt64? = {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return nil }
        var digest = RuleDigest()
        digest.add(UInt64(status.st_ino))
        digest.add(UInt64(status.st_size))
        digest.add(UInt64(status.st_mtim.tv_sec) << 30 | UInt64(status.st_mtim.tv_nsec))
        return digest.value
    }()
}
