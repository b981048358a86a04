/// A kind of objects as the API serves it: what it is called, who may be asked for it, and the table that kubectl prints of it.
public struct ResourceKind: Sendable {
    /// The API group; empty for the core group.
    public let group: String
    public let version: String
    /// The name in paths: `pods`.
    public let plural: String
    /// `pod`
    public let singular: String
    /// `Pod`
    public let kind: String
    public let shortNames: [String]
    /// The names of sets of kinds that it belongs to, such as `all`.
    public let categories: [String]
    /// Whether its objects are in Kubernetes namespaces.
    public let isNamespaced: Bool
    /// The columns of its table after the name.
    public let columns: [Column]
    /// Whether the name is the table's first column; else it is the last, and `-o wide` alone shows it.
    public let leadsWithName: Bool
    /// The paths that field selectors may use, besides those of the name and namespace.
    public let selectableFields: [String]

    public init(
        _ group: String, _ plural: String, _ kind: String, version: String = "v1", singular: String? = nil,
        short: [String] = [], categories: [String] = [], isNamespaced: Bool = true, selectable: [String] = [],
        leadsWithName: Bool = true, columns: [Column] = [.age]
    ) {
        self.group = group
        self.version = version
        self.plural = plural
        self.singular = singular ?? kind.lowercased()
        self.kind = kind
        self.shortNames = short
        self.categories = categories
        self.isNamespaced = isNamespaced
        self.columns = columns
        self.leadsWithName = leadsWithName
        selectableFields = selectable
    }

    /// What its objects say in `apiVersion`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// What may be done with its objects.
    public static let verbs = ["get", "list", "watch"]

    /// A kind by its place in paths.
    public struct Identity: Hashable, Sendable {
        public let group: String
        public let version: String
        public let plural: String

        public init(group: String, version: String, plural: String) {
            self.group = group
            self.version = version
            self.plural = plural
        }
    }

    public var identity: Identity { Identity(group: group, version: version, plural: plural) }
}

extension ResourceKind {
    /// A column of a kind's table (metav1.TableColumnDefinition).
    public struct Column: Sendable {
        public let name: String
        /// `string`, `integer`, `number`, `boolean` or `date`.
        public let type: String
        /// Whether `-o wide` alone shows it.
        public let isWide: Bool
        /// The cell of an object at a time.
        public let cell: @Sendable (JSON, Timestamp) -> JSON

        public init(
            _ name: String, type: String = "string", isWide: Bool = false,
            _ cell: @escaping @Sendable (JSON, Timestamp) -> JSON
        ) {
            (self.name, self.type, self.isWide, self.cell) = (name, type, isWide, cell)
        }

        /// A column of text.
        static func text(_ name: String, isWide: Bool = false, _ cell: @escaping @Sendable (JSON) -> String) -> Column {
            Column(name, isWide: isWide) { object, _ in .string(cell(object)) }
        }

        /// A column of whole numbers.
        static func count(_ name: String, _ cell: @escaping @Sendable (JSON) -> Int) -> Column {
            Column(name, type: "integer") { object, _ in .integer(cell(object)) }
        }

        /// How long ago the object was created.
        public static let age = Column("Age") { object, now in
            .string(object["metadata"]["creationTimestamp"].age(at: now))
        }

        /// When the object was created.
        static let createdAt = Column("Created At") { object, _ in
            .string(object["metadata"]["creationTimestamp"].text ?? "<unknown>")
        }
    }
}

extension JSON {
    /// How long ago this time was, as tables say it.
    func age(at now: Timestamp) -> String { text.flatMap(Timestamp.init)?.age(at: now) ?? "<unknown>" }

    /// The texts as selectors are written: `a=b,c=d`, or `<none>`.
    var labelText: String {
        let pairs = texts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return pairs.isEmpty ? "<none>" : pairs.joined(separator: ",")
    }

    /// A label selector (metav1.LabelSelector) as tables show it.
    var selectorText: String {
        var clauses = self["matchLabels"].texts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for clause in self["matchExpressions"].items {
            let key = clause["key"].text ?? ""
            let values = clause["values"].items.compactMap(\.text).sorted().joined(separator: ",")
            switch clause["operator"].text {
            case "In": clauses.append("\(key) in (\(values))")
            case "NotIn": clauses.append("\(key) notin (\(values))")
            case "DoesNotExist": clauses.append("!\(key)")
            default: clauses.append(key)
            }
        }
        return clauses.isEmpty ? "<none>" : clauses.joined(separator: ",")
    }
}

extension Sequence<String> {
    /// The texts with commas between them, or `<none>`.
    var listed: String {
        let text = joined(separator: ",")
        return text.isEmpty ? "<none>" : text
    }
}
