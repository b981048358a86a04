/// All kinds that the API serves. Discovery, tables and paths come from this one table.
public struct KindTable: Sendable {
    /// The kinds, by group and version in the order that discovery tells them.
    public private(set) var kinds: [ResourceKind]
    private var places: [ResourceKind.Identity: Int]

    private init(_ kinds: [ResourceKind]) {
        self.kinds = kinds
        places = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1.identity, $0) })
    }

    /// What every cluster serves.
    public static let cluster = KindTable(core + workloads + others)
    /// What a cluster with Calico serves.
    public static let clusterWithCalico = KindTable(core + workloads + others + calico)

    /// What a cluster with Calico's API server serves. Its group comes before that of the definitions, as the aggregation layer has
    /// it: so `ippools` alone means its.
    public static let clusterWithCalicoAPI = KindTable(core + workloads + others + calicoAPI + calico)

    /// The kinds that belong to Calico, of which a cluster has definitions.
    public static var custom: [ResourceKind] { calico }

    public subscript(identity: ResourceKind.Identity) -> ResourceKind? { places[identity].map { kinds[$0] } }

    /// The kind that an object says it is of.
    public func kind(of object: JSON) -> ResourceKind? {
        guard let apiVersion = object["apiVersion"].text, let kind = object["kind"].text else { return nil }
        return kinds.first { $0.kind == kind && $0.apiVersion == apiVersion }
    }

    /// Adds the kinds of a CustomResourceDefinition that are served and not there already.
    public mutating func add(definition: JSON) {
        for kind in ResourceKind.all(of: definition) where places[kind.identity] == nil {
            places[kind.identity] = kinds.count
            kinds.append(kind)
        }
    }

    /// Whether a kind is one that somebody defined: the API server lists its objects with all that they say.
    public func isCustom(_ kind: ResourceKind) -> Bool { (places[kind.identity] ?? 0) >= Self.builtInCount }

    private static let builtInCount = core.count + workloads.count + others.count

    /// The groups but the core one, each with its versions, in order.
    public var groups: [(name: String, versions: [String])] {
        var groups: [(name: String, versions: [String])] = []
        for kind in kinds where !kind.group.isEmpty {
            if let index = groups.firstIndex(where: { $0.name == kind.group }) {
                if !groups[index].versions.contains(kind.version) { groups[index].versions.append(kind.version) }
            } else {
                groups.append((kind.group, [kind.version]))
            }
        }
        return groups
    }
}

extension ResourceKind {
    /// The kinds that a CustomResourceDefinition (apiextensions.k8s.io/v1) defines, a version each.
    static func all(of definition: JSON) -> [ResourceKind] {
        let (spec, names) = (definition["spec"], definition["spec"]["names"])
        guard let group = spec["group"].text, !group.isEmpty, let plural = names["plural"].text,
            let kind = names["kind"].text
        else { return [] }
        return spec["versions"].items.compactMap { version in
            guard version["served"].isTrue, let name = version["name"].text else { return nil }
            let columns = version["additionalPrinterColumns"].items.compactMap(Column.init(printer:))
            return ResourceKind(
                group, plural, kind, version: name, singular: names["singular"].text,
                short: names["shortNames"].items.compactMap(\.text),
                categories: names["categories"].items.compactMap(\.text),
                isNamespaced: spec["scope"].text != "Cluster",
                selectable: version["selectableFields"].items.compactMap { field in
                    field["jsonPath"].text.map { String($0.drop { $0 == "." }) }
                }, columns: columns.isEmpty ? [.age] : columns)
        }
    }
}

extension ResourceKind.Column {
    /// A column that a definition asks for; nil for one whose path is not understood.
    fileprivate init?(printer: JSON) {
        guard let name = printer["name"].text, let text = printer["jsonPath"].text, let path = JSONPath(text) else {
            return nil
        }
        let type = printer["type"].text ?? "string"
        self.init(name, type: type == "date" ? "string" : type, isWide: (printer["priority"].integer ?? 0) > 0) {
            object, now in
            let found = path.values(in: object)
            if type == "date" { return .string(found.first?.age(at: now) ?? "") }
            if type != "string" { return found.first ?? .null }
            if found.isEmpty { return .null }
            return .string(found.map { $0.text ?? $0.description }.joined(separator: ","))
        }
    }
}
