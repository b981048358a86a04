import Blueprint
import Glibc
import NetworkNamespaces
import Nftables
import Rtnetlink

/// A lab as the kernel has it: each namespace that its blueprint names, looked into with a socket that stays open.
struct LabView {
    /// For each namespace of the blueprint, the socket inside; nil for one that is not there.
    var sessions: [Session?]
    /// For each namespace, what it holds; nil for one that is not there.
    var observed: [ObservedNamespace?]
    /// The pins of the lab's names that hold a namespace which is not marked as the lab's.
    var foreign: [String] = []

    /// Looks at the namespaces of a blueprint.
    ///
    /// - Parameter allTables: whether to read the tables of namespaces that should hold none, too.
    init(_ blueprint: Blueprint, allTables: Bool) throws {
        let count = blueprint.namespaces.count
        let sessions = Slots<Session>(count: count)
        let observed = Slots<ObservedNamespace>(count: count)
        try Threads.forEach(count) { index in
            let namespace = blueprint.namespaces[index]
            let pin = blueprint.pin(of: namespace)
            guard Pins.identity(pin) != nil else { return }
            let session = try Session(entering: pin, name: namespace.name)
            let readsTables = allTables || namespace.kind == .node || !namespace.content.tables.isEmpty
            observed[index] = try reportingRefusals(of: namespace.name) {
                try session.observe(for: namespace.content, tables: readsTables)
            }
            sessions[index] = session
        }
        self.sessions = sessions.all
        self.observed = observed.all
        let alias = Ownership.alias(lab: blueprint.lab)
        for index in 0..<count {
            guard let seen = self.observed[index], seen.links["lo"]?.link.alias != alias else { continue }
            foreign.append(blueprint.pin(of: blueprint.namespaces[index]))
        }
    }
}

/// Tables as nft lists them once the kernel has them, so that they can be compared with those that it lists of a lab.
enum ListedTables {
    /// Has the kernel take tables in a namespace that is thrown away, and reads them back.
    static func tables(_ wanted: [[NftablesTable]]) throws -> [[RuleTable]] {
        /// A table without its name: most nodes have the same ones.
        struct Body: Hashable {
            var family: String
            var body: String
        }
        let all = wanted.joined()
        if all.isEmpty { return wanted.map { _ in [] } }
        var names: [Body: String] = [:]
        var declarations = ""
        for table in all {
            let body = Body(family: table.family, body: table.body)
            if names[body] != nil { continue }
            let name = "t\(names.count)"
            names[body] = name
            declarations += NftablesTable(family: table.family, name: name, body: table.body).declaration
        }
        let listing = try Threads.run { [declarations] in
            try NetworkNamespace.unshareThread()
            do throws(NftablesError) {
                try Nftables.run(declarations)
                return RuleListing(try Nftables.output(of: "list ruleset"))
            } catch {
                throw EngineError.refused(object: "nf_tables", reason: error.message, advice: nil)
            }
        }
        let listed = Dictionary(
            listing.tables.map { ("\($0.family) \($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
        return wanted.map { tables in
            tables.compactMap { table in
                guard let name = names[Body(family: table.family, body: table.body)],
                    var found = listed["\(table.family) \(name)"]
                else { return nil }
                found.name = table.name
                return found
            }
        }
    }
}

extension Blueprint {
    /// The name of a namespace's pin.
    func pin(of namespace: Namespace) -> String { "\(lab)-\(namespace.name)" }
}
