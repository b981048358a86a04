/// The objects that a path of the API means: `/api/v1/namespaces/default/pods/web/log`,
/// `/apis/apps/v1/deployments` (apiserver/pkg/endpoints/request, `RequestInfo`).
public struct ObjectPath: Hashable, Sendable {
    public let kind: ResourceKind.Identity
    /// The Kubernetes namespace; nil for all, and for kinds without.
    public let namespace: String?
    /// The object's name; nil for a list.
    public let name: String?
    /// What of the object is meant, such as `log`; nil for itself.
    public let subresource: String?
    /// Whether it is written in the old way of asking for a watch (`/api/v1/watch/pods`).
    public let isWatch: Bool

    /// Nil for a path that leads to no objects.
    public init?(_ path: [String]) {
        var rest = path[...]
        let group: String
        switch rest.popFirst() {
        case "api": group = ""
        case "apis":
            guard let name = rest.popFirst() else { return nil }
            group = name
        default: return nil
        }
        guard let version = rest.popFirst() else { return nil }
        isWatch = rest.first == "watch"
        if isWatch { rest = rest.dropFirst() }
        // `namespaces` is a kind as well; below one of its objects are kinds, but for its own parts.
        if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        } else {
            namespace = nil
        }
        guard let plural = rest.popFirst() else { return nil }
        kind = ResourceKind.Identity(group: group, version: version, plural: plural)
        name = rest.popFirst()
        subresource = rest.popFirst()
        if !rest.isEmpty { return nil }
    }
}
