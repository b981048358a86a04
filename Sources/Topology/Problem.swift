/// Something in a topology that cannot work: found by `Topology.problems()`.
public struct Problem: Hashable, Sendable {
    /// The field, named as in the native format.
    public var path: FieldPath
    /// What is wrong, the other place of a conflict, and what would be right: one sentence without a full stop.
    public var sentence: String
    /// Whether Kubernetes' API server refuses the object that has the field.
    public var isRefusedByAPIServer: Bool

    public init(_ path: FieldPath, _ sentence: String, isRefusedByAPIServer: Bool = false) {
        self.path = path
        self.sentence = sentence
        self.isRefusedByAPIServer = isRefusedByAPIServer
    }
}

extension Problem: CustomStringConvertible {
    public var description: String { "\(path): \(sentence)" }
}
