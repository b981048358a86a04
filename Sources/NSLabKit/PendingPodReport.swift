import Blueprint

/// A pod that does not run, as on a real cluster.
public struct PendingPodReport: Encodable, Sendable {
    public var namespace: String
    public var name: String
    /// The node that it is scheduled to; absent where it is scheduled to none.
    public var node: String?
    /// `Pending` or `ContainerCreating`.
    public var state: String
    public var reason: String

    /// All of it in one line.
    public var text: String {
        "pod \(namespace)/\(name)\(node.map { " on \($0)" } ?? "") stays \(state): \(reason)"
    }

    /// Those of a blueprint; nil where there are none.
    static func all(of blueprint: Blueprint) -> [PendingPodReport]? {
        if blueprint.pendingPods.isEmpty { return nil }
        return blueprint.pendingPods.map { pod in
            PendingPodReport(
                namespace: pod.pod.namespace, name: pod.pod.name, node: pod.node, state: pod.state,
                reason: pod.reason.description)
        }
    }
}
