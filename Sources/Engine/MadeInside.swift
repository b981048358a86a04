import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System

/// An object that is put right from inside its namespace, over other sockets than those of rtnetlink.
protocol MadeInside: NetworkObject {
    /// What it takes.
    associatedtype Whole: InsideChange
    /// Gets what it takes in a namespace that nobody has touched.
    func prepared(in fresh: borrowing InsideNamespace) throws -> Whole
}

/// A change of the namespace that the thread is in.
protocol InsideChange: Sendable {
    /// Makes it.
    func make(in inside: borrowing InsideNamespace) throws
}

extension DriverSetting: MadeInside {
    struct Request: InsideChange {
        var setting: DriverSetting
        var ethtool: GenericFamily?

        func make(in inside: borrowing InsideNamespace) throws {
            guard let ethtool else { return }
            var socket = try GenericSocket(in: inside)
            try socket.set(setting, ethtool)
        }
    }

    func prepared(in fresh: borrowing InsideNamespace) throws -> Request {
        Request(setting: self, ethtool: try GenericSocket.families(in: fresh)[GenericFamily.ethtool])
    }
}

extension LegacyTable: MadeInside {
    func prepared(in fresh: borrowing InsideNamespace) throws -> FilterTable {
        try fresh.filterTable(family.table, name)
    }
}

extension FilterTable: InsideChange {
    func make(in inside: borrowing InsideNamespace) throws { try inside.replace(with: self) }
}

extension LegacyTable {
    /// What is told of a table.
    init(_ table: FilterTable) {
        let chains =
            table.family == .arp
            ? ["INPUT", "OUTPUT", "FORWARD"] : ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
        var policies: [String: String] = [:]
        for (hook, chain) in chains.enumerated() {
            if let verdict = table.policy(at: hook) { policies[chain] = verdict == 0 ? "DROP" : "ACCEPT" }
        }
        // The rule that says a chain's policy is one, and one is at the end of all.
        let own = Int(table.count) - policies.count - 1
        let family: Family =
            switch table.family {
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            case .arp: .arp
            }
        self.init(family, table.name, entries: own, policies: policies, digest: fingerprint(table.rules))
    }
}

extension LegacyTable.Family {
    fileprivate var table: FilterTable.Family {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .arp: .arp
        }
    }
}

extension FreshNamespaces {
    /// What a namespace holds of kinds that few programs make, and that a namespace which nobody has touched does not hold.
    func otherObjects(
        _ socket: inout GenericSocket, in inside: borrowing InsideNamespace
    ) throws -> OpaqueListing {
        var listing = try socket.objects(families, unless: values)
        let sets = try OpaqueListing.addressSets(in: inside)
        listing.objects += sets.objects
        listing.unlisted += sets.unlisted
        return listing
    }
}
