/// What a watch tells of an object (metav1.WatchEvent).
public struct WatchEvent: Hashable, Sendable {
    public let type: Kind
    public let object: JSON

    public enum Kind: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    public init(_ type: Kind, _ object: JSON) { (self.type, self.object) = (type, object) }

    /// What a change is for one who watches what a query selects; nil if it is nothing to them.
    ///
    /// An object that comes to be selected is added for them, and one that is selected no more is deleted.
    public init?(_ change: ObjectStore.Change, of query: ObjectQuery) {
        func selected(_ object: JSON?) -> JSON? {
            object.flatMap { query.selects($0, ObjectStore.Name(of: $0)) ? $0 : nil }
        }
        switch (selected(change.before), selected(change.after)) {
        case (nil, nil): return nil
        case (nil, let after?): self.init(.added, after)
        case (_?, let after?): self.init(.modified, after)
        case (var before?, nil):
            // One that is gone has the version at which it went.
            before["metadata"]["resourceVersion"] = .string("\(change.version)")
            self.init(.deleted, before)
        }
    }

    /// A mark of how far a watch has come.
    ///
    /// - Parameter endsInitialEvents: whether all objects that were there have been told.
    public static func bookmark(_ kind: ResourceKind, version: Int, endsInitialEvents: Bool = false) -> WatchEvent {
        WatchEvent(
            .bookmark,
            [
                "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
                "metadata": [
                    "resourceVersion": .string("\(version)"),
                    "annotations": endsInitialEvents ? ["k8s.io/initial-events-end": "true"] : .null,
                ],
            ])
    }
}
