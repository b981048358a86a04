import Addresses
import Blueprint
import NetworkObjects

/// How one namespace is made into what it should be: the only place that says what comes before what.
///
/// First goes what stands in the way of what is to come, then comes what is missing, each object after those that it stands
/// on (`ObjectKinds`), then the rules change, and last goes what nobody asks for any more, in the opposite order: so
/// packets find their way meanwhile. A namespace that is new has nothing in it that could be in the way or have to go.
struct ChangeSet {
    /// What is deleted before anything is made: links that are made anew, and addresses, of which the kernel may take others
    /// along.
    private(set) var predelete: [Operation] = []
    /// Settings of the namespace, from which new links take theirs, and then of links that are there.
    private(set) var sysctls: [Sysctl] = []
    /// What is made and changed.
    private(set) var create: [Operation] = []
    /// Links' settings that only `/proc` takes.
    private(set) var linkSysctls: [Sysctl] = []
    /// Tables that are not as they should be.
    private(set) var tables: [TableChange] = []
    /// The number of the rule set that the changes of tables are for; nil where it is not known.
    var generation: UInt32?
    /// What is removed at last.
    private(set) var delete: [Operation] = []
    /// What is missing or not as it should be, and cannot be made but by the commands that made it.
    private(set) var unmakeable: [KernelObject] = []

    /// A table to be changed or removed.
    struct TableChange: Hashable, Sendable {
        /// What the table is known by.
        var id: RuleTable.ID
        /// What changes no more than it must; nil where that is not known, or cannot be.
        var least: TableUpdate?
        /// What puts the whole in place.
        var whole: TableUpdate
        /// What the change is.
        var action: Action

        enum Action: String, Sendable { case add, change, remove }
    }

    /// Whether there is nothing to do.
    var isEmpty: Bool {
        predelete.isEmpty && sysctls.isEmpty && create.isEmpty && linkSysctls.isEmpty && tables.isEmpty
            && delete.isEmpty
    }

    /// The whole content of a namespace that holds `lo` alone and has its own settings. Its tables come apart.
    init(filling content: NamespaceContent, _ settings: SettingPlan) {
        linkSysctls = settings.linkSysctls
        create.reserveCapacity(content.objectCount)
        var requests = settings.requests[...]
        for object in content.objects {
            // All links' settings are made in a few requests, where the first would be.
            if object.rank >= ObjectKinds.rank(of: Sysctl.self), !requests.isEmpty {
                create += requests
                requests = []
            }
            if object.value is Sysctl { continue }
            guard object.isMakeable else {
                unmakeable.append(object)
                continue
            }
            create.append(.make(object))
        }
        create += requests
    }

    /// Has the tables of a namespace that is new installed too.
    mutating func addTables(of content: NamespaceContent) {
        tables = content.tables.map {
            TableChange(id: $0.id, least: .add($0), whole: .replace($0), action: .add)
        }
    }

