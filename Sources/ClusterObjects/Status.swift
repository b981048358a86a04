/// What the API answers that is no object: a refusal in the words that clients know (metav1.Status).
public struct Refusal: Error, Hashable, Sendable {
    /// The HTTP status.
    public var code: Int
    /// The word for it (metav1.StatusReason).
    public var reason: String
    public var message: String
    /// What was asked for: group, plural and name.
    public var details: JSON = .null

    public init(_ code: Int, _ reason: String, _ message: String, details: JSON = .null) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    public var json: JSON {
        [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason), "details": details, "code": .integer(code),
        ]
    }

    /// There is no object of this name.
    public static func notFound(_ kind: ResourceKind, _ name: String) -> Refusal {
        let resource = kind.group.isEmpty ? kind.plural : "\(kind.plural).\(kind.group)"
        return Refusal(
            404, "NotFound", "\(resource) \"\(name)\" not found",
            details: [
                "name": .string(name), "group": kind.group.isEmpty ? .null : .string(kind.group),
                "kind": .string(kind.plural),
            ])
    }

    /// There is nothing at this path.
    public static let noSuchPath = Refusal(
        404, "NotFound", "the server could not find the requested resource", details: [:])

    /// Pods of a lab have nothing that one could attach to.
    public static let noAttach = badRequest(
        "a lab's API does no attach: `kubectl exec` and `nslab exec` run commands in its pods")

    public static func badRequest(_ message: String) -> Refusal { Refusal(400, "BadRequest", message) }

    /// What has happened since is not known any more: the client has to list again.
    public static func expired(_ version: Int, oldest: Int) -> Refusal {
        Refusal(410, "Expired", "too old resource version: \(version) (\(oldest))")
    }
}
