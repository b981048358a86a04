/// The objects of a cluster with their versions, and what became of them lately: what the API server's own store is.
///
/// Whoever writes gives the versions: they grow, and are never given twice while the lab lives, whatever process holds the store.
public struct ObjectStore: Sendable {
    private var objects: [ResourceKind.Identity: [Name: JSON]] = [:]
    private var history: [Change] = []
    private let longestHistory: Int

    /// The version of the last change.
    public private(set) var version: Int
    /// The version from which on all changes are known: a watch from an earlier one has to be refused.
    public private(set) var oldestVersion: Int

    /// An object's place in a kind, in the order of lists.
    public struct Name: Hashable, Sendable, Comparable {
        public let namespace: String
        public let name: String

        public init(namespace: String, name: String) {
            (self.namespace, self.name) = (namespace, name)
        }

        init(of object: JSON) {
            let metadata = object["metadata"]
            self.init(namespace: metadata["namespace"].text ?? "", name: metadata["name"].text ?? "")
        }

        public static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.namespace, lhs.name) < (rhs.namespace, rhs.name)
        }
    }

    /// A change of one object.
    public struct Change: Hashable, Sendable {
        public let version: Int
        public let kind: ResourceKind.Identity
        /// The object before; nil for a new one.
        public let before: JSON?
        /// The object after; nil for one that is gone.
        public let after: JSON?
    }

    /// An empty store.
    ///
    /// - Parameters:
    ///   - version: the version that it begins with; nothing before it is known.
    ///   - longestHistory: how many changes are kept.
    public init(version: Int = 0, longestHistory: Int = 4096) {
        self.version = version
        oldestVersion = version
        self.longestHistory = longestHistory
    }

    /// Puts an object in the place of the one of its kind and name.
    ///
    /// Its `resourceVersion` is set, and what stays from the one before: its `creationTimestamp` and `uid` where it has none, and
    /// its `generation`, which grows with every change of `spec`. One that is as it was stays, version and all.
    ///
    /// - Returns: whether anything has changed.
    @discardableResult
    public mutating func put(_ object: JSON, of kind: ResourceKind, version: Int) -> Bool {
        let name = Name(of: object)
        let before = objects[kind.identity]?[name]
        var object = object
        if let before {
            for field in ["creationTimestamp", "uid"] where object["metadata"][field].isNull {
                object["metadata"][field] = before["metadata"][field]
            }
            if let generation = before["metadata"]["generation"].integer {
                let isSame = before["spec"] == object["spec"]
                object["metadata"]["generation"] = .integer(generation + (isSame ? 0 : 1))
            }
            object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
            if object == before { return false }
        }
        object["metadata"]["resourceVersion"] = .string("\(version)")
        objects[kind.identity, default: [:]][name] = object
        record(Change(version: version, kind: kind.identity, before: before, after: object))
        return true
    }

    /// Removes an object.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    public mutating func remove(_ name: Name, of kind: ResourceKind, version: Int) -> Bool {
        guard let before = objects[kind.identity]?.removeValue(forKey: name) else { return false }
        record(Change(version: version, kind: kind.identity, before: before, after: nil))
        return true
    }

    private mutating func record(_ change: Change) {
        version = max(version, change.version)
        history.append(change)
        if history.count >= longestHistory * 2 {
            oldestVersion = history[history.count - longestHistory - 1].version
            history.removeFirst(history.count - longestHistory)
        }
    }

    /// Forgets what happened until now, as once all objects of a new store are there.
    public mutating func forgetHistory() {
        history = []
        oldestVersion = version
    }

    /// An object; nil if it is not there.
    public func object(_ name: Name, of kind: ResourceKind) -> JSON? { objects[kind.identity]?[name] }

    /// The objects of a kind that a query selects, by namespace and name.
    public func objects(of kind: ResourceKind, _ query: ObjectQuery) -> [JSON] {
        (objects[kind.identity] ?? [:]).filter { query.selects($0.value, $0.key) }.sorted { $0.key < $1.key }
            .map(\.value)
    }

    /// All objects of a kind by place.
    public func names(of kind: ResourceKind) -> Set<Name> { Set((objects[kind.identity] ?? [:]).keys) }

    /// What happened after a version, in order.
    ///
    /// - Throws: `Refusal` where not all of it is known any more.
    public func changes(after version: Int) throws(Refusal) -> ArraySlice<Change> {
        if version < oldestVersion { throw .expired(version, oldest: oldestVersion) }
        // The versions grow.
        var (low, high) = (0, history.count)
        while low < high {
            let middle = (low + high) / 2
            if history[middle].version <= version { low = middle + 1 } else { high = middle }
        }
        return history[low...]
    }
}

/// Which objects of a kind are meant.
public struct ObjectQuery: Hashable, Sendable {
    /// The Kubernetes namespace; nil for all.
    public var namespace: String?
    /// The one name; nil for all.
    public var name: String?
    public var labels: LabelRequirements
    public var fields: FieldRequirements

    public init(
        namespace: String? = nil, name: String? = nil, labels: LabelRequirements = .none,
        fields: FieldRequirements = .none
    ) {
        (self.namespace, self.name, self.labels, self.fields) = (namespace, name, labels, fields)
    }

    func selects(_ object: JSON, _ place: ObjectStore.Name) -> Bool {
        if let namespace, place.namespace != namespace { return false }
        if let name, place.name != name { return false }
        return (labels.isEmpty || labels.select(object["metadata"]["labels"]))
            && (fields.isEmpty || fields.select(object))
    }
}
