import Addresses

/// A table of the filters that the kernel had before nf_tables, in the words of iptables-legacy(8): how it differs from one that nobody
/// has touched.
public struct LegacyTable: Codable, Hashable, Sendable {
    public var family: Family
    /// `filter`, `nat`, `mangle`, `raw`, `security`
    public var name: String
    /// The rules and chains besides those that each table has.
    public var entries: Int
    /// What happens to packets at the end of the built-in chains, by their names.
    public var policies: [String: String]
    /// What tells the rules from others.
    public var digest: UInt64

    /// The sorts of packets that have tables of their own.
    public enum Family: String, Codable, Hashable, Sendable, CaseIterable {
        case ipv4 = "ip"
        case ipv6 = "ip6"
        case arp
    }

    /// A table.
    public init(_ family: Family, _ name: String, entries: Int, policies: [String: String], digest: UInt64) {
        self.family = family
        self.name = name
        self.entries = entries
        self.policies = policies
        self.digest = digest
    }

    /// The program that shows it.
    public var program: String {
        switch family {
        case .ipv4: "iptables-legacy"
        case .ipv6: "ip6tables-legacy"
        case .arp: "arptables-legacy"
        }
    }
}

extension LegacyTable: NetworkObject {
    public static var kindName: String { "legacy table" }

    public struct Identity: Hashable, Sendable {
        var family: Family
        var name: String
    }

    public var identity: Identity { Identity(family: family, name: name) }
    public var link: InterfaceName? { nil }

    public func differences(from found: LegacyTable) -> [AttributeDifference] {
        var differences = Set(policies.keys).union(found.policies.keys).sorted().compactMap { chain in
            AttributeDifference(AttributeName("policy \(chain)"), policies[chain], found.policies[chain])
        }
        if entries != found.entries || differences.isEmpty && digest != found.digest {
            differences.append(
                AttributeDifference(AttributeName("rules"), wanted: "\(entries)", found: "\(found.entries)"))
        }
        return differences
    }
}

extension LegacyTable: CustomStringConvertible {
    public var description: String { "\(program) -t \(name)" }
}
