/// A client that wants to be told what becomes of objects.
public struct WatchSubscription: Hashable, Sendable {
    public let kind: ResourceKind.Identity
    public let query: ObjectQuery
    public let form: AcceptedForms.Form
    public let detail: Table.Detail
    /// The version from which on it is told of changes.
    public internal(set) var version: Int
    /// What it is told first.
    public internal(set) var firstEvents: [WatchEvent]
    /// Whether marks of how far it has come are welcome.
    public let allowsBookmarks: Bool
    /// After how many seconds it ends.
    public let seconds: Int
    /// Whether the next table says its columns.
    var hasColumns = true

    /// The longest that a watch lasts, in seconds; clients begin another one.
    public static let longest = 3600
}

extension APIService {
    /// A watch's first lines.
    public func firstLines(of subscription: inout WatchSubscription, at now: Timestamp) -> [UInt8] {
        defer { subscription.firstEvents = [] }
        return lines(subscription.firstEvents, &subscription, at: now)
    }

    /// What a watch is told of what has happened since it was told something last.
    ///
    /// - Throws: `Refusal` where that is not known any more: the watch has to end.
    public func nextLines(of subscription: inout WatchSubscription, at now: Timestamp) throws(Refusal) -> [UInt8] {
        let changes = try store.changes(after: subscription.version)
        subscription.version = max(subscription.version, store.version)
        let events = changes.compactMap { change in
            change.kind == subscription.kind ? WatchEvent(change, of: subscription.query) : nil
        }
        return events.isEmpty ? [] : lines(events, &subscription, at: now)
    }

    /// A mark of how far a watch has come; nothing for one that wants none.
    public func bookmark(of subscription: inout WatchSubscription, at now: Timestamp) -> [UInt8] {
        guard subscription.allowsBookmarks, let kind = kinds[subscription.kind] else { return [] }
        return lines([.bookmark(kind, version: subscription.version)], &subscription, at: now)
    }

    /// The last line of a watch that has to end.
    public static func lastLine(_ refusal: Refusal) -> [UInt8] { line(.error, refusal.json) }

    private static func line(_ type: WatchEvent.Kind, _ object: JSON) -> [UInt8] {
        let event: JSON = ["type": .string(type.rawValue), "object": object]
        return event.bytes + [UInt8(ascii: "\n")]
    }

    private func lines(_ events: [WatchEvent], _ subscription: inout WatchSubscription, at now: Timestamp) -> [UInt8] {
        guard let kind = kinds[subscription.kind] else { return [] }
        var lines: [UInt8] = []
        for event in events {
            var object = event.object
            switch subscription.form {
            case .objects: break
            case .metadata(let version): object = Self.partial(object, version: version)
            case .table(let version):
                let table = Table(kind, detail: subscription.detail, version: version, now: now)
                let metadata: JSON = ["resourceVersion": object["metadata"]["resourceVersion"]]
                // A mark's table has the mark in its only row.
                object =
                    event.type == .bookmark
                    ? table.bookmark(object, hasColumns: subscription.hasColumns)
                    : table.json([object], metadata: metadata, hasColumns: subscription.hasColumns)
                subscription.hasColumns = false
            }
            lines += Self.line(event.type, object)
        }
        return lines
    }
}