    /// What a comparison of a namespace that is there leads to.
    ///
    /// - Parameter isRemoved: whether an object that nobody asks for is to go.
    init(_ part: LabDiff.Part, wanted content: NamespaceContent, isRemoved: (KernelObject) -> Bool) {
        let links = Dictionary(content.links.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in part.deleted { if let link = links[name] { predelete.append(.remove(KernelObject(link))) } }
        let extras = part.findings.compactMap { finding -> KernelObject? in
            if case .extra(let object) = finding, isRemoved(object) { object } else { nil }
        }
        let goneLinks = Set(extras.compactMap { ($0.value as? Link)?.name })
        for object in extras.reversed() {
            // What is on a link goes with it.
            if let device = object.link, goneLinks.contains(device) { continue }
            switch object.value {
            case let table as RuleTable: tables.append(TableChange(removing: table))
            case is DeviceAddress: predelete.append(.remove(object))
            case let link as Link where link.stands(on: goneLinks): continue
            default: delete.append(.remove(object))
            }
        }
        addSettings(part, content)
        for finding in part.findings {
            switch (finding, finding.object.value) {
            case (.extra, _), (_, is Sysctl): continue
            case (.missing(let object), _) where !object.isMakeable: unmakeable.append(object)
            case (.different(let object, let found, _), _) where !object.canBeMade(of: found): unmakeable.append(object)
            case (.missing, let table as RuleTable): tables.append(TableChange(table, from: nil, in: content))
            case (.different(_, let found, _), let table as RuleTable):
                tables.append(TableChange(table, from: found.value as? RuleTable, in: content))
            case (.missing(let object), _): create.append(.make(object))
            case (.different(let wanted, let found, let attributes), _):
                if let name = found.value as? LinkAttribute, name.place == .otherName {
                    predelete.append(.remove(found))
                } else if wanted.value is DeviceAddress || found.cannotBecome(wanted, attributes) {
                    predelete.append(.remove(found))
                    create.append(.make(wanted))
                } else {
                    create.append(.change(wanted, from: found))
                }
            }
        }
        create.sort(keepingOrderBy: \.rank)
    }

    /// Settings of the namespace are written first, links' own where the links are there. Links that are made anew take what
    /// they can from the namespace's.
    private mutating func addSettings(_ part: LabDiff.Part, _ content: NamespaceContent) {
        var written: [Sysctl] = []
        for finding in part.findings {
            guard let setting = finding.object.value as? Sysctl, finding.isOfWanted else { continue }
            if let device = setting.link {
                if !part.rebuilt.contains(device) { written.append(setting) }
            } else {
                sysctls.append(setting)
            }
        }
        let fresh = content.sysctls.filter { $0.link.map(part.rebuilt.contains) ?? true }
        let plan = SettingPlan(fresh)
        create += plan.requests
        linkSysctls = plan.linkSysctls
        // Before addresses come: a link may have been told to have none of a family.
        sysctls += written
    }
}

extension KernelObject {
    /// Whether the kernel does not put the other in the place of this one: IPv6 does not with a route of another sort.
    fileprivate func cannotBecome(_ wanted: KernelObject, _ attributes: [AttributeDifference]) -> Bool {
        guard let route = value as? Route, route.destination.family == .ipv6 else { return false }
        return attributes.contains { $0.name == .type } || !route.nextHops.isEmpty || route.nextHopID != nil
    }
}

extension KernelObject {
    /// Whether there is a request that makes it. Of what commands made there may be none.
    var isMakeable: Bool {
        switch value {
        case let link as Link:
            switch link.kind {
            case .other, .veth(peer: nil): false
            default: true
            }
        case let discipline as Qdisc: if case .other = discipline.kind { false } else { true }
        case let table as RuleTable: !table.isListedInPart
        default: !(value is OpaqueObject)
        }
    }

    /// Whether one that is there can be made into this one.
    fileprivate func canBeMade(of found: KernelObject) -> Bool {
        if isMakeable { return true }
        // Whatever kind it is of, what all links have can be changed.
        guard let link = value as? Link, let other = found.value as? Link else { return false }
        return link.kindDifferences(from: other).isEmpty
    }
}

extension RuleTable {
    /// Whether nft lists something of it that it does not take back.
    fileprivate var isListedInPart: Bool {
        !others.isEmpty
            || groups.lazy.filter { !$0.isWorkedOut }.flatMap(\.chains).contains { chain in
                chain.rules.contains { rule in
                    rule.statements.contains { statement in
                        guard case .other(let words) = statement else { return false }
                        return words.contains("xt target") || words.contains("xt match")
                    }
                }
            }
    }
}

extension ObjectFinding {
    fileprivate var isOfWanted: Bool { if case .extra = self { false } else { true } }
}

extension ChangeSet.TableChange {
    /// A table that is not there, or is not as it should be.
    fileprivate init(_ wanted: RuleTable, from found: RuleTable?, in content: NamespaceContent) {
        let declared = content.tables.first { $0.id == wanted.id }
        self.init(
            id: wanted.id, least: found.flatMap { wanted.changes(from: $0) }.map { .change($0) },
            whole: .replace(declared ?? wanted), action: found == nil ? .add : .change)
    }

    fileprivate init(removing table: RuleTable) {
        self.init(id: table.id, least: nil, whole: .remove(table.id), action: .remove)
    }
}

extension Array {
    /// Sorts by a rank; elements of the same one keep their order.
    fileprivate mutating func sort<Rank: Comparable>(keepingOrderBy rank: (Element) -> Rank) {
        self = enumerated().sorted { one, other in
            let (first, second) = (rank(one.element), rank(other.element))
            return first == second ? one.offset < other.offset : first < second
        }.map(\.element)
    }
}
